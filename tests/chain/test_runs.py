"""Cutting an input into runs, and joining them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.chain.runs import LONGEST_RUN, MOST_RUNS, MOST_UPLOADED, InputTooLargeError, Run, cut, join
from executor.program import data_root
from executor.program.commitments import TILE, Tree, hash_tensor, tree_over_bytes

LINE = bytes(range(1, 251))


def some(length: int) -> bytes:
    return (LINE * (length // len(LINE) + 1))[:length]


def tiles(runs: list[Run]) -> list[int]:
    return [run.tiles for run in runs]


@pytest.mark.parametrize(
    ("length", "size", "expected"),
    [
        (0, 64, []),
        (1, 1, [1]),
        (40 * TILE, 40 * TILE, [32, 8]),
        (45 * TILE, 45 * TILE, [32, 8, 4, 1]),  # no zeros fit in behind it
        (45 * TILE, 48 * TILE, [32, 16]),  # three tiles of zeros cost less than two runs
        (41 * TILE, 80 * TILE, [32, 8, 1]),  # seven cost more than one
        (31 * TILE, 31 * TILE + 1, [32]),
        (64 * TILE + 1, 2**32, [32, 32, 1]),
    ],
)
def test_cut__lengths_and_sizes__takes_few_runs(length: int, size: int, expected: list[int]) -> None:
    assert tiles(cut(some(length), size)) == expected


@given(st.integers(0, 100 * TILE), st.integers(0, 40 * TILE))
def test_cut__any_input__is_made_of_subtrees_within_its_size(length: int, room: int) -> None:
    data, size = some(length), max(1, length + room)
    runs = cut(data, size)
    at = 0
    for run in runs:
        assert run.start == at
        assert run.tiles in (1, 2, 4, 8, 16, 32)
        assert at // TILE % run.tiles == 0
        assert at + len(run.data) <= size
        at += run.tiles * TILE
    assert join(run.data for run in runs) == data
    assert sealed(runs, size) == data_root(data, size)


def sealed(runs: list[Run], size: int) -> bytes:
    """The data root that `Inputs.seal` derives from the roots of runs, by the specified tree."""
    data = b"".join(run.data.ljust(run.tiles * TILE, b"\0") for run in runs)[:size]
    tree: Tree = tree_over_bytes(data, size)
    for run in runs:
        level = run.tiles.bit_length() - 1
        if tree.depth >= level:
            assert tree.node(level, run.start // TILE >> level) == run.root
    return hash_tensor(0, [size], size, tree.root)


def test_cut__zeros_at_the_end__need_no_run() -> None:
    assert tiles(cut(some(TILE) + bytes(90 * TILE), 91 * TILE)) == [1]


def test_cut__longest_input__is_as_many_runs_as_can_be_sealed() -> None:
    runs = cut(some(MOST_UPLOADED), 2**32)
    assert tiles(runs) == [LONGEST_RUN] * MOST_RUNS
    with pytest.raises(InputTooLargeError, match="8388608 can be uploaded"):
        cut(some(MOST_UPLOADED + 1), 2**32)


def test_cut__odd_end_of_the_longest_input__has_too_many_runs_unless_zeros_fill_it() -> None:
    length = MOST_UPLOADED - TILE
    assert len(cut(some(length), MOST_UPLOADED)) == MOST_RUNS
    with pytest.raises(InputTooLargeError, match="an input of 260 runs: 256 can be sealed"):
        cut(some(length), length)


@pytest.mark.parametrize("data", [some(65), some(1) + bytes(64)])
def test_cut__longer_than_its_size__is_refused(data: bytes) -> None:
    with pytest.raises(InputTooLargeError, match="65 bytes of input where 64 are taken"):
        cut(data, 64)
