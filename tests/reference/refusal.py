"""What a call that must not happen is refused for."""

from __future__ import annotations


class Refusal(Exception):
    """The call must revert with this reason; in a batch, the item must be skipped for it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def require(condition: bool, reason: str) -> None:
    """Refuse unless."""
    if not condition:
        raise Refusal(reason)
