"""What the Referee refuses, each for its own reason: proofs that are not exactly what a step needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from executor.program.commitments import TILE, tree_over_bytes
from executor.program.encoding import encode_record
from executor.program.ir import (
    Affine,
    Constant,
    ElementType,
    Opcode,
    Operation,
    Program,
    Source,
    TensorType,
    View,
    immediate,
)
from executor.program.proof import chunk_proof, element_proof, rescale_proof, steps_proof
from executor.program.trace import Trace
from tests.contract import Contract
from tests.judge.referee.judge import Judge, position
from tests.program.build import INT8, add, constant, program, tensor, view
from tests.wire import Refused

TABLE = TensorType(INT8, (6 * TILE,))
DATA = np.frombuffer(Random(5).randbytes(TABLE.count), np.int8)
HEADER = 1 + 1 + 8 + 8
"""Bytes of the header of a tensor of rank 1."""
COUNT = 2
PLACE = 8
TILES = HEADER + COUNT + 3 * PLACE
"""Where the first of three tiles begins."""
SIBLINGS = TILES + 3 * TILE

Check = Callable[[str, bytes], None]


def table_sum(terms: int = 3, apart: int = 2, chunk: int = 3) -> Program:
    """Sums of elements of a constant, each so many tiles from the one before; element 2 begins in tile 1."""
    operation = Operation(
        opcode=Opcode.DOT,
        result=tensor(ElementType.INT32, 4),
        operands=(View(Source.CONSTANT, 0, Affine(TILE, (1,), (apart * TILE,))), immediate(1, 1, 1)),
        multiplier=immediate(1, 1, 1),
        bias=View(Source.CONSTANT, 1, Affine(0, (0,), (0,))),
        reduction=(terms,),
        chunk=chunk,
    )
    return Program((operation,), (), (Constant(TABLE, DATA), constant(INT8, [1])))


def counting() -> Program:
    """Three steps, each one more than the one before."""
    before = view(0, Affine(-1, (0,), (), 1), Source.HISTORY)
    one = {"multiplier": immediate(1, 1), "bias": immediate(0, 1), "result": tensor(INT8, 1)}
    return program(
        add(operands=(before, immediate(1, 1)), **one),
        inputs=(tensor(INT8, 1),),
        step_bound=3,
        step_input=0,
    )


@pytest.fixture
def judge(referee: Contract) -> Judge:
    """Of the program whose sums read tiles 1, 3 and 5."""
    return Judge(referee, Trace(table_sum(), b""))


@pytest.fixture
def proof(judge: Judge) -> bytes:
    """Of element 2."""
    return element_proof(judge.trace, 0, 0, 2)


@pytest.fixture
def computed(judge: Judge) -> Callable[[bytes], int]:
    """What the Referee computes of element 2 by this proof."""
    return lambda proof: judge.referee.prove.with_tail(proof)(*judge.element_question(0, 0, 2))


@pytest.fixture
def spoiled(computed: Callable[[bytes], int]) -> Check:
    """`spoiled(reason, proof)`: it computes nothing by this proof, for that reason."""

    def check(reason: str, proof: bytes) -> None:
        with pytest.raises(Refused) as refusal:
            computed(proof)
        assert refusal.value.reason == reason

    return check


def changed(proof: bytes, at: int, content: bytes) -> bytes:
    """The proof with other bytes from there on."""
    assert proof[at : at + len(content)] != content
    return proof[:at] + content + proof[at + len(content) :]


def flipped(proof: bytes, at: int) -> bytes:
    """The proof with another lowest bit in one byte."""
    return changed(proof, at, bytes([proof[at] ^ 1]))


def test_prove__as_it_was_built__computes_the_element(judge, computed, proof) -> None:
    assert computed(proof) == judge.trace.element(0, 0, 2)
    assert proof[TILES : TILES + TILE] == DATA[TILE : 2 * TILE].tobytes()


def test_prove__cut_anywhere__is_too_short(spoiled, proof) -> None:
    for length in (
        0,
        1,
        HEADER,
        HEADER + COUNT,
        TILES,
        TILES + TILE,
        SIBLINGS,
        SIBLINGS + 31,
        len(proof) - 1,
    ):
        spoiled("referee: proof too short", proof[:length])


def test_prove__followed_by_anything__is_too_long(spoiled, proof) -> None:
    spoiled("referee: proof too long", proof + b"\0")
    spoiled("referee: proof too long", proof + proof)


def test_prove__another_byte_in_a_tile_or_a_sibling__is_of_a_foreign_tensor(spoiled, proof) -> None:
    for at in (TILES, TILES + TILE - 1, TILES + 2 * TILE + 7, SIBLINGS, SIBLINGS + 33, len(proof) - 1):
        spoiled("referee: foreign tensor", flipped(proof, at))


def test_prove__operands_swapped__are_of_foreign_tensors(judge, spoiled) -> None:
    operands = chunk_proof(judge.trace, 0, 0, 2, 0)
    spoiled("referee: foreign tensor", rescale_proof(judge.trace, 0, 0, 2) + operands)


def test_prove__a_node_in_place_of_the_root__is_of_a_foreign_tensor(spoiled, proof) -> None:
    """Without tiles the root is stated: an inner node is none."""
    node = proof[SIBLINGS : SIBLINGS + 32]
    spoiled("referee: foreign tensor", proof[:HEADER] + bytes(COUNT) + node + path_of(proof))


def path_of(proof: bytes) -> bytes:
    """What follows the multiproof of three tiles, which is four siblings."""
    return proof[SIBLINGS + 4 * 32 :]


def test_prove__ill_formed_headers__are_refused(spoiled, proof) -> None:
    for at, content in (
        (0, b"\4"),  # no such type
        (1, b"\0"),  # no dimension
        (1, b"\11"),  # nine
        (2, bytes(8)),  # of no elements
        (2, bytes([0, 0, 0, 0, 128, 0, 0, 0])),  # of 2^31
        (10, bytes(8)),  # another length
        (0, b"\1"),  # another width
    ):
        spoiled("referee: ill-formed header", changed(proof, at, content))


def test_prove__headers_of_another_tensor__are_foreign(spoiled, proof) -> None:
    smaller = (TABLE.count - 1).to_bytes(8, "big") * 2
    spoiled("referee: foreign tensor", changed(proof, 2, smaller))


def test_prove__96_tiles__are_too_many(spoiled, proof) -> None:
    spoiled("referee: too many tiles", changed(proof, HEADER, (96).to_bytes(2, "big")))


def test_prove__tiles_out_of_order_or_twice__are_refused(spoiled, proof) -> None:
    first, second = HEADER + COUNT, HEADER + COUNT + PLACE
    swapped = proof[second : second + PLACE] + proof[first : first + PLACE]
    spoiled("referee: tiles out of order", changed(proof, first, swapped))
    spoiled("referee: tiles out of order", changed(proof, second, proof[first : first + PLACE]))


def test_prove__tiles_that_the_tree_has_no_room_for__are_refused(spoiled, proof) -> None:
    third = HEADER + COUNT + 2 * PLACE
    spoiled("referee: leaf does not exist", changed(proof, third, (9).to_bytes(8, "big")))


def test_prove__a_tile_that_nobody_gave__is_missing(judge, spoiled) -> None:
    bias = rescale_proof(judge.trace, 0, 0, 2)
    for chunk in (1, 2):
        fewer = Trace(table_sum(chunk=chunk), b"")
        spoiled("referee: tile missing", chunk_proof(fewer, 0, 0, 2, 0) + bias)


def test_prove__no_tiles_at_all__are_missing(judge, spoiled, proof) -> None:
    root = tree_over_bytes(DATA.tobytes(), TABLE.size).root
    spoiled("referee: tile missing", proof[:HEADER] + bytes(COUNT) + root + path_of(proof))


def test_prove__tiles_that_are_not_read__do_no_harm(judge, computed) -> None:
    more = Trace(table_sum(terms=5, apart=1, chunk=5), b"")
    assert computed(element_proof(more, 0, 0, 2)) == judge.trace.element(0, 0, 2)


def test_prove__a_constant_at_a_step__does_not_exist(spoiled, proof) -> None:
    third = HEADER + COUNT + 2 * PLACE
    spoiled("referee: step does not exist", changed(proof, third, b"\0\0\0\1"))


def test_prove__a_history_of_later_steps__does_not_exist(referee) -> None:
    """At step 1 there is one entry, that of step 0."""
    judge = Judge(referee, Trace(counting(), bytes([3])))
    proof = element_proof(judge.trace, 1, 0, 0)
    question = judge.element_question(1, 0, 0)
    assert referee.prove.with_tail(proof)(*question) == judge.trace.element(1, 0, 0)
    later = element_proof(judge.trace, 2, 0, 0)
    with pytest.raises(Refused) as refusal:
        referee.prove.with_tail(later)(*question)
    assert refusal.value.reason == "referee: step does not exist"


def test_prove__a_history_of_no_entries__has_no_section(referee) -> None:
    judge = Judge(referee, Trace(counting(), bytes([3])))
    question = judge.element_question(0, 0, 0)
    assert referee.prove(*question) == judge.trace.element(0, 0, 0)
    with pytest.raises(Refused) as refusal:
        referee.prove.with_tail(element_proof(judge.trace, 1, 0, 0))(*question)
    assert refusal.value.reason == "referee: proof too long"


def test_prove__a_history_that_is_not_read__still_proves_its_header(referee) -> None:
    """Or nobody could tell how many elements an entry has, and what lies outside."""
    before = view(0, Affine(100, (0,), ()), Source.HISTORY, fill=7)
    one = {"multiplier": immediate(1, 1), "bias": immediate(0, 1), "result": tensor(INT8, 1)}
    outside = program(add(operands=(before, immediate(1, 1)), **one), inputs=(), step_bound=3)
    judge = Judge(referee, Trace(outside, b""))
    proof = element_proof(judge.trace, 2, 0, 0)
    question = judge.element_question(2, 0, 0)
    assert referee.prove.with_tail(proof)(*question) == 8
    for spoilt, reason in (
        (proof[:2] + (200).to_bytes(8, "big") * 2 + proof[HEADER:], "referee: foreign tensor"),
        (changed(proof, HEADER + COUNT, (2).to_bytes(4, "big")), "referee: step does not exist"),
        (b"", "referee: proof too short"),
    ):
        with pytest.raises(Refused) as refusal:
            referee.prove.with_tail(spoilt)(*question)
        assert refusal.value.reason == reason


def test_prove__another_input__is_foreign(referee) -> None:
    judge = Judge(referee, Trace(program(), bytes(range(44))))
    proof = element_proof(judge.trace, 0, 0, 0)
    question = judge.element_question(0, 0, 0)
    assert referee.prove.with_tail(proof)(*question) == judge.trace.element(0, 0, 0)
    other = Judge(referee, Trace(program(), bytes(range(1, 45))))
    for spoilt in (element_proof(other.trace, 0, 0, 0), flipped(proof, HEADER + 8 + 7)):
        with pytest.raises(Refused) as refusal:
            referee.prove.with_tail(spoilt)(*question)
        assert refusal.value.reason in ("referee: foreign tensor", "referee: ill-formed header")


def test_prove__an_element_beyond_the_last__does_not_exist(judge, proof, refuses) -> None:
    question = judge.element_question(0, 0, 4)
    refuses("referee: element does not exist", judge.referee.prove.with_tail(proof), *question, sender=None)


def test_prove__a_reduction_of_more_terms_than_a_chunk_may_have__is_refused(judge, proof, refuses) -> None:
    long = replace(judge.trace.program.operations[0], reduction=(8_193,), chunk=8_192)
    question = [*judge.element_question(0, 0, 2)[:-1], encode_record(long)]
    refuses("referee: too many terms", judge.referee.prove.with_tail(proof), *question, sender=None)


def test_prove_chunk__beyond_the_last__does_not_exist(judge, refuses) -> None:
    proof = chunk_proof(judge.trace, 0, 0, 2, 0)
    prove = judge.referee.prove_chunk.with_tail(proof)
    assert prove(*judge.chunk_question(0, 0, 2, 0)) == judge.trace.element(0, 0, 2) - 1
    refuses("referee: chunk does not exist", prove, *judge.chunk_question(0, 0, 2, 1), sender=None)


def test_rescaled__an_exact_result_beyond_int128__is_refused(judge, refuses) -> None:
    proof = rescale_proof(judge.trace, 0, 0, 2)
    words = [judge.words, judge.input_root, position(judge.trace, 0, 0), 2]
    for exact, result in ((2**127 - 1, 2**31 - 1), (1 - 2**127, -(2**31))):
        assert judge.referee.rescaled(*words, exact, judge.record(0), proof) == result
    for exact in (2**127, -(2**127), 2**255 - 1, -(2**255)):
        asked = [*words, exact, judge.record(0), proof]
        refuses("referee: exact result too large", judge.referee.rescaled, *asked, sender=None)


def test_rescaled__proofs_of_another_length__are_refused(judge, refuses) -> None:
    proof = rescale_proof(judge.trace, 0, 0, 2)
    words = [judge.words, judge.input_root, position(judge.trace, 0, 0), 2, 5, judge.record(0)]
    assert judge.referee.rescaled(*words, proof) == 6
    refuses("referee: proof too long", judge.referee.rescaled, *words, proof + b"\0", sender=None)
    # What is cut off is padded with zeros in the calldata, up to a word; they prove nothing.
    for length in (len(proof) - 40, len(proof) - 64):
        refuses("referee: proof too short", judge.referee.rescaled, *words, proof[:length], sender=None)


def test_steps__of_a_program_without_a_step_input__are_refused(judge, refuses) -> None:
    refuses("referee: no step input", judge.referee.steps, judge.words, judge.input_root, b"", sender=None)


def test_steps__asked_by_every_byte__stay_within_1_and_the_bound(referee) -> None:
    for asked in (0, 1, 2, 3, 4, 127, 128, 255):
        judge = Judge(referee, Trace(counting(), bytes([asked])))
        assert judge.steps() == judge.trace.steps == min(max(asked if asked < 128 else 0, 1), 3)


def test_steps__by_another_input__are_refused(referee, refuses) -> None:
    judge, other = (Judge(referee, Trace(counting(), bytes([asked]))) for asked in (2, 3))
    proof = steps_proof(other.trace)
    refuses("referee: foreign tensor", referee.steps, judge.words, judge.input_root, proof, sender=None)
