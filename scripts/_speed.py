"""How fast the built-in backend answers, as a ratio to onnxruntime's float32 with as many threads.

Both take turns, and of each the quickest run counts, so that what else the machine does weighs on both. A
turn is a quarter second of runs, as when somebody serves. `speed/minilm_fast_b1_alternating` is one run each
instead: then the other's idle threads still spin on the processors and its weights fill the cache, and
an answer takes 12 ms instead of 7, while onnxruntime's ten stay ten: its weights fit no cache anyway. The
MiniLM network has no batch axis: onnxruntime runs its 32 samples one after the other, which is quicker for it
than one batch (21 against 26 ms a sample on one thread of the machine of BENCHMARKS.md).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime

from executor.backends.exact import compiled
from executor.backends.native.matrices import Multiply, bytes_are_exact, names
from executor.backends.native.products import Shape, Units
from executor.program import load
from executor.schema import Schema, schema_path
from scripts._models import inputs
from scripts._models.programs import Recipe, recipe

THREADS = 2
SECONDS = 6.0  # spent on a ratio
TURN = 0.25  # seconds of runs before the other's turn
TURNS = 3  # of each, at least

Numbers = dict[str, float]
Run = Callable[[], object]


@dataclass(frozen=True)
class Race:
    """A program against its float network, on so many samples at a time."""

    program: str
    batch: int
    batched: bool = False
    """Whether the network has a batch axis."""
    turn: float = TURN
    """Seconds of runs before the other's turn; one run at least."""


RACES = {
    "speed/minilm_fast_b1": Race("minilm_128_fast", 1),
    "speed/minilm_fast_b1_alternating": Race("minilm_128_fast", 1, turn=0.0),
    "speed/minilm_fast_b32": Race("minilm_128_fast", 32),
    "speed/minilm_accurate_b1": Race("minilm_128_accurate", 1),
    "speed/minilm_accurate_b32": Race("minilm_128_accurate", 32),
    "speed/magika_fast_b32": Race("magika_fast", 32, batched=True),
    "speed/magika_accurate_b32": Race("magika_accurate", 32, batched=True),
}


def speed() -> Numbers:
    """Every race whose program `make models` has made; and what the units of products reach here."""
    made = {name: race for name, race in RACES.items() if recipe(race.program).program.exists()}
    return {**{name: ratio(race) for name, race in made.items()}, **roofline()}


def ratio(race: Race) -> float:
    """Our throughput divided by that of onnxruntime."""
    wanted = recipe(race.program)
    schema = Schema.load(schema_path(wanted.program))
    arrays = inputs.load(wanted.network, inputs.HELD_OUT)
    rows = [{name: array[number] for name, array in arrays.items()} for number in range(race.batch)]
    fast = compiled(load(wanted.program), THREADS)
    data = [schema.encode(row) for row in rows]
    theirs = _float_run(wanted, rows, race.batched)
    mine, others = _quickest([lambda: fast.run(data), theirs], SECONDS, race.turn)
    fast.close()
    return others / mine


def _float_run(wanted: Recipe, rows: list[dict[str, npt.NDArray[np.generic]]], batched: bool) -> Run:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(wanted.model, options, ["CPUExecutionProvider"])
    if batched:
        together = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
        return lambda: session.run(None, together)
    return lambda: [session.run(None, row) for row in rows]


def _quickest(runs: list[Run], seconds: float, turn: float = TURN) -> list[float]:
    """Seconds of the quickest run of each."""
    best = [math.inf for _ in runs]
    began, turns = time.perf_counter(), 0
    while turns < TURNS or time.perf_counter() - began < seconds:
        for number, run in enumerate(runs):
            ends = time.perf_counter() + turn
            while True:
                begun = time.perf_counter()
                run()
                now = time.perf_counter()
                best[number] = min(best[number], now - begun)
                if now >= ends:
                    break
        turns += 1
    return best


LAYER = Shape(1, 4096, 384, 1536)
"""The widest product of MiniLM, for 32 texts of 128 tokens."""


def roofline() -> Numbers:
    """10^9 multiply-accumulates a second of one thread, by the units of a product."""
    rng = np.random.default_rng(1)
    found: Numbers = {}
    for units in Units:
        if units is Units.BYTES and not bytes_are_exact():
            continue
        left, right, result = names(units)
        a = rng.integers(0, 100, (LAYER.rows, LAYER.depth)).astype(left)
        b = rng.integers(-100, 100, (LAYER.depth, LAYER.columns)).astype(right)
        multiply = Multiply(units, b).bind(a, None, np.zeros((LAYER.rows, LAYER.columns), result))
        (seconds,) = _quickest([multiply], SECONDS / 10)
        found[f"speed/gmacs_{units.name.lower()}"] = LAYER.work / seconds / 1e9
    return found


def notes(numbers: Numbers) -> str:
    """The part of BENCHMARKS.md about speed."""
    work = 1.43  # 10^9 multiply-accumulates of MiniLM for 128 tokens
    reached = {units: numbers.get(f"speed/gmacs_{units.name.lower()}") for units in Units}
    rates = ", ".join(
        f"{work / rate * 1e3:.0f} ms in {u.name.lower()}" for u, rate in reached.items() if rate
    )
    return (
        "## Speed of exact inference\n\n"
        f"`speed/*_b*` is the throughput against onnxruntime's float32 network, {THREADS} threads each, by\n"
        "samples handed over at a time, in turns of a quarter second; `alternating`, in turns of one run,\n"
        "each of which begins while the other's idle threads still spin and its weights fill the cache.\n"
        "`speed/gmacs_*` is what one thread's matrix products reach. The\n"
        f"{work} G multiply-accumulates of MiniLM over 128 tokens take one thread, alone,\n"
        f"{rates}: where a processor multiplies bytes (VNNI),\n"
        "a fast-mode sample spends about half of its time in products, those of attention in single\n"
        "among them, an eighth in softmax, a tenth each in the norms, in the table of GELU and in packing,\n"
        "and the rest in rescaling. Registers of the row machine have 32 bits where intervals prove that\n"
        "this is enough, and 64 elsewhere.\n\n"
    )
