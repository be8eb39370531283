"""Owner, guardian and anybody at random against one model: no order of their acts strands a version.

The rules are written here once more, from `contracts/interfaces/IModel.vyi` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.versions.stage import PRICE, Stage, State
from tests.wire import Refused
from tests.world import ETHER, OUTPUT, World

ACTS = 300
ANSWERING = (State.LIVE, State.CANDIDATE)


@dataclass
class Life:
    """States of versions 1 to n, the shares of the pointer, and what each version asks of a caller."""

    bonds: list[int]
    states: list[State]
    live: int = 0
    candidate: int = 0
    share: int = 0
    fallback: int = 0
    paused: bool = False

    def publish(self, bond: int) -> bool:
        self.bonds.append(bond)
        self.states.append(State.PUBLISHED)
        return True

    def promote(self, number: int) -> bool:
        if self.paused or self._state(number) not in (State.PUBLISHED, State.CANDIDATE, State.RETIRED):
            return False
        before = self.live or self.fallback
        self._answer_by(number, before if before != number else 0)
        return True

    def rollback(self, number: int) -> bool:
        if self._state(number) != State.RETIRED:
            return False
        self._answer_by(number, 0)
        return True

    def canary(self, number: int, share: int) -> bool:
        if self.paused or not self.live:
            return False
        if self._state(number) != State.CANDIDATE:
            if self._state(number) != State.PUBLISHED or not self._fits(number):
                return False
            self.withdraw()
            self.states[number - 1] = State.CANDIDATE
        self.candidate, self.share = number, share
        return True

    def withdraw(self) -> bool:
        if not self.candidate:
            return False
        self.states[self.candidate - 1] = State.PUBLISHED
        self.candidate = self.share = 0
        return True

    def revoke(self, number: int) -> bool:
        state = self._state(number)
        if state in (State.UNKNOWN, State.REVOKED):
            return False
        if state == State.LIVE:
            self._answer_by(0, self.fallback)
        elif state == State.CANDIDATE:
            self.withdraw()
        elif number == self.fallback:
            self.fallback = 0
        self.states[number - 1] = State.REVOKED
        return True

    def trip(self, number: int) -> bool:
        if self._state(number) == State.CANDIDATE:
            return self.withdraw()
        if self._state(number) != State.LIVE:
            return False
        self.paused = self.paused or not self.fallback
        self._answer_by(self.fallback, 0)
        return True

    def _answer_by(self, number: int, fallback: int) -> None:
        if self.live:
            self.states[self.live - 1] = State.RETIRED
        if number == self.candidate:
            self.candidate = self.share = 0
        self.live, self.fallback = number, fallback
        if number:
            self.states[number - 1] = State.LIVE
        if self.candidate and not (number and self._fits(self.candidate)):
            self.withdraw()

    def _fits(self, number: int) -> bool:
        return self.bonds[number - 1] <= self.bonds[self.live - 1]

    def _state(self, number: int) -> State:
        return self.states[number - 1] if 0 < number <= len(self.states) else State.UNKNOWN


class Crowd:
    """Who acts on the model, each act on both."""

    def __init__(self, world: World) -> None:
        self.stage, self.random = Stage(world), Random(7)
        self.model, roles = self.stage.model, self.stage.roles
        self.owner, self.anyone = roles.owner, [roles.owner, roles.guardian]
        self.stage.reject_outputs()
        self.stage.arm(rejections=1, volume=1, span=0)
        self.life = Life([ETHER] * 3, [State.RETIRED, State.LIVE, State.PUBLISHED], live=2, fallback=1)
        self.done: dict[str, int] = {}

    def act(self) -> None:
        """One act at random; a refusal has to be one in both."""
        random, life = self.random, self.life
        number = random.randrange(len(life.states) + 2)
        retired = [at for at, state in enumerate(life.states, 1) if state == State.RETIRED]
        name, words = random.choice(
            [
                ("publish", (random.choice([ETHER, 2 * ETHER]),)),
                *[("promote", (number,))] * 4,
                *[("canary", (number, random.randrange(1, 5_001)))] * 5,
                ("rollback", (random.choice([number, *retired]),)),
                ("withdraw", ()),
                ("revoke", (number,)),
                *[("trip", (random.choice([life.live, life.candidate]),))] * 2,
            ]
        )
        expected = getattr(life, name)(*words)
        try:
            getattr(self, name, self.send)(name, *words)
        except Refused:
            assert not expected, (name, words)
        else:
            assert expected, (name, words)
            self.done[name] = self.done.get(name, 0) + 1
        if life.paused:
            self.model.unpause(sender=self.owner)
            life.paused = False

    def send(self, name: str, *words: int) -> None:
        sender = self.random.choice(self.anyone) if name in ("rollback", "withdraw", "revoke") else self.owner
        getattr(self.model, name)(*words, sender=sender)

    def publish(self, _: str, bond: int) -> None:
        self.stage.publish(min_bond=bond)

    def trip(self, _: str, number: int) -> None:
        evidence = []
        if number:
            request = self.stage.asked(self.stage.callers[0], number, PRICE, bond=2 * ETHER)
            evidence = self.stage.final(request)
        self.model.trip(number, evidence, OUTPUT * len(evidence), sender=self.stage.roles.stranger)

    def compare(self) -> None:
        """What the model shows, and what follows from the rules for any order of acts."""
        life, model = self.life, self.model
        assert self.stage.states() == life.states
        shown = model.live(), model.candidate(), model.share(), model.fallback()
        assert shown == (life.live, life.candidate, life.share, life.fallback)
        answering = {number for number, state in enumerate(life.states, 1) if state in ANSWERING}
        assert answering == {life.live, life.candidate} - {0}
        assert not life.fallback or life.states[life.fallback - 1] == State.RETIRED
        assert not life.candidate or life.bonds[life.candidate - 1] <= life.bonds[life.live - 1]


def test_acts__of_all_in_any_order__leave_what_the_rules_say(world):
    crowd = Crowd(world)
    for _ in range(ACTS):
        crowd.act()
        crowd.compare()
    assert set(crowd.done) == {"publish", "promote", "canary", "rollback", "withdraw", "revoke", "trip"}
