"""Inputs: roots of byte strings, against the vectors that the Python side reads too."""

import json
from pathlib import Path

import pytest

from executor.program.commitments import TILE, data_root, tree_over_bytes

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "data_root.json").read_text())["cases"]
INLINE = 4096
RUN = 32 * TILE
MAX_SIZE = 2**32


def octets(case) -> bytes:
    return bytes.fromhex(case["data"][2:])


def name(case) -> str:
    return f"{len(octets(case))}_of_{case['size']}"


def sample(length: int) -> bytes:
    return bytes((i * i + 13 * i + 7) % 251 + 1 for i in range(length))


@pytest.fixture(scope="module")
def inputs(project, deployer):
    return project.Inputs.deploy(sender=deployer)


@pytest.fixture
def upload(inputs, requester):
    """Upload bytes, return the run's root."""
    return lambda data: inputs.upload(data, sender=requester).return_value


# --- data_root ---


@pytest.mark.parametrize("case", [c for c in VECTORS if len(octets(c)) <= INLINE], ids=name)
def test_data_root__shared_vector__is_the_specified_root(inputs, case):
    assert inputs.data_root(octets(case), case["size"]).hex() == case["data_root"][2:]


@pytest.mark.parametrize(
    "size", [1, 1024, 1025, 2048, 3073, 4096, 7 * TILE, 2**20 + 1, 12345678, 2**32 - 1, 2**32]
)
@pytest.mark.parametrize("length", [0, 1, 1024, 1025, 2049, 3072, 4095, 4096])
def test_data_root__zero_extension__is_the_specified_root(inputs, length, size):
    if length <= size:
        assert inputs.data_root(sample(length), size) == data_root(sample(length), size)


def test_data_root__longer_than_its_size__reverts(inputs, refuses, requester):
    refuses("inputs: longer than its size", inputs.data_root, sample(65), 64, sender=requester)


def test_data_root__beyond_the_largest_size__reverts(inputs, refuses, requester):
    refuses("inputs: size too large", inputs.data_root, b"", MAX_SIZE + 1, sender=requester)


def test_data_root__any_size__costs_its_logarithm(inputs):
    small = inputs.data_root.estimate_gas_cost(sample(64), 64)
    large = inputs.data_root.estimate_gas_cost(sample(64), MAX_SIZE - 1)
    assert large < small + 100_000
    assert small < 40_000


# --- upload ---


@pytest.mark.parametrize("tiles", [1, 2, 4, 8, 16, 32])
def test_upload__whole_tiles__stores_their_subtree(inputs, requester, tiles):
    data = sample(tiles * TILE)
    receipt = inputs.upload(data, sender=requester)
    assert receipt.return_value == tree_over_bytes(data, len(data)).root
    (log,) = receipt.decode_logs(inputs.Uploaded)
    assert (log.run, log.data) == (receipt.return_value, data)


def test_upload__last_tile_begun__is_filled_with_zeros(upload):
    assert upload(sample(TILE + 1)) == tree_over_bytes(sample(TILE + 1) + bytes(TILE - 1), 2 * TILE).root


def test_upload__wrong_number_of_tiles__reverts(inputs, refuses, requester):
    refuses("inputs: nothing uploaded", inputs.upload, b"", sender=requester)
    refuses("inputs: not a power of two of tiles", inputs.upload, sample(2 * TILE + 1), sender=requester)
    refuses("inputs: not a power of two of tiles", inputs.upload, sample(31 * TILE), sender=requester)


# --- seal ---


@pytest.mark.parametrize("case", [c for c in VECTORS if len(octets(c)) > 1 and c["size"] > 0], ids=name)
def test_seal__shared_vector__is_the_specified_root(inputs, upload, requester, case):
    data, runs = octets(case), []
    for start in range(0, len(data), TILE):
        runs.append(upload(data[start : start + TILE]))
    receipt = inputs.seal(runs, case["size"], sender=requester)

    assert receipt.return_value.hex() == case["data_root"][2:]
    assert inputs.sealed_size(receipt.return_value) == case["size"]
    (log,) = receipt.decode_logs(inputs.Sealed)
    assert (log.root, log.size, log.runs) == (receipt.return_value, case["size"], runs)


def test_seal__runs_of_many_lengths__joins_them(inputs, upload, requester):
    data = sample(32 * TILE + 16 * TILE + 8 * TILE + 300)
    lengths = (32, 16, 8, 1)
    runs, start = [], 0
    for tiles in lengths:
        runs.append(upload(data[start : start + tiles * TILE]))
        start += tiles * TILE
    for size in (len(data), len(data) + 1, 100 * TILE, 2**32):
        assert inputs.seal(runs, size, sender=requester).return_value == data_root(data, size)


def test_seal__no_runs__is_all_zeros(inputs, requester):
    assert inputs.seal([], 5_000, sender=requester).return_value == data_root(b"", 5_000)


def test_seal__run_out_of_place__reverts(inputs, upload, refuses, requester):
    one, two = upload(sample(TILE)), upload(sample(2 * TILE))
    refuses("inputs: run out of place", inputs.seal, [one, two], 4 * TILE, sender=requester)
    inputs.seal([one, one, two], 4 * TILE, sender=requester)


def test_seal__unknown_run__reverts(inputs, upload, refuses, requester):
    refuses("inputs: run unknown", inputs.seal, [b"\x11" * 32], TILE, sender=requester)
    # A root that was sealed, or an inner node that was never uploaded by itself, is no run.
    run = upload(sample(2 * TILE))
    sealed = inputs.seal([run], 2 * TILE, sender=requester).return_value
    inner = tree_over_bytes(sample(TILE), TILE).root
    refuses("inputs: run unknown", inputs.seal, [sealed], 2 * TILE, sender=requester)
    refuses("inputs: run unknown", inputs.seal, [inner], 2 * TILE, sender=requester)


def test_seal__bytes_beyond_its_size__reverts(inputs, upload, refuses, requester):
    # Bytes in the slack of the last tile would give one byte string two roots.
    run = upload(sample(100) + bytes(100))
    refuses("inputs: longer than its size", inputs.seal, [run], 100, sender=requester)
    inputs.seal([run], 200, sender=requester)

    assert upload(sample(100)) == run  # the same tile, now proven zero from byte 100 on
    assert inputs.seal([run], 100, sender=requester).return_value == data_root(sample(100), 100)

    upload(sample(100) + bytes(50))  # a longer form proves less, and takes nothing back
    inputs.seal([run], 100, sender=requester)
    refuses("inputs: longer than its size", inputs.seal, [run], 99, sender=requester)


def test_seal__size_out_of_bounds__reverts(inputs, refuses, requester):
    refuses("inputs: size is zero", inputs.seal, [], 0, sender=requester)
    refuses("inputs: size too large", inputs.seal, [], MAX_SIZE + 1, sender=requester)


def test_sealed_size__never_sealed__is_zero(inputs):
    assert inputs.sealed_size(data_root(b"never sealed", 64)) == 0
