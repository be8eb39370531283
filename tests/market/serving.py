"""Signed orders, brought to the chain by an executor: the steps that tests of Orders share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract import Receipt
from tests.words import Order
from tests.world import OUTPUT, World

Pair = tuple[Order, bytes]


def signed(world: World, order: Order, **signing: Any) -> Pair:
    """An order with its signature, by the requester unless said otherwise."""
    return order, world.sign(order, **signing)


def claim(world: World, *batch: Pair, sender: str = "", **parts: Any) -> Receipt:
    """Claim orders, by the executor unless said otherwise."""
    return world.orders.claim(*world.order_words(*batch, **parts), sender=sender or world.roles.executor)


def answer(world: World, *batch: Pair, sender: str = "", **parts: Any) -> Receipt:
    """Answer orders, each with OUTPUT unless said otherwise."""
    parts.setdefault("outputs", [OUTPUT] * len(batch))
    return world.orders.answer(*world.order_words(*batch, **parts), sender=sender or world.roles.executor)


def reasons(world: World, receipt: Receipt) -> list[str]:
    """Why orders were skipped, in order."""
    return world.reasons(receipt, world.orders)


def refused(
    world: World,
    refuses: Callable[..., None],
    reason: str,
    order: Order,
    signature: bytes | None = None,
    **parts: Any,
) -> None:
    """A batch of this one order is refused with that reason."""
    words = world.order_words((order, world.sign(order) if signature is None else signature), **parts)
    refuses(reason, world.orders.claim, *words, sender=world.roles.executor)
