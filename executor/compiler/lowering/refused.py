"""Operators that are refused by name, with what to do instead."""

from __future__ import annotations

from executor.compiler.graph import Node
from executor.compiler.lowering.scope import Scope, lowers
from executor.compiler.tensors import Tensor

FLOATS = "compile the float model: the compiler chooses the integers itself"
REMEDIES = {
    "Bernoulli Multinomial RandomNormalLike RandomUniformLike": "draw outside of the model and read an input",
    "BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor": "write it with And, Or and Not of truth values",
    "Compress NonMaxSuppression NonZero Unique": "its result has no fixed size: take this step outside",
    "ConvInteger MatMulInteger QLinearConv QLinearMatMul": FLOATS,
    "DequantizeLinear DynamicQuantizeLinear QuantizeLinear": FLOATS,
    "Acos Acosh Asin Asinh Atan Atanh Cos Cosh Sin Sinh Tan": "make its results an input, or constants",
    "CenterCropPad Col2Im GridSample MaxRoiPool MaxUnpool RoiAlign": "take this step outside of the model",
    "DFT MelWeightMatrix STFT": "write it as a Conv with constant weights",
    "Det ReduceLogSum ReduceLogSumExp ReduceProd": "write it with Log, Exp, Mul and ReduceSum",
    "GlobalLpPool LpNormalization LpPool LRN": "write it with ReduceSum, Sqrt and Div",
    "MeanVarianceNormalization": "write it as a LayerNormalization",
    "Hardmax": "write it as ArgMax and OneHot",
    "IsInf IsNaN": "no number of a program is either: leave it out",
    "Loop Scan": "unroll it: export the model for one length",
    "RNN": "export an LSTM or a GRU",
    "ReverseSequence": "export it for one length, with a Slice of step -1",
    "Scatter ScatterElements ScatterND": "write it with Where, Concat or Pad",
}
"""What to do, for operators that are left out."""


def _refuse(_: Scope, node: Node) -> Tensor:
    remedy = next(remedy for names, remedy in REMEDIES.items() if node.operator in names.split())
    raise node.refuse("there is no lowering for this operator", remedy)


REFUSED = frozenset(name for names in REMEDIES for name in names.split())
lowers(*sorted(REFUSED))(_refuse)
