"""What a real network costs whoever has to prove something about it: MiniLM over 32 tokens, in accurate mode.

First the trace alone, then one whole dispute on anvil about one flipped bit in the widest product of the
network's middle layer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ape import networks

from executor.program import Interpreter, load
from executor.program.trace import Trace
from executor.schema import Schema, schema_path
from scripts._dispute import Side, faulty, play, widest
from scripts._models import inputs
from scripts._models.programs import recipe
from scripts._tracing import peak, seconds

NAME = "minilm_32_accurate"
BIT = 12
"""Which bit of the element is flipped: one that the answer depends on."""

Numbers = dict[str, float]


def minilm(project: Any) -> Numbers:
    """The rows of BENCHMARKS.md; none where `make models` has not made the program.

    `minilm/trace_seconds`: to trace and root with the interpreter, `minilm/trace_ratio`: over seconds to
    infer with it, `minilm/trace_peak_mb`: most memory held at once meanwhile, artifact and outputs included,
    in 10^6 bytes. `dispute/minilm_*`: of the whole dispute, from the challenge to the payment, and of each
    side; a side's seconds and memory are those of its trace and of its moves.
    """
    wanted = recipe(NAME)
    if not wanted.program.exists():
        return {}
    program, data = load(wanted.program), _sample()
    assert program.root  # hashing the constants is no part of a trace
    operation = widest(program)
    element = program.operations[operation].result.count * 2 // 3
    lie = faulty(operation, element, BIT)

    def infer() -> None:
        deque(Interpreter(program, data).outputs(), maxlen=1)

    def trace() -> None:
        assert Trace(program, data).root

    def fresh(side: Side) -> Callable[[], None]:
        """All that a side does, beginning with the artifact's file."""
        run = lie if side is dispute.defender else Interpreter
        return lambda: side.replay(lambda: Trace(load(wanted.program), data, interpreter=run))

    with (
        TemporaryDirectory(prefix="elenchus-dispute-") as folder,
        networks.ethereum.local.use_provider("foundry") as provider,
    ):
        false = Trace(program, data, interpreter=lie)
        place = provider.http_uri, project, Path(folder)
        dispute = play(*place, wanted.program, data, false, Trace(program, data))
    proven = dispute.proven
    assert (proven["element"], proven["claimed"] ^ proven["computed"]) == (element, 1 << BIT)
    traced = seconds(trace)
    numbers: Numbers = {
        "minilm/trace_seconds": traced,
        "minilm/trace_ratio": traced / seconds(infer),
        "minilm/trace_peak_mb": peak(lambda: Trace(load(wanted.program), data).root) / 10**6,
        "dispute/minilm_moves": dispute.moves,
        "dispute/minilm_gas": dispute.gas,
        "dispute/minilm_seconds": dispute.seconds,
    }
    for name, side in (("defender", dispute.defender), ("challenger", dispute.challenger)):
        numbers |= {
            f"dispute/minilm_{name}_moves": len(side.gas),
            f"dispute/minilm_{name}_gas": sum(side.gas),
            f"dispute/minilm_{name}_seconds": seconds(fresh(side)),
            f"dispute/minilm_{name}_peak_mb": peak(fresh(side)) / 10**6,
        }
    return numbers


def _sample() -> bytes:
    """The first text that no calibration has seen, as the program's input."""
    wanted = recipe(NAME)
    arrays = inputs.load(wanted.network, inputs.HELD_OUT)
    return Schema.load(schema_path(wanted.program)).encode({name: rows[0] for name, rows in arrays.items()})


def notes(numbers: Numbers) -> str:
    """The part of BENCHMARKS.md about this dispute; nothing where it was not played."""
    if "dispute/minilm_moves" not in numbers:
        return ""

    def row(who: str, prefix: str, memory: str) -> str:
        moves, gas, taken = (numbers[f"{prefix}{what}"] for what in ("moves", "gas", "seconds"))
        return f"| {who} | {moves} | {gas:,} | {taken:.2f} | {memory} |\n"

    def side(name: str) -> str:
        prefix = f"dispute/minilm_{name}_"
        return row(name, prefix, f"{numbers[f'{prefix}peak_mb']:.0f}")

    traced, ratio, most = (numbers[f"minilm/trace_{what}"] for what in ("seconds", "ratio", "peak_mb"))
    return (
        "## A dispute about MiniLM\n\n"
        "all-MiniLM-L6-v2 over 32 tokens in accurate mode: one bit of one element in the middle of the\n"
        "network is flipped, and the executor defends what followed. The whole game is played on anvil. To\n"
        f"trace the run with the interpreter takes {traced:.2f} s, {ratio:.1f} times as long as the run,\n"
        f"and at most {most:.0f} MB (10^6 bytes). A side's seconds and memory are for all that it\n"
        "computes: artifact, trace and moves; the seconds of the dispute are from the challenge to the\n"
        "payment, traces apart. Gas varies by some hundred with addresses and times.\n\n"
        "| | transactions | gas | seconds | peak memory, MB |\n|---|--:|--:|--:|--:|\n"
        f"{side('defender')}{side('challenger')}{row('dispute', 'dispute/minilm_', '')}\n"
    )
