"""A transformer encoder of MiniLM's shape as a program, and the same operations in floats."""

from __future__ import annotations

import math

import numpy as np

from executor.program.ir import ElementType, Function, Opcode, Program, TensorType
from tests.backends.layers import Sketch, Tensor

INT8, INT16, INT32, INT64 = ElementType

EXP_STEP = 64
"""Scores are in units of 1/64."""


def encoder(
    layers: int, tokens: int, hidden: int, heads: int, inner: int, activation: ElementType, seed: int = 1
) -> Program:
    """`layers` layers over [tokens, hidden] activations: self-attention, feed-forward, both with a norm."""
    sketch = Sketch(seed, TensorType(activation, (tokens, hidden)))
    exp = sketch.constant(
        INT16, np.floor(32767 * np.exp(np.arange(-1023, 1) / EXP_STEP) + 0.5).astype(np.int64)
    )
    low, high = activation.interval
    x = np.arange(low, high + 1) * (4 / high)
    halves = np.vectorize(math.erf)(x / math.sqrt(2))
    gelu = sketch.constant(activation, np.floor(x * (1 + halves) / 2 * (high / 4) + 0.5).astype(np.int64))
    state = sketch.input()
    for _ in range(layers):
        state = _attention(sketch, state, heads, exp)
        state = _feed_forward(sketch, state, inner, gelu)
    return sketch.program()


def _shift(activation: ElementType, depth: int) -> int:
    """That brings the sums of a linear layer back to about the range of activations, and saturates some."""
    return 14 + 7 + int(math.log2(depth) / 2) - 1


def _attention(sketch: Sketch, x: Tensor, heads: int, exp: Tensor) -> Tensor:
    tokens, hidden = x.dims
    activation = sketch.inputs[0].element
    size, row = hidden // heads, 3 * hidden
    qkv = sketch.linear(x, row, activation, _shift(activation, hidden))
    wide = 8 * (activation.width - 1)
    scores = sketch.append(
        Opcode.DOT,
        INT16,
        (heads, tokens, tokens),
        (qkv.view((size, row, 0), (1,)), qkv.view((size, 0, row), (1,), hidden)),
        reduction=(size,),
        scale=(1, 0, 5 + 2 * wide),
    )
    per_row = (tokens, 1, 0)
    square = (tokens * tokens, tokens)
    top = sketch.append(Opcode.MAX, INT16, (heads, tokens), (scores.view(square, (1,)),), reduction=(tokens,))
    below = sketch.each(Function.SUB, INT16, scores.dims, scores.dense(), top.view(per_row))
    weights = sketch.table(below, INT16, exp, 1023)
    ones = sketch.random(INT8, 1, low=1, high=1).view((0, 0), (0,))
    total = sketch.append(
        Opcode.DOT, INT32, (heads, tokens), (weights.view(square, (1,)), ones), reduction=(tokens,)
    )
    mixed = sketch.append(
        Opcode.DOT,
        INT64,
        (tokens, heads, size),
        (weights.view((tokens, tokens * tokens, 0), (1,)), qkv.view((0, size, 1), (row,), 2 * hidden)),
        reduction=(tokens,),
    )
    averaged = sketch.each(Function.DIV, activation, mixed.dims, mixed.dense(), total.view((1, tokens, 0)))
    averaged.dims = (tokens, hidden)
    projected = sketch.linear(averaged, hidden, INT16, _shift(activation, hidden) - 2)
    return _normed(sketch, x, projected)


def _feed_forward(sketch: Sketch, x: Tensor, inner: int, gelu: Tensor) -> Tensor:
    activation = sketch.inputs[0].element
    hidden = x.dims[1]
    wide = sketch.linear(x, inner, activation, _shift(activation, hidden))
    curved = sketch.table(wide, activation, gelu, -activation.interval[0])
    return _normed(sketch, x, sketch.linear(curved, hidden, INT16, _shift(activation, inner) - 2))


def _normed(sketch: Sketch, x: Tensor, added: Tensor) -> Tensor:
    """The sum of both, less its mean, divided by its standard deviation, scaled by channel."""
    tokens, hidden = x.dims
    activation = sketch.inputs[0].element
    summed = sketch.each(Function.ADD, INT32, x.dims, x.dense(), added.dense())
    ones = sketch.random(INT8, 1, low=1, high=1).view((0,), (0,))
    mean = sketch.append(
        Opcode.DOT,
        INT32,
        (tokens,),
        (summed.view((hidden,), (1,)), ones),
        reduction=(hidden,),
        scale=(round((1 << 20) / hidden), 0, 20),
    )
    centred = sketch.each(Function.SUB, INT32, x.dims, summed.dense(), mean.view((1, 0)))
    narrow = sketch.each(Function.CLAMP, INT32, x.dims, centred.dense(), -(1 << 20), 1 << 20)
    squares = sketch.append(
        Opcode.DOT,
        INT64,
        (tokens,),
        (narrow.view((hidden,), (1,)), narrow.view((hidden,), (1,))),
        reduction=(hidden,),
        scale=(round((1 << 8) / hidden), 0, 8),
    )
    deviation = sketch.each(Function.ISQRT, INT32, (tokens,), squares.dense())
    safe = sketch.each(Function.MAX, INT32, (tokens,), deviation.dense(), 1)
    normed = sketch.each(Function.DIV, INT32, x.dims, narrow.dense(), safe.view((1, 0)), value=12)
    gain, offset = (sketch.random(INT16, hidden, low=a, high=b) for a, b in ((1 << 11, 1 << 12), (-64, 64)))
    shift = 12 + 12 - (5 if activation is INT8 else 12)
    scale = gain.view((0, 1)), 0, shift
    scaled = sketch.each(Function.ADD, INT16, x.dims, normed.dense(), 0, scale=scale)
    return sketch.each(Function.ADD, activation, x.dims, scaled.dense(), offset.view((0, 1)))
