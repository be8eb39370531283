"""The numbers that stand in a model file: initializers, and tensors in the attributes of nodes."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from executor.compiler.graph import Array, UnsupportedModel, first_line, operators

NUMBERS = frozenset(
    map(
        np.dtype,
        operators("bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"),
    )
)
"""What a tensor may consist of; onnx has narrower floats too, texts, and complex numbers."""


def literal(tensor: onnx.TensorProto, title: str) -> Array:
    """The array; UnsupportedModel, under this title, where its numbers are not in the file itself."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise UnsupportedModel(
            f"{title} lies in another file: save the model with its data inside "
            "(onnx.save with save_as_external_data=False)"
        )
    if any(dim < 0 for dim in tensor.dims):
        raise UnsupportedModel(f"{title} has dimensions {list(tensor.dims)}: check the model")
    dtype = number_type(tensor.data_type, title)
    try:
        found = np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:  # whatever onnx and numpy make of an ill-formed one
        raise UnsupportedModel(f"{title} is ill-formed ({first_line(error)}): check the model") from None
    return found.view(np.uint8) != 0 if dtype == np.bool_ else found


def number_type(code: int, title: str) -> np.dtype[np.generic]:
    """The type behind onnx's number for it; UnsupportedModel, under this title, where it is of no numbers."""
    try:
        dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(code))
    except KeyError:
        raise UnsupportedModel(f"{title} is no tensor: leave it out of the model") from None
    if dtype not in NUMBERS:
        name = onnx.TensorProto.DataType.Name(code)
        raise UnsupportedModel(f"{title} is of type {name}: export the model in float32")
    return dtype


def check_no_nan(name: str, values: Array) -> None:
    """UnsupportedModel if one of a constant's values is none: it would become some number or other."""
    if np.issubdtype(values.dtype, np.floating) and np.isnan(values).any():
        raise UnsupportedModel(f"constant {name!r} contains NaN: repair the weights of the model")
