"""A Council that sits: its Timelock, its members by whom they sit for, and models that it guards."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntFlag
from types import SimpleNamespace
from typing import Any, NamedTuple

from eth_utils import keccak

from tests.contract import Contract, Method, Receipt
from tests.words import NOBODY
from tests.world import World

DAY = 86_400
YEAR = 365 * DAY
DELAY = 2 * DAY  # of the Timelock
TERM = 300 * DAY
QUORUM = 2
MOTION = 7 * DAY
NO_ID = b"\0" * 32
SALT = b"\x07" * 32

PEOPLE = (
    *("executors_member", "contributors_member", "users_member"),  # seats 0, 1, 2
    *("newcomer", "proposer", "stranger", "attacker"),
)


class Constituency(IntFlag):
    """Whom a member sits for."""

    NONE = 0
    EXECUTORS = 1
    CONTRIBUTORS = 2
    USERS = 4


class Power(IntFlag):
    """What a motion is for."""

    VETO = 1
    PAUSE = 2
    ROLLBACK = 4
    WITHDRAW = 8


class Action(NamedTuple):
    """One call that an operation makes."""

    target: str
    value: int
    data: bytes


class Chamber:
    """Three members, two of whom carry a motion. Build it once a session."""

    def __init__(self, world: World, accounts: Any) -> None:
        self.world = world
        self.roles = SimpleNamespace(**{name: str(accounts[i]) for i, name in enumerate(PEOPLE)})
        deployer = world.roles.deployer
        self.timelock = world.deploy("Timelock", DELAY, [self.roles.proposer], [NOBODY], deployer)
        seats = [
            (Constituency.EXECUTORS, self.roles.executors_member),
            (Constituency.CONTRIBUTORS, self.roles.contributors_member),
            (Constituency.USERS, self.roles.users_member),
        ]
        self.term_ends = world.now() + TERM
        self.council = self.create(seats=seats)
        self.timelock.grantRole(role("CANCELLER_ROLE"), self.council, sender=deployer)
        self.timelock.renounceRole(NO_ID, deployer, sender=deployer)
        self.target = world.deploy("MockTarget")
        self.model = world.create_model()
        world.publish(self.model)  # version 2 is live, and 1 can be rolled back to
        self.model.set_guardian(self.council, sender=world.roles.owner)

    def create(
        self,
        *,
        timelock: Any = None,
        term_ends: int | None = None,
        quorum: int = QUORUM,
        seats: Sequence[tuple[int, str]] = (),
    ) -> Contract:
        """Another Council."""
        ends = self.term_ends if term_ends is None else term_ends
        return self.world.deploy("Council", timelock or self.timelock, ends, quorum, list(seats))

    @property
    def members(self) -> tuple[str, str, str]:
        """Of the seats 0, 1, 2."""
        return self.roles.executors_member, self.roles.contributors_member, self.roles.users_member

    # --- the Timelock ---

    def schedule(self, *actions: Action, predecessor: bytes = NO_ID, salt: bytes = SALT) -> tuple[Any, ...]:
        """A batch that waits; the arguments of `executeBatch` and of `veto`."""
        targets, values, payloads = [list(part) for part in zip(*actions, strict=True)]
        operation = targets, values, payloads, predecessor, salt
        self.timelock.scheduleBatch(*operation, DELAY, sender=self.roles.proposer)
        return operation

    def execute(self, operation: tuple[Any, ...]) -> Receipt:
        """An operation whose delay has passed."""
        return self.timelock.executeBatch(*operation, sender=self.roles.stranger)

    def decide(self, *actions: Action) -> Receipt:
        """From vote to deed: the delay passes, and it happens."""
        operation = self.schedule(*actions, salt=keccak(self.world.now().to_bytes(8, "big")))
        self.world.warp(DELAY)
        return self.execute(operation)

    def state(self, operation: tuple[Any, ...]) -> int:
        """0 unset, 1 waiting, 2 ready, 3 done."""
        return self.timelock.getOperationState(self.timelock.hashOperationBatch(*operation))

    # --- actions ---

    def call(self, method: Method, *arguments: Any) -> Action:
        """This call, as an action of an operation."""
        return Action(method.contract.address, 0, method.encode_input(*arguments))

    def poke(self, word: int = 0) -> Action:
        """A call that has nothing to do with the Council."""
        return Action(self.target.address, 0, word.to_bytes(32, "big"))

    def seat(self, number: int, member: str, constituency: int = Constituency.USERS) -> Action:
        """Fills a seat."""
        return self.call(self.council.seat, number, constituency, member)

    def vacate(self, number: int) -> Action:
        """Clears a seat."""
        return self.seat(number, NOBODY, Constituency.NONE)

    # --- motions ---

    def approve(self, method: Method, *arguments: Any, count: int = QUORUM) -> list[Receipt]:
        """As many members as `count` call for the same, in the order of their seats."""
        return [method(*arguments, sender=member) for member in self.members[:count]]

    def motion(self, power: Power, target: Any, detail: bytes | int = 0) -> tuple[int, int, int]:
        """Seats, approvals and opening of a motion of the present roster."""
        word = detail if isinstance(detail, bytes) else detail.to_bytes(32, "big")
        return self.council.motion(self.council.motion_id(power, target, word))


def role(name: str) -> bytes:
    """A role of the Timelock."""
    return keccak(text=name)
