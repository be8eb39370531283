"""Batches that carry items of both sides: a bad one never blocks a good one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from tests.contract import Contract, Method
from tests.isolation.book import Entry
from tests.isolation.code import Code
from tests.isolation.creature import CHECK_INPUT, CHECK_OUTPUT, ON_RESULT, RESOLVE, TERMS, Conduct, words_of
from tests.isolation.life import NONE, Life, NothingToDo
from tests.isolation.scene import Scene
from tests.wire import Refused
from tests.words import LIVE, Flags, Order, Status
from tests.world import OUTPUT, WINDOW


class Mixing:
    """Batches by the generalist, who is an operator for everybody."""

    def __init__(self, scene: Scene, rng: Random, life: Life, code: Code) -> None:
        self.scene, self.rng, self.life, self.code = scene, rng, life, code
        self.done: Counter[str] = Counter()  # by function: how often
        self.carried: Counter[str] = Counter()  # by function: how many good items went through
        self.batches: dict[str, Callable[[], list[Entry]]] = {
            "claim": self.claim,
            "post": self.post,
            "post ids": self.post_ids,
            "answer": self.answer,
            "finalize": self.finalize,
            "claim orders": self.claim_orders,
            "answer orders": self.answer_orders,
        }

    def step(self) -> str:
        """One batch, of those least often sent for which there is something good; its function."""
        for name in sorted(self.batches, key=lambda name: (self.done[name], self.rng.random())):
            try:
                good = self.batches[name]()
            except NothingToDo:
                continue
            self.done[name] += 1
            self.carried[name] += len(good)
            return name
        raise NothingToDo

    # --- what goes in ---

    def bad_requests(self) -> list[Entry]:
        """Open requests whose hook and consumer do their worst when they are served; and some older ones."""
        creatures, conducts = self.code.creatures, list(Conduct)
        self.code.promote(hook=creatures.hook.address)
        creatures.hook.teach(CHECK_INPUT, Conduct.ANSWER)
        asked = [self.code.ask_back(), self.code.ask(), self.code.ask_in(self.scene.tokens.lying)]
        creatures.hook.teach(CHECK_OUTPUT, self.rng.choice(conducts))
        creatures.consumer.teach(ON_RESULT, self.rng.choice(conducts))
        creatures.consumer.arm(self.code.reentry())
        old = [entry for entry in self.code.book.entries.values() if entry not in asked]
        return [*asked, *self.rng.sample(old, min(2, len(old)))]

    def shuffled(self, good: list[Entry], bad: list[Entry]) -> list[Entry]:
        """All of them, a bad one first in half of the cases."""
        both = [*good, *bad]
        self.rng.shuffle(both)
        return both

    # --- who serves ---

    def good_open(self) -> list[Entry]:
        late = self.life.late(Status.OPEN)
        opened = [entry for entry in self.life.book.listing(Status.OPEN) if entry not in late]
        return self.life.some(opened, 3)

    def good_claimed(self, without: Flags = NONE) -> list[Entry]:
        """What the generalist has claimed and can still answer."""
        late = self.life.late(Status.CLAIMED)
        mine = [
            entry
            for entry in self.life.book.listing(Status.CLAIMED)
            if entry.executor == self.scene.generalist and entry not in late and not entry.flags & without
        ]
        return self.life.some(mine, 3)

    def claim(self) -> list[Entry]:
        self.good_open()
        bad, good = self.bad_requests(), self.good_open()
        requests = [entry.request for entry in self.shuffled(good, bad)]
        self.send(self.market.claim, requests)
        return self.now(Status.CLAIMED, good)

    def post(self) -> list[Entry]:
        self.good_claimed()
        bad, good = self.bad_requests(), self.good_claimed()
        fresh = [entry.request for entry in bad if entry.status == Status.OPEN]
        self.code.world.claim(*fresh, sender=self.scene.generalist)
        requests = [entry.request for entry in self.shuffled(good, bad)]
        self.send(self.market.post, requests, OUTPUT * len(requests))
        return self.now(Status.POSTED, good)

    def post_ids(self) -> list[Entry]:
        self.good_claimed(without=Flags.HOOKED | Flags.AT_POST)
        bad, good = self.bad_requests(), self.good_claimed(without=Flags.HOOKED | Flags.AT_POST)
        ids = [entry.id for entry in self.shuffled(good, bad)]
        self.send(self.market.post_ids, ids, OUTPUT * len(ids))
        return self.now(Status.POSTED, good)

    def answer(self) -> list[Entry]:
        self.good_open()
        bad, good = self.bad_requests(), self.good_open()
        requests = [entry.request for entry in self.shuffled(good, bad)]
        self.send(self.market.answer, requests, OUTPUT * len(requests))
        return self.now(Status.POSTED, good)

    @property
    def market(self) -> Contract:
        """As it is called on both chains."""
        return self.life.world.market

    def send(self, function: Method, *words: object) -> None:
        """On both chains, by the generalist."""
        with self.scene.chains.mixing(self.scene.generalist):
            function(*words, sender=self.scene.generalist)

    def finalize(self) -> list[Entry]:
        now = self.life.world.now()
        closed = [
            entry
            for entry in self.life.book.listing(Status.POSTED)
            if now >= entry.posted_at + WINDOW and not entry.doubted
        ]
        good = self.life.some(closed, 3)
        bad = self.code.closed()
        bad = self.rng.sample(bad, min(3, len(bad)))
        results = [entry for entry in self.code.book.entries.values() if entry.result and entry not in bad]
        bad += self.rng.sample(results, min(1, len(results)))
        conduct = self.rng.choice(list(Conduct))
        self.code.creatures.consumer.teach(ON_RESULT, conduct)
        batch = self.shuffled(good, bad)
        self.send(
            self.market.finalize, [entry.result for entry in batch], b"".join(entry.output for entry in batch)
        )
        return self.now(Status.FINAL, good)

    def now(self, status: Status, good: list[Entry]) -> list[Entry]:
        """The good ones, which all have got there."""
        assert all(entry.status == status for entry in good), [entry.status for entry in good]
        return good

    # --- orders ---

    def orders(self) -> tuple[list[tuple[Order, bytes]], list[bytes]]:
        """Signed orders and the terms that they are taken under: refused ones, good ones, a bad one.

        The bad one that succeeds comes last: it takes a number of the Market's, and so would change the ids
        of those behind it.
        """
        code, world = self.code, self.life.world
        model, version = code.creatures.model, self.rng.randint(1, LIVE - 1)
        model.teach(TERMS, Conduct.ANSWER, words_of(code.world.terms()))
        code.world.market.freeze(model, version, sender=code.villains.master)
        frozen = code.world.market.terms_of(model, version)
        conduct = self.rng.choice(
            (Conduct.SHORT, Conduct.NOTHING, Conduct.BOMB, Conduct.BURN, Conduct.ANSWER)
        )
        model.teach(RESOLVE, conduct, [version])
        refused = [self.scene.bad_order(model, code.offer(bond=1)) for _ in range(self.rng.randint(1, 2))]
        good = self.life.orders(2)
        last = self.scene.bad_order(model, code.offer())
        terms = [world.terms_now(order) for order, _ in good]
        price = sum(order.offer.max_price for order, _ in good)
        if bytes(32) in terms or world.balance(world.roles.requester) < price:
            raise NothingToDo
        return [*refused, *good, last], [*[frozen] * len(refused), *terms, frozen]

    def claim_orders(self) -> list[Entry]:
        batch, terms = self.orders()
        return self.serve(Status.CLAIMED, self.life.world.order_words(*batch, terms=terms))

    def answer_orders(self) -> list[Entry]:
        batch, terms = self.orders()
        outputs = [OUTPUT] * len(batch)
        return self.serve(Status.POSTED, self.life.world.order_words(*batch, terms=terms, outputs=outputs))

    def serve(self, status: Status, words: tuple[object, ...]) -> list[Entry]:
        """Open what can be opened; the good ones among it."""
        before = set(self.life.book.entries)
        orders = self.life.world.orders
        try:
            self.send(orders.claim if status == Status.CLAIMED else orders.answer, *words)
        except Refused:
            raise NothingToDo from None
        entries = self.life.book.entries
        return self.now(status, [entries[key] for key in entries.keys() - before])
