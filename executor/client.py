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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from executor.backends.catalogue import Catalogue
from executor.chain.codec import Event
from executor.chain.contracts import Contract, ask
from executor.chain.deployment import Deployment
from executor.chain.evidence import evidence_against, evidence_against_answering
from executor.chain.keys import Key
from executor.chain.offers import Draft, OfferError, draft
from executor.chain.orders import Order, SignedOrder
from executor.chain.requests import (
    ELSEWHERE,
    LIVE,
    MAX_BYTES,
    NATIVE,
    Flags,
    Offer,
    input_reference,
)
from executor.chain.rpc import Endpoint, quantity
from executor.chain.runs import InputTooLargeError
from executor.chain.upload import Report, Upload, Uploader, is_sealed
from executor.chain.wallet import Receipt, TransactionRefusedError, Wallet
from executor.disputes.refuter import refute
from executor.program import run
from executor.reader import Answer, ClientError, NoAnswerError, Reader, Stage

__all__ = ["Answer", "Client", "ClientError", "NoAnswerError"]

ORDER_SECONDS = 3_600
MOST_OPENINGS = 3  # of one request whose input a reorganisation has taken back


class Client(Reader):
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
        super().__init__(rpc, deployment, poll=poll)
        self._key = key
        self._wallet = None if key is None else Wallet(self.endpoint, key, self.contracts.chain_id)
        self._programs = Catalogue.load(artifacts)

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
        return self._draft(model, max_price, version, fields).offer

    def open(
        self,
        model: str,
        data: bytes,
        *,
        max_price: int,
        prepaid: bool = False,
        report: Report = lambda _: None,
        **offer: Any,
    ) -> bytes:
        """Open a request and return its id.

        data: the input. What is longer than 4,096 bytes is uploaded first, in transactions of its own; what
        the chain has of it already is not sent again, so after a failure or a crash one asks again. report:
        see `upload`. With flags UPLOADED or UNWATCHABLE, `data` is the root of an input that lies elsewhere.
        prepaid: from the balance in the Market; else native coin goes along, and an ERC-20 is approved first.
        """
        chosen, size = self._draft(model, max_price, offer.pop("version", LIVE), offer)
        if prepaid:
            chosen = chosen._replace(flags=chosen.flags | Flags.PREPAID)
        elif chosen.asset != NATIVE:
            self._send(
                Contract("WrappedNative", chosen.asset), "approve", self.contracts.market.address, max_price
            )
        for left in reversed(range(MOST_OPENINGS)):
            flags, sent = self._brought(chosen.flags, data, size, report)
            try:
                receipt = self._request(model, chosen._replace(flags=flags), sent)
                break
            except TransactionRefusedError:
                if not left or flags == chosen.flags or is_sealed(self.endpoint, self.contracts, sent, size):
                    raise
        event = next(event for event in self._events(receipt) if event.name == "Opened")
        self._opened[event["id"]] = (event, receipt.gas_used)
        return bytes(event["id"])

    def upload_plan(self, model: str, data: bytes, *, version: int = LIVE) -> Upload:
        """What `upload` would send, and the gas that it would take, about. Sends nothing."""
        _, size = self._draft(model, 0, version, {})
        with _refusals():
            return self._uploader.plan(data, size)

    def upload(
        self, model: str, data: bytes, *, version: int = LIVE, report: Report = lambda _: None
    ) -> bytes:
        """Bring an input to the chain, for any number of requests to this version; returns its data root.

        report: is told what is missing, and the gas that it will take, before the first transaction and after
        each; what it raises ends the upload. It is resumed by calling again.
        """
        _, size = self._draft(model, 0, version, {})
        with _refusals():
            return self._uploader.upload(data, size, report)

    def wait_verified(self, identifier: bytes, until: Stage = "posted", *, timeout: float = 600.0) -> Answer:
        """As `wait`, for an answer that this client's own run of the program confirms.

        A wrong one is challenged, which takes a deposit from this account's stake, and played to its end;
        what returns is the right one of a later attempt. Who was interrupted in that calls again. Raises
        ClientError if the program is not held or a wrong answer is final, RefuteError if none can be refuted.
        """
        asked, since = self.asked(identifier)
        program = self._programs.get(asked.terms.program_root)
        if program is None:
            root = asked.terms.program_root.hex()
            raise ClientError(f"client: cannot verify: name the artifact with root 0x{root}")
        data = self.input(identifier)
        right, end = run(program, data), time.monotonic() + timeout
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
                which = identifier, answer.attempt, asked, data, since
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
        report: Report = lambda _: None,
        **offer: Any,
    ) -> SignedOrder:
        """An order that costs its signer no gas, an upload aside, and is paid from its balance in the Market.

        data, report: see `open`. expires_in: seconds of chain time in which it can be claimed. nonce: a
        random one if none is given.
        """
        chosen, size = self._draft(model, max_price, offer.pop("version", LIVE), offer)
        flags, sent = self._brought(chosen.flags, data, size, report)
        chosen = chosen._replace(flags=flags)
        now = quantity(self.endpoint.read("eth_getBlockByNumber", "latest", False)["timestamp"])
        order = Order(
            model=model,
            requester=self.address,
            offer=chosen,
            input=input_reference(flags, sent),
            start=now,
            expiry=now + expires_in,
            nonce=secrets.randbits(256) if nonce is None else nonce,
        )
        assert self._key is not None
        typed = order.typed_data(self.contracts.chain_id, self.contracts.orders.address)
        return SignedOrder(order, sent, self._key.sign_typed_data(typed))

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

    def trip(self, model: str, version: int | None = None) -> Receipt:
        """Take a bad version down with its own final answers, by default the one that answers now.

        It costs gas and earns nothing. Raises ClientError if the answers are not enough; `IModel.trip` says
        what is, and what happens then.
        """
        where = self.endpoint, self.contracts, model
        found = evidence_against_answering(*where) if version is None else evidence_against(*where, version)
        if found is None:
            raise ClientError(f"client: the final answers are not enough to trip a version of {model}")
        return self._send(self.contracts.model(model), "trip", *found.arguments)

    # How it is done

    @property
    def _sender(self) -> Wallet:
        if self._wallet is None:
            raise ClientError("client: this takes a key")
        return self._wallet

    @property
    def _uploader(self) -> Uploader:
        return Uploader(self.endpoint, self.contracts, self._sender)

    def _draft(self, model: str, max_price: int, version: int, wishes: Mapping[str, Any]) -> Draft:
        with _refusals():
            return draft(self.endpoint, self.contracts.model(model), max_price, version, wishes)

    def _brought(self, flags: int, data: bytes, size: int, report: Report) -> tuple[int, bytes]:
        """The flags and the input that a request is opened with, once what is too long for it is uploaded."""
        if flags & ELSEWHERE or len(data) <= MAX_BYTES:
            return flags, data
        bare = data.rstrip(b"\0")  # every input is extended with zeros
        if len(data) <= size and len(bare) <= MAX_BYTES:
            return flags, bare
        with _refusals():
            return flags | Flags.UPLOADED, self._uploader.upload(data, size, report)

    def _request(self, model: str, offer: Offer, data: bytes) -> Receipt:
        if offer.flags & Flags.PREPAID or offer.asset != NATIVE:
            return self._send(self.contracts.market, "open", model, offer, data)
        return self._send(self.contracts.model(model), "request", offer, data, value=offer.max_price)

    def _send(self, contract: Contract, function: str, *arguments: Any, value: int = 0) -> Receipt:
        return self._sender.transact(contract.address, contract.encode(function, *arguments), value)

    def _events(self, receipt: Receipt) -> list[Event]:
        return [event for log in receipt.logs if (event := self.contracts.event(log))]


@contextmanager
def _refusals() -> Iterator[None]:
    """What cannot be asked for, in the client's words."""
    try:
        yield
    except (OfferError, InputTooLargeError) as error:
        raise ClientError(f"client: {error}") from None


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
