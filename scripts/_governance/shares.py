"""Votes that are divided: what a member says in percent, and a ballot says in votes.

A whole ballot casts all votes that are left. One that is divided casts as many as it says, and others can
follow until nothing is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from scripts._governance.names import GovernanceError

WHOLE = 10_000  # hundredths of a percent
LARGEST = 2**128 - 1  # votes that one part of a ballot can say
DIVIDED = 255  # the support of such a ballot


class Support(IntEnum):
    """What a vote says."""

    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


class Parts(NamedTuple):
    """Votes of one ballot, by what they say."""

    against: int
    favour: int
    abstaining: int

    @property
    def params(self) -> bytes:
        """As a ballot carries them."""
        return b"".join(part.to_bytes(16, "big") for part in self)


def divided(shares: Mapping[Support, int], votes: int) -> Parts:
    """So many hundredths of a percent of somebody's votes; all of them if the shares are the whole.

    Raises GovernanceError for shares of more than the whole, of nothing, or of more than a ballot can say.
    """
    if sum(shares.values()) > WHOLE:
        raise GovernanceError("these shares are more than the whole")
    said = counted = 0
    parts = []
    for support in Support:
        # Rounded together, so that what one share loses the next one gets.
        said += shares.get(support, 0)
        parts.append(votes * said // WHOLE - counted)
        counted += parts[-1]
    if not counted:
        raise GovernanceError("these shares are not even one vote")
    if max(parts) > LARGEST:
        raise GovernanceError("so many votes do not fit one ballot: cast them in smaller shares")
    return Parts(*parts)
