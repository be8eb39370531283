"""What to offer for gas: the first offer for a transaction, and a better one for the same nonce."""

from __future__ import annotations

from dataclasses import dataclass

GWEI = 10**9


@dataclass(frozen=True)
class Fees:
    """An EIP-1559 offer, in wei per gas: at most `max_fee` in all, of which `tip` to the block's builder."""

    max_fee: int
    tip: int


@dataclass(frozen=True)
class FeePolicy:
    """What an operator is ready to pay, in wei per gas: the first `tip`, and a `cap` on every offer."""

    cap: int = 200 * GWEI
    tip: int = GWEI

    def __post_init__(self) -> None:
        if not 0 < self.tip <= self.cap:
            raise ValueError("fees: the tip has to be above zero and at most the cap")


def first_fees(base_fee: int, policy: FeePolicy) -> Fees | None:
    """An offer that outlasts five full blocks (each raises the base fee by an eighth), if the cap allows.

    None if not even the next block can be paid within the cap.
    """
    if base_fee + policy.tip > policy.cap:
        return None
    return Fees(max_fee=min(policy.cap, 2 * base_fee + policy.tip), tip=policy.tip)


def bumped_fees(fees: Fees, base_fee: int, policy: FeePolicy) -> Fees | None:
    """A better offer for the same nonce. Both parts rise by an eighth, the least that every pool accepts.

    None if the cap forbids it.
    """
    tip = _an_eighth_more(fees.tip)
    max_fee = max(_an_eighth_more(fees.max_fee), min(policy.cap, 2 * base_fee + tip))
    return Fees(max_fee, tip) if max_fee <= policy.cap else None


def _an_eighth_more(amount: int) -> int:
    return -(-amount * 9 // 8)
