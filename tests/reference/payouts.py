"""What everybody is paid when all games about one result are over, in plain numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from tests.words import BPS, Parameters


class Ended(NamedTuple):
    """A game that is over: its challenger, and whether he won or lost while the result stood; None if another
    game had felled that before."""

    challenger: str
    won: bool | None


class Payouts(NamedTuple):
    """By account what it has more, or less if negative; and what is burned."""

    gains: dict[str, int]
    burned: int


def payouts(network: Parameters, bond: int, defender: str, requester: str, games: Sequence[Ended]) -> Payouts:
    """The bond asset's way. At most one game is won; the shares are the network's."""
    gains: dict[str, int] = defaultdict(int)
    burned = 0
    delay = network.deposit * network.delay_bps // BPS
    others = sum(game.won is None for game in games)
    share = network.pot // others if others else 0
    for game in games:
        if game.won is False:
            gains[game.challenger] -= network.deposit
            gains[requester] += delay
            gains[defender] += network.deposit - delay
        elif game.won:
            gains[game.challenger] += network.bounty
            gains[requester] += network.compensation
            gains[defender] -= bond
            burned = bond - network.bounty - network.compensation - share * others
        else:
            gains[game.challenger] += share
    return Payouts(dict(gains), burned)
