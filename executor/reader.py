"""Reading the Market from Python, without a key: requests, their inputs, and the answers to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from executor.chain.codec import Event
from executor.chain.contracts import Contracts, ask
from executor.chain.deployment import Deployment
from executor.chain.fetch import InputMissingError, fetch, patience
from executor.chain.logs import newest_first
from executor.chain.requests import Request, Result, Slot, Status, Work, input_reference
from executor.chain.rpc import Endpoint, Rpc, quantity
from executor.chain.terms import Frozen
from executor.chain.wallet import log_of
from executor.disputes.games import Asked

Stage = Literal["posted", "final"]
Found = TypeVar("Found")

SEARCH_SECONDS = 600.0  # for an uploaded input, in the chain's logs


class ClientError(Exception):
    """What was asked for cannot be had; the message says why."""


class NoAnswerError(ClientError):
    """No answer came in time, or none can come any more: the fee is back in the requester's balance."""


@dataclass(frozen=True)
class Answer:
    """What a model answered.

    id: the request's, 32 bytes. final: nothing can change it any more. price: paid, in the fee asset. bond:
    behind it while it is not final, in the bond asset. posted_at: unix seconds. gas: used by the requester's
    own transaction, 0 if it was not this client's.
    """

    id: bytes
    output: bytes
    final: bool
    price: int
    bond: int
    executor: str
    attempt: int
    posted_at: int
    gas: int


class Reader:
    """Somebody who looks. poll: seconds between two looks while something is waited for."""

    def __init__(self, rpc: str | Endpoint, deployment: Deployment | Path, *, poll: float = 0.25) -> None:
        self.endpoint: Endpoint = Rpc(rpc) if isinstance(rpc, str) else rpc
        manifest = deployment if isinstance(deployment, Deployment) else Deployment.read(deployment)
        self.contracts = Contracts(manifest)
        self._poll = poll
        self._opened: dict[bytes, tuple[Event, int]] = {}  # by id: the log, and the gas it took

    def wait(self, identifier: bytes, until: Stage = "posted", *, timeout: float = 600.0) -> Answer:
        """The answer to a request, once it is posted or final.

        Raises NoAnswerError if none came within `timeout` seconds, or the request was refunded.
        """

        def look() -> Answer | None:
            slot = self.slot(identifier)
            if slot.status is Status.REFUNDED:
                raise NoAnswerError(f"client: request 0x{identifier.hex()} was refunded")
            done = (Status.FINAL,) if until == "final" else (Status.POSTED, Status.FINAL)
            return self._answer(identifier, slot) if slot.status in done else None

        return self._until(look, timeout, f"request 0x{identifier.hex()} has no {until} answer")

    def request(self, identifier: bytes) -> Request:
        """A request by its id, from the chain's logs."""
        return Request(*self._opening(identifier)[0]["request"])

    def asked(self, identifier: bytes) -> tuple[Asked, int]:
        """A request with its terms and what came with it, and the block in which it was opened."""
        event, _ = self._opening(identifier)
        asked = Asked(Request(*event["request"]), event["input"], self.terms(identifier))
        return asked, event.log.block_number

    def input(self, identifier: bytes) -> bytes:
        """The bytes of a request's input, zeros at its end aside; ClientError if the chain lacks them."""
        asked, _ = self.asked(identifier)
        try:
            return fetch(self.endpoint, self.contracts, asked.input, patience(SEARCH_SECONDS))
        except InputMissingError as error:
            raise ClientError(f"client: {error}") from None

    def slot(self, identifier: bytes) -> Slot:
        """What the Market holds of a request now."""
        return self.contracts.slots(self.endpoint, [identifier])[0]

    def terms(self, identifier: bytes) -> Frozen:
        """The frozen terms of a request."""
        return self.contracts.frozen(self.endpoint, self.request(identifier).terms)

    def verify(self, identifier: bytes, output: bytes) -> bool:
        """Whether `output` is the final answer, as the Market says for ever."""
        (holds,) = ask(self.endpoint, [self.contracts.market.query("verify_output", identifier, output)])
        return bool(holds)

    def quote(self, model: str) -> Mapping[str, int]:
        """What asking the live version takes, by the names in `IModel.Quote`."""
        (values,) = ask(self.endpoint, [self.contracts.model(model).query("quote")])
        return dict(zip(_QUOTE, values, strict=True))

    # How it is done

    def _opening(self, identifier: bytes) -> tuple[Event, int]:
        if identifier in self._opened:
            return self._opened[identifier]
        market = self.contracts.market
        topics = ["0x" + market.abi.topic("Opened").hex(), "0x" + identifier.hex()]
        bounds = self.contracts.deployment.start, quantity(self.endpoint.read("eth_blockNumber"))
        for logs in newest_first(self.endpoint, market.address, topics, *bounds):
            for event in filter(None, map(self.contracts.event, logs)):
                self._opened[identifier] = event, 0
                return event, 0
        raise ClientError(f"client: there is no request 0x{identifier.hex()}")

    def _answer(self, identifier: bytes, slot: Slot) -> Answer | None:
        """The answer that the slot speaks of; None while its log is not there yet."""
        opened, gas = self._opening(identifier)
        request = Request(*opened["request"])
        for event in reversed(self._logs("Posted", identifier)):
            result, output = _posted(request, event)
            if slot.holds(result) or slot.answers(output):
                work = Work.of(result.work)
                return Answer(
                    id=identifier,
                    output=output,
                    final=slot.status is Status.FINAL,
                    price=request.price(work.elapsed),
                    bond=request.bond,
                    executor=work.executor,
                    attempt=work.attempt,
                    posted_at=work.posted_at,
                    gas=gas,
                )
        return None

    def _result(self, identifier: bytes) -> tuple[Result, bytes]:
        """The newest posted result and its output."""
        found = self._logs("Posted", identifier)
        if not found:
            raise ClientError(f"client: request 0x{identifier.hex()} has no answer")
        return _posted(self.request(identifier), found[-1])

    def _logs(self, event: str, identifier: bytes) -> list[Event]:
        market = self.contracts.market
        first = self._opened[identifier][0].log.block_number if identifier in self._opened else None
        bounds = {
            "address": market.address,
            "topics": ["0x" + market.abi.topic(event).hex(), "0x" + identifier.hex()],
            "fromBlock": hex(first or self.contracts.deployment.start),
            "toBlock": "latest",
        }
        entries = self.endpoint.read("eth_getLogs", bounds)
        return [found for entry in entries if (found := self.contracts.event(log_of(entry)))]

    def _until(self, look: Callable[[], Found | None], timeout: float, otherwise: str) -> Found:
        end = time.monotonic() + timeout
        while (found := look()) is None:
            if time.monotonic() >= end:
                raise NoAnswerError(f"client: {otherwise} after {timeout:.0f} s")
            time.sleep(self._poll)
        return found


_QUOTE = ("version", "min_price", "max_price", "min_bond", "window", "royalty_bps")


def _posted(request: Request, event: Event) -> tuple[Result, bytes]:
    output: bytes = event["output"]
    return Result(request, event["work"], input_reference(0, output)), output
