"""How an attack is seen to be turned away, as in tests/market."""

from __future__ import annotations

from tests.market.conftest import refuses

__all__ = ["refuses"]
