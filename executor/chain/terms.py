"""What a version and the network promised, as a request keeps it.

The same table as `contracts/modules/market/terms.vy`, in Python. Amounts are in the bond asset, shares in
basis points, times in seconds.
"""

from __future__ import annotations

from typing import NamedTuple

from eth_utils.address import to_checksum_address

BPS = 10_000


class Frozen(NamedTuple):
    """The frozen terms, in the packed words of `IMarket.Frozen`."""

    scope: int
    program_root: bytes
    arbiter_word: int
    hook: str
    penalties: int
    deposits: int

    @property
    def min_bond(self) -> int:
        return self.scope >> 176

    @property
    def window(self) -> int:
        """The challenge window."""
        return _field(self.scope, 144, 32)

    @property
    def input_size(self) -> int:
        """Bytes; shorter input is zero-extended."""
        return _field(self.scope, 112, 32)

    @property
    def min_result_seconds(self) -> int:
        return _field(self.scope, 80, 32)

    @property
    def royalty_bps(self) -> int:
        return _field(self.scope, 64, 16)

    @property
    def fee_bps(self) -> int:
        return _field(self.scope, 48, 16)

    @property
    def max_attempts(self) -> int:
        return _field(self.scope, 40, 8)

    @property
    def unwatchable(self) -> bool:
        return _field(self.scope, 32, 8) != 0

    @property
    def arbiter(self) -> str:
        return str(to_checksum_address((self.arbiter_word >> 96).to_bytes(20, "big")))

    @property
    def ruling_seconds(self) -> int:
        return _field(self.arbiter_word, 64, 32)

    @property
    def penalty(self) -> int:
        """For a missed claim."""
        return self.penalties >> 176

    @property
    def deposit(self) -> int:
        """Of a challenger."""
        return self.deposits >> 176

    @property
    def exists(self) -> bool:
        """False for what the Market answers when nothing was frozen under a key."""
        return self.scope != 0

    def earned(self, price: int) -> int:
        """The executor's part of a price: the royalty and the network's fee, each rounded down, are not."""
        return price - price * self.royalty_bps // BPS - price * self.fee_bps // BPS


def _field(word: int, low: int, bits: int) -> int:
    return word >> low & (1 << bits) - 1
