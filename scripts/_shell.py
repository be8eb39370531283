"""What a model contract says of itself, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

FOREVER = 2**40 - 1  # unix seconds: until its owner unpauses
STATES = {1: "published", 2: "candidate", 4: "live", 8: "retired", 16: "revoked"}


def counted(number: int, thing: str) -> str:
    """1 thing, 2 things."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def running(shell: Any) -> str:
    """Which version is live, or until when nothing is asked."""
    if not shell.paused():
        return f"live: version {shell.live()}"
    until = shell.paused_until()
    if until == FOREVER:
        return "paused until its owner unpauses"
    return f"paused until {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC"


def breaker_of(shell: Any) -> str:
    """What trips a version, and what happens then."""
    breaker = shell.breaker()
    if breaker.rejections == 0:
        return "no breaker"
    within = f" within {breaker.span} requests" if breaker.span else ""
    falls = f"version {shell.fallback()} goes live" if shell.fallback() else "the model pauses"
    rejected = counted(breaker.rejections, "rejected answer")
    return f"breaker: {rejected}, or one failed probe, for {breaker.volume} wei{within}; then {falls}"
