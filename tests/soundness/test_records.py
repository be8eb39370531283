"""Records before the Referee: what a valid program has it accepts, and what it accepts one could have.

A record that it refuses cannot be opened, and whoever claimed that program loses; so it must never refuse one
of a valid program. A record that it accepts has to have one meaning only.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from math import prod
from random import Random

from executor.program import InvalidProgram, validate
from executor.program.encoding import decode_record, encode_record
from executor.program.ir import Source, View
from tests.soundness.bench import Bench, Shape
from tests.soundness.cases import Case
from tests.soundness.programs import KINDS, kind_of
from tests.soundness.trace import Statement


def statements(steps: list[Case]) -> list[Statement]:
    """The programs of these steps, each once."""
    return list({case.seed: case.honest.statement for case in steps}.values())


def expected(statement: Statement, number: int) -> Shape:
    operation = statement.program.operations[number]
    terms, count = prod(operation.reduction), prod(operation.result.dims)
    chunks = -(-terms // operation.chunk) if operation.chunk else 1
    return Shape(
        operation.result.element, count << operation.result.element, count, terms, operation.chunk, chunks
    )


def test_shape__record_of_a_valid_program__is_accepted_as_what_it_is(bench: Bench, steps: list[Case]) -> None:
    kinds = Counter[str]()
    for statement in statements(steps):
        records = list(enumerate(statement.records))
        shapes = list(bench.shapes(statement, records))
        assert shapes == [expected(statement, number) for number, _ in records]
        kinds.update(map(kind_of, statement.program.operations))
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 20


def spoiled(rng: Random, record: bytes) -> bytes:
    """One byte is another, or the length is."""
    at = rng.choice([rng.randrange(32), rng.randrange(len(record)), rng.randrange(96)])
    changed = (
        record[:at] + bytes([rng.choice([0, 1, 255, record[at] ^ 1 << rng.randrange(8)])]) + record[at + 1 :]
    )
    return rng.choice([changed] * 8 + [record[:-32], record + bytes(32), record[:-1]])


def test_shape__record_that_was_spoiled__is_refused_or_still_has_one_meaning(
    bench: Bench, steps: list[Case]
) -> None:
    """What the Referee accepts the specification can decode, and what it refuses no valid program has."""
    rng, heard = Random("records"), Counter[str]()
    for statement in statements(steps)[::2]:
        numbers = [rng.randrange(len(statement.records)) for _ in range(8)]
        records = [(number, spoiled(rng, statement.records[number])) for number in numbers]
        for (number, record), said in zip(records, bench.shapes(statement, records), strict=True):
            if record == statement.records[number]:
                continue
            meaning = meaning_of(statement, number, record)
            if isinstance(said, Shape):
                assert meaning != "not a record", f"{record.hex()}: {said}"
                heard["accepted"] += 1
            else:
                assert said.startswith("referee: ill-formed record"), f"{record.hex()}: {said!r}"
                assert meaning != "valid", f"{record.hex()}: {said}"
                heard[said] += 1
    sys.stdout.writelines(f"{times:6} {message}\n" for message, times in heard.most_common())
    assert heard["accepted"] > 100
    assert sum(heard.values()) > 1_000


def meaning_of(statement: Statement, number: int, record: bytes) -> str:
    """Whether it is a record, and leaves the program valid in place of that operation's."""
    try:
        operation = decode_record(record)
    except InvalidProgram:
        return "not a record"
    listed = list(statement.program.operations)
    listed[number] = operation
    try:
        validate(replace(statement.program, operations=tuple(listed)))
    except InvalidProgram:
        return "invalid"
    return "valid"


def test_shape__view_of_what_does_not_exist__is_refused(bench: Bench, steps: list[Case]) -> None:
    """An index of its source that is one too large, for every source."""
    met = Counter[Source]()
    rng = Random("sources")
    for statement in statements(steps):
        program = statement.program
        for number, operation in enumerate(program.operations):
            limits = {
                Source.INPUT: len(program.inputs),
                Source.CONSTANT: len(program.constants),
                Source.OUTPUT: number,
                Source.HISTORY: len(program.operations),
            }
            place = rng.randrange(len(operation.operands))
            view: View = operation.operands[place]
            if view.source is Source.IMMEDIATE or met[view.source] == 10:
                continue
            beyond = replace(view, index=limits[view.source] + rng.choice([0, 0, 5]))
            operands = (*operation.operands[:place], beyond, *operation.operands[place + 1 :])
            record = encode_record(replace(operation, operands=operands))
            (said,) = bench.shapes(statement, [(number, record)])
            assert isinstance(said, str)
            assert said.startswith("referee: ill-formed record")
            met[view.source] += 1
    assert all(met[source] == 10 for source in Source if source is not Source.IMMEDIATE)
