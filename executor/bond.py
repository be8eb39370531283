"""Which bond makes a false answer a bad bargain: a question of arithmetic, asked by whoever owns a model.

An executor considers to answer falsely, once. It saves the computing, c. Unless an honest challenge lands in
time, which has probability p, it also takes what hangs on the answer, V. If one does, it loses the bond B,
but not for good: bounty, compensation and pot go to challengers and a requester, all of whom may be the
executor itself under other names. Only what burns is lost in every case, a share b of the bond:

    expected gain = (1 - p) V + c - p b B

Cheating does not pay if that is not above zero, so

    B >= ((1 - p) V + c) / (p b)

This is the deterrence condition of Gary S. Becker, "Crime and Punishment: An Economic Approach", Journal of
Political Economy 76 (1968): probability of conviction times the fine has to reach the gain. Two things here
are on the safe side: the executor is taken to be all other parties, and its gas and deposits count nothing.

A network returns fixed amounts of every slashed bond, F together, whatever the bond is. There b = (B - F) / B
and the condition becomes B >= ((1 - p) V + c) / p + F.

Amounts are wei of the bond asset; results are exact and rounded up.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

LEAST_BURNED = Fraction(1, 2)  # of a slashed bond, in every network: `Network.draft` takes no smaller bond
MOST_BOND = 2**80 - 1  # that a request has room for


class NoBondError(ValueError):
    """No bond is enough, or the question has no meaning; the message says what would have to change."""


@dataclass(frozen=True)
class Temptation:
    """What one false answer brings.

    value_at_stake: V, what it wins or destroys if it stands. computing_cost: c, what not running the program
    saves. watch_probability: p, that an honest challenge lands in time.
    """

    value_at_stake: int
    watch_probability: Fraction
    computing_cost: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.watch_probability <= 1:
            raise NoBondError(f"a probability is between 0 and 1, not {self.watch_probability}")
        if self.watch_probability == 0:
            raise NoBondError(
                "no bond is enough where nobody watches: have answers re-executed, at least a sample of them "
                "that the executor cannot foresee"
            )
        if self.value_at_stake < 0 or self.computing_cost < 0:
            raise NoBondError("a value at stake and a computing cost are not negative")

    def expected_gain(self, burned: Fraction | int) -> Fraction:
        """Of answering falsely once, where `burned` is lost for good when the answer is refuted."""
        p = self.watch_probability
        return (1 - p) * self.value_at_stake + self.computing_cost - p * burned

    @property
    def least_burn(self) -> Fraction:
        """What has to burn so that the expected gain is zero."""
        return self.expected_gain(0) / self.watch_probability


@dataclass(frozen=True)
class Returned:
    """Fields of `INetwork.Parameters`: what a network lets back out of a slashed bond, and asks of any."""

    penalty: int
    bounty: int
    compensation: int
    pot: int
    defence_cost: int

    @property
    def in_all(self) -> int:
        """F: the most that a cheater who is everybody else gets back."""
        return self.bounty + self.compensation + self.pot

    @property
    def least_bond(self) -> int:
        """The lowest bond that `Network.draft` takes."""
        return max(2 * (self.in_all + self.defence_cost), self.penalty, 1)


def bond_by_share(temptation: Temptation, burned_share: Fraction = LEAST_BURNED) -> int:
    """The lowest bond at which cheating does not pay where a share of every slashed bond burns."""
    if not 0 < burned_share <= 1:
        raise NoBondError(f"the burned share is above 0 and at most 1, not {burned_share}")
    return _possible(ceil(temptation.least_burn / burned_share))


def bond_in_network(temptation: Temptation, returned: Returned) -> int:
    """The lowest bond at which cheating does not pay in a network that returns these amounts.

    It may be below what the network takes at all, which is `returned.least_bond`.
    """
    return _possible(ceil(temptation.least_burn + returned.in_all))


def _possible(bond: int) -> int:
    if bond > MOST_BOND:
        raise NoBondError(
            f"it would have to be {bond} wei, and no network takes more than {MOST_BOND}: let more answers "
            "be watched, or less hang on one"
        )
    return bond
