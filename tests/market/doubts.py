"""Challenges of a wrong result, and what they cost and earn."""

from __future__ import annotations

from tests.words import BPS, Result
from tests.world import PARAMETERS, WRONG_OUTPUT, World

BOUNTY, COMPENSATION, POT = PARAMETERS.bounty, PARAMETERS.compensation, PARAMETERS.pot
DEPOSIT = PARAMETERS.deposit
DELAY = DEPOSIT * PARAMETERS.delay_bps // BPS
"""What a lost deposit pays to the requester who had to wait."""


def doubt(world: World, result: Result, sender: str = "") -> int:
    """Challenge a wrong result, by the challenger unless said otherwise; the game's number."""
    return world.challenge(result, sender=sender, output=WRONG_OUTPUT)
