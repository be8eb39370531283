"""RULES, Programs: commitments, input and records, one test a rule, judged on-chain."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from executor.program import run
from executor.program.ir import Affine, Source, immediate
from executor.program.trace import Trace as HonestTrace
from tests.judge.dispute.court import Court
from tests.program.build import (
    INT16,
    add,
    constant,
    dot,
    gather,
    maximum,
    pack,
    program,
    tensor,
    view,
)
from tests.rules.judging import SIX, judged, of_two
from tests.soundness.bench import Bench
from tests.soundness.cases import every_step
from tests.soundness.challengers import Challenger
from tests.soundness.defenders import Defender
from tests.soundness.prover import Section, prove
from tests.soundness.roots import EMPTY, TILE, Merkle, header, keccak, node_hash, tensor_hash, tile_hash
from tests.soundness.trace import Statement, Trace
from tests.wire import Refused
from tests.words import CHALLENGER

# --- "Commitment" ---


def test_commitment__element__lies_in_its_word_and_tile_as_the_rule_has_it(bench: Bench) -> None:
    values = [(-1) ** i * i for i in range(700)]  # int16: 1,400 bytes, two tiles
    stored = constant(INT16, values)
    last = add(
        operands=(view(0, Affine(698, (1,)), Source.CONSTANT), immediate(0, 1)),
        result=tensor(INT16, 2),
        multiplier=immediate(1, 1),
        bias=immediate(0, 1),
    )
    tested = program(last, constants=(stored,))
    assert of_two(bench, tested) == [698, -699]
    content = pack(INT16, values)
    assert content[1396:1400] == (698).to_bytes(2, "big") + (-699).to_bytes(2, "big", signed=True)
    tiles = keccak(b"\x00", content[:TILE]), keccak(b"\x00", content[TILE:], bytes(2 * TILE - len(content)))
    root = keccak(
        b"\x02", bytes([1, 1]), (700).to_bytes(8, "big"), (1400).to_bytes(8, "big"), node_hash(*tiles)
    )
    assert Statement(tested, b"").constants_tree.root == root == stored.root


def test_commitment__slack_bytes_not_zero__the_opener_loses(court: Court) -> None:
    class Slack(Trace):
        def tiles(self, t: int, number: int) -> list[bytes]:
            return [tile[:-1] + b"\1" for tile in super().tiles(t, number)]

    statement = Statement(program(add(), add(operands=(view(0, source=Source.OUTPUT), view(1)))), bytes(44))
    liar, honest = Slack(statement), Trace(statement)
    hearing = court.hear(statement.program, statement.data, honest.output)
    hearing.challenge()
    with pytest.raises(Refused, match="dispute: wrong output"):
        hearing.send(Defender(liar, hearing.case).commit(), hearing.case.defender)


def test_commitment__trees__are_padded_with_empty_and_paths_have_their_depth(bench: Bench) -> None:
    leaves = [tile_hash(bytes([n])) for n in range(3)]
    assert Merkle(leaves).root == node_hash(node_hash(*leaves[:2]), node_hash(leaves[2], EMPTY))
    honest = Trace(Statement(program(add(), add(operands=(view(0, source=Source.OUTPUT), view(1)))), b""))
    (proven, _) = sections = prove(honest, 0, 1, 0)
    case = next(case for case in every_step(honest) if case.number == 1)
    (shown,) = proven.groups
    for path in ((*shown.path, EMPTY), shown.path[:-1]):
        bent = proven.with_group(0, replace(shown, path=path))
        (said,) = bench.answers([case.question([bent, *sections[1:]])])
        assert isinstance(said, str)
        assert said.startswith("referee: ")


def test_commitment__tags__keep_kinds_apart() -> None:
    tensor_of_a_tile = tensor_hash(header(0, [1024]), tile_hash(b""))
    kinds = {keccak(bytes([tag]), bytes(64)) for tag in range(9)}
    assert len(kinds | {tensor_of_a_tile, EMPTY}) == 11


def test_commitment__history_read__proves_step_operation_and_tile(bench: Bench) -> None:
    echo = add(operands=(view(0, Affine(0, (3, 1), (), 1)), view(1)))
    looked_up = add(operands=(view(0, Affine(0, (3, 1)), Source.HISTORY), view(1)))
    honest = Trace(Statement(program(echo, looked_up, step_bound=3), pack(INT16, SIX)))
    case = next(case for case in every_step(honest) if (case.t, case.number) == (2, 1))
    (remembered, given) = case.sections()
    (entry,) = remembered.groups
    assert (entry.step, entry.numbers) == (0, (0,))
    other = honest.lying(0, 0, 0, 77)
    for wrong in (
        replace(entry, step=1),  # another step
        replace(entry, tiles=(other.tiles(0, 0)[0],)),  # another tile
        replace(entry, path=tuple(honest.outputs(0).path(0) + honest.steps.path(1))),  # another way up
    ):
        bent: list[Section] = [remembered.with_group(0, wrong), given]
        (said,) = bench.answers([case.question(bent)])
        assert said == "referee: foreign tensor"
    (said,) = bench.answers([case.question([remembered, given])])
    assert said == case.truth


# --- "Input" ---


def test_input__short__is_extended_with_zeros_on_chain(bench: Bench, court: Court) -> None:
    tested = program()
    assert judged(bench, tested, b"\1") == judged(bench, tested, b"\1" + bytes(43)) == [256, 0, 0, 0, 0, 0]
    hearings = [court.hear(tested, data, run(tested, data)) for data in (b"\1", b"\1" + bytes(43))]
    assert hearings[0].case.input_root == hearings[1].case.input_root


def test_input__longer_than_the_program_takes__is_rejected_at_open(court: Court) -> None:
    with pytest.raises(Refused, match="input"):
        court.hear(program(), bytes(45), bytes(12))


# --- "The byte encoding of a record ... An ill-formed record ... is judged at the leaf" ---


def test_record__ill_formed__loses_at_its_leaf(court: Court) -> None:
    """The version names a program that is none: its operation has five operands, says its record."""
    good = Statement(program(), b"")
    bad = Statement(program(), b"")
    bad.records = [good.records[0][:5] + b"\5" + good.records[0][6:]]
    trace = Trace(bad)
    changes = {"program_root": bad.root}
    hearing = court.hear(good.program, good.data, trace.output, **changes)
    game = hearing.challenge()
    defender = Defender(trace, hearing.case)
    hearing.send(defender.commit(), hearing.case.defender)
    path = hearing.path(game)
    assert path[0].opening.leaves == 1
    pick = Challenger(Random(0), hearing, game, trace).move()
    assert pick is not None
    hearing.send(pick, hearing.challenger(game))
    with pytest.raises(Refused, match="referee: ill-formed record"):
        hearing.send(defender.answer(hearing.cursor(game)), hearing.case.defender)
    hearing.outwait(game)
    assert hearing.verdict(game) == CHALLENGER
    assert HonestTrace(good.program, b"").output == trace.output  # right or not, nobody could have judged it


def test_record__of_a_valid_program__passes_the_referee(bench: Bench) -> None:
    tested = program(dot(), gather(), maximum())
    statement = Statement(tested, b"")
    shapes = list(bench.shapes(statement, list(enumerate(statement.records))))
    assert [(shape.count, shape.chunks) for shape in shapes if not isinstance(shape, str)] == [
        (2, 1),
        (6, 1),
        (2, 1),
    ]
