"""Positions and cases in words, against eth_abi."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from executor.disputes.positions import (
    Case,
    Level,
    PackedPosition,
    Position,
    program_words,
    value_word,
    values_hash,
)
from executor.program.commitments import keccak256
from tests.program.build import program

HASHES = st.binary(min_size=32, max_size=32)
U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
POSITIONS = st.builds(
    *(Position, st.sampled_from(Level), st.integers(0, 255), U32, U32, U32, U32, U32),
    *(U64, U64, U64, st.integers(0, 255), HASHES, HASHES, HASHES, HASHES),
)


@given(POSITIONS)
def test_position__packed_and_unpacked__is_itself(position: Position) -> None:
    assert Position.unpack(position.packed()) == position


@given(POSITIONS)
def test_hash__of_a_position__is_that_of_its_abi_encoding(position: Position) -> None:
    kinds = ["(uint256,uint256,bytes32,bytes32,bytes32,bytes32)"]
    assert position.hash == keccak256(encode(kinds, [position.packed()]))


def test_packed__one_field_each__lies_where_the_contract_reads_it() -> None:
    position = Position(
        *(Level.TILES, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, b"t" * 32, b"o" * 32, b"r" * 32, b"n" * 32)
    )
    words: PackedPosition = position.packed()
    place = "03020000000300000004000000050000000600000007" + "00" * 10
    extent = "00000000000000080000000000000009000000000000000a0b" + "00" * 7
    assert (words.place, words.extent) == (int(place, 16), int(extent, 16))


@pytest.mark.parametrize(
    ("height", "index", "leaves", "fan", "children"),
    [
        (0, 0, 1, 0, 1),
        (5, 0, 32, 5, 32),
        (5, 0, 17, 5, 17),
        (6, 0, 33, 5, 17),
        (6, 1, 100, 5, 18),
        (7, 0, 65, 5, 17),
    ],
)
def test_children__of_a_ragged_tree__are_those_with_a_leaf(
    height: int, index: int, leaves: int, fan: int, children: int
) -> None:
    position = Position(
        *(Level.TILES, height, index, leaves, 1, 0, 0, 0, 0, 0, 0), *(bytes(32) for _ in range(4))
    )
    assert (position.fan, position.children) == (fan, children)


def test_below__third_child__is_that_node_further_down() -> None:
    top = Position(*(Level.STEPS, 7, 0, 100, 100, 0, 0, 0, 0, 0, 0), *(bytes(32) for _ in range(4)))
    child = top.below(3, b"x" * 32)
    assert (child.height, child.index, child.node) == (2, 3, b"x" * 32)
    assert (child.below(1, bytes(32)).height, child.below(1, bytes(32)).index) == (0, 13)


def test_key__of_a_case__is_that_of_its_abi_encoding() -> None:
    case = Case(*(b"i" * 32, 3, b"h" * 32, b"p" * 32, b"n" * 32, b"o" * 32, "0x" + "ab" * 20))
    kinds = ["(bytes32,uint256,bytes32,bytes32,bytes32,bytes32,address)"]
    assert case.key == keccak256(encode(kinds, [tuple(case)]))


@given(st.lists(st.integers(-(2**255), 2**255 - 1), max_size=32))
def test_values_hash__of_numbers__is_that_of_their_abi_encoding(values: list[int]) -> None:
    assert values_hash(values) == keccak256(encode(["int256[]"], [values]))
    assert all(int.from_bytes(value_word(value), "big", signed=True) == value for value in values)


def test_program_words__of_a_program__hash_to_its_root() -> None:
    small = program()
    assert keccak256(b"\5" + b"".join(program_words(small))) == small.root
