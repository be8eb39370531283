"""The Council beside the same in plain Python, through random calls: refusals, motions, seats, deeds."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.governance.council.chamber import DAY, DELAY, MOTION, QUORUM, YEAR, Chamber, Constituency, Power
from tests.governance.council.ledger import SEATS, Ledger, Wrong
from tests.wire import Refused
from tests.words import NOBODY

STEPS = 700
FUNCTIONS = ("veto", "pause", "rollback", "withdraw", "resign", "seat", "set_quorum", "renew")
VIEWED = (0, 1, 2, 3, SEATS - 1)  # seats that change hands


class Walk:
    """Random calls, each made on both."""

    def __init__(self, chamber: Chamber, seed: int) -> None:
        self.chamber = chamber
        self.random = Random(seed)
        self.people = [*chamber.members, chamber.roles.newcomer, chamber.roles.stranger]
        self.targets = [chamber.world.deploy("MockTarget") for _ in range(2)]
        self.operations = [chamber.schedule(chamber.poke(word)) for word in range(2)]
        seats = [chamber.council.seat_at(number) for number in range(3)]
        self.ledger = Ledger(
            chamber.term_ends,
            QUORUM,
            {number: (Constituency(kind), member) for number, (kind, member) in enumerate(seats)},
        )
        self.deeds = [0, 0]  # calls that each target has had
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.carried: Counter[str] = Counter()
        chamber.world.wire.request("anvil_impersonateAccount", chamber.timelock.address)

    def step(self) -> None:
        """One call by whoever may, or may not; and now and then time passes."""
        name = self.random.choices(FUNCTIONS, (6, 6, 4, 4, 0.4, 1.5, 0.4, 0.6))[0]
        getattr(self, name)()
        if self.random.random() < 0.1:
            self.chamber.world.warp(self.random.choice((60, DAY, MOTION - 1, MOTION)))

    # --- members ---

    def veto(self) -> None:
        operation = self.random.choice(self.operations)
        if self.chamber.state(operation) == 0:
            self.chamber.timelock.scheduleBatch(*operation, DELAY, sender=self.chamber.roles.proposer)
        key = self.chamber.timelock.hashOperationBatch(*operation)
        carried = self.approve("veto", Power.VETO, self.chamber.timelock.address, key, operation)
        assert (self.chamber.state(operation) == 0) is carried

    def pause(self) -> None:
        self.guard("pause", Power.PAUSE, bytes(32), ())

    def rollback(self) -> None:
        version = self.random.randrange(2)
        self.guard("rollback", Power.ROLLBACK, version.to_bytes(32, "big"), (version,))

    def withdraw(self) -> None:
        self.guard("withdraw", Power.WITHDRAW, bytes(32), ())

    def guard(self, name: str, power: Power, detail: bytes, arguments: tuple[int, ...]) -> None:
        place = self.random.randrange(2)
        target = self.targets[place]
        self.deeds[place] += self.approve(name, power, target.address, detail, (target, *arguments))
        assert [target.count() for target in self.targets] == self.deeds

    def approve(self, name: str, power: Power, target: str, detail: bytes, arguments: tuple) -> bool:
        caller = self.caller()
        motion = power, target, detail
        expected = self.expect(name, lambda: self.ledger.approve(motion, caller, self.now))
        self.act(name, arguments, caller, expected)
        opened, seats = self.ledger.motions.get(motion, (0, []))
        if opened and self.now <= opened + MOTION:
            known = sum(1 << seat for seat in seats), len(seats), opened
            assert self.chamber.motion(power, target, detail) == known
        self.carried[name] += expected is True
        return expected is True

    def resign(self) -> None:
        caller = self.caller()
        self.act("resign", (), caller, self.expect("resign", lambda: self.ledger.resign(caller)))

    # --- the Timelock ---

    def seat(self) -> None:
        away = [person for person in self.people if person not in self.sitting]
        member = self.random.choice([NOBODY, *self.people, *away * 3])
        kinds = [Constituency(kind) for kind in range(8)]
        fitting = Constituency.NONE if member == NOBODY else Constituency.USERS
        words = (
            self.random.choice([*VIEWED, SEATS]),
            self.random.choice([*kinds, *[fitting] * 24]),
            member,
        )
        self.decide("seat", words, lambda: self.ledger.seat(*words))

    def set_quorum(self) -> None:
        quorum = self.random.choice((0, 1, 2, 2, 2, 3, SEATS, SEATS + 1))
        self.decide("set_quorum", (quorum,), lambda: self.ledger.set_quorum(quorum))

    def renew(self) -> None:
        ends = self.now + self.random.choice((30 * DAY, YEAR, 2 * YEAR, 2 * YEAR + 1))
        self.decide("renew", (ends,), lambda: self.ledger.renew(ends, self.now))

    def decide(self, name: str, words: tuple, change) -> None:
        if self.random.random() < 0.1:
            stranger = self.random.choice(self.people)
            self.act(name, words, stranger, self.expect(name, _refuse_stranger))
        else:
            self.act(name, words, self.chamber.timelock, self.expect(name, change))

    # --- both ---

    @property
    def sitting(self) -> list[str]:
        """The members of now."""
        return [member for _, member in self.ledger.seats.values()]

    def caller(self) -> str:
        """Somebody, in most cases a member."""
        return self.random.choice([*self.people, *self.sitting * 3])

    @property
    def now(self) -> int:
        """When the next call happens."""
        return self.chamber.world.now() + 1

    def expect(self, name: str, change) -> bool | str | None:
        """What the plain one does: carried or not, nothing, or the words of a refusal."""
        try:
            result: bool | None = change()
        except Wrong as wrong:
            self.refused[name] += 1
            return str(wrong)
        self.done[name] += 1
        return result

    def act(self, name: str, words: tuple, caller, expected: bool | str | None) -> None:
        """The contract does the same."""
        council = self.chamber.council
        method = getattr(council, name)
        if isinstance(expected, str):
            with pytest.raises(Refused) as refusal:
                method(*words, sender=caller)
            assert refusal.value.reason == expected
        else:
            receipt = method(*words, sender=caller)
            assert len(list(council.events(receipt, "Carried"))) == bool(expected)
        seats = self.ledger.seats
        assert council.members() == len(seats)
        assert (council.quorum(), council.term_ends()) == (self.ledger.quorum, self.ledger.term_ends)
        for number in VIEWED:
            assert council.seat_at(number) == seats.get(number, (Constituency.NONE, NOBODY))


def _refuse_stranger() -> None:
    raise Wrong("council: not the timelock")


@pytest.mark.parametrize("seed", [1, 3])
def test_council__random_calls__do_what_the_plain_one_does(chamber, seed):
    walk = Walk(chamber, seed)
    for _ in range(STEPS):
        walk.step()
    assert set(walk.done) == set(walk.refused) == set(FUNCTIONS)
    assert all(walk.carried[name] >= 3 for name in FUNCTIONS[:4])
    assert walk.done.total() > STEPS // 2
