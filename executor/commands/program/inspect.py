"""`executor program inspect`: what an artifact is and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from executor.commands.program.artifact import opened
from executor.commands.program.files import FILE, plain
from executor.program import Program, validate
from executor.program.commitments import TILE
from executor.program.ir import Operation, TensorType


@click.command()
@click.argument("file", type=FILE)
@click.option("--operations", "listed", is_flag=True, help="List every operation, too.")
def inspect(file: Path, listed: bool) -> None:
    """Show what the artifact FILE is: its root, its sizes, and what disputing it would cost."""
    program = opened(file)
    table = Table("", "", title=escape(plain(str(file))), show_header=False)
    table.columns[1].overflow = "fold"
    for name, value in _rows(program, file.stat().st_size):
        table.add_row(name, value)
    Console().print(table)
    if listed:
        Console().print(_operations(program.operations))


def _rows(program: Program, size: int) -> Iterator[tuple[str, str]]:
    header = validate(program)
    steps = f"{program.step_bound:,}" + (
        "" if program.step_input is None else f" at most, by input {program.step_input}"
    )
    kinds = Counter(kind(operation) for operation in program.operations)
    weights = sum(constant.type.size for constant in program.constants)
    yield "program root", "0x" + program.root.hex()
    yield "file", f"{size:,} bytes"
    yield "input", f"{program.input_size:,} bytes: {', '.join(map(described, program.inputs)) or 'none'}"
    yield "output", f"{program.output_size:,} bytes: {described(program.output_type)}"
    yield "constants", f"{len(program.constants):,}, {weights:,} bytes"
    yield "operations", ", ".join(f"{count:,} {name}" for name, count in kinds.most_common())
    yield "steps", steps
    yield "multiply-accumulates", f"{header.macs:,}"
    yield "trace", f"{header.trace_tiles:,} tiles of {TILE} bytes"
    yield (
        "worst step to judge",
        f"{header.worst_tiles:,} tiles, {header.worst_proof:,} bytes, {header.worst_gas:,} gas",
    )


def _operations(operations: Sequence[Operation]) -> Table:
    table = Table("", "operation", "result", "terms", "reads")
    for index, operation in enumerate(operations):
        reads = (
            str(view.fill) if not view.source else f"{view.source.name.lower()} {view.index}"
            for view in operation.operands
        )
        terms = f"{operation.terms:,}" if operation.reduction else ""
        table.add_row(str(index), kind(operation), described(operation.result), terms, ", ".join(reads))
    return table


def kind(operation: Operation) -> str:
    """The opcode, or of a map its function."""
    return operation.function.name.lower() if operation.function else operation.opcode.name.lower()


def described(tensor: TensorType) -> str:
    """For example `int8[8, 8]`."""
    return f"{tensor.element.name.lower()}[{', '.join(map(str, tensor.dims))}]"
