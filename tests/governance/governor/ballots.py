"""Votes that are divided, and votes that are signed: what a wallet of the Governor's domain would sign."""

from __future__ import annotations

from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.contract import Contract

CHAIN_ID = 31337
PARTS = 255  # support of a ballot whose params say how its votes are divided
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1
BALLOT = [("proposalId", "uint256"), ("support", "uint8"), ("voter", "address"), ("nonce", "uint256")]
EXTENDED = [*BALLOT, ("reason", "string"), ("params", "bytes")]


def parts(against: int = 0, in_favour: int = 0, abstaining: int = 0) -> bytes:
    """Params of such a ballot."""
    return b"".join(part.to_bytes(16, "big") for part in (against, in_favour, abstaining))


def sign(governor: Contract, name: str, key: Any, **message: Any) -> bytes:
    """A signature of a Ballot, or of an ExtendedBallot where there is a reason."""
    kind = "ExtendedBallot" if "reason" in message else "Ballot"
    fields = EXTENDED if "reason" in message else BALLOT
    domain = {"name": name, "version": "1", "chainId": CHAIN_ID, "verifyingContract": governor.address}
    types = {kind: [{"name": field, "type": type_} for field, type_ in fields]}
    typed = encode_typed_data(domain, types, message)
    return bytes(Account.sign_message(typed, key.key).signature)


def with_high_s(signature: bytes) -> bytes:
    """The other signature that the curve has for the same message."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
