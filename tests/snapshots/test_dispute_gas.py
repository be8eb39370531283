"""Gas of whole disputes, as receipts say, against tests/snapshots/gas.json and against what was promised.

A dispute is everything from the challenge to the ruling, both sides, and then its payment. The liar adds one
to one element and defends it to the end; the challenger plays as the player does. Osaka, with the calldata
floor. Addresses and times are fixed, since calldata is priced by the byte.
"""

from __future__ import annotations

import json
from functools import partial
from itertools import pairwise

import pytest

from executor.disputes.moves import attack
from executor.program.interpreter import Interpreter
from executor.program.ir import IntArray, Operation
from executor.program.trace import Trace
from scripts._curve import BASE, MEASURED, TERMS, curve, model
from scripts._products import PRODUCT, Multiplier, product
from tests.conftest import SNAPSHOTS
from tests.contract import Receipt
from tests.judge.dispute.court import Court, Hearing
from tests.judge.dispute.programs import digits
from tests.judge.referee.long_row import long_row
from tests.world import World

pytestmark = pytest.mark.snapshot

BOUNDS = {
    "dispute/step_1024": 175_000,
    "dispute/step_1024_unaligned": 300_000,
    "dispute/digits": 700_000,
    "dispute/1e9": 1_200_000,
}
STEPS = [
    ("step_1024", 0, 12_345),
    ("step_1024_unaligned", 511, (1 << 18) - 1),  # two tiles an operand whose paths meet at the root alone
]
MOST_TRANSACTIONS = 14

Moves = list[tuple[str, int]]
"""Function and gas of each transaction, in order."""


def lying(base: type[Interpreter], operation: int, element: int) -> type[Interpreter]:
    """An interpreter that adds one to one element, or takes one from it where it is the largest."""

    class Liar(base):  # type: ignore[misc,valid-type]
        def _execute(self, executed: Operation, index: int, step: int) -> IntArray:
            output: IntArray = super()._execute(executed, index, step)
            if index == operation:
                output = output.copy()
                output[element] += -1 if output[element] == executed.result.element.interval[1] else 1
            return output

    return Liar


def gas(receipt: Receipt) -> int:
    return int(receipt["gasUsed"], 16)


def dispute(hearing: Hearing, defence: Trace, offence: Trace) -> Moves:
    """Play one game to its payment; each transaction's function and gas."""
    world, challenger = hearing.world, hearing.world.roles.challenger
    opened = world.challenges.challenge(hearing.result, hearing.data, hearing.output, sender=challenger)
    (event,) = world.challenges.events(opened, "Challenged")
    moves = [("challenge", gas(opened))]
    while hearing.live(event.game):
        if hearing.to_reveal(event.game):
            move = hearing.defence(event.game, defence)
            moves.append((move.function, gas(hearing.send(move, hearing.case.defender))))
        else:
            answer = attack(offence, hearing.case, event.game, hearing.path(event.game))
            assert answer is not None, "nothing to attack"
            moves.append((answer.function, gas(hearing.send(answer, challenger))))
    settled = world.challenges.settle(hearing.result, 1, event.game, sender=challenger)
    return [*moves, ("settle", gas(settled))]


def until_ruling(moves: Moves) -> int:
    return sum(number for _, number in moves[:-1])


def paid(moves: Moves) -> int:
    return sum(number for _, number in moves)


def told(moves: Moves) -> str:
    steps = ", ".join(f"{function} {number:,}" for function, number in moves)
    return f"{until_ruling(moves):,} gas to the ruling: {steps}"


@pytest.fixture(scope="module")
def court(fixed_world: World) -> Court:
    """A court at fixed addresses, in which a dispute has been before."""
    built = Court(fixed_world)
    digits_dispute(built, 0)
    return built


def digits_dispute(court: Court, operation: int) -> Moves:
    """A whole dispute about one operation of the digits program."""
    example = digits()
    liar = Trace(example.program, example.data, interpreter=lying(Interpreter, operation, 0))
    return dispute(court.hear_trace(liar), liar, example.trace)


def test_dispute__digits_at_its_dearest_operation__costs_what_is_committed(court, row):
    operations = range(len(digits().program.operations))
    by_operation = [digits_dispute(court, operation) for operation in operations]
    for operation, moves in enumerate(by_operation):
        print(f"operation {operation}: {told(moves)}")  # noqa: T201
    dearest = max(by_operation, key=until_ruling)
    row("dispute/digits", until_ruling(dearest))
    row("dispute/digits_paid", paid(dearest))


@pytest.mark.parametrize(("name", "shift", "row_number"), STEPS)
def test_step__a_dot_of_1024_bytes__costs_what_is_committed(court, row, name, shift, row_number):
    asked = long_row(shift, row_number)
    assert asked.ask(court.referee) == asked.value
    row(f"dispute/{name}", gas(asked.receipt(court.referee, court.world.roles.stranger)))


@pytest.mark.parametrize("size", MEASURED)
def test_dispute__a_product_of_any_size__costs_what_is_committed(court, row, size):
    program, data = product(MEASURED[size], TERMS), bytes(range(1, 33))
    element = MEASURED[size] ** 2 * 2 // 3
    make = partial(Trace, program, data)
    defence = make(interpreter=lying(Multiplier, PRODUCT, element))
    moves = dispute(court.hear_trace(defence), defence, make(interpreter=Multiplier))
    print(f"{size} multiply-accumulates: {told(moves)}")  # noqa: T201
    assert len(moves) <= MOST_TRANSACTIONS
    row(f"dispute/{size}", until_ruling(moves))
    row(f"dispute/{size}_paid", paid(moves))
    row(f"dispute/{size}_transactions", len(moves))
    if size == BASE:  # all fans are full here
        row("dispute/pick", [number for function, number in moves if function == "pick"][-1])
        row("dispute/reveal_32", next(number for function, number in moves if function == "reveal"))


def test_curve__the_model__agrees_with_what_was_measured(pytestconfig):
    if pytestconfig.getoption("--rewrite-snapshots"):
        pytest.skip("gas.json is written when all is measured")
    committed = json.loads((SNAPSHOTS / "gas.json").read_text())
    for size in ("1e7", "1e8", "1e9"):
        expected = pytest.approx(committed[f"dispute/{size}"], rel=0.06)
        assert model(size, MEASURED[size], committed).gas == expected
    points = curve(committed)
    assert [point.measured for point in points] == [True] * 5 + [False] * 3
    assert all(before.gas < after.gas for before, after in pairwise(points))


def test_multiplier__beside_the_interpreter__gives_the_same_bits():
    program, data = product(20, 30), bytes(range(1, 33))
    runs = (kind(program, data).outputs() for kind in (Multiplier, Interpreter))
    for made, plain in zip(*runs, strict=True):
        assert made[:2] == plain[:2]
        assert (made[2] == plain[2]).all()
