"""Orders as wallets sign them (EIP-712), hashed by eth_account: the contract has to agree."""

from __future__ import annotations

from typing import Any

from eth_account.messages import SignableMessage, encode_typed_data

from tests.words import Offer, Order

ORDER_TYPES = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
    "Offer": [
        {"name": name, "type": "address" if name in ("consumer", "asset") else "uint256"}
        for name in Offer._fields
    ],
    "Order": [
        {"name": "model", "type": "address"},
        {"name": "requester", "type": "address"},
        {"name": "offer", "type": "Offer"},
        {"name": "input", "type": "bytes32"},
        {"name": "start", "type": "uint256"},
        {"name": "expiry", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
    ],
}


def signable(order: Order, domain: dict[str, Any]) -> SignableMessage:
    """An order under a domain, of which name and version are known."""
    message = {
        "types": ORDER_TYPES,
        "primaryType": "Order",
        "domain": {"name": "Elenchus", "version": "1"} | domain,
        "message": order._asdict() | {"offer": order.offer._asdict()},
    }
    return encode_typed_data(full_message=message)
