"""Artifacts written without a question: whatever a program, or its bytes, have been turned into."""

from __future__ import annotations

import struct
from dataclasses import replace

from hypothesis import strategies as st

from executor.program import InvalidProgram, Program
from executor.program.encoding import Header, encode_header, encode_record
from executor.program.ir import Affine, ElementType, Guard, Opcode, Operation, Source, TensorType, View
from executor.program.validation import check_structure

EDGES = st.sampled_from([0, 1, 2, 7, 8, 2**15, 2**16, 2**30, 2**31 - 1, 2**31, 2**32 - 1])
SIGNED = st.one_of(EDGES, EDGES.map(lambda value: -value), st.integers(-9, 9))


def artifact_of(program: Program, header: Header) -> bytes:
    """The file, with this header; InvalidProgram if a number fits no field."""
    tensors = [*program.inputs, *(constant.type for constant in program.constants)]
    records = [encode_record(operation) for operation in program.operations]
    return b"".join(
        [
            b"elenchus" + encode_header(header),
            *(struct.pack(f">BB{len(t.dims)}Q", t.element, len(t.dims), *t.dims) for t in tensors),
            *(struct.pack(">I", len(record)) + record for record in records),
            *(
                constant.data.astype(constant.type.element.canonical).tobytes()
                for constant in program.constants
            ),
        ]
    )


@st.composite
def mutated_bytes(draw: st.DrawFn, artifact: bytes) -> bytes:
    """The file with one to three places overwritten, cut out, doubled or exchanged."""
    for _ in range(draw(st.integers(1, 3))):
        first, second = sorted(draw(st.integers(0, len(artifact))) for _ in range(2))
        width = draw(st.sampled_from([1, 2, 4, 8]))
        number = draw(SIGNED) % (1 << 8 * width)
        way = draw(st.sampled_from(["overwrite", "overwrite", "overwrite", "flip", "cut", "double", "end"]))
        if way == "overwrite":
            artifact = artifact[:first] + number.to_bytes(width, "big") + artifact[first + width :]
        elif way == "flip" and first < len(artifact):
            artifact = artifact[:first] + bytes([artifact[first] ^ 1 << number % 8]) + artifact[first + 1 :]
        elif way == "cut":
            artifact = artifact[:first] + artifact[second:]
        elif way == "double":
            artifact = artifact[:second] + artifact[first:second] + artifact[second:]
        elif way == "end":
            artifact = artifact[:second]
    return artifact


@st.composite
def mutated_programs(draw: st.DrawFn, program: Program) -> bytes:
    """The file of the program with one to three fields changed; its header is honest where it can be."""
    changed = program
    for _ in range(draw(st.integers(1, 3))):
        changed = draw(changed_programs(changed))
    try:
        stated = check_structure(changed)
    except InvalidProgram:
        stated = check_structure(program)
    try:
        counts = {"operations": len(changed.operations), "constants": len(changed.constants)}
        return artifact_of(changed, replace(stated, **counts, inputs=len(changed.inputs)))
    except InvalidProgram:
        return artifact_of(program, stated)


@st.composite
def changed_programs(draw: st.DrawFn, program: Program) -> Program:
    operations = list(program.operations)
    at, other = (draw(st.integers(0, len(operations) - 1)) for _ in range(2))
    match draw(st.sampled_from(["operation"] * 6 + ["exchange", "drop", "double", "steps", "input"])):
        case "operation":
            operations[at] = draw(changed_operations(operations[at]))
        case "exchange":
            operations[at], operations[other] = operations[other], operations[at]
        case "drop":
            del operations[at]
        case "double":
            operations.insert(other, operations[at])
        case "steps":
            named = draw(st.sampled_from([None, 0, 1, 5]))
            return replace(program, step_bound=draw(EDGES), step_input=named)
        case "input":
            return replace(program, inputs=(draw(changed_tensors(program.inputs[0])), *program.inputs[1:]))
    return replace(program, operations=tuple(operations) or program.operations)


@st.composite
def changed_tensors(draw: st.DrawFn, tensor: TensorType) -> TensorType:
    dims = list(tensor.dims)
    dims[draw(st.integers(0, len(dims) - 1))] = draw(EDGES)
    return TensorType(draw(st.sampled_from(ElementType)), tuple(dims))


@st.composite
def changed_operations(draw: st.DrawFn, operation: Operation) -> Operation:
    """The operation with one field changed."""
    number = draw(st.integers(0, len(operation.views) - 1))
    view = draw(changed_views(operation.views[number]))
    views = [*operation.views[:number], view, *operation.views[number + 1 :]]
    match draw(
        st.sampled_from(["view"] * 6 + ["opcode", "result", "shift", "immediate", "chunk", "reduction"])
    ):
        case "opcode":
            return replace(operation, opcode=draw(st.sampled_from(Opcode)))
        case "result":
            return replace(operation, result=draw(changed_tensors(operation.result)))
        case "shift":
            return replace(operation, shift=draw(st.integers(0, 255)))
        case "immediate":
            return replace(operation, immediate=draw(SIGNED) << draw(st.integers(0, 31)))
        case "chunk":
            return replace(operation, chunk=draw(EDGES))
        case "reduction":
            return replace(operation, reduction=tuple(draw(EDGES) for _ in operation.reduction))
    return replace(operation, operands=tuple(views[:-2]), multiplier=views[-2], bias=views[-1])


@st.composite
def changed_views(draw: st.DrawFn, view: View) -> View:
    """The view with one field changed."""
    match draw(st.sampled_from(["source", "index", "fill", "offset", "step", "limits", "guards"])):
        case "source":
            return replace(view, source=draw(st.sampled_from(Source)))
        case "index":
            return replace(view, index=draw(EDGES))
        case "fill":
            return replace(view, fill=draw(SIGNED))
        case "offset":
            output, reduction = (
                tuple(draw(SIGNED) for _ in axes) for axes in (view.offset.output, view.offset.reduction)
            )
            return replace(view, offset=Affine(draw(SIGNED), output, reduction))
        case "step":
            return replace(view, offset=replace(view.offset, step=draw(SIGNED)))
        case "limits":
            return replace(view, guards=tuple(replace(guard, limit=draw(SIGNED)) for guard in view.guards))
    return replace(view, guards=(*view.guards, Guard(view.offset, draw(EDGES))))
