"""Signed requests, which cost their signer no gas: the EIP-712 message of `contracts/Orders.vy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from coincurve import PublicKey
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from executor.chain.requests import MAX_BYTES, Offer, input_reference, price_after

MAX_ORDERS = 16  # in one transaction

_OFFER_FIELDS = [
    ("version", "uint256"),
    ("max_window", "uint256"),
    ("consumer", "address"),
    ("flags", "uint256"),
    ("callback_gas", "uint256"),
    ("asset", "address"),
    ("min_price", "uint256"),
    ("max_price", "uint256"),
    ("ramp", "uint256"),
    ("claim_seconds", "uint256"),
    ("result_seconds", "uint256"),
    ("bond", "uint256"),
]
_ORDER_FIELDS = [
    ("model", "address"),
    ("requester", "address"),
    ("offer", "Offer"),
    ("input", "bytes32"),
    ("start", "uint256"),
    ("expiry", "uint256"),
    ("nonce", "uint256"),
]
_DOMAIN_FIELDS = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
]
_NAME, _VERSION = "Elenchus", "1"
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def _signature_of(name: str, fields: list[tuple[str, str]]) -> bytes:
    return f"{name}({','.join(f'{kind} {field}' for field, kind in fields)})".encode()


_OFFER_SIGNATURE = _signature_of("Offer", _OFFER_FIELDS)
_OFFER_TYPE = keccak(_OFFER_SIGNATURE)
_ORDER_TYPE = keccak(_signature_of("Order", _ORDER_FIELDS) + _OFFER_SIGNATURE)
_DOMAIN_TYPE = keccak(_signature_of("EIP712Domain", _DOMAIN_FIELDS))
_OFFER_KINDS = [kind for _, kind in _OFFER_FIELDS]


class Order(NamedTuple):
    """An offer as a message, paid from the requester's balance in the Market; see `IOrders.Order`.

    input: what `requests.input_reference` says of the input bytes. start: when the ramp begins. expiry: the
    last second at which it can be claimed. nonce: bit `nonce % 256` of word `nonce // 256`.
    """

    model: str
    requester: str
    offer: Offer
    input: bytes
    start: int
    expiry: int
    nonce: int

    def price(self, now: int) -> int:
        """What the executor is paid that claims at second `now`."""
        offer = self.offer
        return price_after(max(0, now - self.start), offer.min_price, offer.max_price, offer.ramp)

    def digest(self, chain_id: int, orders: str) -> bytes:
        """What the requester signs; `orders` is the contract's address."""
        offer = keccak(_OFFER_TYPE + encode(_OFFER_KINDS, self.offer))
        kinds = ["bytes32", "address", "address", "bytes32", "bytes32", "uint256", "uint256", "uint256"]
        values = [_ORDER_TYPE, self.model, self.requester, offer, *self[3:]]
        domain = encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [_DOMAIN_TYPE, keccak(text=_NAME), keccak(text=_VERSION), chain_id, orders],
        )
        return bytes(keccak(b"\x19\x01" + keccak(domain) + keccak(encode(kinds, values))))

    def typed_data(self, chain_id: int, orders: str) -> dict[str, Any]:
        """The same as a wallet's `eth_signTypedData_v4` takes it."""
        types = {"EIP712Domain": _DOMAIN_FIELDS, "Order": _ORDER_FIELDS, "Offer": _OFFER_FIELDS}
        return {
            "types": {
                name: [{"name": field, "type": kind} for field, kind in fields]
                for name, fields in types.items()
            },
            "primaryType": "Order",
            "domain": {
                "name": _NAME,
                "version": _VERSION,
                "chainId": chain_id,
                "verifyingContract": orders,
            },
            "message": {**self._asdict(), "offer": self.offer._asdict()},
        }


def recover(digest: bytes, signature: bytes) -> str | None:
    """Who signed, as the contract sees it: None for what it does not take as an account's signature."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return None
    try:
        signed = signature[:64] + bytes([signature[64] - 27])
        public = PublicKey.from_signature_and_message(signed, digest, hasher=None)
    except ValueError:
        return None
    return str(to_checksum_address(keccak(public.format(compressed=False)[1:])[12:]))


class InvalidOrder(ValueError):
    """A signed order that no contract would accept; the message says why."""


@dataclass(frozen=True)
class SignedOrder:
    """An order with the bytes that go with it to the chain."""

    order: Order
    input: bytes
    signature: bytes

    def check(self) -> None:
        """Raises InvalidOrder for what can be seen to be wrong without a chain, signature aside."""
        offer = self.order.offer
        if len(self.input) > MAX_BYTES or len(self.signature) > MAX_BYTES:
            raise InvalidOrder(f"orders: input and signature end at {MAX_BYTES} bytes")
        if any(not 0 <= value < 2**256 for value in (*self.order[4:], *offer) if isinstance(value, int)):
            raise InvalidOrder("orders: a number is no uint256")
        if not offer.min_price <= offer.max_price < 2**128 or offer.ramp >= 2**32:
            raise InvalidOrder("orders: prices out of order")
        try:
            reference = input_reference(offer.flags, self.input)
        except ValueError as error:
            raise InvalidOrder(str(error)) from None
        if reference != self.order.input:
            raise InvalidOrder("orders: the signed input is another one")

    def to_json(self) -> dict[str, Any]:
        """As the executor's intake takes it: bytes as 0x-prefixed hex, numbers as decimal strings."""
        return {
            "order": _plain(self.order._asdict() | {"offer": _plain(self.order.offer._asdict())}),
            "input": "0x" + self.input.hex(),
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def from_json(cls, content: Any) -> SignedOrder:
        """The checked order in parsed JSON; InvalidOrder for anything else."""
        try:
            fields = dict(content["order"])
            order = Order(**_typed(fields | {"offer": Offer(**_typed(fields["offer"]))}))
            signed = cls(order, _octets(content["input"]), _octets(content["signature"]))
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise InvalidOrder(f"orders: malformed: {error}") from None
        signed.check()
        return signed


_BYTES = {"input"}
_ADDRESSES = {"model", "requester", "consumer", "asset"}


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: "0x" + value.hex()
        if isinstance(value, bytes)
        else str(int(value))
        if isinstance(value, int)
        else value
        for name, value in fields.items()
    }


def _typed(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of a struct as they travel, in the types they have here."""
    return {name: value if name == "offer" else _field(name, value) for name, value in fields.items()}


def _field(name: str, value: Any) -> Any:
    if name in _BYTES:
        return _octets(value)
    if name in _ADDRESSES:
        return str(to_checksum_address(value))
    return int(value)


def _octets(value: str) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise ValueError("bytes are written as 0x and hexadecimal digits")
    return bytes.fromhex(value[2:])
