"""What a step is about: its operation, its types and the features of its views that it really meets."""

from __future__ import annotations

from collections.abc import Iterator

from executor.program.ir import Affine, ElementType, Opcode, Operation, Source, View
from tests.program.plain import Step, indices
from tests.soundness.programs import kind_of
from tests.soundness.prover import Part, history_length, reads, views_of
from tests.soundness.roots import TILE
from tests.soundness.trace import Trace

STEP_KINDS_OF_PARTS = {Part.CHUNK: "chunk", Part.RESCALED: "rescaled"}

FEATURES = (
    *(f"reads {element.name.lower()}" for element in ElementType),
    *(f"yields {element.name.lower()}" for element in ElementType),
    *(f"from {source.name.lower()}" for source in Source),
    *("padding", "guard fails", "four guards", "offset outside", "nothing read", "several tiles"),
    *("stride 0", "negative stride", "stride above 1", "moves with t", "rank 8", "reduction rank 7"),
    *("shift 0", "shift 62", "negative multiplier", "multiplier by a view", "bias by a view"),
    *("multiplier above 2^40", "saturates high", "saturates low", "rounds a tie"),
    *("history of several entries", "history empty", "history of this step", "step input"),
    *(
        "gather clamped low",
        "gather clamped high",
        "gather by an immediate",
        "short last chunk",
        "packed rows",
        "packed rows unaligned",
    ),
)
"""What the steps of a run together have to have met."""


def kinds_of(trace: Trace, number: int, part: Part) -> set[str]:
    """The kinds of step that a judged part counts for: its operation, what of it, and a history."""
    operation = trace.program.operations[number]
    kinds = {kind_of(operation)} if part is Part.ELEMENT else {STEP_KINDS_OF_PARTS[part]}
    if any(view.source is Source.HISTORY for view in views_of(operation, part)):
        kinds.add("history")
    if part is Part.CHUNK:
        kinds.add(f"chunk of {kind_of(operation)}")
    return kinds


def features(trace: Trace, t: int, number: int, flat: int, part: Part, extra: int) -> set[str]:
    """Which of FEATURES a step meets; `extra` is the chunk, or the exact value that is rescaled."""
    operation, step = trace.program.operations[number], trace.step(t, number)
    found = {f"yields {operation.result.element.name.lower()}"}
    chunk = extra if part is Part.CHUNK else 0
    offsets = reads(trace, t, number, flat, part, chunk)
    for view, read in zip(views_of(operation, part), offsets, strict=True):
        found |= set(_of_view(trace, step, operation, view, read))
    if len(operation.result.dims) == 8:
        found.add("rank 8")
    if len(operation.reduction) == 7:
        found.add("reduction rank 7")
    if trace.program.step_input is not None:
        found.add("step input")
    if part is Part.CHUNK and len(offsets[0]) < operation.chunk:
        found.add("short last chunk")
    if part is not Part.CHUNK:
        found |= set(_of_scaling(trace, t, number, flat, extra if part is Part.RESCALED else None))
    if operation.opcode is Opcode.GATHER:
        found |= set(_of_lookup(step, operation, trace.index(number, flat)))
    if operation.opcode is Opcode.DOT and part is not Part.RESCALED:
        found |= set(_of_rows(trace, operation, offsets))
    return found


def _of_view(
    trace: Trace, step: Step, operation: Operation, view: View, read: list[int | None]
) -> Iterator[str]:
    yield f"from {view.source.name.lower()}"
    if view.source is Source.IMMEDIATE:
        return
    tensor = trace.program.source_type(view)
    yield f"reads {tensor.element.name.lower()}"
    if len(view.guards) == 4:
        yield "four guards"
    if None in read:
        yield "guard fails" if view.guards else "offset outside"
        yield "nothing read" if set(read) == {None} else "padding"
    present = {offset for offset in read if offset is not None}
    if view.source is Source.HISTORY:
        if history_length(step, view) == 0:
            yield "history empty"
        entries = {offset // tensor.count for offset in present}
        if len(entries) > 1:
            yield "history of several entries"
        if step.t in entries:
            yield "history of this step"
    elif len({offset * tensor.element.width // TILE for offset in present}) > 1:
        yield "several tiles"
    dims = (*operation.result.dims, *operation.reduction)
    form: Affine = view.offset
    strides = {c for c, n in zip(form.axes, dims, strict=True) if n > 1}
    if 0 in strides:
        yield "stride 0"
    if any(stride < 0 for stride in strides):
        yield "negative stride"
    if any(stride > 1 for stride in strides):
        yield "stride above 1"
    if form.step and step.t:
        yield "moves with t"


def _of_scaling(trace: Trace, t: int, number: int, flat: int, exact: int | None) -> Iterator[str]:
    operation, step, out = trace.program.operations[number], trace.step(t, number), trace.index(number, flat)
    zeros = (0,) * len(operation.reduction)
    multiplier = step.read(operation.multiplier, out, zeros)[0]
    bias = step.read(operation.bias, out, zeros)[0]
    if exact is None:
        exact = step.exact(operation, out, indices(operation.reduction))
    if operation.shift in (0, 62):
        yield f"shift {operation.shift}"
    if multiplier < 0:
        yield "negative multiplier"
    if abs(multiplier) > 1 << 40:
        yield "multiplier above 2^40"
    if operation.multiplier.source is not Source.IMMEDIATE:
        yield "multiplier by a view"
    if operation.bias.source is not Source.IMMEDIATE:
        yield "bias by a view"
    scaled, shift = (exact + bias) * multiplier, operation.shift
    if shift and scaled % (1 << shift) == 1 << (shift - 1):
        yield "rounds a tie"
    low, high = operation.result.element.interval
    value = (scaled + (1 << shift >> 1)) >> shift
    if value > high:
        yield "saturates high"
    if value < low:
        yield "saturates low"


def _of_lookup(step: Step, operation: Operation, out: tuple[int, ...]) -> Iterator[str]:
    if operation.operands[0].source is Source.IMMEDIATE:
        yield "gather by an immediate"
    index = step.read(operation.operands[0], out)[0] + operation.immediate
    if index < 0:
        yield "gather clamped low"
    if index >= step.tensor(operation.operands[1])[1]:
        yield "gather clamped high"


def _of_rows(trace: Trace, operation: Operation, offsets: list[list[int | None]]) -> Iterator[str]:
    """Rows of int8 on both sides, whole words long: what a judge may multiply several at once."""
    views, runs = operation.operands, []
    for view, read in zip(views, offsets[:2], strict=True):
        if view.source is Source.IMMEDIATE or trace.program.source_type(view).element is not ElementType.INT8:
            return
        if len(read) < 32 or None in read or view.offset.reduction[-1] != 1 or operation.reduction[-1] < 32:
            return
        runs.append(read[0])
    yield "packed rows"
    if any(begin is not None and begin % 32 for begin in runs) and len({(b or 0) % 32 for b in runs}) > 1:
        yield "packed rows unaligned"
