"""From a request to the bytes of its input; those that were uploaded are read back from the chain's logs.

An input that was sealed is complete for good: the Market opens no request for another, and the logs of
`Inputs` hold every byte of it. No log is believed: each run has to hash to the root that it was asked for by,
and all of them together to the input's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from executor.chain.codec import Event
from executor.chain.contracts import Contracts
from executor.chain.logs import newest_first
from executor.chain.requests import ELSEWHERE, Flags
from executor.chain.rpc import Endpoint, quantity
from executor.chain.runs import MOST_RUNS, Run, join
from executor.program.commitments import InputTooLong, data_root

TOGETHER = 8  # runs of 32 KiB that one question for logs names

GoOn = Callable[[], bool]


class InputMissingError(Exception):
    """An uploaded input cannot be read from the logs; the message says what is missing."""


class Named(NamedTuple):
    """An input as a request names it, by the words of `IMarket.Request`.

    reference: its hash or data root. came: the bytes that came with it. size: what its version takes.
    """

    flags: Flags
    reference: bytes
    came: bytes
    size: int

    @property
    def root(self) -> bytes:
        """Its data root, at the size that its version takes."""
        if self.flags & ELSEWHERE:
            return self.reference
        return data_root(self.came, self.size)


def patience(seconds: float) -> GoOn:
    """Go on for so long."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() < end


def fetch(endpoint: Endpoint, contracts: Contracts, named: Named, go_on: GoOn) -> bytes:
    """The bytes of an input; of one that was uploaded without the zeros at its end, at most 8 MiB.

    go_on: asked after every question for logs. Raises InputMissingError, and RpcError where the endpoint
    refuses even single blocks.
    """
    if not named.flags & ELSEWHERE:
        return named.came
    root, size = named.reference, named.size
    missing = "no log says what it was sealed from"
    if named.flags & Flags.UNWATCHABLE:  # sealed by whoever challenges an answer to it, if anybody does
        missing = "it is kept elsewhere"

    newest = quantity(endpoint.read("eth_blockNumber"))
    for sealed in _events(endpoint, contracts, "Sealed", [root], newest, go_on):
        runs: Sequence[bytes] = sealed["runs"]
        if sealed["size"] != size or len(runs) > MOST_RUNS:
            missing = f"it was not sealed for {size} bytes"
            continue
        found = _uploaded(endpoint, contracts, runs, sealed.log.block_number, go_on)
        absent = next((run for run in runs if run not in found), None)
        if absent is not None:
            missing = f"no log has its run 0x{absent.hex()}"
            continue
        data = join(found[run] for run in runs)
        if _is_rooted(data, root, size):
            return data
        missing = "what was uploaded does not hash to it"
    raise InputMissingError(f"input 0x{root.hex()}: {missing}")


def _uploaded(
    endpoint: Endpoint, contracts: Contracts, roots: Sequence[bytes], last: int, go_on: GoOn
) -> dict[bytes, bytes]:
    """What was uploaded under these roots up to a block, as far as logs show it."""
    found: dict[bytes, bytes] = {}
    wanted = list(dict.fromkeys(roots))
    for at in range(0, len(wanted), TOGETHER):
        left = set(wanted[at : at + TOGETHER])
        for uploaded in _events(endpoint, contracts, "Uploaded", sorted(left), last, go_on):
            run, data = uploaded["run"], uploaded["data"]
            if run in left and Run(0, data).root == run:
                found[run] = data
                left.remove(run)
            if not left:
                break
    return found


def _events(
    endpoint: Endpoint, contracts: Contracts, name: str, roots: Sequence[bytes], last: int, go_on: GoOn
) -> Iterator[Event]:
    """Events of Inputs about one of these roots up to a block, the newest first."""
    inputs, start = contracts.inputs, contracts.deployment.start
    topics: list[str | list[str] | None] = [
        "0x" + inputs.abi.topic(name).hex(),
        ["0x" + root.hex() for root in roots],
    ]
    for logs in newest_first(endpoint, inputs.address, topics, start, last):
        for log in logs:
            event = contracts.event(log)
            if event is not None and (event.contract, event.name) == ("Inputs", name):
                yield event
        if not go_on():
            raise InputMissingError(f"input 0x{roots[0].hex()}: not found in time")


def _is_rooted(data: bytes, root: bytes, size: int) -> bool:
    try:
        return data_root(data, size) == root
    except InputTooLong:
        return False
