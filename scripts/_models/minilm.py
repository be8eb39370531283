"""all-MiniLM-L6-v2 as an ONNX graph: from token numbers to the embedding of a sentence.

Inputs   ids   int64[batch, sequence]   token numbers (wordpiece.py)
         mask  int64[batch, sequence]   1 for a token, 0 for what fills up
Output   embedding  float32[batch, hidden]   mean over the tokens, of length 1

All shapes are fixed. The graph is BERT's encoder as it was published: no dropout, one kind of token type,
positions counted from 0, weights in float32 as they are in the safetensors file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
EPSILON = 1e-12
MASKED = -10000.0  # added to the score of what fills up; exp() of it is 0
HEAD = 32  # width of one head of attention

Weights = Mapping[str, npt.NDArray[np.generic]]


def build(weights: Weights, sequence: int, batch: int = 1) -> onnx.ModelProto:
    """The network for inputs of this many tokens; `weights` by the names of the safetensors file."""
    hidden = weights["embeddings.word_embeddings.weight"].shape[1]
    graph = _Graph(weights)
    mask = graph.node("Cast", "mask", to=TensorProto.FLOAT)
    x = _embed(graph, sequence)
    masked = graph.node("Sub", graph.scalar(1.0), graph.node("Unsqueeze", mask, graph.shape([1, 2])))
    masked = graph.node("Mul", masked, graph.scalar(MASKED))
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
    for layer in range(len(layers)):
        x = _layer(graph, f"encoder.layer.{layer}", x, masked, (batch, sequence, hidden))
    _pool(graph, x, mask)
    tokens = [
        helper.make_tensor_value_info(name, TensorProto.INT64, [batch, sequence]) for name in ("ids", "mask")
    ]
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [batch, hidden])
    body = helper.make_graph(graph.nodes, "minilm", tokens, [embedding], graph.stored)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _embed(graph: _Graph, sequence: int) -> str:
    """Words, positions and the one token type, normalised."""
    words = graph.node("Gather", graph.weight("embeddings.word_embeddings.weight"), "ids", axis=0)
    positions = graph.weights["embeddings.position_embeddings.weight"][:sequence]
    types = graph.weights["embeddings.token_type_embeddings.weight"][0]
    x = graph.node("Add", words, graph.constant("positions", np.asarray(positions + types, np.float32)))
    return graph.normalised(x, "embeddings.LayerNorm")


def _layer(graph: _Graph, name: str, x: str, masked: str, shape: tuple[int, int, int]) -> str:
    attended = graph.linear(
        _attend(graph, f"{name}.attention.self", x, masked, shape), f"{name}.attention.output.dense"
    )
    x = graph.normalised(graph.node("Add", attended, x), f"{name}.attention.output.LayerNorm")
    wide = _gelu(graph, graph.linear(x, f"{name}.intermediate.dense"))
    narrow = graph.linear(wide, f"{name}.output.dense")
    return graph.normalised(graph.node("Add", narrow, x), f"{name}.output.LayerNorm")


def _attend(graph: _Graph, name: str, x: str, masked: str, shape: tuple[int, int, int]) -> str:
    batch, sequence, hidden = shape
    apart = graph.shape([batch, sequence, hidden // HEAD, HEAD])
    query, key, value = (
        graph.node("Reshape", graph.linear(x, f"{name}.{which}"), apart)
        for which in ("query", "key", "value")
    )
    query = graph.node("Transpose", query, perm=[0, 2, 1, 3])
    key = graph.node("Transpose", key, perm=[0, 2, 3, 1])
    value = graph.node("Transpose", value, perm=[0, 2, 1, 3])
    scores = graph.node("Div", graph.node("MatMul", query, key), graph.scalar(math.sqrt(HEAD)))
    shares = graph.node("Softmax", graph.node("Add", scores, masked), axis=-1)
    together = graph.node("Transpose", graph.node("MatMul", shares, value), perm=[0, 2, 1, 3])
    return graph.node("Reshape", together, graph.shape([batch, sequence, hidden]))


def _gelu(graph: _Graph, x: str) -> str:
    """x / 2 * (1 + erf(x / sqrt(2)))."""
    erf = graph.node("Erf", graph.node("Div", x, graph.scalar(math.sqrt(2))))
    return graph.node(
        "Mul", graph.node("Mul", x, graph.node("Add", erf, graph.scalar(1.0))), graph.scalar(0.5)
    )


def _pool(graph: _Graph, x: str, mask: str) -> None:
    """The mean over the tokens, divided by its length."""
    counted = graph.node("Mul", x, graph.node("Unsqueeze", mask, graph.shape([2])))
    total = graph.node("ReduceSum", counted, graph.shape([1]), keepdims=0)
    tokens = graph.node("ReduceSum", mask, graph.shape([1]), keepdims=1)
    mean = graph.node("Div", total, tokens)
    squares = graph.node("ReduceSum", graph.node("Mul", mean, mean), graph.shape([1]), keepdims=1)
    graph.node("Div", mean, graph.node("Sqrt", squares), output="embedding")


@dataclass
class _Graph:
    """Nodes and constants as they are written; every value is named after its node."""

    weights: Weights
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    stored: list[onnx.TensorProto] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)

    def node(self, operator: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: npt.NDArray[np.generic]) -> str:
        if name not in self._names:
            self._names.add(name)
            self.stored.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def scalar(self, value: float) -> str:
        return self.constant(f"scalar_{value:g}", np.array(value, np.float32))

    def shape(self, dims: list[int]) -> str:
        return self.constant("shape_" + "_".join(map(str, dims)), np.array(dims, np.int64))

    def linear(self, x: str, name: str) -> str:
        weight = self.constant(f"{name}.weight", self.weights[f"{name}.weight"].T)
        return self.node("Add", self.node("MatMul", x, weight), self.weight(f"{name}.bias"))

    def normalised(self, x: str, name: str) -> str:
        scale, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON)
