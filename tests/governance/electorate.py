"""A token on both chains, who holds it, and what they sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from tests.governance.oz import compiled
from tests.governance.twins import Twin, Twins

NAME, SYMBOL = "Elenchus", "ELEN"
SUPPLY = 10**24
NEVER = 2**256 - 1  # as an expiry
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0  # of secp256k1
ORDER = 2 * HALF_ORDER + 1

TYPES = {
    "Permit": ("owner address", "spender address", "value uint256", "nonce uint256", "deadline uint256"),
    "Delegation": ("delegatee address", "nonce uint256", "expiry uint256"),
}
DOMAIN_TYPE = ("name string", "version string", "chainId uint256", "verifyingContract address")


class Signature(NamedTuple):
    """As contracts take it."""

    v: int
    r: bytes
    s: bytes

    @property
    def mirrored(self) -> Signature:
        """The other signature of the same message that the curve allows: s from the upper half."""
        s = ORDER - int.from_bytes(self.s, "big")
        return Signature(55 - self.v, self.r, s.to_bytes(32, "big"))


class Electorate:
    """Six who vote, of whom the first holds everything and may mint, and the token."""

    def __init__(self, twins: Twins, token: Twin) -> None:
        self.twins, self.token = twins, token
        self.keys = {account.address: account for account in map(key, range(6))}
        self.voters = list(self.keys)
        self.chain_id = int(twins.ours.request("eth_chainId"), 16)

    @classmethod
    def found(cls, twins: Twins, container: Any, by_timestamp: bool = False) -> Electorate:
        """Deploy the token on both chains; `container` is ours as Ape knows it."""
        owner = key(0).address
        their = compiled()["OzTimestampToken" if by_timestamp else "OzToken"]
        token = twins.pair(
            container,
            (NAME, SYMBOL, by_timestamp, owner, owner, SUPPLY),
            their,
            (NAME, SYMBOL, owner, owner, SUPPLY),
        )
        return cls(twins, token)

    # --- reading ---

    def balance(self, account: str) -> int:
        return self.token.ours.balanceOf(account)

    def nonce(self, account: str) -> int:
        return self.token.ours.nonces(account)

    def now(self) -> int:
        """The token's clock in the next block."""
        return self.token.ours.clock()

    def time(self) -> int:
        """Timestamp of the newest block."""
        return self.twins.block()[1]

    # --- signing ---

    def permit(self, owner: str, spender: str, amount: int, nonce: int, deadline: int) -> Signature:
        return self.signed(owner, "Permit", (owner, spender, amount, nonce, deadline))

    def delegation(self, signer: str, delegatee: str, nonce: int, expiry: int) -> Signature:
        return self.signed(signer, "Delegation", (delegatee, nonce, expiry))

    def signed(self, signer: str, kind: str, values: Sequence[Any]) -> Signature:
        """By a voter, under the token's domain."""
        fields = [field.split() for field in TYPES[kind]]
        message = encode_typed_data(
            full_message={
                "types": {"EIP712Domain": _typed(DOMAIN_TYPE), kind: _typed(TYPES[kind])},
                "primaryType": kind,
                "domain": {
                    "name": NAME,
                    "version": "1",
                    "chainId": self.chain_id,
                    "verifyingContract": self.token.address,
                },
                "message": {name: value for (name, _), value in zip(fields, values, strict=True)},
            }
        )
        signed = self.keys[signer].sign_message(message)
        return Signature(signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big"))


def key(number: int) -> Any:
    """The account of a voter."""
    return Account.from_key(keccak(text=f"voter {number}"))


def _typed(fields: Sequence[str]) -> list[dict[str, str]]:
    return [dict(zip(("name", "type"), field.split(), strict=True)) for field in fields]
