"""A hostile version is left in one transaction, whatever its code does; what it had in flight still ends."""

from __future__ import annotations

import sys
from random import Random

import pytest

from tests.isolation.book import Book
from tests.isolation.code import Code
from tests.isolation.creature import CHECK_INPUT, CHECK_OUTPUT, ON_RESULT, OPEN_GAME, Conduct, call_of
from tests.isolation.scene import Scene
from tests.words import Status, Work
from tests.world import OUTPUT, WINDOW

ROLLBACK_GAS = 55_000  # the guardian's whole transaction


@pytest.fixture
def code(scene: Scene) -> Code:
    """The hostile side, and its book."""
    book = Book(scene.bad, lambda model: not scene.is_good(model))
    scene.chains.listeners.append(book.read)
    return Code(scene, Random(1), book, Book(scene.good, scene.is_good))


def test_rollback__from_code_of_any_conduct__takes_one_transaction(scene: Scene, code: Code) -> None:
    world, creatures, villains = scene.bad, scene.creatures, scene.villains
    code.ask()  # the first request of the Market: later ones find its counter set
    gas = []
    for conduct in Conduct:
        code.promote()
        harmless = scene.shell.live()
        creatures.hook.teach(CHECK_INPUT, Conduct.ANSWER)
        code.promote(hook=creatures.hook.address, arbiter=creatures.arbiter.address)
        hostile = scene.shell.live()
        for creature in (creatures.hook, creatures.consumer, creatures.arbiter):
            creature.arm(call_of(scene.shell.pause))
        creatures.hook.teach(CHECK_OUTPUT, conduct)
        creatures.consumer.teach(ON_RESULT, conduct)
        creatures.arbiter.teach(OPEN_GAME, Conduct.ANSWER, [int(conduct)])
        waiting, claimed, posted, doubted = code.ask_back(), code.ask_back(), code.ask(), code.ask()
        world.claim(claimed.request, sender=villains.executor)
        code.answer(posted)
        code.answer(doubted)
        game = code.challenge(doubted)
        creatures.hook.teach(CHECK_INPUT, conduct)

        receipt = scene.shell.rollback(harmless, sender=villains.guardian)
        gas.append(int(receipt["gasUsed"], 16))
        assert scene.shell.live() == harmless

        after = code.ask()
        code.answer(after)
        assert after.request.origin >> 64 & 2**32 - 1 == harmless
        assert after.result
        assert not Work.read(after.result.work).implausible

        code.answer(waiting)
        world.market.post([claimed.request], OUTPUT, sender=villains.executor)
        creatures.arbiter.order(world.challenges.rule, doubted.id, 1, game, 1)
        scene.chains.warp(WINDOW)
        for entry in (after, waiting, claimed, posted, doubted):
            world.finalize(entry.result, outputs=[entry.output], sender=villains.master)
            assert entry.status == Status.FINAL
            assert entry is after or entry.request.origin >> 64 & 2**32 - 1 == hostile
    sys.stdout.write(f"\nrolled back with {max(gas)} gas\n")
    assert max(gas) <= ROLLBACK_GAS
    assert max(gas) == min(gas), "what the version's code does costs the guardian nothing"
