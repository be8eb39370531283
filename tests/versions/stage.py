"""A model with three versions in a whole network, and final answers to bring before its breaker."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from eth_utils import keccak, to_checksum_address

from tests.contract import Receipt
from tests.words import LIVE, HookConduct, Request, Result
from tests.world import ETHER, INPUT, OUTPUT, WINDOW, World

PRICE = 10**15
NEEDED, VOLUME, SPAN = 3, 3 * PRICE, 20  # of the breaker


class State(IntEnum):
    """`IModel.State`."""

    UNKNOWN = 0
    PUBLISHED = 1
    CANDIDATE = 2
    LIVE = 4
    RETIRED = 8
    REVOKED = 16


class Stage:
    """Version 1 is retired, 2 live, 3 published; all have one hook, which finds fault when it is told to."""

    def __init__(self, world: World) -> None:
        self.world, self.roles = world, world.roles
        self.hook = world.deploy("MockHook")
        self.model = world.create_model(hook=self.hook.address)
        self.publish()
        self.publish(program_root=keccak(text="the third program"))
        self.model.promote(2, sender=self.roles.owner)
        self.callers = [to_checksum_address(keccak(text=f"caller {n}")[:20]) for n in range(10)]
        for caller in self.callers:
            world.wire.request("anvil_setBalance", caller, hex(10 * ETHER))
            world.wire.request("anvil_impersonateAccount", caller)

    # --- versions ---

    def publish(self, **changes: object) -> int:
        """A version with the stage's hook, published only; its number."""
        version = self.world.version(**{"hook": self.hook.address, **changes})
        receipt = self.model.publish(version, sender=self.roles.owner)
        (event,) = self.model.events(receipt, "Published")
        number: int = event.version
        return number

    def states(self) -> list[State]:
        """Of all versions, in order."""
        return [State(self.model.state_of(number)) for number in range(1, self.model.versions() + 1)]

    def arm(self, rejections: int = NEEDED, volume: int = VOLUME, span: int = SPAN) -> None:
        """Give the model a breaker."""
        self.model.set_breaker(rejections, volume, span, sender=self.roles.owner)

    def reject_outputs(self, conduct: HookConduct = HookConduct.REFUSE) -> None:
        """From now on the hook finds fault with every output."""
        self.hook.misbehave(0, conduct, sender=self.roles.stranger)

    # --- answers ---

    def asked(
        self,
        caller: str,
        version: int = LIVE,
        price: int = PRICE,
        question: bytes = INPUT,
        **changes: object,
    ) -> Request:
        """A request for one price, without a ramp."""
        offer = self.world.offer(version=version, min_price=price, max_price=price, ramp=0, **changes)
        return self.world.open(offer, question, sender=caller, model=self.model)

    def answered(self, *requests: Request, output: bytes = OUTPUT) -> list[Result]:
        """The same output to all of them, posted."""
        results = []
        for request in requests:
            self.world.claim(request)
            results += self.world.post(request, outputs=[output])
        return results

    def final(self, *requests: Request, output: bytes = OUTPUT) -> list[Request]:
        """The same output to all of them, final; in the order of evidence."""
        results = self.answered(*requests, output=output)
        self.world.warp(WINDOW)
        self.world.finalize(*results)
        return sorted(requests, key=lambda request: request.payer >> 96)

    def evidence(self, count: int = NEEDED, version: int = LIVE, output: bytes = OUTPUT) -> list[Request]:
        """Final answers to so many callers."""
        return self.final(*(self.asked(caller, version) for caller in self.callers[:count]), output=output)

    def trip(self, version: int, evidence: Sequence[Request], output: bytes = OUTPUT) -> Receipt:
        """A stranger brings evidence, all of the same output."""
        return self.model.trip(version, list(evidence), output * len(evidence), sender=self.roles.stranger)

    def events(self, receipt: Receipt, *names: str) -> list[tuple[object, ...]]:
        """The model's events as (name, its values...)."""
        return [tuple(vars(event).values()) for event in self.model.events(receipt, *names)]


def bring(
    version: int, evidence: Sequence[Request], output: bytes = OUTPUT
) -> tuple[int, list[Request], bytes]:
    """Arguments of `Model.trip`, all of one output."""
    return version, list(evidence), output * len(evidence)


def drawn(request_input: bytes, requester: str, counter: int, prevrandao: bytes, share: int) -> bool:
    """Whether the draw falls to the candidate, written from the rule alone."""
    words = (
        bytes(12) + bytes.fromhex(requester[2:]) + counter.to_bytes(32, "big") + request_input + prevrandao
    )
    return int.from_bytes(keccak(words), "big") % 10_000 < share
