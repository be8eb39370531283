"""What compiling cost: accuracy against the float network, and what running and disputing it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from executor.backends.exact import compiled as fast
from executor.bond import Temptation, bond_by_share
from executor.compiler.comparison import Agreement, LayerError, compare_layers, compare_outputs
from executor.compiler.compilation import Compiled
from executor.compiler.examples import read_samples
from executor.program import Program, validate
from executor.program.chunks import FAN_LEVELS
from executor.program.encoding import Header
from executor.program.ir import Source

ROUND_GAS = 157_000
"""One reveal of 32 nodes and the pick among them; tests/snapshots/gas.json has both."""
OPENING_GAS = 300_000
"""Opening a dispute, revealing an operation, and the ruling."""
WATCHED = Fraction(1, 2)
"""Chance that an honest challenge lands in time, for the suggested bond."""
STAKE = 10**18
"""What hangs on an answer, for the suggested bond: one unit of the bond asset, in wei."""


@dataclass(frozen=True)
class Report:
    """Everything that is reported; without held-out examples, no accuracy."""

    program: Program
    header: Header
    weights: int
    depth: int
    rounds: int
    dispute_gas: int
    agreement: Agreement | None
    layers: Sequence[LayerError]

    @property
    def bond(self) -> int:
        """The bond, in wei, at which cheating does not pay if one unit hangs on an answer."""
        return bond_by_share(Temptation(STAKE, WATCHED))

    def rows(self) -> list[tuple[str, str]]:
        """Name and value of each figure."""
        header = self.header
        found = [
            ("operations", f"{header.operations:,}, {self.depth:,} deep"),
            ("constants", f"{self.weights:,} bytes"),
            ("input, output", f"{header.input_size:,} and {header.output_size:,} bytes"),
            ("multiply-accumulates", f"{header.macs:,}"),
            ("trace", f"{header.trace_tiles:,} tiles"),
            (
                "worst step",
                f"{header.worst_tiles} tiles, {header.worst_proof:,} bytes, {header.worst_gas:,} gas",
            ),
            ("worst dispute", f"{self.rounds} rounds, {self.dispute_gas:,} gas"),
            (
                "bond",
                f"{float(Fraction(self.bond, STAKE)):.3g} of what hangs on an answer, watched half the time",
            ),
        ]
        if self.agreement is not None:
            agreement = self.agreement
            found += [
                ("held-out examples", str(agreement.examples)),
                ("cosine", f"{agreement.cosine_mean:.6f} mean, {agreement.cosine_least:.6f} worst"),
                ("same largest element", f"{agreement.same_largest:.1%}"),
                ("largest error", f"{agreement.largest_error:.6g}"),
            ]
        return found

    def text(self) -> str:
        """The figures and, where there are examples, the ten tensors with the least signal to noise."""
        lines = [f"{name:22} {value}" for name, value in self.rows()]
        worst = sorted(self.layers, key=lambda layer: layer.decibels)[:10]
        lines += [f"{layer.decibels:6.1f} dB  {layer.operator:20} {layer.name}" for layer in worst]
        return "\n".join(lines)

    def write_page(self, path: Path) -> None:
        """The same as a page with plots."""
        from executor.compiler.page import write_page

        write_page(self, path)


def report_on(compiled: Compiled, held_out: Path | None, most: int) -> Report:
    """The report; accuracy on at most that many examples of an .npz file."""
    program, header = compiled.program, validate(compiled.program)
    agreement, layers = None, list[LayerError]()
    if held_out is not None:
        samples = read_samples(held_out, compiled.network)[:most]
        runner = fast(program)
        agreement = compare_outputs(compiled, samples, lambda data: runner.run([data])[0])
        layers = compare_layers(compiled, samples[0])
    rounds = dispute_rounds(program)
    return Report(
        program,
        header,
        sum(constant.type.size for constant in program.constants),
        depth(program),
        rounds,
        OPENING_GAS + rounds * ROUND_GAS + header.worst_gas,
        agreement,
        layers,
    )


def depth(program: Program) -> int:
    """The longest chain of operations that wait for each other."""
    levels: list[int] = []
    for operation in program.operations:
        before = [levels[view.index] for view in operation.views if view.source is Source.OUTPUT]
        levels.append(1 + max(before, default=0))
    return max(levels)


def dispute_rounds(program: Program) -> int:
    """Reveals until one step is left, at the worst place: operations, then tiles, then chunks."""
    operations = _levels(len(program.operations))
    most = 0
    for operation in program.operations:
        chunks = -(-operation.terms // operation.chunk) if operation.chunk else 1
        most = max(most, _levels(-(-operation.result.size // 1024)) + _levels(chunks))
    return operations + most


def _levels(leaves: int) -> int:
    return math.ceil(math.ceil(math.log2(leaves)) / FAN_LEVELS) if leaves > 1 else 0
