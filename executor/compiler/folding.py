"""Computing what is constant: only what every machine computes alike, and only as much as fits.

What folds here ends up in weights, so on real numbers only operations fold that IEEE 754 defines to the last
bit; sums of integers, of which shape arithmetic is made, fold too. Nothing random does, and nothing that is
computed by a math library.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from executor.compiler.graph import Array, Node, first_line, operators
from executor.compiler.inference import Shape
from executor.compiler.literals import NUMBERS

EXACT = operators(
    "Abs Add And ArgMax ArgMin BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast Ceil Clip Compress "
    "Concat Constant ConstantOfShape DepthToSpace Div Equal Expand EyeLike Flatten Floor Gather "
    "GatherElements GatherND Greater GreaterOrEqual Identity IsInf IsNaN Less LessOrEqual Max Min Mul Neg "
    "NonZero Not OneHot Or Pad Reciprocal ReduceMax ReduceMin Relu Reshape Round ScatterND Sign Slice "
    "SpaceToDepth Split Sqrt Squeeze Sub Tile Transpose Trilu Unsqueeze Where Xor"
)
"""Operators that give the same bits everywhere on real numbers too: no sums, no transcendental functions."""
EXACT_ON_INTEGERS = operators("CumSum Mod Pow Range ReduceProd ReduceSum ReduceSumSquare Sum")
"""Operators that do so where there is nothing to round."""
SHRINKING = operators("Compress NonZero")
"""Operators whose results' shapes depend on values; they have no more elements than inputs times axes."""
BY_ELEMENT = operators("GatherElements GatherND ScatterND")
"""Operators that onnx's reference evaluates in a loop over the elements."""
MOST_FOLDED = 1 << 28
"""Elements that all folding together reads and writes: seconds, and 2 GiB at most."""
LOOP_WEIGHT = 256
"""An element costs so many times more in a loop."""


class Folding:
    """Evaluates nodes of which every input is constant, as long as all of them together stay small."""

    def __init__(self, opset: int) -> None:
        self._opsets = {"": opset}
        self._left = MOST_FOLDED

    def check(self, node: Node, arrays: Sequence[Array]) -> None:
        """Refuse a node whose results another machine would not find, or nobody could."""
        real = any(np.issubdtype(array.dtype, np.floating) for array in arrays)
        if node.operator not in EXACT and (real or node.operator not in EXACT_ON_INTEGERS):
            raise node.refuse(
                "all its inputs are constants, and its result differs between machines",
                "fold it before exporting (onnxruntime's basic optimisation does)",
            )

    def charge(self, node: Node, arrays: Sequence[Array], shapes: Mapping[str, Shape]) -> None:
        """Count what the node is about to read and write; refuse the node with which it becomes too much."""
        read = sum(array.size for array in arrays)
        work = read
        for name, shape in shapes.items():
            dims = [dim for dim in shape if dim is not None]
            if len(dims) < len(shape):
                if node.operator not in SHRINKING:
                    raise node.refuse(f"the shape of {name!r} is unknown", "bind more axes with --shape")
                dims = [read, max(array.ndim for array in arrays)]
            elements = math.prod(dims)
            if elements > MOST_FOLDED:
                raise node.refuse(f"{name!r} would have {elements} elements", "check the model")
            work += elements
        self._left -= work * (LOOP_WEIGHT if node.operator in BY_ELEMENT else 1)
        if self._left < 0:
            raise node.refuse(
                f"with it, more than {MOST_FOLDED} elements of constants would have been folded",
                "fold them before exporting (onnxruntime's basic optimisation does)",
            )

    def results(self, proto: onnx.NodeProto, node: Node, arrays: Mapping[str, Array]) -> list[Array]:
        """The values of the node's outputs."""
        if node.operator == "Cast":
            _check_cast(node, *arrays.values())
        try:
            with np.errstate(all="ignore"):
                found = ReferenceEvaluator(proto, opsets=self._opsets).run(None, dict(arrays))
            results = [np.asarray(result) for result in found]
        except Exception as error:  # whatever numpy makes of an ill-formed node
            raise node.refuse(f"it cannot be folded ({first_line(error)})", "check the model") from None
        if any(result.dtype not in NUMBERS for result in results):
            raise node.refuse("its result is not made of numbers", "export the model in float32")
        return results


def _check_cast(node: Node, values: Array) -> None:
    """What becomes of a real number beyond an integer type is up to the processor."""
    target = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(node.attributes["to"]))
    if np.issubdtype(values.dtype, np.floating) and np.issubdtype(target, np.integer) and values.size:
        low, high = np.iinfo(target).min, np.iinfo(target).max
        if not (values.min() > float(low) - 1 and values.max() < float(high) + 1):  # nor if one is no number
            raise node.refuse(f"it turns a number into {target} that fits none", "check the model")
