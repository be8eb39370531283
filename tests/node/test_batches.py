"""Cutting work: nothing lost, order kept, and no batch beyond what a transaction takes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from executor.node.batches import MOST_GAS, cut

ITEMS = st.lists(st.tuples(st.integers(0, 4_096), st.integers(0, MOST_GAS)), max_size=80)


@given(ITEMS, st.integers(1, 32))
def test_cut__any_items__come_back_in_order_within_every_bound(
    items: list[tuple[int, int]], most: int
) -> None:
    batches = list(cut(items, most, size=lambda item: item[0], gas=lambda item: item[1]))
    assert [item for batch in batches for item in batch] == items
    for batch in batches:
        assert 1 <= len(batch) <= most
        assert sum(size for size, _ in batch) <= 4_096
        assert sum(gas for _, gas in batch) <= MOST_GAS


@given(ITEMS)
def test_cut__a_batch__ends_only_where_the_next_item_would_not_fit(items: list[tuple[int, int]]) -> None:
    batches = list(cut(items, 32, size=lambda item: item[0], gas=lambda item: item[1]))
    for batch, following in pairwise(batches):
        longer = [*batch, following[0]]
        sizes, gases = (sum(item[part] for item in longer) for part in (0, 1))
        assert len(longer) > 32 or sizes > 4_096 or gases > MOST_GAS


def test_cut__nothing__is_no_batch() -> None:
    assert list(cut([], 32)) == []


def test_cut__items_whose_batch_failed__travel_alone_and_the_others_together() -> None:
    failed = {2, 5}
    batches = list(cut(range(8), 32, tries=lambda item: int(item in failed)))
    assert sorted(batches) == [[0, 1, 3, 4, 6, 7], [2], [5]]
