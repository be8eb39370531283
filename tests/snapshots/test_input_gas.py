"""Gas of inputs that are uploaded, as receipts say, against tests/snapshots/gas.json.

Of bytes none of which is a zero: those cost a quarter. What the client says before it uploads is held to the
same receipts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from eth_utils import keccak

from executor.chain.runs import Run, cut
from executor.chain.upload import seal_gas
from tests.wire import Wire
from tests.world import World

pytestmark = pytest.mark.snapshot

KIBIBYTE = 1_024


def noise(length: int) -> bytes:
    """The same for everybody, and no byte of it is zero."""
    words = b"".join(keccak(text=f"part {part}") for part in range(length // 32))
    return words.replace(b"\0", b"\1")


class Desk:
    """Where a requester uploads."""

    def __init__(self, world: World) -> None:
        self._inputs, self._requester = world.inputs, world.roles.requester

    def upload(self, run: Run) -> int:
        return int(self._inputs.upload(run.data, sender=self._requester)["gasUsed"], 16)

    def seal(self, runs: Sequence[Run], size: int) -> int:
        receipt = self._inputs.seal([run.root for run in runs], size, sender=self._requester)
        return int(receipt["gasUsed"], 16)


@pytest.fixture(scope="module")
def desk(project, accounts, chain) -> Iterator[Desk]:
    wire = Wire(chain.provider.http_uri)
    with wire.rewound():
        yield Desk(World(project, accounts, chain.provider.http_uri))
    wire.close()


def test_upload__a_run_of_32_kibibytes__costs_what_is_committed(desk, snapshot):
    (run,) = cut(noise(32 * KIBIBYTE), 32 * KIBIBYTE)
    gas = desk.upload(run)
    snapshot("gas", "input/upload_32KiB", gas)
    snapshot("gas", "input/KiB", -(-gas // 32))


def test_seal__two_runs__costs_what_is_committed_and_what_the_client_says(desk, snapshot):
    size = 40 * KIBIBYTE
    runs = cut(noise(size), size)
    for run in runs:
        desk.upload(run)
    gas = desk.seal(runs, size)
    snapshot("gas", "input/seal_40KiB", gas)
    assert abs(gas - seal_gas(runs)) <= gas // 10


def test_seal__many_runs__costs_about_what_the_client_says(desk):
    runs = cut(noise(64 * KIBIBYTE), 64 * KIBIBYTE)
    desk.upload(runs[0])
    repeated = [runs[0]] * 64
    gas = desk.seal(repeated, 2**31)
    assert abs(gas - seal_gas(repeated)) <= gas // 10
