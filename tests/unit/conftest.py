"""Actors, one account each, named by what they do, and the quick way to see a call refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.wire import Refused, Wire


def _actor(index: int):
    @pytest.fixture(scope="session")
    def actor(accounts):
        return accounts[index]

    return actor


deployer = _actor(0)
staker = _actor(1)
executor = _actor(2)
second_executor = _actor(3)
challenger = _actor(4)
requester = _actor(5)
visitor = _actor(6)
owner = _actor(7)
new_owner = _actor(8)
guardian = _actor(9)
stranger = _actor(10)
attacker = _actor(11)
market_caller = _actor(12)  # these two stand in for contracts where only the caller matters
challenges_caller = _actor(13)


@pytest.fixture(scope="session", autouse=True)
def actors(
    deployer,
    staker,
    executor,
    second_executor,
    challenger,
    requester,
    visitor,
    owner,
    new_owner,
    guardian,
    stranger,
    attacker,
    market_caller,
    challenges_caller,
):
    """All of them at once: Ape makes contracts anew when a wider fixture first comes after a narrower one."""


@pytest.fixture
def refuses(wire: Wire) -> Callable[..., None]:
    """`refuses(reason, contract.method, *arguments, sender=...)`: the call reverts with exactly that reason.

    Nothing is sent, so nothing changes. `ape.reverts` says the same, with a trace, in 250 ms.
    """

    def check(reason: str, method, *arguments, sender, value: int = 0) -> None:
        with pytest.raises(Refused) as refusal:
            wire.call(str(sender), method.contract.address, method.encode_input(*arguments), value)
        assert refusal.value.reason == reason

    return check
