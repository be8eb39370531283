"""Whatever a file holds, loading it ends in its program or in words, at a cost in proportion to its size."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.program import InvalidArtifact, InvalidProgram, Program, artifact, load, save, validate
from executor.program.ir import Affine, Guard, Source, immediate
from tests.program.build import INT8, add, constant, dot, gather, maximum, program, tensor, view
from tests.program.effort import bytes_of, lines_of
from tests.program.maximal import MAXIMAL, most_weights
from tests.program.unchecked import artifact_of, mutated_bytes, mutated_programs

LINES, LINES_A_BYTE = 30_000, 3
MEMORY, MEMORY_A_BYTE = 1 << 18, 8

PLACES = re.compile(
    r"operation \d+|operations|input \d+|inputs|constant \d+|constants|header|magic|step (bound|input)"
    r"|it does not begin|a program needs"
)

ROW = view(0, Affine(0, (0, 1)), Source.CONSTANT)
BORDER = view(0, Affine(1, (3, 1)), guards=(Guard(Affine(1, (0, 1)), 3),), fill=-9)
SUMS = view(0, Affine(0, (0,), (1,)), Source.OUTPUT)
BEFORE = view(1, Affine(-2, (1,), (0,), 2), Source.HISTORY)
SEEDS = (
    program(add(bias=ROW, operands=(BORDER, view(1))), constants=(constant(INT8, [1, -2, 3]),)),
    program(dot(), maximum(bias=BEFORE, operands=(SUMS,)), step_bound=3),
    program(gather(), add(operands=(view(0, source=Source.OUTPUT), immediate(7, 2))), step_input=0),
)


@pytest.mark.parametrize("largest", MAXIMAL)
def test_load__largest_program_of_its_kind__takes_work_in_proportion_to_its_file(
    tmp_path: Path, largest: Callable[[], Program]
) -> None:
    original = largest()
    save(original, tmp_path / "largest")
    size = (tmp_path / "largest").stat().st_size
    assert lines_of(lambda: load(tmp_path / "largest")) < LINES + LINES_A_BYTE * size
    assert bytes_of(lambda: load(tmp_path / "largest")) < MEMORY + MEMORY_A_BYTE * size
    loaded = load(tmp_path / "largest", original.root)
    assert (loaded.operations, loaded.inputs) == (original.operations, original.inputs)


def refusal(path: Path) -> str:
    """Why it is refused; empty if it is not."""
    try:
        load(path)
    except (InvalidArtifact, InvalidProgram) as error:
        return str(error)
    return ""


def assert_ends_well(path: Path) -> None:
    """Refused in words that name the place, or the one file of the program in it; soon, either way."""
    if words := refusal(path):
        assert PLACES.search(words), words
    else:
        save(load(path), path.with_suffix(".again"))
        assert path.with_suffix(".again").read_bytes() == path.read_bytes()
    size = path.stat().st_size
    assert lines_of(lambda: refusal(path)) < LINES + LINES_A_BYTE * size
    assert bytes_of(lambda: refusal(path)) < MEMORY + MEMORY_A_BYTE * size


FUZZED = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@FUZZED
@given(st.data(), st.sampled_from(SEEDS))
def test_load__bytes_mutated__ends_well_and_soon(tmp_path: Path, data: st.DataObject, seed: Program) -> None:
    (tmp_path / "mutated").write_bytes(data.draw(mutated_bytes(artifact_of(seed, validate(seed)))))
    assert_ends_well(tmp_path / "mutated")


@FUZZED
@given(st.data(), st.sampled_from(SEEDS))
def test_load__structure_mutated__ends_well_and_soon(
    tmp_path: Path, data: st.DataObject, seed: Program
) -> None:
    (tmp_path / "mutated").write_bytes(data.draw(mutated_programs(seed)))
    assert_ends_well(tmp_path / "mutated")


OUTPUTS = [view(index, source=Source.OUTPUT) for index in range(2)]


@pytest.mark.parametrize(
    ("hostile", "message"),
    [
        pytest.param(
            program(add(operands=(OUTPUTS[1], view(0))), add(operands=(OUTPUTS[0], view(0)))),
            "operation 0 (add): operand 0: output 1 does not exist where it is read",
            id="cycle",
        ),
        pytest.param(
            program(add(operands=(OUTPUTS[0], view(0)))),
            "operation 0 (add): operand 0: output 0 does not exist where it is read",
            id="itself",
        ),
        pytest.param(
            program(add(operands=(view(0), view(2)))),
            "operation 0 (add): operand 1: input 2 does not exist where it is read",
            id="no_such_input",
        ),
        pytest.param(
            program(dot(reduction=(2**32 - 3,))),
            "operation 0 (dot): reduction: 4294967293 elements are not fewer than 2^31",
            id="negative_reduction",
        ),
        pytest.param(
            program(add(result=tensor(INT8, 2**32 - 2, 2**32 - 1))),
            "operation 0 (add): result: 18446744060824649730 elements are not fewer than 2^31",
            id="negative_dimensions",
        ),
    ],
)
def test_load__structure_that_is_no_program__is_refused_by_its_own_message(
    tmp_path: Path, hostile: Program, message: str
) -> None:
    stated = replace(validate(program()), operations=len(hostile.operations))
    (tmp_path / "hostile").write_bytes(artifact_of(hostile, stated))
    with pytest.raises(InvalidProgram, match=re.escape(message)):
        load(tmp_path / "hostile")


def test_load__structure_that_is_no_program__is_refused_before_the_weights_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heavy = most_weights()
    dead = replace(heavy, operations=heavy.operations * 2)
    (tmp_path / "heavy").write_bytes(artifact_of(dead, replace(validate(heavy), operations=2)))
    monkeypatch.setattr(artifact, "_fill", lambda *_: pytest.fail("the weights were read"))
    with pytest.raises(InvalidProgram, match=re.escape("operation 0 (add) is dead")):
        load(tmp_path / "heavy")
    (tmp_path / "heavy").write_bytes(artifact_of(heavy, replace(validate(heavy), worst_gas=1)))
    with pytest.raises(InvalidArtifact, match="the header states worst_gas 1, it is"):
        load(tmp_path / "heavy")
