"""The hostile side's own requests: what its people need before they can do harm."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.contract import Contract, Receipt
from tests.isolation.book import Book, Entry
from tests.isolation.creature import Call, call_of, mayfly
from tests.isolation.scene import Scene
from tests.wire import Refused
from tests.words import CHALLENGER, NATIVE, Flags, Offer, Status
from tests.world import INPUT, OUTPUT, WINDOW


class Rogue:
    """Acts on the hostile chain; subclasses say how. An act raises Refused where the contracts refuse it."""

    def __init__(self, scene: Scene, rng: Random, book: Book, good_book: Book) -> None:
        self.scene, self.rng, self.book = scene, rng, book
        self.good_book = good_book
        self.world, self.villains, self.creatures = scene.bad, scene.villains, scene.creatures
        self.tokens = scene.tokens

    def refusal(self, act: Callable[..., Any], *arguments: Any, **options: Any) -> str | None:
        """Why something is refused; None if it is not."""
        try:
            act(*arguments, **options)
        except Refused as refused:
            return refused.reason or str(refused)
        return None

    def promote(self, **terms: Any) -> None:
        """The shell goes live with another version."""
        shell, master = self.scene.shell, self.villains.master
        if shell.paused():
            shell.unpause(sender=master)
        shell.publish(self.world.version(**terms), sender=master)
        shell.promote(shell.versions(), sender=master)

    def offer(self, **changes: Any) -> Offer:
        """Of a fixed price, and time enough."""
        price = self.rng.randint(10**15, 10**16)
        usual = {"min_price": price, "max_price": price, "claim_seconds": 20_000, "result_seconds": 20_000}
        return self.world.offer(**usual | changes)

    def ask(self, **changes: Any) -> Entry:
        """A request to the shell's live version, by its number: no candidate answers it."""
        offer = self.offer(**{"version": self.scene.shell.live()} | changes)
        receipt = self.scene.shell.request(
            offer, INPUT, sender=self.villains.requester, value=offer.max_price
        )
        return self.opened(receipt)

    def ask_back(self) -> Entry:
        """A request whose hostile consumer wants to be told twice."""
        told = Flags.AT_POST | Flags.AT_FINAL
        return self.ask(consumer=self.creatures.consumer, flags=told, callback_gas=1_000_000)

    def ask_in(self, token: Contract) -> Entry:
        """A request to the shell's live version, paid in a token."""
        offer = self.offer(version=self.scene.shell.live(), asset=token)
        if token is self.tokens.lying:
            token.claim_gain(offer.max_price, sender=self.villains.master)
        requester = self.villains.requester
        return self.opened(self.world.market.open(self.scene.shell, offer, INPUT, sender=requester))

    def opened(self, receipt: Receipt) -> Entry:
        """The request that a transaction opened."""
        (event,) = self.world.market.events(receipt, "Opened")
        return self.book.entries[event.id]

    def answer(self, entry: Entry) -> None:
        """Claim and post at once."""
        self.world.market.answer([entry.request], OUTPUT, sender=self.villains.executor)

    def answered(self) -> Entry:
        """A result that nobody has challenged yet."""
        entry = self.ask()
        self.answer(entry)
        return entry

    def challenge(self, entry: Entry) -> int:
        """Doubt a result; the game's number."""
        assert entry.result
        question = b"" if entry.flags & Flags.UPLOADED else INPUT
        executor = self.villains.executor
        return self.world.challenge(entry.result, sender=executor, output=entry.output, question=question)

    def reentry(self) -> Call:
        """What code that is called in the middle of something tries."""
        world, villains = self.world, self.villains
        offer = self.offer()
        theirs = [entry for entry in self.good_book.entries.values() if entry.result]
        calls = [
            call_of(world.market.open, self.scene.shell, offer, INPUT, value=offer.max_price),
            call_of(self.scene.shell.request, offer, INPUT, value=offer.max_price),
            call_of(world.market.withdraw, NATIVE, villains.master, 10**18),
            call_of(world.market.deposit, NATIVE, villains.master, 5, value=5),
            call_of(world.market.revoke, 1),
            call_of(world.market.collect, NATIVE, villains.master),
            call_of(world.orders.invalidate, 0, 2**256 - 1),
            call_of(world.vault.withdraw_rewards, villains.master),
        ]
        if theirs:
            entry = self.rng.choice(theirs)
            assert entry.result
            calls += [
                call_of(world.market.claim, [entry.request]),
                call_of(world.market.cancel, entry.request),
                call_of(world.challenges.challenge, entry.result, INPUT, entry.output),
                call_of(world.challenges.rule, entry.id, 1, 1, CHALLENGER),
                call_of(world.market.abandon, entry.result),
            ]
        return self.rng.choice(calls)

    def next_mayfly(self, words: list[int]) -> str:
        """Where the next one will live."""
        stage = self.creatures.thug.contract.stage
        where: str = stage.asked(mayfly(words), [], sender=self.villains.master)
        return where

    def closed(self) -> list[Entry]:
        """Results that nothing stands in the way of."""
        now = self.world.now()
        posted = self.book.listing(Status.POSTED)
        return [entry for entry in posted if now >= entry.posted_at + WINDOW and not entry.doubted]
