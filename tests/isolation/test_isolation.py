"""Whatever a model, its people and its code do: nobody else's requests notice that it exists.

The good side's transactions happen on two chains, with the hostile side and without it. Status, return data,
logs, gas, balances and storage are the same to the last bit. Three things may differ, and are carried over or
left out: the Market's number of the next request and an arbiter's of the next game, which everybody shares;
what somebody who serves both sides earns and stakes; and `prevrandao`, on which a canary's draw hangs, so
that requests to a good model with a candidate name their version.
"""

from __future__ import annotations

import sys
from random import Random

from tests.isolation.life import Life, NothingToDo
from tests.isolation.malice import Malice
from tests.isolation.mixing import Mixing
from tests.isolation.scene import Scene
from tests.isolation.state import Ledgers

STEPS = 480
PAUSES = (5, 20, 50, 100, 300, 1_000, 3_700)  # seconds between steps, now and then


def test_walk__beside_a_hostile_model__nothing_differs(scene: Scene) -> None:
    rng = Random(1)
    life = Life(scene, rng)
    malice = Malice(scene, rng, life.book)
    mixing = Mixing(scene, rng, life, malice.code)
    ledgers = Ledgers(scene, malice.book)

    def missing() -> set[str]:
        """What the lots have left out so far."""
        return {
            name
            for names, counts in (
                (life.verbs, life.done),
                (malice.acts, malice.done),
                (malice.strikes, malice.struck),
                (mixing.batches, mixing.carried),
            )
            for name in names
            if not counts[name]
        } - {"expire game"}  # which the end has in store

    step = 0
    while step < STEPS or (missing() and step < 2 * STEPS):
        step += 1
        if rng.random() < 0.2:
            scene.chains.strike_first(malice.strike)
        life.step()
        if rng.random() < 0.65:
            malice.step()
        if rng.random() < 0.2:
            try:
                mixing.step()
            except NothingToDo:
                malice.step()
        if rng.random() < 0.3:
            scene.chains.warp(rng.choice(PAUSES))
        if step == STEPS // 2:
            ledgers.compare()
    life.end()
    ledgers.compare()

    chains = scene.chains
    told = [
        f"\n{chains.compared} good transactions, {chains.mixed} mixed batches, {chains.struck} hostile ones",
        f"in {malice.done.total()} acts and {malice.struck.total()} strikes; {ledgers.compared} slots",
        *(
            f"{title}: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
            for title, counts in (
                ("good", life.done),
                ("good, refused", life.refused),
                ("mixed", mixing.done),
                ("good items in mixed batches", mixing.carried),
                ("hostile", malice.done),
                ("hostile, in the same block", malice.struck),
            )
        ),
    ]
    sys.stdout.write("\n".join(told) + "\n")

    assert chains.compared + chains.mixed >= 600
    assert malice.done.total() + malice.struck.total() >= 300
    assert not missing()
    assert life.done.total() > 5 * life.refused.total()
    assert len(ledgers.own) >= 6, "the hostile side left its traces"
