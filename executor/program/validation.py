"""Which programs are programs. Whatever passes here, the Referee can judge, at a known cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from executor.program.cost import MAX_GAS, MAX_PROOF, StepCost, header_of
from executor.program.encoding import MAX_RANK, Header, encode_header
from executor.program.intervals import output_interval
from executor.program.ir import (
    Function,
    Interval,
    InvalidProgram,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
    immediate,
)

MAX_OPERATIONS = 1 << 12
MAX_CONSTANTS = 1 << 12
MAX_INPUTS = 255
MAX_ELEMENTS = 1 << 31


def validate(program: Program) -> Header:
    """Check every rule of a program and return the header that states its cost.

    Raises InvalidProgram, which names the operation and the field, at the first rule that is broken.
    """
    header = check_structure(program)
    check_intervals(program)
    return header


def check_structure(program: Program) -> Header:
    """Check every rule but those about values, without a look at any constant's, and return the header."""
    _check_counts(program)
    _check_tensors(program)
    for index, operation in enumerate(program.operations):
        with _naming(index, operation):
            _check_dims("result", operation.result)
    for index, operation in enumerate(program.operations):
        with _naming(index, operation):
            _ = operation.record  # which there is only where every number fits its field
            _check_shape(operation)
            for name, view in operation.named_views:
                _check_view(program, operation, index, name, view)
    _check_liveness(program)
    for index, (operation, cost) in enumerate(zip(program.operations, program.step_costs, strict=True)):
        with _naming(index, operation):
            _check_cost(cost)
    header = header_of(program)
    encode_header(header)
    return header


def check_intervals(program: Program) -> None:
    """Check of a program of sound structure that no value on the way to its output reaches 2^63."""
    intervals: list[Interval] = []
    for index, operation in enumerate(program.operations):
        with _naming(index, operation):
            intervals.append(output_interval(program, operation, intervals))


@contextmanager
def _naming(index: int, operation: Operation) -> Iterator[None]:
    """Puts the operation in front of what is wrong with it."""
    try:
        yield
    except InvalidProgram as error:
        raise InvalidProgram(f"operation {index} ({_name(operation)}): {error}") from None


def _check_counts(program: Program) -> None:
    _expect(bool(program.operations), "a program needs an operation")
    _at_most("operations", len(program.operations), MAX_OPERATIONS)
    _at_most("constants", len(program.constants), MAX_CONSTANTS)
    _at_most("inputs", len(program.inputs), MAX_INPUTS)
    _expect(
        1 <= program.step_bound < MAX_ELEMENTS, f"step bound {program.step_bound} is not in 1 .. 2^31 - 1"
    )
    if program.step_input is not None:
        _expect(
            0 <= program.step_input < len(program.inputs), f"step input {program.step_input} does not exist"
        )


def _check_tensors(program: Program) -> None:
    for index, tensor in enumerate(program.inputs):
        _check_dims(f"input {index}", tensor)
    for index, constant in enumerate(program.constants):
        _check_dims(f"constant {index}", constant.type)
        data, expected = constant.data, constant.type.element.native
        _expect(
            data.shape == (constant.type.count,) and data.dtype == expected,
            f"constant {index}: data {data.dtype}{list(data.shape)} is not {expected}[{constant.type.count}]",
        )


def _check_dims(name: str, tensor: TensorType) -> None:
    _expect(1 <= len(tensor.dims) <= MAX_RANK, f"{name}: rank {len(tensor.dims)} is not in 1 .. {MAX_RANK}")
    _expect(min(tensor.dims) >= 1, f"{name}: dimensions {list(tensor.dims)} are not all at least 1")
    _expect(tensor.count < MAX_ELEMENTS, f"{name}: {tensor.count} elements are not fewer than 2^31")


