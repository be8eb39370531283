"""Logs of the past, whatever ranges an endpoint bears."""

from __future__ import annotations

from typing import Any

import pytest

from executor.chain.logs import newest_first
from executor.chain.rpc import RefusedError, UnreachableError

ADDRESS = "0x" + "11" * 20


class Archive:
    """An endpoint with a log in some blocks, that refuses ranges of more than `most` blocks."""

    def __init__(self, blocks: list[int], most: int = 10**9, error: Exception | None = None) -> None:
        self.blocks, self.most = blocks, most
        self.error = error or RefusedError(-32005, "query exceeds max block range")
        self.asked: list[tuple[int, int]] = []

    def read(self, method: str, bounds: dict[str, Any]) -> list[dict[str, Any]]:
        assert method == "eth_getLogs"
        first, last = int(bounds["fromBlock"], 16), int(bounds["toBlock"], 16)
        self.asked.append((first, last))
        if last - first >= self.most:
            raise self.error
        return [entry(block) for block in self.blocks if first <= block <= last]


def entry(block: int) -> dict[str, Any]:
    word = "0x" + "00" * 32
    place = {"blockNumber": hex(block), "blockHash": word, "transactionHash": word, "logIndex": "0x0"}
    return {"address": ADDRESS, "topics": [], "data": "0x", **place}


def numbers(archive: Archive, first: int, last: int, **options: int) -> list[int]:
    found = newest_first(archive, ADDRESS, [], first, last, **options)  # type: ignore[arg-type]
    return [log.block_number for logs in found for log in logs]


@pytest.mark.parametrize("most", [1, 2, 7, 100, 10**9])
def test_newest_first__any_range_that_is_borne__finds_all_the_newest_first(most: int) -> None:
    blocks = [1, 2, 3, 50, 51, 99, 100]
    assert numbers(Archive(blocks, most), 1, 100, blocks=16) == blocks[::-1]
    assert numbers(Archive(blocks, most), 2, 99, blocks=16) == [99, 51, 50, 3, 2]


def test_newest_first__endpoint_that_bears_all__is_asked_in_ranges_that_double() -> None:
    archive = Archive([])
    numbers(archive, 1, 1_000_000)
    assert archive.asked[:2] == [(998_001, 1_000_000), (994_001, 998_000)]
    assert len(archive.asked) == 9


def test_newest_first__range_refused__is_never_asked_for_again() -> None:
    archive = Archive([], 100)
    numbers(archive, 1, 1_000, blocks=64)
    refused = [bounds for bounds in archive.asked if bounds[1] - bounds[0] >= 100]
    assert len(refused) == 1


@pytest.mark.parametrize("error", [RefusedError(-32005, "no"), UnreachableError("gone")])
def test_newest_first__not_even_one_block__says_why(error: Exception) -> None:
    with pytest.raises(type(error)):
        numbers(Archive([], 0, error), 1, 1_000)


def test_newest_first__nothing_asked_for__asks_nothing() -> None:
    archive = Archive([5])
    assert numbers(archive, 7, 6) == []
    assert archive.asked == []
