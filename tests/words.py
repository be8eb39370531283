"""The protocol's structs and packed words in Python, written from `contracts/interfaces/*.vyi` alone.

The contracts, the executor and these lines say the same three times; each is tested against the others.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import NamedTuple

from eth_abi import encode
from eth_utils import keccak, to_checksum_address

LIVE = 2**32 - 1  # as `Offer.version`
NATIVE = "0x" + "00" * 20  # as a fee asset
NOBODY = "0x" + "00" * 20
DEAD = "0x000000000000000000000000000000000000dEaD"
BPS = 10_000


class Flags(IntFlag):
    """`Offer.flags`."""

    AT_POST = 1
    AT_FINAL = 2
    UPLOADED = 4
    UNWATCHABLE = 8
    HOOKED = 64  # set by the Market alone
    PREPAID = 128  # says how to pay, is not kept


class Status(IntEnum):
    """Of a request, the lowest byte of its slot."""

    UNKNOWN = 0
    OPEN = 1
    CLAIMED = 2
    POSTED = 3
    REFUTED = 4
    FINAL = 5
    REFUNDED = 6


class GameStatus(IntEnum):
    """Of a game, as its challenger sees it."""

    UNKNOWN = 0
    LIVE = 1
    WON = 2
    LOST = 3
    VOID = 4
    SETTLED = 5


class HookConduct(IntEnum):
    """How `MockHook` misbehaves."""

    REFUSE = 1
    REVERT = 2
    EAT_GAS = 4
    BOMB = 8
    TWO = 16
    NOTHING = 32


class ConsumerConduct(IntEnum):
    """How `MockConsumer` misbehaves."""

    REVERT = 1
    BOMB = 2
    EAT_GAS = 4
    CALL = 8


DEFENDER, CHALLENGER = 1, 2  # an arbiter's verdicts


class Offer(NamedTuple):
    """`IMarket.Offer`."""

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

    def price_after(self, elapsed: int) -> int:
        """The price offered `elapsed` seconds after the ramp began."""
        if elapsed >= self.ramp:
            return self.max_price
        return self.min_price + (self.max_price - self.min_price) * elapsed // self.ramp


class Request(NamedTuple):
    """`IMarket.Request`: seven words."""

    terms: bytes
    origin: int
    payer: int
    callback: int
    timing: int
    prices: int
    input: bytes

    def id(self, market: str, chain_id: int) -> bytes:
        """Hash of chain, market and everything agreed."""
        kinds = ["uint256", "address", "(bytes32,uint256,uint256,uint256,uint256,uint256,bytes32)"]
        return keccak(encode(kinds, [chain_id, market, self]))

    @property
    def max_price(self) -> int:
        """What is in escrow."""
        return self.prices & (2**128 - 1)

    @property
    def counter(self) -> int:
        """The Market's count of requests when it opened."""
        return self.origin & (2**64 - 1)


class Result(NamedTuple):
    """`IMarket.Result`."""

    request: Request
    work: int
    output_hash: bytes


class Order(NamedTuple):
    """`IOrders.Order`."""

    model: str
    requester: str
    offer: Offer
    input: bytes
    start: int
    expiry: int
    nonce: int


class Terms(NamedTuple):
    """`IModel.Terms`."""

    program_root: bytes
    arbiter: str
    hook: str
    royalty_bps: int
    min_bond: int
    window: int
    input_size: int
    output_size: int
    unwatchable: bool


class Version(NamedTuple):
    """`IModel.Version`."""

    terms: Terms
    location: str
    schema: bytes
    report: bytes


class Parameters(NamedTuple):
    """`INetwork.Parameters`."""

    fee_bps: int
    penalty: int
    bounty: int
    compensation: int
    pot: int
    deposit: int
    delay_bps: int
    defence_cost: int
    min_window: int
    min_result_seconds: int
    ruling_seconds: int
    max_attempts: int


class Frozen(NamedTuple):
    """`IMarket.Frozen`."""

    scope: int
    program_root: bytes
    arbiter: int
    hook: str
    penalties: int
    deposits: int


def joined(*fields: tuple[int, int]) -> int:
    """A word of 256 bits from (value, bits) pairs, from the top; what is left at the bottom is zero."""
    word, used = 0, 0
    for value, bits in fields:
        assert 0 <= value < 2**bits
        word, used = word << bits | value, used + bits
    assert used <= 256
    return word << (256 - used)


def number(address: str) -> int:
    """An address as a number."""
    return int(str(address), 16)


def pack_request(
    key: bytes,
    model: str,
    version: int,
    counter: int,
    requester: str,
    offer: Offer,
    reference: bytes,
    hooked: bool,
) -> Request:
    """The request that an accepted offer becomes. `key` names the frozen terms, `reference` the input."""
    kept = offer.flags & 15 | (Flags.HOOKED if hooked else 0)
    return Request(
        terms=key,
        origin=joined((number(model), 160), (version, 32), (counter, 64)),
        payer=joined((number(requester), 160), (offer.bond, 96)),
        callback=joined((number(offer.consumer), 160), (offer.callback_gas, 32), (kept, 8)),
        timing=joined(
            (number(offer.asset), 160),
            (offer.ramp, 32),
            (offer.claim_seconds, 32),
            (offer.result_seconds, 32),
        ),
        prices=joined((offer.min_price, 128), (offer.max_price, 128)),
        input=reference,
    )


def pack_work(
    executor: str, elapsed: int, posted_at: int, attempt: int = 1, implausible: bool = False
) -> int:
    """`IMarket.Result.work`."""
    return joined((number(executor), 160), (elapsed, 32), (posted_at, 40), (attempt, 8), (implausible, 8))


class Work(NamedTuple):
    """A work word, read."""

    executor: str
    elapsed: int
    posted_at: int
    attempt: int
    implausible: bool

    @classmethod
    def read(cls, word: int) -> Work:
        """The fields of `IMarket.Result.work`."""
        return cls(
            executor=to_checksum_address((word >> 96).to_bytes(20, "big")),
            elapsed=word >> 64 & 2**32 - 1,
            posted_at=word >> 24 & 2**40 - 1,
            attempt=word >> 16 & 255,
            implausible=bool(word >> 8 & 255),
        )


def pack_frozen(terms: Terms, parameters: Parameters) -> Frozen:
    """What a version and the network promise, as the Market keeps it."""
    return Frozen(
        scope=joined(
            (terms.min_bond, 80),
            (terms.window, 32),
            (terms.input_size, 32),
            (parameters.min_result_seconds, 32),
            (terms.royalty_bps, 16),
            (parameters.fee_bps, 16),
            (parameters.max_attempts, 8),
            (terms.unwatchable, 8),
            (number(terms.hook) != 0, 8),
        ),
        program_root=terms.program_root,
        arbiter=joined((number(terms.arbiter), 160), (parameters.ruling_seconds, 32)),
        hook=terms.hook,
        penalties=joined((parameters.penalty, 80), (parameters.compensation, 80), (parameters.bounty, 80)),
        deposits=joined((parameters.deposit, 80), (parameters.pot, 80), (parameters.delay_bps, 16)),
    )


def frozen_key(model: str, version: int, frozen: Frozen) -> bytes:
    """The hash under which the Market keeps frozen terms."""
    kinds = ["address", "uint256", "(uint256,bytes32,uint256,address,uint256,uint256)"]
    return keccak(encode(kinds, [model, version, frozen]))
