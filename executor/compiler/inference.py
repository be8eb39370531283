"""What a node makes of what it reads: whether it is a node of the standard, and the shapes of its results."""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from onnx import checker, helper, numpy_helper
from onnx.shape_inference import infer_node_outputs

from executor.compiler.graph import Array, Node, ValueType, first_line, operators
from executor.compiler.literals import number_type

ALIKE = operators("GroupNormalization")
"""Their output has the type of their first input, and onnx does not say so."""
SMALL = 4096  # elements of a constant that shape inference may want to see

Shape = tuple[int | None, ...]
"""Dimensions; None where they depend on values."""


class Inference:
    """onnx's own rules, for one version of the standard's operators."""

    def __init__(self, opset: int) -> None:
        self._opset = opset
        self._imports = [helper.make_opsetid("", opset)]
        self._context = checker.C.CheckerContext()
        self._context.ir_version = 8
        self._context.opset_imports = {"": opset}

    def check(self, proto: onnx.NodeProto, node: Node) -> None:
        """Refuse a node of the wrong number of inputs or outputs, or of unknown attributes."""
        try:
            checker.check_node(proto, self._context)
        except Exception as error:  # onnx raises several kinds
            raise node.refuse(f"it is ill-formed ({first_line(error)})", "check the model") from None

    def shapes(
        self,
        proto: onnx.NodeProto,
        node: Node,
        constants: Mapping[str, Array],
        types: Mapping[str, ValueType],
    ) -> dict[str, tuple[int, Shape]]:
        """onnx's number for the type, and the dimensions, of each output."""
        names = list(filter(None, node.inputs))
        known = {name: _type(constants, types, name) for name in names}
        data = {
            name: numpy_helper.from_array(constants[name], name)
            for name in names
            if name in constants and constants[name].size <= SMALL
        }
        try:
            schema = onnx.defs.get_schema(node.operator, self._opset, "")
            found = infer_node_outputs(schema, proto, known, data, opset_imports=self._imports)
            if node.operator in ALIKE:
                found = {node.outputs[0]: known[node.inputs[0]]}
        except Exception as error:  # onnx raises several kinds
            raise node.refuse(
                f"its shape cannot be inferred ({first_line(error)})", "check the model"
            ) from None
        shapes = {}
        for name in filter(None, node.outputs):
            tensor = found[name].tensor_type if name in found else None
            if tensor is None or not tensor.HasField("shape"):
                raise node.refuse(f"the shape of {name!r} is unknown", "bind more axes with --shape")
            dims = [dim.dim_value if dim.HasField("dim_value") else None for dim in tensor.shape.dim]
            shapes[name] = tensor.elem_type, tuple(dims)
        return shapes

    def types(
        self,
        proto: onnx.NodeProto,
        node: Node,
        constants: Mapping[str, Array],
        types: Mapping[str, ValueType],
    ) -> dict[str, ValueType]:
        """The types of outputs that have to be static, and of at least one element."""
        found = {}
        for name, (code, shape) in self.shapes(proto, node, constants, types).items():
            dims = tuple(dim for dim in shape if dim is not None)
            if len(dims) < len(shape) or min(dims, default=1) < 1:
                raise node.refuse(
                    f"{name!r} has a dynamic or empty axis", "bind the inputs' axes with --shape"
                )
            found[name] = ValueType(number_type(code, f"{node.title}: {name!r}"), dims)
        return found


def _type(constants: Mapping[str, Array], types: Mapping[str, ValueType], name: str) -> onnx.TypeProto:
    if name in constants:
        dtype, dims = constants[name].dtype, constants[name].shape
    else:
        dtype, dims = types[name].dtype, types[name].dims
    return helper.make_tensor_type_proto(helper.np_dtype_to_tensor_dtype(dtype), dims)
