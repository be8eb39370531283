"""Dispute.trace: the defender commits to a trace of the claimed output on the claimed input, or loses."""

from __future__ import annotations

import pytest

from executor.disputes.moves import defend
from executor.disputes.positions import ROOT, Level, ProgramWords, program_words
from executor.program.commitments import EMPTY, hash_program, hash_step, tensor_header
from tests.judge.dispute.court import argument, changed
from tests.judge.dispute.programs import digits, increments, recurrence
from tests.words import CHALLENGER, DEFENDER


@pytest.fixture
def trace():
    return increments(40).trace


@pytest.fixture
def hearing(court, trace):
    hearing = court.hear_trace(trace)
    hearing.challenge()
    return hearing


def committing(hearing, trace):
    return defend(trace, hearing.case, None)


def test_trace__one_step__opens_the_tree_of_its_outputs(court, hearing, trace):
    hearing.trace(trace)
    (opening, children, *_) = hearing.reveals()[ROOT]
    outputs = trace.outputs_tree(0)
    assert (opening.level, opening.height, opening.index, opening.leaves) == (Level.OPERATIONS, 6, 0, 40)
    assert (opening.steps, opening.step, opening.operation) == (1, 0, 0)
    assert opening.node == opening.outputs == outputs.root
    assert opening.trace == hash_step(outputs.root)
    assert list(children) == [outputs.node(1, index) for index in range(20)]
    entry = court.dispute.entry_of(hearing.case.key, ROOT)
    assert entry == (court.world.now(), 0, opening.hash[:21] + bytes(11))


def test_trace__several_steps__opens_the_tree_of_steps(court):
    trace = recurrence(40).trace
    hearing = court.hear_trace(trace)
    hearing.trace(trace)
    (opening, children, *_) = hearing.reveals()[ROOT]
    assert (opening.level, opening.height, opening.leaves, opening.steps) == (Level.STEPS, 6, 40, 40)
    assert opening.node == opening.trace == trace.steps_tree.root
    assert opening.outputs == bytes(32)
    assert len(children) == 20


def test_trace__number_of_steps_from_the_input__is_the_referees(court):
    example = recurrence(40, 7)
    hearing = court.hear_trace(example.trace)
    hearing.trace(example.trace)
    assert hearing.reveals()[ROOT].opening.leaves == 7


def test_trace__another_number_of_steps__does_not_fit(court, roles):
    seven, eight = recurrence(40, 7), recurrence(40, 8)
    hearing = court.hear(seven.program, seven.data, eight.trace.output)
    move = changed(
        committing(hearing, eight.trace),
        input_tiles=argument(committing(hearing, seven.trace), "input_tiles"),
        steps_proof=argument(committing(hearing, seven.trace), "steps_proof"),
    )
    hearing.refuses("dispute: wrong number of children", move, roles.executor)


def test_trace__by_anybody_but_the_defender__is_refused(hearing, trace, roles):
    for actor in (roles.second_executor, roles.challenger, roles.stranger):
        hearing.refuses("dispute: not the defender", committing(hearing, trace), actor)


def test_trace__twice__is_refused(hearing, trace, roles):
    hearing.trace(trace)
    hearing.refuses("dispute: traced already", committing(hearing, trace), roles.executor)


def test_trace__of_another_program__is_refused(hearing, trace, roles):
    other = program_words(digits().program)
    move = changed(committing(hearing, trace), program=other)
    hearing.refuses("dispute: wrong program", move, roles.executor)


def test_trace__of_another_case__is_not_this_ones(court, hearing, trace, roles):
    """A case that nobody challenged can be written down, and is nobody's."""
    other = hearing.case._replace(attempt=2)
    hearing.send(changed(committing(hearing, trace), case=other), roles.executor)
    assert court.dispute.entry_of(hearing.case.key, ROOT)[0] == 0
    assert hearing.deadline(1)[0] == DEFENDER


def test_trace__another_input_or_input_size__is_refused(court, hearing, trace, roles):
    move = changed(committing(hearing, trace), input_tiles=EMPTY)
    hearing.refuses("dispute: wrong input", move, roles.executor)
    wider = court.hear_trace(trace, input_size=trace.program.input_size + 1)
    wider.refuses("dispute: wrong input", committing(wider, trace), roles.executor)


def test_trace__another_output__is_refused(court, trace, roles):
    hearing = court.hear(trace.program, trace.input, bytes(12))
    hearing.refuses("dispute: wrong output", committing(hearing, trace), roles.executor)
    false = increments(40).lie(0, 39, 0)
    move = changed(committing(hearing, trace), output_tiles=false.tiles_tree(0, 39).root)
    hearing.refuses("dispute: wrong output", move, roles.executor)


def test_trace__of_the_truth_for_a_false_output__is_refused(court, trace, roles):
    """The tree is right, the output claimed is another: it is not the last leaf."""
    false = increments(40).lie(0, 39, 0)
    hearing = court.hear_trace(false)
    move = changed(committing(hearing, trace), output_tiles=false.tiles_tree(0, 39).root)
    hearing.refuses("dispute: another output in the trace", move, roles.executor)


@pytest.mark.parametrize("header", [b"", bytes(7), tensor_header(1, [2, 3], 11), tensor_header(1, [12], 24)])
def test_trace__output_header_of_another_length__is_refused(hearing, trace, roles, header):
    move = changed(committing(hearing, trace), output_header=header)
    hearing.refuses("dispute: wrong output header", move, roles.executor)


def test_trace__output_header_of_another_shape__is_another_leaf(hearing, trace, roles):
    move = changed(committing(hearing, trace), output_header=tensor_header(1, [3, 2], 12))
    hearing.refuses("dispute: another output in the trace", move, roles.executor)


def test_trace__more_or_fewer_children__is_refused(hearing, trace, roles):
    move = committing(hearing, trace)
    children = argument(move, "children")
    for wrong in ([], children[:-1], [*children, EMPTY], [*children, *children[:12]]):
        reason = "dispute: wrong number of children"
        hearing.refuses(reason, changed(move, children=wrong), roles.executor)


@pytest.mark.parametrize("example", [increments(40), recurrence(40)], ids=["one step", "steps"])
def test_trace__path_of_another_length__is_refused(court, roles, example):
    hearing = court.hear_trace(example.trace)
    move = committing(hearing, example.trace)
    path = argument(move, "path")
    for wrong in (path[:-1], [*path, EMPTY]):
        hearing.refuses("dispute: wrong path length", changed(move, path=wrong), roles.executor)


def header_with(words: ProgramWords, at: int, field: bytes) -> ProgramWords:
    header = words.header0[:at] + field + words.header0[at + len(field) :]
    return words._replace(header0=header)


@pytest.mark.parametrize(
    ("at", "field"),
    [(0, b"\x02"), (4, bytes(4)), (8, bytes(4))],
    ids=["another version", "no steps", "no operations"],
)
def test_trace__ill_formed_header__cannot_be_defended(court, trace, at, field):
    words = header_with(program_words(trace.program), at, field)
    root = hash_program(words.header0 + words.header1, *words[2:])
    hearing = court.hear_trace(trace, program_root=root)
    game = hearing.challenge()
    move = changed(committing(hearing, trace), program=words)
    hearing.refuses("dispute: ill-formed program", move, hearing.case.defender)
    hearing.outwait(game)
    assert hearing.verdict(game) == CHALLENGER
