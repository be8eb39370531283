"""The hostile side's own requests: what its people need before they can do harm."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from tests.contract import Receipt
from tests.isolation.book import Book, Entry
from tests.isolation.scene import Scene
from tests.wire import Refused
from tests.words import Flags, Offer, Status
from tests.world import INPUT, OUTPUT, WINDOW


class Rogue:
    """Acts on the hostile chain; subclasses say how. An act raises Refused where the contracts refuse it."""

    def __init__(self, scene: Scene, rng: Random, book: Book, good_book: Book) -> None:
        self.scene, self.rng, self.book = scene, rng, book
        self.good_book = good_book
        self.world, self.villains, self.creatures = scene.bad, scene.villains, scene.creatures

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
        return self.world.challenge(entry.result, sender=self.villains.executor, output=entry.output)

    def closed(self) -> list[Entry]:
        """Results that nothing stands in the way of."""
        now = self.world.now()
        posted = self.book.listing(Status.POSTED)
        return [entry for entry in posted if now >= entry.posted_at + WINDOW and not entry.doubted]
