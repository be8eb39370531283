"""Random steps to be judged: an honest trace, a place in it, and what of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random

from executor.program.ir import Opcode
from tests.soundness.bench import Question, question
from tests.soundness.census import features, kinds_of
from tests.soundness.programs import random_data, random_program
from tests.soundness.prover import Part, Section, prove
from tests.soundness.trace import Statement, Trace


@dataclass(frozen=True)
class Case:
    """One step of an honest trace; `extra` is the chunk, or the exact value that is rescaled."""

    seed: str
    honest: Trace
    t: int
    number: int
    flat: int
    part: Part
    extra: int = 0

    @property
    def place(self) -> tuple[int, int, int]:
        return self.t, self.number, self.flat

    @cached_property
    def truth(self) -> int:
        """What the step yields."""
        if self.part is Part.CHUNK:
            return self.honest.chunk(*self.place, self.extra)
        if self.part is Part.RESCALED:
            return self.honest.rescaled(*self.place, self.extra)
        return self.honest.values[self.t][self.number][self.flat]

    @property
    def kinds(self) -> set[str]:
        return kinds_of(self.honest, self.number, self.part)

    @property
    def features(self) -> set[str]:
        return features(self.honest, *self.place, self.part, self.extra)

    def sections(self, trace: Trace | None = None) -> list[Section]:
        """The honest proof, over the honest trace or over another whose past is the same."""
        return prove(trace or self.honest, *self.place, self.part, self.extra)

    def question(self, sections: list[Section] | None = None, trace: Trace | None = None) -> Question:
        """The step as the Referee is asked about it, with this proof."""
        trace = trace or self.honest
        shown = self.sections(trace) if sections is None else sections
        return question(trace, *self.place, self.part, self.extra, shown)


def random_cases(seed: str, kind: str, most: int = 8) -> list[Case]:
    """Steps of one random program, mostly of its last operation, which is of this kind."""
    rng = Random(seed)
    program = random_program(rng, kind)
    honest = Trace(Statement(program, random_data(rng, program)))
    found = []
    for _ in range(most):
        t = max(rng.randrange(honest.statement.steps) for _ in range(2))
        last = len(program.operations) - 1
        number = last if rng.random() < 0.7 else rng.randrange(last + 1)
        flat = rng.randrange(program.operations[number].result.count)
        found += list(parts(rng, seed, honest, t, number, flat))
    return found


def every_step(honest: Trace) -> Iterator[Case]:
    """All that can be judged of a trace: every element, or all of its chunks and its end."""
    for t, outputs in enumerate(honest.values):
        for number, values in enumerate(outputs):
            for flat in range(len(values)):
                chunks = honest.chunks(number)
                if chunks == 1:
                    yield Case("", honest, t, number, flat, Part.ELEMENT)
                else:
                    for chunk in range(chunks):
                        yield Case("", honest, t, number, flat, Part.CHUNK, chunk)
                    yield Case("", honest, t, number, flat, Part.RESCALED, exact(honest, t, number, flat))


def exact(honest: Trace, t: int, number: int, flat: int) -> int:
    """The chunks of an element combined."""
    results = [honest.chunk(t, number, flat, chunk) for chunk in range(honest.chunks(number))]
    return sum(results) if honest.program.operations[number].opcode is Opcode.DOT else max(results)


def parts(rng: Random, seed: str, honest: Trace, t: int, number: int, flat: int) -> Iterator[Case]:
    """What is judged at an element: all of it, or where its reduction has chunks one of them and its end."""
    chunks = honest.chunks(number)
    if chunks == 1:
        yield Case(seed, honest, t, number, flat, Part.ELEMENT)
        return
    picked = rng.choice([0, chunks - 1, rng.randrange(chunks)])
    yield Case(seed, honest, t, number, flat, Part.CHUNK, picked)
    yield Case(seed, honest, t, number, flat, Part.RESCALED, exact(honest, t, number, flat))
