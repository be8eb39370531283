"""Uploaded inputs of the hostile side: its own, those of others, and those that nobody has."""

from __future__ import annotations

from collections.abc import Callable

from tests.isolation.book import Entry
from tests.isolation.rogue import Rogue
from tests.words import CHALLENGER, DEFENDER, Flags
from tests.world import INPUT_SIZE

TILE = 1_024  # bytes


class Uploads(Rogue):
    """An input that somebody has uploaded is what it was, whoever uploads or names it again."""

    @property
    def acts(self) -> dict[str, Callable[[], None]]:
        """By name, what this can do."""
        return {
            "input uploaded": self.upload_own,
            "input uploaded and disputed": self.dispute,
            "input uploaded by others": self.name_others,
            "input of others uploaded again": self.upload_again,
            "input of others sealed otherwise": self.seal_otherwise,
            "input that nobody uploaded": self.name_nothing,
            "input of another size": self.name_another_size,
        }

    def upload(self, data: bytes) -> bytes:
        """A run of the hostile side's; its root."""
        inputs, requester = self.world.inputs, self.villains.requester
        run: bytes = inputs.upload.asked(data, sender=requester)
        inputs.upload(data, sender=requester)
        self.scene.foreign_runs.add(run)
        return run

    def seal(self, runs: list[bytes], size: int) -> bytes:
        """An input of the hostile side's, of runs that there are; its root."""
        inputs, requester = self.world.inputs, self.villains.requester
        root: bytes = inputs.seal.asked(runs, size, sender=requester)
        inputs.seal(runs, size, sender=requester)
        self.scene.foreign_roots.add(root)
        return root

    def ask_about(self, root: bytes) -> Entry:
        """A request to the live version whose input is this one."""
        offer = self.offer(version=self.scene.shell.live(), flags=Flags.UPLOADED)
        receipt = self.scene.shell.request(offer, root, sender=self.villains.requester, value=offer.max_price)
        return self.opened(receipt)

    # --- its own ---

    def upload_own(self) -> None:
        """Several runs, for a version that takes so much."""
        tiles = self.rng.choice((1, 2, 4))
        runs = [self.upload(self.rng.randbytes(tiles * TILE)) for _ in range(self.rng.randint(1, 3))]
        size = tiles * TILE * len(runs) + self.rng.randint(0, 3 * TILE)
        root = self.seal(runs, size)
        self.promote(input_size=size)
        self.answer(self.ask_about(root))

    def dispute(self) -> None:
        """About an input that is known by its root alone."""
        root = self.seal([self.upload(self.rng.randbytes(INPUT_SIZE))], INPUT_SIZE)
        self.promote()
        entry = self.ask_about(root)
        self.answer(entry)
        game = self.challenge(entry)
        self.world.arbiter.order(game, self.rng.choice((DEFENDER, CHALLENGER)), sender=self.villains.master)

    # --- what is others' ---

    def name_others(self) -> None:
        """The input of somebody else's request, asked of another model."""
        if not self.scene.uploaded:
            return
        data = self.rng.choice(self.scene.uploaded)
        self.promote()
        entry = self.ask_about(self.sealed(data))
        self.answer(entry)

    def upload_again(self) -> None:
        """The same bytes, and with zeros behind them: what was known of them stays."""
        if not self.scene.uploaded:
            return
        data, inputs = self.rng.choice(self.scene.uploaded), self.world.inputs
        root = self.sealed(data)
        requester = self.villains.requester
        for more in (0, self.rng.randint(1, TILE - len(data))):
            run = inputs.upload.asked(data + bytes(more), sender=requester)
            inputs.upload(data + bytes(more), sender=requester)
        inputs.seal([run], INPUT_SIZE, sender=requester)
        assert inputs.sealed_size(root) == INPUT_SIZE

    def seal_otherwise(self) -> None:
        """The same run as another input: of another size, or twice."""
        if not self.scene.uploaded:
            return
        data, inputs = self.rng.choice(self.scene.uploaded), self.world.inputs
        run = inputs.upload.asked(data, sender=self.villains.requester)
        root = self.sealed(data)
        self.seal([run], INPUT_SIZE + self.rng.randint(1, TILE))
        self.seal([run, run], 2 * TILE)
        assert inputs.sealed_size(root) == INPUT_SIZE

    def sealed(self, data: bytes) -> bytes:
        """Root of an input that the good side has sealed."""
        inputs = self.world.inputs
        run = inputs.upload.asked(data, sender=self.villains.requester)
        root: bytes = inputs.seal.asked([run], INPUT_SIZE, sender=self.villains.requester)
        return root

    # --- nobody's ---

    def name_nothing(self) -> None:
        self.promote()
        assert self.refusal(self.ask_about, self.rng.randbytes(32)) == "market: input not uploaded"

    def name_another_size(self) -> None:
        root = self.seal([self.upload(self.rng.randbytes(INPUT_SIZE))], INPUT_SIZE + 1)
        self.promote()
        assert self.refusal(self.ask_about, root) == "market: input not uploaded"
