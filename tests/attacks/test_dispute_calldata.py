"""Proofs whose calldata is laid out by hand: Dispute and Referee have to read the same record in it.

The Dispute hashes the record that it finds by the rules of the ABI; the Referee, who is handed the same
bytes, parses the record that it finds by itself, and takes all that follows for the proof.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from executor.disputes.moves import Move
from executor.program.trace import Trace
from tests.contract import Method
from tests.judge.dispute.court import Court, Hearing
from tests.judge.dispute.programs import increments
from tests.wire import Refused

EXAMPLE = increments(3)
TRUTH, LIE = EXAMPLE.trace, EXAMPLE.lie(0, 1, 4)

SELECTOR, HEAD = 4, 23 * 32
"""Bytes before the arguments, and of those that have a place of their own."""

Layout = Callable[[bytes, bytes, bytes, bytes], bytes]
LAYOUTS: dict[str, Layout] = {}


def layout(build: Layout) -> Layout:
    """Register a way to lay out head, siblings, record and proof; the first two have their lengths."""
    LAYOUTS[build.__name__] = build
    return build


def pointing(head: bytes, siblings: int, record: int) -> bytes:
    """The head with other offsets."""
    return head[:-64] + siblings.to_bytes(32, "big") + record.to_bytes(32, "big")


@layout
def in_order(head: bytes, siblings: bytes, record: bytes, proof: bytes) -> bytes:
    return pointing(head, HEAD, HEAD + len(siblings)) + siblings + record + proof


@layout
def record_first(head: bytes, siblings: bytes, record: bytes, proof: bytes) -> bytes:
    return pointing(head, HEAD + len(record), HEAD) + record + siblings + proof


@layout
def record_behind_the_proof(head: bytes, siblings: bytes, record: bytes, proof: bytes) -> bytes:
    return pointing(head, HEAD, HEAD + len(siblings + proof)) + siblings + proof + record


@layout
def record_at_an_odd_place(head: bytes, siblings: bytes, record: bytes, proof: bytes) -> bytes:
    return pointing(head, HEAD, HEAD + len(siblings) + 7) + siblings + bytes(7) + record + proof


@layout
def two_records(head: bytes, siblings: bytes, record: bytes, proof: bytes) -> bytes:
    other = record[:32] + bytes([record[32], 2]) + record[34:]
    return pointing(head, HEAD, HEAD + len(siblings + other)) + siblings + other + record + proof


@layout
def record_of_one_byte_less(head: bytes, siblings: bytes, record: bytes, proof: bytes) -> bytes:
    shorter = (len(record) - 33).to_bytes(32, "big") + record[32:]
    return pointing(head, HEAD, HEAD + len(siblings)) + siblings + shorter + proof


@layout
def record_without_end(head: bytes, siblings: bytes, record: bytes, proof: bytes) -> bytes:
    endless = (2**256 - 1).to_bytes(32, "big") + record[32:]
    return pointing(head, HEAD, HEAD + len(siblings)) + siblings + endless + proof


@layout
def record_whose_zeros_are_left_out(head: bytes, siblings: bytes, record: bytes, proof: bytes) -> bytes:
    return pointing(head, HEAD, HEAD + len(siblings)) + siblings + record.rstrip(b"\0")


@layout
def offset_around_the_world(head: bytes, siblings: bytes, record: bytes, proof: bytes) -> bytes:
    return pointing(head, HEAD, 2**256 - SELECTOR) + siblings + record + proof


@layout
def offset_beyond_the_end(head: bytes, siblings: bytes, record: bytes, proof: bytes) -> bytes:
    return pointing(head, HEAD, 2**255) + siblings + record + proof


@layout
def siblings_in_the_proof(head: bytes, siblings: bytes, record: bytes, proof: bytes) -> bytes:
    return pointing(head, HEAD + len(record + proof), HEAD) + record + proof + siblings


def laid_out(method: Method, move: Move, build: Layout) -> bytes:
    """The calldata of a proof in that layout."""
    data = method.encode_input(*move.arguments)
    selector, words = data[:SELECTOR], data[SELECTOR:]
    siblings, record = (int.from_bytes(words[at : at + 32], "big") for at in (HEAD - 64, HEAD - 32))
    return selector + build(words[:HEAD], words[siblings:record], words[record:], move.proof)


def brought(court: Court, claimed: Trace, believed: Trace) -> tuple[Hearing, Move]:
    """A result and the proof that its challenger would send."""
    hearing = court.hear_trace(claimed)
    game = hearing.challenge()
    hearing.trace(claimed)
    return hearing, hearing.descend(game, claimed, believed)


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_prove__any_layout_against_the_truth__is_refused(court: Court, roles, name: str) -> None:
    hearing, move = brought(court, TRUTH, LIE)
    data = laid_out(hearing.dispute.prove, move, LAYOUTS[name])
    with pytest.raises(Refused):
        court.world.wire.call(roles.challenger, hearing.dispute.address, data)


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_prove__any_layout_against_a_lie__is_refused_or_proves_the_truth(court, roles, name) -> None:
    hearing, move = brought(court, LIE, TRUTH)
    data = laid_out(hearing.dispute.prove, move, LAYOUTS[name])
    try:
        court.world.wire.transact(roles.challenger, hearing.dispute.address, data)
    except Refused:
        assert name not in ("in_order", "record_at_an_odd_place", "two_records")
    (*_, proof) = (*hearing.proofs(), None)
    assert proof is None or proof.computed == TRUTH.element(0, 1, 4)
