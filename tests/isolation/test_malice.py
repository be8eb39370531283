"""Hostile acts with money and inputs come to their end; what they must not change would be noticed."""

from __future__ import annotations

from random import Random

import pytest

from tests.isolation.chains import Differs
from tests.isolation.life import Life
from tests.isolation.malice import Malice
from tests.isolation.money import Money
from tests.isolation.scene import Scene
from tests.isolation.state import Ledgers
from tests.isolation.uploads import Uploads


@pytest.fixture
def life(scene: Scene) -> Life:
    """The good side, which has uploaded two inputs and asks about them."""
    life = Life(scene, Random(1))
    life.open_uploaded()
    life.open_uploaded()
    return life


@pytest.mark.parametrize("kind", [Money, Uploads])
def test_acts__of_each_kind__come_to_their_end(scene: Scene, life: Life, kind: type[Money | Uploads]) -> None:
    """In a walk an act that the contracts refuse counts, too; here none is."""
    rng = Random(2)
    malice = Malice(scene, rng, life.book)
    ledgers = Ledgers(scene, malice.book)
    for act in kind(scene, rng, malice.book, life.book).acts.values():
        act()
    assert malice.book.entries
    ledgers.compare()
    assert ledgers.own[scene.good.market.address] > 0
    life.answer()


def test_compare__one_run_more_among_the_inputs__differs(scene: Scene, life: Life) -> None:
    ledgers = Ledgers(scene, life.book)
    ledgers.compare()
    scene.bad.inputs.upload(b"somebody's", sender=scene.villains.requester)
    with pytest.raises(Differs, match="slot"):
        ledgers.compare()


def test_compare__credit_in_an_honest_asset__differs(scene: Scene, life: Life) -> None:
    ledgers = Ledgers(scene, life.book)
    master, asset = scene.villains.master, scene.bad.bond_asset
    asset.deposit(sender=master, value=1)
    asset.approve(scene.bad.market, 1, sender=master)
    scene.bad.market.deposit(asset, scene.good.roles.requester, 1, sender=master)
    with pytest.raises(Differs, match="slot"):
        ledgers.compare()
