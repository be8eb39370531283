"""Requests as the Market keeps them: offers, the seven packed words, the slot, the result.

The same table as `contracts/modules/market/requests.vy` and `slots.vy`, in Python. Times are unix seconds,
amounts are in the smallest unit of their asset, addresses are checksummed strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

LIVE = 2**32 - 1  # `Offer.version`: whatever version is live
NOBODY = "0x" + "00" * 20
NATIVE = NOBODY  # `Offer.asset`: the chain's own coin
MAX_BYTES = 4096  # of an inline input, and of all outputs of a batch together
MAX_BATCH = 32
MAX_DEADLINE = 30 * 86_400


class Flags(IntFlag):
    """How a request is delivered, where its input lies and how it is paid."""

    NONE = 0
    AT_POST = 1  # the consumer is called when a result is posted
    AT_FINAL = 2  # and when it is final
    UPLOADED = 4  # the input is a data root sealed in Inputs
    UNWATCHABLE = 8  # the input is a data root, its bytes lie elsewhere
    HOOKED = 64  # set by the Market: the version has an output hook
    PREPAID = 128  # paid from the requester's balance in the Market; not kept in the request


ELSEWHERE = Flags.UPLOADED | Flags.UNWATCHABLE  # the request names its input by its data root


class Offer(NamedTuple):
    """What a requester pays and until when; see `IMarket.Offer`. Times in seconds."""

    version: int
    max_window: int
    consumer: str
    flags: int
    callback_gas: int
    asset: str
    min_price: int
    max_price: int
    ramp: int
    claim_seconds: int
    result_seconds: int
    bond: int


class Request(NamedTuple):
    """What both sides agreed on. The words are the fields; everything else is read from them."""

    terms: bytes
    origin: int  # model 160 | version 32 | counter 64
    payer: int  # requester 160 | bond 96
    callback: int  # consumer 160 | gas 32 | flags 8 | 0 56
    timing: int  # fee asset 160 | ramp 32 | claim seconds 32 | result seconds 32
    prices: int  # min price 128 | max price 128
    input: bytes  # keccak256 of the inline input, or its data root

    @property
    def model(self) -> str:
        return _address(self.origin)

    @property
    def version(self) -> int:
        return _field(self.origin, 64, 32)

    @property
    def counter(self) -> int:
        return _field(self.origin, 0, 64)

    @property
    def requester(self) -> str:
        return _address(self.payer)

    @property
    def bond(self) -> int:
        return _field(self.payer, 0, 96)

    @property
    def consumer(self) -> str:
        return _address(self.callback)

    @property
    def callback_gas(self) -> int:
        return _field(self.callback, 64, 32)

    @property
    def flags(self) -> Flags:
        return Flags(_field(self.callback, 56, 8))

    @property
    def asset(self) -> str:
        return _address(self.timing)

    @property
    def ramp(self) -> int:
        return _field(self.timing, 64, 32)

    @property
    def claim_seconds(self) -> int:
        return _field(self.timing, 32, 32)

    @property
    def result_seconds(self) -> int:
        return _field(self.timing, 0, 32)

    @property
    def min_price(self) -> int:
        return self.prices >> 128

    @property
    def max_price(self) -> int:
        return _field(self.prices, 0, 128)

    def price(self, elapsed: int) -> int:
        """What an executor is paid that claims after so many seconds of ramp."""
        return price_after(elapsed, self.min_price, self.max_price, self.ramp)

    def id(self, chain_id: int, market: str) -> bytes:
        """The 32 bytes that every contract knows the request by."""
        head = encode(["uint256", "address"], [chain_id, market])
        return bytes(keccak(head + self.packed()))

    def packed(self) -> bytes:
        """The seven words, 224 bytes."""
        words = (self.origin, self.payer, self.callback, self.timing, self.prices)
        return self.terms + b"".join(word.to_bytes(32, "big") for word in words) + self.input

    @classmethod
    def unpack(cls, packed: bytes) -> Request:
        """The request in its 224 bytes."""
        words = [packed[at : at + 32] for at in range(0, 224, 32)]
        origin, payer, callback, timing, prices = (int.from_bytes(word, "big") for word in words[1:6])
        return cls(words[0], origin, payer, callback, timing, prices, words[6])


def pack(
    terms: bytes,
    model: str,
    requester: str,
    offer: Offer,
    counter: int,
    reference: bytes,
    hooked: bool = False,
) -> Request:
    """The request that the Market makes of an offer whose version is resolved.

    reference: what `input_reference` says of the input. hooked: whether the version has an output hook.
    """
    kept = offer.flags & (Flags.AT_POST | Flags.AT_FINAL | Flags.UPLOADED | Flags.UNWATCHABLE)
    flags = kept | (Flags.HOOKED if hooked else Flags.NONE)
    return Request(
        terms=terms,
        origin=int(model, 16) << 96 | offer.version << 64 | counter,
        payer=int(requester, 16) << 96 | offer.bond,
        callback=int(offer.consumer, 16) << 96 | offer.callback_gas << 64 | int(flags) << 56,
        timing=int(offer.asset, 16) << 96
        | offer.ramp << 64
        | offer.claim_seconds << 32
        | offer.result_seconds,
        prices=offer.min_price << 128 | offer.max_price,
        input=reference,
    )


def input_reference(flags: int, data: bytes) -> bytes:
    """What a request names its input by: the hash of inline bytes, or the data root that they begin with."""
    if not flags & ELSEWHERE:
        return bytes(keccak(data))
    if len(data) < 32:
        raise ValueError("requests: an input that lies elsewhere begins with its data root")
    return data[:32]


def price_after(elapsed: int, min_price: int, max_price: int, ramp: int) -> int:
    """The price after `elapsed` seconds of a ramp, rounded down."""
    if elapsed >= ramp:
        return max_price
    return min_price + (max_price - min_price) * elapsed // ramp


class Work(NamedTuple):
    """Who answered, at which second of the ramp it had claimed, when it posted, and for which time."""

    executor: str
    elapsed: int
    posted_at: int
    attempt: int
    implausible: bool  # the version's output hook disagreed

    def word(self) -> int:
        """executor 160 | ramp seconds 32 | posted at 40 | attempt 8 | implausible 8 | 0 8."""
        marks = self.attempt << 16 | int(self.implausible) << 8
        return int(self.executor, 16) << 96 | self.elapsed << 64 | self.posted_at << 24 | marks

    @classmethod
    def of(cls, word: int) -> Work:
        return cls(
            executor=_address(word),
            elapsed=_field(word, 64, 32),
            posted_at=_field(word, 24, 40),
            attempt=_field(word, 16, 8),
            implausible=_field(word, 8, 8) != 0,
        )


class Result(NamedTuple):
    """A posted result, which the slot holds only the hash of."""

    request: Request
    work: int
    output_hash: bytes

    def digest(self) -> int:
        """The bits of a POSTED or REFUTED slot that say which result it is."""
        return int.from_bytes(keccak(self.work.to_bytes(32, "big") + self.output_hash), "big") >> 48 << 48


class Status(IntEnum):
    """The lowest byte of a slot."""

    UNKNOWN = 0
    OPEN = 1
    CLAIMED = 2
    POSTED = 3
    REFUTED = 4
    FINAL = 5
    REFUNDED = 6


@dataclass(frozen=True)
class Slot:
    """The one word of storage that a request owns. Which fields it has depends on its status."""

    word: int

    @property
    def status(self) -> Status:
        return Status(self.word & 255)

    @property
    def attempt(self) -> int:
        """Claims so far, counted from 1."""
        return _field(self.word, 8, 8)

    @property
    def ramp_start(self) -> int:
        """OPEN: when the ramp began; before the request opened, if it goes on from an earlier claim."""
        return _field(self.word, 16, 40)

    @property
    def opened_at(self) -> int:
        """OPEN: the claim deadline counts from here."""
        return _field(self.word, 56, 40)

    @property
    def elapsed(self) -> int:
        """CLAIMED: seconds of ramp at the claim."""
        return _field(self.word, 16, 32)

    @property
    def deadline(self) -> int:
        """CLAIMED: the result has to be posted before."""
        return _field(self.word, 48, 40)

    @property
    def attended(self) -> bool:
        """CLAIMED: posting takes the whole request, for a callback or a hook; else its id."""
        return _field(self.word, 88, 8) != 0

    @property
    def executor(self) -> str:
        """CLAIMED: who has to post."""
        return _address(self.word)

    @property
    def games(self) -> int:
        """POSTED, REFUTED: open games."""
        return _field(self.word, 16, 32)

    def holds(self, result: Result) -> bool:
        """POSTED, REFUTED: whether it is this result that was posted."""
        return self.status in (Status.POSTED, Status.REFUTED) and self.word >> 48 << 48 == result.digest()

    def answers(self, output: bytes) -> bool:
        """Whether `output` is the final answer."""
        hashed = int.from_bytes(keccak(output), "big")
        return self.status is Status.FINAL and self.word >> 16 == hashed >> 16


def _field(word: int, low: int, bits: int) -> int:
    return word >> low & (1 << bits) - 1


def _address(word: int) -> str:
    """The address in the upper 160 bits."""
    return str(to_checksum_address((word >> 96).to_bytes(20, "big")))
