"""The contracts and their model side by side: every move is made in both, and both must say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar

from hypothesis import currently_in_test_context, event
from hypothesis.stateful import RuleBasedStateMachine

from tests.contract import Method
from tests.invariant.scene import Scene
from tests.reference.refusal import Refusal
from tests.reference.requests import Request as Asked
from tests.reference.requests import Result as Posted
from tests.wire import Refused
from tests.words import Order, Request, Result, Status, pack_request, pack_work

Outcome = TypeVar("Outcome")
Item = TypeVar("Item")


class Pair(RuleBasedStateMachine):
    """State of one run. Rules are in the classes that inherit from this one, by who makes the move."""

    scene: ClassVar[Scene]
    tally: ClassVar[Counter[str]]  # moves that were made, and refusals, over all runs
    _beginning: ClassVar[str]  # the node's snapshot

    def __init__(self) -> None:
        super().__init__()
        kind = type(self)
        self.scene.wire.request("evm_revert", kind._beginning)
        kind._beginning = self.scene.wire.request("evm_snapshot")
        self.now = self.scene.now()
        self.market = self.scene.model_of_it()
        self.vault = self.market.vault
        self.words: dict[bytes, Request] = {}  # of each request
        self.results: list[Posted] = []
        self.orders: list[tuple[Order, bytes, bool]] = []  # with signature, and whether it is forged
        self.receipt: dict[str, Any] = {"logs": []}
        self.misbehaving: set[str] = set()  # consumers
        self.heard: Counter[tuple[str, str]] = (
            Counter()
        )  # callbacks that went well, as (consumer, its counter)
        self.broken = False

    @classmethod
    def prepare(cls, scene: Scene) -> None:
        """Make all runs begin where the scene is now."""
        cls.scene, cls.tally = scene, Counter()
        cls._beginning = scene.wire.request("evm_snapshot")

    # --- moves ---

    def play(
        self,
        kind: str,
        expected: Callable[[], Outcome],
        sender: str,
        method: Method,
        *args: Any,
        value: int = 0,
    ) -> Outcome | None:
        """Make one move in the model and on the chain. None if both refused it, for the same reason."""
        data, to = method.encode_input(*args), method.contract.address
        told = len(self.market.delivered), len(self.market.retracted)
        self.market.now = self.now + 1
        try:
            outcome = expected()
        except Refusal as refusal:
            self._must_refuse(kind, refusal.reason, sender, to, data, value)
            return None
        try:
            self.receipt = self.scene.wire.transact(sender, to, data, value)
        except Refused as refused:
            self.same(kind, f"refused: {refused}", "done")
        self.now += 1
        self._hear(*told)
        self.tally[kind] += 1
        if currently_in_test_context():
            event(kind)
        return outcome

    def _must_refuse(self, kind: str, reason: str, sender: str, to: str, data: bytes, value: int) -> None:
        try:
            self.scene.wire.call(sender, to, data, value)
        except Refused as refused:
            self.same(f"{kind}, why not", refused.reason or str(refused), reason)
        else:
            self.same(kind, "done", f"refused: {reason}")
        self.tally[f"{kind} | {reason}"] += 1

    def same(self, what: str, got: object, expected: object) -> None:
        """The contracts' answer against the model's."""
        if got != expected:
            self.broken = True
            raise AssertionError(f"{what}: the contracts say {got!r}, the model says {expected!r}")

    def _hear(self, delivered: int, retracted: int) -> None:
        """Callbacks of this move reach consumers that behave; those of the others are reported."""
        calls = [(call[0], "results") for call in self.market.delivered[delivered:]]
        calls += [(call[0], "retractions") for call in self.market.retracted[retracted:]]
        lost = [consumer for consumer, _ in calls if consumer in self.misbehaving]
        self.heard.update(call for call in calls if call[0] not in self.misbehaving)
        self.tally["callback that failed"] += len(lost)
        self.same("undelivered", len(self.said("Undelivered")), len(lost))

    def said(self, name: str) -> list[SimpleNamespace]:
        """The last move's events of that name."""
        scene = self.scene
        return [
            event
            for contract in (scene.market, scene.orders, scene.challenges)
            for event in contract.events(self.receipt, name)
        ]

    def check_skips(self, key: str, keys: Sequence[bytes], reasons: Sequence[str]) -> None:
        """A batch skipped exactly these items, each for its reason."""
        expected = [(item, reason) for item, reason in zip(keys, reasons, strict=True) if reason]
        self.same(
            "skipped", [(getattr(event, key), event.reason) for event in self.said("Skipped")], expected
        )
        if expected:
            self.tally["batch with bad items"] += 1

    # --- requests and results as the contracts want them ---

    def opened(self, asked: Sequence[Asked]) -> None:
        """Read new requests off their events and compare each with what was asked."""
        events = self.said("Opened")
        self.same("opened", len(events), len(asked))
        for request, log in zip(asked, events, strict=True):
            request.id, words = log.id, Request(*log.request)
            self.words[request.id] = words
            self.same("id", self.scene.id(words), request.id)
            packed = pack_request(
                words.terms,
                request.model.address,
                request.offer.version,
                words.counter,
                request.requester,
                request.offer,
                request.input,
                hooked=False,
            )
            self.same("request", words, packed)

    def result_words(self, result: Posted) -> Result:
        """A result as `IMarket.Result`."""
        work = pack_work(result.executor, result.elapsed, result.posted_at, result.attempt)
        return Result(self.words[result.request.id], work, result.output_hash)


def when(*statuses: Status) -> Callable[[Pair], bool]:
    """A rule's precondition: some request has one of these statuses."""
    return lambda pair: any(request.status in statuses for request in pair.market.requests)


def chosen(items: Sequence[Item], fitting: Sequence[Item], pick: int) -> Item:
    """One of the fitting items for most picks, any item for the others."""
    pool = fitting if fitting and pick % 8 else items
    return pool[pick // 8 % len(pool)]