def _check_shape(operation: Operation) -> None:
    """Number of operands, immediates, reduction and chunk, each as the opcode wants it."""
    _expect(0 <= operation.shift <= 62, f"shift {operation.shift} is not in 0 .. 62")
    mapping = operation.opcode is Opcode.MAP
    _expect(
        (operation.function is not Function.NONE) is mapping,
        f"function {operation.function.name} is not for it",
    )
    arity = {Opcode.DOT: 2, Opcode.MAX: 1, Opcode.GATHER: 2}.get(operation.opcode, operation.function.arity)
    _expect(len(operation.operands) == arity, f"{len(operation.operands)} operands where it takes {arity}")
    if operation.opcode in (Opcode.DOT, Opcode.MAX):
        _expect(bool(operation.reduction), "reduction has no axis")
        _expect(
            min(operation.reduction) >= 1,
            f"reduction: dimensions {list(operation.reduction)} are not all at least 1",
        )
        _expect(
            operation.terms < MAX_ELEMENTS, f"reduction: {operation.terms} elements are not fewer than 2^31"
        )
        _expect(
            1 <= operation.chunk <= operation.terms,
            f"chunk {operation.chunk} is not in 1 .. {operation.terms}",
        )
    else:
        _expect(not operation.reduction, "reduction: it has none")
        _expect(operation.chunk == 0, f"chunk {operation.chunk} without a reduction")
    _check_immediate(operation)


def _check_immediate(operation: Operation) -> None:
    value = operation.immediate
    if operation.function is Function.DIV:
        _expect(0 <= value <= 30, f"immediate {value} of div is not in 0 .. 30")
    elif operation.function is Function.SHIFT:
        _expect(0 <= value <= 62, f"immediate {value} of shift is not in 0 .. 62")
    elif operation.opcode is not Opcode.GATHER:
        _expect(value == 0, f"immediate {value} where it takes none")


def _check_view(program: Program, operation: Operation, index: int, name: str, view: View) -> None:
    if name in ("multiplier", "bias") and any(any(form.reduction) for form in view.forms):
        raise InvalidProgram(f"{name}: it depends on a reduction index")
    if view.source is Source.IMMEDIATE:
        plain = immediate(view.fill, len(operation.result.dims), len(operation.reduction))
        _expect(view == plain, f"{name}: an immediate has an index, an offset or guards")
        _expect(
            not (operation.opcode is Opcode.MAX and name == "operand 0"),
            f"{name}: the maximum of an immediate",
        )
        _expect(
            not (operation.opcode is Opcode.GATHER and name == "operand 1"),
            f"{name}: an immediate as a table",
        )
        return
    if view.source is Source.HISTORY and operation.opcode is Opcode.MAX and name == "operand 0":
        # Nothing binds the type of a history without entries, and the maximum of nothing depends on it.
        _expect(view.index < index, f"{name}: the maximum of a history that is empty in the first step")
    limits = {
        Source.INPUT: len(program.inputs),
        Source.CONSTANT: len(program.constants),
        Source.OUTPUT: index,
        Source.HISTORY: len(program.operations),
    }
    _expect(
        view.index < limits[view.source],
        f"{name}: {view.source.name.lower()} {view.index} does not exist where it is read",
    )
    low, high = program.source_type(view).element.interval
    _expect(low <= view.fill <= high, f"{name}: fill {view.fill} is not a value of its source's type")
    for number, guard in enumerate(view.guards):
        if not 1 <= guard.limit < MAX_ELEMENTS:
            raise InvalidProgram(f"{name}: guard {number}: limit {guard.limit} is not in 1 .. 2^31 - 1")


def _check_cost(cost: StepCost) -> None:
    _expect(
        cost.proof <= MAX_PROOF,
        f"a step touches {cost.tiles} tiles and its proof may take {cost.proof} bytes, above {MAX_PROOF}",
    )
    _expect(cost.gas <= MAX_GAS, f"a step may take {cost.gas} gas, above {MAX_GAS}")


def _check_liveness(program: Program) -> None:
    """The output depends on every operation, and an operation reads every constant."""
    last = len(program.operations) - 1
    live, constants, waiting = {last}, set(), [last]
    while waiting:
        for view in program.operations[waiting.pop()].views:
            if view.source is Source.CONSTANT:
                constants.add(view.index)
            elif view.source in (Source.OUTPUT, Source.HISTORY) and view.index not in live:
                live.add(view.index)
                waiting.append(view.index)
    for index, operation in enumerate(program.operations):
        _expect(
            index in live, f"operation {index} ({_name(operation)}) is dead: the output does not depend on it"
        )
    for index in range(len(program.constants)):
        _expect(index in constants, f"constant {index} is never read")


def _name(operation: Operation) -> str:
    return operation.function.name.lower() if operation.function else operation.opcode.name.lower()


def _at_most(what: str, count: int, limit: int) -> None:
    _expect(count <= limit, f"{count} {what}, above {limit}")


def _expect(holds: bool, message: str) -> None:
    if not holds:
        raise InvalidProgram(message)
