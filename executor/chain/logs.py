"""Logs of the past, the newest first: for what is wanted seldom and lies nobody knows how far back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from executor.chain.follower import Log
from executor.chain.rpc import Endpoint, RpcError
from executor.chain.wallet import log_of

BLOCKS = 2_000  # in the first question


def newest_first(
    endpoint: Endpoint,
    address: str,
    topics: Sequence[str | list[str] | None],
    first: int,
    last: int,
    *,
    blocks: int = BLOCKS,
) -> Iterator[list[Log]]:
    """The logs of a contract in blocks `first` to `last`, a range at a time, each newest first, too.

    Ranges double while the endpoint answers; one that it refuses is halved, and none is as wide again. Raises
    RpcError if it refuses a single block.
    """
    widest = last - first + 1
    while last >= first:
        begin = max(first, last - min(blocks, widest) + 1)
        bounds = {"address": address, "topics": list(topics), "fromBlock": hex(begin), "toBlock": hex(last)}
        try:
            entries = endpoint.read("eth_getLogs", bounds)
        except RpcError:  # a range too wide for the endpoint can also look like a timeout
            if begin == last:
                raise
            blocks = widest = (last - begin + 1) // 2
            continue
        yield [log_of(entry) for entry in reversed(entries)]
        last, blocks = begin - 1, 2 * blocks
