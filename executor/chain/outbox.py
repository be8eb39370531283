"""What this account does on the chain: every intent is carried out at most once, whatever dies in between.

The outbox owns the nonce of one key. An intent is a row before anything else happens; its signed bytes are
durable before they are broadcast; whoever restarts broadcasts the same bytes again. So a crash, a lost
answer or a reorganisation leads back to the same transaction and never to a second one. `step` reads as a
transaction's life: look -> watch -> simulate and sign -> outbid -> broadcast.

An account has one owner. If the chain shows a transaction at one of its nonces that this journal did not
sign, the outbox halts, because two owners would answer and pay twice.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eth_utils.address import to_checksum_address

from executor.chain.answers import Answer, classify, is_verdict, revert_reason
from executor.chain.fees import FeePolicy, Fees, bumped_fees, first_fees
from executor.chain.keys import Key
from executor.chain.rpc import (
    Call,
    Endpoint,
    RefusedError,
    UnreachableError,
    octets,
    quantity,
    transaction_hash,
)
from executor.chain.transactions import SCHEMA, SETTLED, Attempt, Outgoing, State, Transactions
from executor.journal import Journal

__all__ = ["CRASH_POINTS", "SCHEMA", "ForeignTransactionError", "NonceError", "Outbox", "OutboxSettings"]

MOST_GAS = 2**24  # of one transaction (EIP-7825)
UNSENT_SECONDS = 86_400  # that what was never sent is remembered for
MOST_BYTES = 128 * 1024  # of one transaction in common pools

# The instants at which a crash is tested to be harmless, in the order in which a transaction meets them.
CRASH_POINTS = (
    "outbox.enqueued",  # the caller's transaction is still open
    "outbox.signing",  # signed, nothing durable
    "outbox.signed",  # durable, nothing sent
    "outbox.broadcast",  # sent, the answer not noted
    "outbox.sent",
    "outbox.outbid",  # a better offer is durable, not sent
    "outbox.mined",
    "outbox.confirmed",
)


class NonceError(Exception):
    """The journal does not know how the account's nonce came to be what it is."""


class ForeignTransactionError(Exception):
    """Somebody else sends transactions from this account."""


@dataclass(frozen=True)
class OutboxSettings:
    """How patient and how generous to be.

    confirmations: blocks, its own included, that make a transaction confirmed. patience: blocks before more
    is offered for the first in line. in_flight: most transactions signed and not yet in a block. gas_margin:
    percent above the estimate.
    """

    confirmations: int = 3
    patience: int = 3
    in_flight: int = 64
    gas_margin: int = 20
    fees: FeePolicy = field(default_factory=FeePolicy)


@dataclass(frozen=True)
class _Sight:
    """The chain at one look. nonce: how many transactions the account has mined. receipts: by attempt."""

    head: int
    base_fee: int
    nonce: int
    receipts: Mapping[bytes, Mapping[str, Any]]


