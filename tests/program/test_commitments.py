"""Roots and proofs, checked against a second, level-by-level construction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.program import commitments
from executor.program.commitments import InputTooLong, data_root, keccak256, tree_over, tree_over_bytes


def levelwise_root(leaves: list[bytes]) -> bytes:
    """Merkle root by whole levels, the way the docstring describes it."""
    empty = keccak256(b"\x06")
    width = 1
    while width < len(leaves):
        width *= 2
    level = leaves + [empty] * (width - len(leaves))
    while len(level) > 1:
        level = [keccak256(b"\x01" + level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def plain_data_root(data: bytes, size: int) -> bytes:
    data = data + bytes(size - len(data))
    tiles = [data[i : i + 1024].ljust(1024, b"\0") for i in range(0, size, 1024)]
    tree = levelwise_root([keccak256(b"\0" + tile) for tile in tiles])
    return keccak256(b"\2\0\1" + size.to_bytes(8, "big") * 2 + tree)


def test_keccak256__empty_string__is_the_ethereum_constant() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@given(st.binary(max_size=5000), st.integers(0, 9000))
def test_data_root__any_length_and_size__equals_the_plain_construction(data: bytes, extra: int) -> None:
    size = len(data) + extra
    assert data_root(data, size) == plain_data_root(data, size)


@given(st.binary(max_size=3000), st.integers(0, 3000))
def test_data_root__trailing_zero_bytes__change_nothing_but_the_size_does(data: bytes, extra: int) -> None:
    size = len(data) + extra
    assert data_root(data, size) == data_root(data + bytes(extra), size)
    assert data_root(data, size) != data_root(data, size + 1)


def test_data_root__longer_than_its_size__is_rejected() -> None:
    with pytest.raises(InputTooLong, match="65 bytes where 64 are allowed"):
        data_root(bytes(65), 64)


def test_data_root__huge_zero_extension__hashes_only_the_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    original = commitments.keccak256

    def counting(preimage: bytes) -> bytes:
        nonlocal calls
        calls += 1
        return original(preimage)

    data_root(b"x", 1 << 33)
    monkeypatch.setattr(commitments, "keccak256", counting)
    data_root(b"x", 1 << 33)
    assert calls < 30


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40), st.data())
def test_proof__every_leaf__leads_to_the_root_with_the_exact_depth(
    leaves: list[bytes], data: st.DataObject
) -> None:
    tree = tree_over(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = tree.proof(index)
    assert tree.root == levelwise_root(leaves)
    assert len(proof) == tree.depth
    assert commitments.root_from_proof(leaves[index], index, proof) == tree.root


def test_proof__leaf_beyond_the_count__is_an_error() -> None:
    with pytest.raises(IndexError):
        tree_over([bytes(32)] * 3).proof(3)


def test_root_from_proof__index_beyond_the_depth__is_an_error() -> None:
    with pytest.raises(ValueError, match="depth 2"):
        commitments.root_from_proof(bytes(32), 4, [bytes(32)] * 2)


def test_commitment__inner_node_as_tile__does_not_hash_to_the_node() -> None:
    tree = tree_over_bytes(bytes(range(256)) * 8, 2048)
    children = tree.node(0, 0) + tree.node(0, 1)
    assert commitments.hash_tile(children) != tree.root


def test_commitment__output_bytes_and_tensor__share_the_root_of_their_tiles() -> None:
    data = bytes(range(256)) * 5
    tiles = tree_over_bytes(data, len(data)).root
    assert commitments.hash_tensor(0, [len(data)], len(data), tiles) == data_root(data, len(data))
    assert commitments.hash_tensor(2, [4, 80], len(data), tiles) == commitments.tensor_root(2, [4, 80], data)


def test_commitment__every_kind__has_its_own_tag() -> None:
    tags = [value for name, value in vars(commitments).items() if name.endswith("_TAG")]
    assert len(tags) == 9 == len(set(tags))
