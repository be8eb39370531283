"""The comparison itself: an interference, however small, is noticed."""

from __future__ import annotations

from random import Random

import pytest

from tests.isolation.book import Book
from tests.isolation.chains import Differs
from tests.isolation.code import Code
from tests.isolation.life import Life
from tests.isolation.scene import Scene
from tests.isolation.state import Ledgers
from tests.words import NATIVE
from tests.world import OUTPUT


@pytest.fixture
def book(scene: Scene) -> Book:
    """What the hostile side asked."""
    book = Book(scene.bad, lambda model: not scene.is_good(model))
    scene.chains.listeners.append(book.read)
    return book


def test_act__after_interference_on_one_chain__differs(scene: Scene) -> None:
    request = scene.good.open()
    scene.bad.claim(request, sender=scene.villains.executor)
    with pytest.raises(Differs):
        scene.good.answer(request)


def test_act__that_costs_other_gas__differs(scene: Scene) -> None:
    """A balance that is no longer empty makes the next credit cheaper, and nothing else."""
    request = scene.good.open(scene.good.offer(ramp=0))
    (result,) = scene.good.answer(request)
    scene.chains.warp(7_200)
    staker = scene.good.roles.staker
    scene.bad.market.deposit(NATIVE, staker, 1, sender=scene.villains.master, value=1)
    with pytest.raises(Differs, match="gas"):
        scene.good.finalize(result)


def test_act__asked_of_both__differs_in_what_it_returns(scene: Scene) -> None:
    requester = scene.good.roles.requester
    scene.bad.market.deposit(NATIVE, requester, 1, sender=scene.villains.master, value=1)
    with pytest.raises(Differs, match="returns"):
        scene.good.balance(requester)


def test_compare__one_wei_where_nobody_looks__differs(scene: Scene, book: Book) -> None:
    ledgers = Ledgers(scene, book)
    ledgers.compare()
    scene.bad.market.deposit(NATIVE, scene.good.roles.idle, 1, sender=scene.villains.master, value=1)
    with pytest.raises(Differs, match="slot"):
        ledgers.compare()


def test_compare__what_the_hostile_side_does_to_itself__is_its_own(scene: Scene, book: Book) -> None:
    life = Life(scene, Random(1))
    ledgers = Ledgers(scene, book)
    Code(scene, Random(1), book, life.book).answered()
    ledgers.compare()
    assert ledgers.own[scene.good.market.address] > 0


def test_mixing__good_item_that_fails__differs(scene: Scene, book: Book) -> None:
    """Only what is said about the hostile side's items is left out."""
    life = Life(scene, Random(1))
    bad = Code(scene, Random(1), book, life.book).ask()
    good = scene.good.open()
    scene.bad.claim(good, sender=scene.villains.executor)
    with scene.chains.mixing(scene.generalist), pytest.raises(Differs):
        scene.good.answer(bad.request, good, outputs=[OUTPUT] * 2, sender=scene.generalist)
