"""Asking models from Python: one call for an answer, and the verbs of the Market for everything else.

    client = Client("http://127.0.0.1:8545", Path("deployments/local.json"), key)
    answer = client.ask(model, image, max_price=10**15)
    answer.output, answer.final, answer.price

A `posted` answer is backed by its executor's bond and open to challenge; a `final` one never changes. A
client that holds the model's program (`artifacts`) can check answers itself: `ask(..., verify=True)`
challenges what is wrong, and returns what is right.
"""

from __future__ import annotations

import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from executor.backends.catalogue import Catalogue
from executor.chain.codec import Event
from executor.chain.contracts import Contract, Contracts, ask
from executor.chain.deployment import Deployment
from executor.chain.keys import Key
from executor.chain.orders import Order, SignedOrder
from executor.chain.requests import (
    LIVE,
    NATIVE,
    NOBODY,
    Flags,
    Offer,
    Request,
    Result,
    Slot,
    Status,
    Work,
    input_reference,
)
from executor.chain.rpc import Endpoint, Rpc, quantity
from executor.chain.terms import Frozen
from executor.chain.wallet import Receipt, Wallet, log_of
from executor.disputes.games import Asked
from executor.disputes.refuter import refute
from executor.program import run

Stage = Literal["posted", "final"]
Found = TypeVar("Found")

RAMP = 60  # defaults of an offer, seconds
CLAIM_SECONDS = 3_600
RESULT_SECONDS = 600
ORDER_SECONDS = 3_600


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


