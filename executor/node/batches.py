"""Cutting work into transactions: the Market takes 32 items and 4,096 bytes of output at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from executor.chain.requests import MAX_BATCH, MAX_BYTES, Flags, Request

Item = TypeVar("Item")

MOST_GAS = 12_000_000  # planned for one transaction; networks end at 2^24
FIXED_GAS = 60_000  # of any transaction
HOOK_GAS = 220_000  # an output hook's limit, and what the Market keeps for itself after it
CALL_MARGIN = 40_000  # kept for itself around a callback

CLAIM_GAS, POST_GAS, FINALIZE_GAS = 30_000, 45_000, 60_000  # upper ends for one item without its callback
ORDER_GAS = 600_000  # one signed order, whose signer, model and input hook eat all they are given


def cut(
    items: Iterable[Item],
    most: int,
    *,
    gas: Callable[[Item], int] = lambda _: 0,
    size: Callable[[Item], int] = lambda _: 0,
    tries: Callable[[Item], int] = lambda _: 0,
) -> Iterator[list[Item]]:
    """The items in batches, in order: at most `most` of them, their sizes and gas within a transaction's.

    tries: how often an item's batch has failed. From the first failure on it travels alone, so that one that
    makes every batch fail takes no other with it twice.
    """
    batch: list[Item] = []
    total_size = total_gas = 0
    for item in items:
        if tries(item):
            yield [item]
            continue
        full = total_size + size(item) > MAX_BYTES or total_gas + gas(item) > MOST_GAS or len(batch) == most
        if batch and full:
            yield batch
            batch, total_size, total_gas = [], 0, 0
        batch.append(item)
        total_size += size(item)
        total_gas += gas(item)
    if batch:
        yield batch


def post_gas(request: Request, output_size: int) -> int:
    """The most that posting this result can take."""
    hook = HOOK_GAS if request.flags & Flags.HOOKED else 0
    return POST_GAS + 70 * output_size + hook + _callback(request, Flags.AT_POST)


def finalize_gas(request: Request, output_size: int) -> int:
    """The most that ending this request can take."""
    return FINALIZE_GAS + 40 * output_size + _callback(request, Flags.AT_FINAL)


def _callback(request: Request, when: Flags) -> int:
    return request.callback_gas * 64 // 63 + CALL_MARGIN if request.flags & when else 0


__all__ = [
    "CLAIM_GAS",
    "FIXED_GAS",
    "MAX_BATCH",
    "ORDER_GAS",
    "cut",
    "finalize_gas",
    "post_gas",
]