class Outbox:
    """The one sender of an account.

    key: None for a dry run, which simulates for `account` and signs nothing.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        journal: Journal,
        key: Key | None,
        account: str,
        chain_id: int,
        settings: OutboxSettings | None = None,
    ) -> None:
        if key is not None and key.address != account:
            raise ValueError(f"outbox: the key is {key.address}'s, not {account}'s")
        self._endpoint = endpoint
        self._journal = journal
        self._key = key
        self._account = account
        self._chain_id = chain_id
        self._settings = settings or OutboxSettings()
        self._transactions = Transactions(journal)

    def start(self, *, adopt: bool = False) -> None:
        """Compare the account's nonce with the journal's; to be called once before the first step.

        Raises NonceError if the account has sent transactions that the journal does not know. `adopt` accepts
        them and queues again what they displaced: for an operator who knows that nothing else sends any more.
        """
        if self._key is None:
            return
        mined, pending = self._nonce_at("latest"), self._nonce_at("pending")
        used = max(mined, pending)
        known = self._transactions.next_nonce()
        if used > (known or 0) and not adopt:
            raise NonceError(
                f"outbox: account {self._account} has used {used} nonces and the journal knows {known or 0}: "
                "something else sends from this key, or this is not its latest journal. "
                "Adopt the nonce explicitly once nothing else sends."
            )
        displaced = self._displaced(self._look()) if adopt else []
        with self._journal.transaction():
            for outgoing in displaced:
                self._transactions.requeue(outgoing)
            self._transactions.set_next_nonce(max(used, known or 0))

    def enqueue(
        self,
        purpose: str,
        to: str,
        data: bytes,
        value: int = 0,
        *,
        least_gas: int = 0,
        after: int | None = None,
    ) -> int:
        """Want a transaction; returns its id. Inside the caller's journal transaction, so that it becomes
        durable with whatever made the caller want it.

        purpose: what it is for, in words; one transaction per purpose can be on its way, a second raises
        DuplicateError. value: wei. least_gas: a lower bound of the limit. after: it waits until that
        transaction is in a block, and is refused if that one fails.
        """
        number = self._transactions.add(purpose, to_checksum_address(to), data, value, least_gas, after)
        self._journal.crash_point("outbox.enqueued")
        return number

    def cancel(self, number: int) -> bool:
        """Want a transaction no more, inside the caller's journal transaction.

        False if it is too late: signed, it may have reached the chain, and takes its course.
        """
        outgoing = self._transactions.get(number)
        if outgoing.state is not State.QUEUED:
            return False
        self._transactions.move(outgoing, State.CANCELLED)
        return True

    def forget(self, block: int) -> None:
        """Drop what was settled before `block` and is named in no row's `transaction_id`, inside the caller's
        journal transaction. What never reached a block goes after a day.
        """
        self._transactions.forget(block, int(time.time()) - UNSENT_SECONDS)

    def get(self, number: int) -> Outgoing:
        """The transaction with this id, as it stands."""
        return self._transactions.get(number)

    def idle(self) -> bool:
        """Whether nothing is queued or on its way."""
        return not self._transactions.in_flight() and not self._transactions.queued(1)

    def step(self) -> list[Outgoing]:
        """Bring every transaction as far as it gets now; returns those that changed.

        Raises RpcError (call again later; nothing is lost) and ForeignTransactionError (stop).
        """
        sight = self._look()
        self._watch(sight)
        if not self._contested(sight):
            self._sign(sight)
            self._outbid(sight)
            self._broadcast(sight)
        changed, self._transactions.changed = self._transactions.changed, []
        return [self._transactions.get(number) for number in changed]

    # Look

    def _look(self) -> _Sight:
        in_flight = self._transactions.in_flight()
        attempts = [attempt for outgoing in in_flight for attempt in self._transactions.attempts(outgoing)]
        calls: list[Call] = [
            ("eth_getBlockByNumber", ["latest", False]),
            ("eth_getTransactionCount", [self._account, "latest"]),  # before receipts: it may only lag them
            *[("eth_getTransactionReceipt", ["0x" + attempt.hash.hex()]) for attempt in attempts],
        ]
        head, nonce, *receipts = self._endpoint.read_many(calls)
        for answer in (head, nonce, *receipts):
            if isinstance(answer, RefusedError):
                raise answer
        if head is None:
            raise UnreachableError("outbox: the endpoint has no newest block")
        found = {a.hash: mined for a, mined in zip(attempts, receipts, strict=True) if mined is not None}
        return _Sight(quantity(head["number"]), quantity(head["baseFeePerGas"]), quantity(nonce), found)

    def _nonce_at(self, block: str) -> int:
        return quantity(self._endpoint.read("eth_getTransactionCount", self._account, block))

    # Watch

    def _watch(self, sight: _Sight) -> None:
        """Follow every transaction in and out of blocks."""
        with self._journal.transaction():
            for outgoing in self._transactions.finished_from(sight.nonce):
                # A nonce that is free again on a chain that reached the block: a very deep reorganisation.
                if outgoing.block_number is not None and sight.head >= outgoing.block_number:
                    self._unmine(outgoing)
            for outgoing in self._transactions.in_flight():
                self._follow(outgoing, sight)

    def _follow(self, outgoing: Outgoing, sight: _Sight) -> None:
        attempts = self._transactions.attempts(outgoing)
        receipt = next((sight.receipts[a.hash] for a in attempts if a.hash in sight.receipts), None)
        if receipt is None:
            if outgoing.state is State.MINED:
                self._unmine(outgoing)
            return
        place = _place(receipt)
        if outgoing.state is not State.MINED:
            self._transactions.move(outgoing, State.MINED, **place, note="")
            self._journal.crash_point("outbox.mined")
        elif outgoing.block_hash != place["block_hash"]:
            self._transactions.set(outgoing, **place)
        if sight.head - place["block_number"] + 1 >= self._settings.confirmations:
            outgoing = self._transactions.get(outgoing.id)
            final = State.CONFIRMED if place["succeeded"] else State.REVERTED
            note = "" if place["succeeded"] else "reverted on the chain"
            self._transactions.move(outgoing, final, note=note)
            self._journal.crash_point("outbox.confirmed")

    def _unmine(self, outgoing: Outgoing) -> None:
        nowhere = dict.fromkeys(
            ("hash", "block_number", "block_hash", "succeeded", "gas_used", "gas_price"), None
        )
        self._transactions.move(outgoing, State.SENT, **nowhere, note="its block was reorganised away")
        self._transactions.offer_again(outgoing)  # the same bytes, before anything better

    def _contested(self, sight: _Sight) -> bool:
        """Whether a nonce of ours is used by a transaction that is not ours, as far as can be seen.

        While the chain is young there, a receipt may only be late: nothing is signed until it is clear.
        """
        taken = self._unmined_below(sight.nonce)
        if taken and (displaced := self._displaced(sight)):
            raise ForeignTransactionError(
                f"outbox: nonce {displaced[0].nonce} of {self._account} was used by a transaction that this "
                "journal did not sign: something else sends from this key"
            )
        return bool(taken)

    def _unmined_below(self, nonce: int) -> list[Outgoing]:
        return [o for o in self._unmined() if o.nonce is not None and o.nonce < nonce]

    def _unmined(self) -> list[Outgoing]:
        return [o for o in self._transactions.in_flight() if o.state is not State.MINED]

    def _displaced(self, sight: _Sight) -> list[Outgoing]:
        """Transactions that can never be mined: their nonce was used, deep in the chain, and not by them."""
        settled = self._nonce_at(hex(max(0, sight.head - self._settings.confirmations)))
        return [
            outgoing
            for outgoing in self._unmined_below(min(settled, sight.nonce))
            if not any(a.hash in sight.receipts for a in self._transactions.attempts(outgoing))
        ]

    # Simulate and sign

    def _sign(self, sight: _Sight) -> None:
        """Give a nonce and durable bytes to what a simulation lets through."""
        room = self._settings.in_flight - len(self._unmined())
        ready = self._ready(self._transactions.queued(max(0, room)), sight.head)
        if not ready:
            return
        fees = first_fees(sight.base_fee, self._settings.fees)
        calls: list[Call] = [("eth_estimateGas", [self._call_of(outgoing), "latest"]) for outgoing in ready]
        estimates = self._endpoint.read_many(calls)
        with self._journal.transaction():
            for outgoing, estimate in zip(ready, estimates, strict=True):
                self._sign_one(outgoing, estimate, fees, sight.head)
            self._journal.crash_point("outbox.signing")
        self._journal.crash_point("outbox.signed")

    def _sign_one(self, outgoing: Outgoing, estimate: Any, fees: Fees | None, head: int) -> None:
        if isinstance(estimate, RefusedError):
            if is_verdict(estimate):
                self._transactions.move(outgoing, State.REFUSED, note=revert_reason(estimate))
            else:
                self._transactions.wait(outgoing, head, f"waits: {estimate.message}")
            return
        needed = max(quantity(estimate), outgoing.least_gas)
        if needed > MOST_GAS:
            note = f"needs {needed} gas, more than {MOST_GAS}"
            self._transactions.move(outgoing, State.REFUSED, note=note)
            return
        roomy = quantity(estimate) * (100 + self._settings.gas_margin) // 100
        gas = min(MOST_GAS, max(outgoing.least_gas, roomy))
        if fees is None:
            note = f"waits: gas costs more than {self._settings.fees.cap} wei"
            self._transactions.wait(outgoing, head, note)
        elif self._key is None:
            would = f"would send {len(outgoing.data)} bytes and {outgoing.value} wei to {outgoing.to}"
            note = f"{would}, for at most {gas * fees.max_fee} wei of gas"
            self._transactions.move(outgoing, State.REHEARSED, gas=gas, note=note)
        else:
            nonce = self._transactions.next_nonce()
            if nonce is None:
                raise NonceError("outbox: start() comes before the first step")
            raw = self._signed(self._key, outgoing, nonce, gas, fees)
            if len(raw) > MOST_BYTES:
                note = f"is {len(raw)} bytes, more than {MOST_BYTES}"
                self._transactions.move(outgoing, State.REFUSED, note=note)
                return
            self._transactions.set_next_nonce(nonce + 1)
            self._transactions.add_attempt(outgoing, transaction_hash(raw), raw, fees, head)
            self._transactions.move(outgoing, State.SIGNED, nonce=nonce, gas=gas, note="")

    def _ready(self, queued: list[Outgoing], head: int) -> list[Outgoing]:
        """Those whose predecessor is in a block; those whose predecessor failed are refused."""
        ready = []
        for outgoing in queued:
            before = None if outgoing.after is None else self._transactions.get(outgoing.after)
            if before is None or before.succeeded:
                ready.append(outgoing)
                continue
            with self._journal.transaction():
                if before.state in SETTLED:
                    note = f"it was to follow {before.purpose!r}, which was {before.state}"
                    self._transactions.move(outgoing, State.REFUSED, note=note)
                else:
                    self._transactions.wait(outgoing, head)
        return ready

    def _call_of(self, outgoing: Outgoing) -> dict[str, str]:
        data, value = "0x" + outgoing.data.hex(), hex(outgoing.value)
        return {"from": self._account, "to": outgoing.to, "data": data, "value": value}

    def _signed(self, key: Key, outgoing: Outgoing, nonce: int, gas: int, fees: Fees) -> bytes:
        return key.sign_transaction(
            {
                "type": 2,
                "chainId": self._chain_id,
                "nonce": nonce,
                "to": outgoing.to,
                "value": outgoing.value,
                "data": outgoing.data,
                "gas": gas,
                "maxFeePerGas": fees.max_fee,
                "maxPriorityFeePerGas": fees.tip,
            }
        )

    # Outbid

    def _outbid(self, sight: _Sight) -> None:
        """Offer more for the first in line, on which all others wait, if it stays there too long."""
        first = self._first_in_line(sight)
        if first is None or self._key is None or first.nonce is None or first.gas is None:
            return
        newest = self._transactions.attempts(first)[-1]
        if not newest.offered or sight.head - newest.head < self._settings.patience:
            return
        fees = bumped_fees(newest.fees, sight.base_fee, self._settings.fees)
        with self._journal.transaction():
            if fees is None:
                if not first.note:
                    note = f"waits at {newest.fees.max_fee} wei a gas, near the cap"
                    self._transactions.set(first, note=note)
                return
            raw = self._signed(self._key, first, first.nonce, first.gas, fees)
            self._transactions.add_attempt(first, transaction_hash(raw), raw, fees, sight.head)
            self._transactions.set(first, note=f"offers {fees.max_fee} wei a gas now")
        self._journal.crash_point("outbox.outbid")

    def _first_in_line(self, sight: _Sight) -> Outgoing | None:
        return next((o for o in self._unmined() if o.nonce == sight.nonce), None)

    # Broadcast

    def _broadcast(self, sight: _Sight) -> None:
        """Send every form that no endpoint has answered to, and all of them if the first in line got lost."""
        line = [(outgoing, self._transactions.attempts(outgoing)) for outgoing in self._unmined()]
        if line and not self._is_lost(line[0][1][-1]):
            line = [(outgoing, attempts) for outgoing, attempts in line if not attempts[-1].offered]
        if not line:
            return
        refusals = self._endpoint.send([attempts[-1].raw for _, attempts in line])
        self._journal.crash_point("outbox.broadcast")
        with self._journal.transaction():
            for (outgoing, attempts), refusal in zip(line, refusals, strict=True):
                self._note_answer(outgoing, attempts, refusal, sight.head)
        self._journal.crash_point("outbox.sent")

    def _is_lost(self, attempt: Attempt) -> bool:
        """Whether an endpoint took these bytes and no longer has them."""
        if not attempt.offered:
            return False
        return self._endpoint.read("eth_getTransactionByHash", "0x" + attempt.hash.hex()) is None

    def _note_answer(
        self, outgoing: Outgoing, attempts: list[Attempt], refusal: RefusedError | None, head: int
    ) -> None:
        answer = classify(refusal)
        if answer is Answer.OUTBID and len(attempts) == 1:
            raise ForeignTransactionError(
                f"outbox: a transaction that this journal did not sign waits at nonce {outgoing.nonce} of "
                f"{self._account}: something else sends from this key"
            )
        if answer is Answer.REJECTED:
            assert refusal is not None
            self._transactions.set(outgoing, note=f"rejected, tried again: {refusal.message}")
            return
        if not attempts[-1].offered:  # patience counts from the first answer, not from the latest repetition
            self._transactions.mark_offered(attempts[-1], head)
        if answer is Answer.CHEAP:
            assert refusal is not None
            self._transactions.set(outgoing, note=f"too cheap: {refusal.message}")
        elif outgoing.state is State.SIGNED:
            self._transactions.move(outgoing, State.SENT, note="")


def _place(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Where and how a transaction was mined, as columns."""
    return {
        "hash": octets(receipt["transactionHash"]),
        "block_number": quantity(receipt["blockNumber"]),
        "block_hash": octets(receipt["blockHash"]),
        "succeeded": quantity(receipt["status"]) == 1,
        "gas_used": quantity(receipt["gasUsed"]),
        "gas_price": quantity(receipt["effectiveGasPrice"]),
    }