class Client:
    """A requester. Without a key it reads and waits only."""

    def __init__(
        self,
        rpc: str | Endpoint,
        deployment: Deployment | Path,
        key: Key | None = None,
        *,
        poll: float = 0.25,
        artifacts: Sequence[Path] = (),
    ) -> None:
        self.endpoint: Endpoint = Rpc(rpc) if isinstance(rpc, str) else rpc
        manifest = deployment if isinstance(deployment, Deployment) else Deployment.read(deployment)
        self.contracts = Contracts(manifest)
        self._key = key
        self._wallet = None if key is None else Wallet(self.endpoint, key, manifest.chain_id)
        self._poll = poll
        self._programs = Catalogue.load(artifacts)
        self._opened: dict[bytes, tuple[Event, int]] = {}  # by id: the log, and the gas it took

    @property
    def address(self) -> str:
        """The requester's account."""
        return self._sender.address

    # Asking

    def ask(
        self,
        model: str,
        data: bytes,
        *,
        max_price: int,
        wait: Stage = "posted",
        timeout: float = 600.0,
        verify: bool = False,
        **offer: Any,
    ) -> Answer:
        """Ask a model and wait for its answer; see `open` for the offer and `wait` for what is raised.

        verify: see `wait_verified`.
        """
        identifier = self.open(model, data, max_price=max_price, **offer)
        if verify:
            return self.wait_verified(identifier, wait, timeout=timeout)
        return self.wait(identifier, wait, timeout=timeout)

    def offer(self, model: str, *, max_price: int, version: int = LIVE, **fields: Any) -> Offer:
        """An offer that a model takes: its bond and window, and everything else as in `fields`.

        fields: any of `Offer`, such as min_price, ramp, bond, consumer, flags, callback_gas, asset.
        """
        contract = self.contracts.model(model)
        number = version
        if version == LIVE:
            (number,) = ask(self.endpoint, [contract.query("live")])
            if number == 0:
                raise ClientError(f"client: {model} has no live version")
        (terms,) = ask(self.endpoint, [contract.query("terms", number)])
        named = dict(zip(_TERMS, terms, strict=True))
        chosen: dict[str, Any] = {
            "max_window": named["window"],
            "consumer": NOBODY,
            "flags": 0,
            "callback_gas": 0,
            "asset": NATIVE,
            "min_price": 0,
            "ramp": RAMP,
            "claim_seconds": CLAIM_SECONDS,
            "result_seconds": RESULT_SECONDS,
            "bond": named["min_bond"],
        }
        if unknown := set(fields) - set(chosen):
            raise ClientError(f"client: an offer has no {', '.join(sorted(unknown))}")
        return Offer(version=version, max_price=max_price, **{**chosen, **fields})

    def open(self, model: str, data: bytes, *, max_price: int, prepaid: bool = False, **offer: Any) -> bytes:
        """Open a request and return its id.

        prepaid: from the balance in the Market; else native coin goes along, and an ERC-20 is approved first.
        """
        chosen = self.offer(model, max_price=max_price, **offer)
        if prepaid:
            chosen = chosen._replace(flags=chosen.flags | Flags.PREPAID)
        market = self.contracts.market
        if not prepaid and chosen.asset == NATIVE:
            contract = self.contracts.model(model)
            receipt = self._send(contract, "request", chosen, data, value=max_price)
        else:
            if not prepaid:
                self._send(Contract("WrappedNative", chosen.asset), "approve", market.address, max_price)
            receipt = self._send(market, "open", model, chosen, data)
        event = next(event for event in self._events(receipt) if event.name == "Opened")
        self._opened[event["id"]] = (event, receipt.gas_used)
        return bytes(event["id"])

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

    def wait_verified(self, identifier: bytes, until: Stage = "posted", *, timeout: float = 600.0) -> Answer:
        """As `wait`, for an answer that this client's own run of the program confirms.

        A wrong one is challenged, which takes a deposit from this account's stake, and played to its end;
        what returns is the right one of a later attempt. Who was interrupted in that calls again. Raises
        ClientError if the program is not held or a wrong answer is final, RefuteError if none can be refuted.
        """
        opened, _ = self._opening(identifier)
        asked = Asked(Request(*opened["request"]), opened["input"], self.terms(identifier))
        program = self._programs.get(asked.terms.program_root)
        if program is None or not asked.has_input:
            root = asked.terms.program_root.hex()
            raise ClientError(
                f"client: cannot verify: name the artifact with root 0x{root}, and inline input"
            )
        right, end = run(program, asked.input), time.monotonic() + timeout
        while True:
            answer = self.wait(identifier, timeout=max(0.0, end - time.monotonic()))
            if answer.output == right:
                if until == "posted" or answer.final:
                    return answer
                self.wait(identifier, "final", timeout=max(0.0, end - time.monotonic()))
            elif answer.final:
                raise ClientError(f"client: the answer to 0x{identifier.hex()} is wrong, and final")
            else:
                if self._key is None:
                    raise ClientError("client: a wrong answer, and it takes a key to refute it")
                which = identifier, answer.attempt, asked, opened.log.block_number
                refute(self.endpoint, self.contracts, self._key, self._programs, *which, end, poll=self._poll)

    # Signed orders

    def sign_order(
        self,
        model: str,
        data: bytes,
        *,
        max_price: int,
        expires_in: int = ORDER_SECONDS,
        nonce: int | None = None,
        **offer: Any,
    ) -> SignedOrder:
        """An order that costs its signer no gas and is paid from its balance in the Market.

        expires_in: seconds of chain time in which it can be claimed. nonce: a random one if none is given.
        """
        now = quantity(self.endpoint.read("eth_getBlockByNumber", "latest", False)["timestamp"])
        chosen = self.offer(model, max_price=max_price, **offer)
        order = Order(
            model=model,
            requester=self.address,
            offer=chosen,
            input=input_reference(chosen.flags, data),
            start=now,
            expiry=now + expires_in,
            nonce=secrets.randbits(256) if nonce is None else nonce,
        )
        assert self._key is not None
        typed = order.typed_data(self.contracts.chain_id, self.contracts.orders.address)
        return SignedOrder(order, data, self._key.sign_typed_data(typed))

    def submit_order(self, signed: SignedOrder, intake: str, *, timeout: float = 30.0) -> bytes:
        """Hand an order to the executor whose intake is at this URL; it is kept once its digest returns."""
        body = json.dumps(signed.to_json()).encode()
        answer = _http(f"{intake}/orders", body, timeout)
        return bytes.fromhex(answer["digest"][2:])

    def wait_order(self, digest: bytes, intake: str, *, timeout: float = 600.0) -> bytes:
        """The id of the request that an order became, once it is opened on the chain."""

        def look() -> bytes | None:
            row = _http(f"{intake}/orders/0x{digest.hex()}", None, 30.0)
            if row["state"] == "dropped":
                raise NoAnswerError(f"client: order 0x{digest.hex()} was dropped: {row['note']}")
            return bytes.fromhex(row["request"][2:]) if row["request"] else None

        return self._until(look, timeout, f"order 0x{digest.hex()} is not opened")

    def invalidate(self, nonce: int) -> Receipt:
        """Spend a nonce, so that no order with it can be claimed any more."""
        return self._send(self.contracts.orders, "invalidate", nonce >> 8, 1 << (nonce & 255))

    # Money

    def deposit(self, amount: int, asset: str = NATIVE) -> Receipt:
        """Add to the own balance in the Market, in the asset's smallest unit."""
        market = self.contracts.market
        value = amount if asset == NATIVE else 0
        if asset != NATIVE:
            self._send(Contract("WrappedNative", asset), "approve", market.address, amount)
        return self._send(market, "deposit", asset, self.address, amount, value=value)

    def withdraw(self, amount: int | None = None, asset: str = NATIVE, to: str | None = None) -> Receipt:
        """Take from the own balance in the Market; all of it if no amount is given."""
        amount = self.balance(asset) if amount is None else amount
        return self._send(self.contracts.market, "withdraw", asset, to or self.address, amount)

    def balance(self, asset: str = NATIVE, account: str | None = None) -> int:
        """A balance in the Market."""
        (amount,) = ask(
            self.endpoint, [self.contracts.market.query("balance_of", asset, account or self.address)]
        )
        return int(amount)

    # What anybody may do, so that nobody depends on an executor

    def finalize(self, identifier: bytes) -> Receipt:
        """End a posted result whose window is over."""
        result, output = self._result(identifier)
        outputs = output if result.request.flags & Flags.AT_FINAL else b""
        return self._send(self.contracts.market, "finalize", [result], outputs)

    def cancel(self, identifier: bytes) -> Receipt:
        """Take back an own request that nobody has claimed."""
        return self._send(self.contracts.market, "cancel", self.request(identifier))

    def expire(self, identifier: bytes) -> Receipt:
        """Refund a request that nobody claimed in time, or open it again where a claim was missed."""
        return self._send(self.contracts.market, "expire", self.request(identifier))

    def redeliver(self, identifier: bytes) -> Receipt:
        """Call the consumer again with the answer."""
        result, output = self._result(identifier)
        return self._send(self.contracts.market, "redeliver", result, output)

    # Reading

    def request(self, identifier: bytes) -> Request:
        """A request by its id, from the chain's logs."""
        return Request(*self._opening(identifier)[0]["request"])

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

    @property
    def _sender(self) -> Wallet:
        if self._wallet is None:
            raise ClientError("client: this takes a key")
        return self._wallet

    def _send(self, contract: Contract, function: str, *arguments: Any, value: int = 0) -> Receipt:
        return self._sender.transact(contract.address, contract.encode(function, *arguments), value)

    def _events(self, receipt: Receipt) -> list[Event]:
        return [event for log in receipt.logs if (event := self.contracts.event(log))]

    def _opening(self, identifier: bytes) -> tuple[Event, int]:
        if identifier not in self._opened:
            found = self._logs("Opened", identifier)
            if not found:
                raise ClientError(f"client: there is no request 0x{identifier.hex()}")
            self._opened[identifier] = (found[-1], 0)
        return self._opened[identifier]

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


_TERMS = (
    "program_root",
    "arbiter",
    "hook",
    "royalty_bps",
    "min_bond",
    "window",
    "input_size",
    "output_size",
    "unwatchable",
)
_QUOTE = ("version", "min_price", "max_price", "min_bond", "window", "royalty_bps")


def _posted(request: Request, event: Event) -> tuple[Result, bytes]:
    output: bytes = event["output"]
    return Result(request, event["work"], input_reference(0, output)), output


def _http(url: str, body: bytes | None, timeout: float) -> Any:
    if not url.startswith(("http://", "https://")):
        raise ClientError(f"client: {url} is no URL of an intake")
    question = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(question, timeout=timeout) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        said = error.read(4096).decode(errors="replace")
        raise ClientError(f"client: the intake refuses: {said}") from None
    except (OSError, ValueError) as error:
        raise ClientError(f"client: no intake at {url}: {error}") from None
