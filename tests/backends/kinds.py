"""Programs of one operation each, of the shapes that the fast backend treats in different ways."""

from __future__ import annotations

from collections.abc import Callable

from executor.program.ir import (
    Affine,
    ElementType,
    Function,
    Guard,
    Opcode,
    Program,
    Source,
    TensorType,
    View,
)
from tests.backends.layers import Sketch

INT8, INT16, INT32, INT64 = ElementType


def linear(inputs: ElementType, weights: ElementType, rows: int, depth: int, columns: int) -> Program:
    """A dense layer."""
    sketch = Sketch(rows * depth + columns, TensorType(inputs, (rows, depth)))
    sketch.linear(sketch.input(), columns, INT16, 20, weights)
    return sketch.program()


def between_inputs(first: ElementType, second: ElementType, groups: int, rows: int, depth: int) -> Program:
    """Products of two activations, the second transposed: attention's scores."""
    dims = (rows, groups, depth)
    sketch = Sketch(1, TensorType(first, dims), TensorType(second, dims))
    a = sketch.input(0).view((depth, groups * depth, 0), (1,))
    b = sketch.input(1).view((depth, 0, groups * depth), (1,))
    sketch.append(Opcode.DOT, INT32, (groups, rows, rows), (a, b), reduction=(depth,), scale=(3, -7, 4))
    return sketch.program()


def constant_first(rows: int, depth: int, columns: int) -> Program:
    """The weights are the first operand."""
    sketch = Sketch(2, TensorType(INT8, (depth, columns)))
    w = sketch.random(INT8, rows, depth).view((depth, 0), (1,))
    x = sketch.input().view((0, 1), (columns,))
    sketch.append(Opcode.DOT, INT32, (rows, columns), (w, x), reduction=(depth,))
    return sketch.program()


def convolution(
    size: int, channels: int, filters: int, window: int, stride: int = 1, dilation: int = 1, groups: int = 1,
    element: ElementType = INT8, fill: int = 0,
) -> Program:  # fmt: skip
    """A 2-d convolution over [size, size, channels], padded to keep the size where the stride is 1."""
    sketch = Sketch(3, TensorType(element, (size, size, channels)))
    pad = dilation * (window // 2)
    out = (size + 2 * pad - dilation * (window - 1) - 1) // stride + 1
    inner, outer = channels // groups, filters // groups
    row = size * channels
    offset = Affine(
        -pad * (row + channels),
        (stride * row, stride * channels, inner, 0),
        (dilation * row, dilation * channels, 1),
    )
    guards = (
        Guard(Affine(-pad, (stride, 0, 0, 0), (dilation, 0, 0)), size),
        Guard(Affine(-pad, (0, stride, 0, 0), (0, dilation, 0)), size),
    )
    x = View(Source.INPUT, 0, offset, fill, guards)
    w = sketch.random(INT8, filters, window, window, inner)
    bias = sketch.random(INT32, filters)
    block = window * window * inner
    sketch.append(
        Opcode.DOT,
        INT16,
        (out, out, groups, outer),
        (x, w.view((0, 0, outer * block, block), (window * inner, inner, 1))),
        reduction=(window, window, inner),
        scale=(1 << 12, bias.view((0, 0, outer, 1), (0, 0, 0)), 20),
    )
    return sketch.program()


def pooled(size: int, channels: int, window: int) -> Program:
    """The maximum over windows that hang over the edge."""
    sketch = Sketch(4, TensorType(INT8, (size, size, channels)))
    row = size * channels
    guards = (
        Guard(Affine(-1, (2, 0, 0), (1, 0)), size),
        Guard(Affine(-1, (0, 2, 0), (0, 1)), size),
    )
    offset = Affine(-row - channels, (2 * row, 2 * channels, 1), (row, channels))
    view = View(Source.INPUT, 0, offset, 0, guards)
    out = size // 2 + 1
    sketch.append(Opcode.MAX, INT8, (out, out, channels), (view,), reduction=(window, window))
    return sketch.program()


def remembered(steps: int, size: int) -> Program:
    """A product with weights each step, over the mean of all states so far."""
    sketch = Sketch(5, TensorType(INT8, (steps, size)), steps=steps)
    state = View(Source.HISTORY, 1, Affine(0, (0,), (size, 1)))
    before = sketch.append(
        Opcode.MAX, INT8, (1,), (View(Source.INPUT, 0, Affine(0, (0,), (1,), size)),), reduction=(size,)
    )
    assert before.index == 0
    w = sketch.random(INT8, size, size)
    x = sketch.input().view((0,), (1,), step=size)
    product = sketch.append(
        Opcode.DOT,
        INT8,
        (size,),
        (x, w.view((size,), (1,))),
        reduction=(size,),
        scale=(1 << 10, before.view((0,), (0,)), 20),
    )
    ones = sketch.random(INT8, 1, low=1, high=1).view((0,), (0, 0))
    total = sketch.append(Opcode.DOT, INT32, (1,), (state, ones), reduction=(steps, size))
    sketch.each(Function.ADD, INT32, (size,), product.dense(), total.view((0,)))
    return sketch.program()


KINDS: dict[str, Callable[[], Program]] = {
    "linear": lambda: linear(INT8, INT8, 24, 130, 40),
    "linear at the bound of single": lambda: linear(INT8, INT8, 9, 1040, 17),
    "linear of 16 bits": lambda: linear(INT16, INT8, 24, 96, 40),
    "linear of 16 bits, deep": lambda: linear(INT16, INT8, 8, 1600, 12),
    "linear of 16 bits by 16": lambda: linear(INT16, INT16, 12, 96, 40),
    "linear of 32 bits": lambda: linear(INT32, INT8, 12, 96, 40),
    "linear of one row": lambda: linear(INT8, INT8, 1, 300, 70),
    "linear of few columns": lambda: linear(INT8, INT8, 300, 70, 3),
    "scores": lambda: between_inputs(INT8, INT8, 3, 20, 32),
    "scores of 16 bits by 8": lambda: between_inputs(INT8, INT16, 3, 20, 32),
    "scores of 16 bits": lambda: between_inputs(INT16, INT16, 2, 20, 32),
    "weights first": lambda: constant_first(20, 64, 33),
    "convolution": lambda: convolution(12, 8, 16, 3),
    "convolution of 16 bits": lambda: convolution(12, 8, 16, 3, element=INT16, fill=-300),
    "convolution with strides": lambda: convolution(13, 8, 16, 3, stride=2, fill=5),
    "convolution dilated": lambda: convolution(12, 8, 16, 3, dilation=2),
    "convolution in groups": lambda: convolution(10, 16, 32, 3, groups=4),
    "convolution by channel": lambda: convolution(14, 32, 32, 3, groups=32),
    "pool": lambda: pooled(14, 20, 3),
    "history": lambda: remembered(5, 128),
}
