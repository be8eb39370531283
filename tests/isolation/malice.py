"""All that the hostile side does, drawn by lot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random

from tests.isolation.book import Book
from tests.isolation.code import Code
from tests.isolation.creature import CHECK_OUTPUT, Conduct
from tests.isolation.money import Money
from tests.isolation.people import People
from tests.isolation.scene import Scene
from tests.isolation.uploads import Uploads
from tests.wire import Refused

Act = Callable[[], None]

QUICK = (  # acts that are one transaction and need not know what became of it
    "owner publishes",
    "owner promotes",
    "owner or guardian rolls back",
    "owner or guardian revokes",
    "owner or guardian pauses",
    "owner unpauses",
    "owner starts a canary",
    "owner or guardian withdraws a canary",
    "owner sets a breaker",
    "model revokes for itself",
)


class Malice:
    """Draws acts, those least often done first, and counts them; an act that is refused was done."""

    def __init__(self, scene: Scene, rng: Random, good_book: Book) -> None:
        self.scene, self.rng = scene, rng
        self.book = Book(scene.bad, lambda model: not scene.is_good(model))
        scene.chains.listeners.append(self.book.read)
        self.code = Code(scene, rng, self.book, good_book)
        self.people = People(scene, rng, self.book, good_book)
        self.acts: dict[str, Act] = {
            **self.code.acts,
            **self.people.acts,
            **Money(scene, rng, self.book, good_book).acts,
            **Uploads(scene, rng, self.book, good_book).acts,
        }
        # Short enough for the block of somebody's transaction, before it.
        self.strikes: dict[str, Act] = {name: self.people.acts[name] for name in QUICK} | {
            "hook changes its mind": self.change_mind,
            "live version asked": self.people.ask_in_passing,
            "gas burned": self.code.burn,
        }
        self.done: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()

    def step(self) -> str:
        """One act, among those least often done; its name."""
        fewest = min(self.done[name] for name in self.acts)
        name = self.rng.choice([name for name in self.acts if self.done[name] <= fewest + 1])
        self.do(name)
        return name

    def do(self, name: str) -> None:
        """An act that the contracts refuse is an act, too."""
        with suppress(Refused):
            self.acts[name]()
        self.done[name] += 1

    def strike(self) -> None:
        """One of `strikes`."""
        name = self.rng.choice(list(self.strikes))
        with suppress(Refused):
            self.strikes[name]()
        self.struck[name] += 1

    def change_mind(self) -> None:
        """The hook treats the next output otherwise."""
        self.code.creatures.hook.teach(CHECK_OUTPUT, self.rng.choice(list(Conduct)))
