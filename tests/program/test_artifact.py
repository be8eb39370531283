"""The artifact file: whatever it holds, loading ends in a valid program or in an error of its own, soon."""

import os
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.program import InvalidArtifact, InvalidProgram, Program, load, save
from executor.program.encoding import encode_header
from executor.program.ir import Source
from executor.program.validation import validate
from tests.program.build import INT8, INT16, add, constant, dot, program, tensor, view
from tests.program.effort import bytes_of, lines_of
from tests.program.files import HEADER, INPUTS, sample, spoil
from tests.program.maximal import most_operations
from tests.program.strategies import VALID_PROGRAMS


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(VALID_PROGRAMS)
def test_load__saved_program__is_the_same_program(tmp_path: Path, original: Program) -> None:
    save(original, tmp_path / "any")
    loaded = load(tmp_path / "any", original.root)
    assert loaded.root == original.root
    assert (loaded.operations, loaded.inputs) == (original.operations, original.inputs)
    assert [c.data.tolist() for c in loaded.constants] == [c.data.tolist() for c in original.constants]


def test_root__any_part_changed__changes() -> None:
    changed = [
        sample(),
        replace(sample(), constants=(constant(INT8, [1, -2, 4]),)),
        replace(sample(), constants=(constant(INT16, [1, -2, 3]),)),
        replace(sample(), constants=(constant(INT8, [1, -2, 3], 1, 3),)),
        replace(sample(), operations=(replace(sample().operations[0], shift=1),)),
        replace(sample(), inputs=(tensor(INT16, 3, 2), tensor(INT16, 2, 3))),
        replace(sample(), inputs=(tensor(INT16, 2, 3), tensor(INT16, 2, 3), tensor(INT8, 1))),
        replace(sample(), step_bound=2),
        replace(sample(), step_input=0),
    ]
    assert len({tested.root for tested in changed}) == len(changed)


def test_load__other_root_than_expected__is_refused(artifact: Path) -> None:
    with pytest.raises(InvalidArtifact, match="not the expected 0x0000"):
        load(artifact, bytes(32))


def test_load__above_the_limit__is_refused(artifact: Path) -> None:
    with pytest.raises(InvalidArtifact, match="above the limit of 100"):
        load(artifact, limit=100)


def test_load__no_regular_file__is_refused_unopened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for endless in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(InvalidArtifact, match="it is no regular file"):
            load(endless)


def test_load__every_cut__is_refused(artifact: Path) -> None:
    data = artifact.read_bytes()
    for length in range(len(data)):
        artifact.write_bytes(data[:length])
        with pytest.raises((InvalidArtifact, InvalidProgram)):
            load(artifact)


def test_load__trailing_byte__is_refused(artifact: Path) -> None:
    artifact.write_bytes(artifact.read_bytes() + b"\0")
    with pytest.raises(InvalidArtifact, match="4 bytes of constants where their dimensions need 3"):
        load(artifact)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_load__one_byte_changed__is_refused_or_has_another_root(artifact: Path, data: st.DataObject) -> None:
    save(sample(), artifact)
    at = data.draw(st.integers(0, artifact.stat().st_size - 1))
    spoil(artifact, at, bytes([artifact.read_bytes()[at] ^ data.draw(st.integers(1, 255))]))
    try:
        loaded = load(artifact)
    except (InvalidArtifact, InvalidProgram):
        return
    assert loaded.root != sample().root


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_load__random_bytes_after_the_magic__are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "random").write_bytes(b"elenchus\x01" + data)
    with pytest.raises((InvalidArtifact, InvalidProgram)):
        load(tmp_path / "random")


def test_load__not_an_artifact__says_so(artifact: Path) -> None:
    with pytest.raises(InvalidArtifact, match="does not begin as an artifact does"):
        load(spoil(artifact, 0, b"PK\x03\x04"))


def test_load__wrong_statement_of_costs__is_refused(artifact: Path) -> None:
    header = validate(sample())
    with pytest.raises(InvalidArtifact, match="the header states worst_gas"):
        load(spoil(artifact, HEADER, encode_header(replace(header, worst_gas=header.worst_gas - 1))))


@pytest.mark.parametrize(
    ("at", "new", "message"),
    [
        (HEADER + 8, struct.pack(">I", 10**6), "1000000 operations, above 4096"),
        (HEADER + 12, struct.pack(">I", 2**32 - 1), "4294967295 constants, above 4096"),
        (INPUTS, b"\x04", "input 0: type 4 does not exist"),
        (INPUTS + 1, b"\x09", "input 0: rank 9 is not in 1 .. 8"),
        (INPUTS + 2, struct.pack(">Q", 2**63), "input 0: .* elements are not in 1"),
        (INPUTS + 2, bytes(8), "input 0: 0 elements are not in 1"),
        (
            INPUTS + 38,
            struct.pack(">Q", 10**9),
            "3 bytes of constants where their dimensions need 1000000000",
        ),
        (INPUTS + 46, struct.pack(">I", 2**31), "a record of 2147483648 bytes, above 2496"),
    ],
)
def test_load__hostile_sizes__are_named(artifact: Path, at: int, new: bytes, message: str) -> None:
    spoil(artifact, at, new)
    with pytest.raises(InvalidArtifact, match=message):
        load(artifact)


def test_load__sparse_file_of_ten_gigabytes__is_refused_at_once(artifact: Path) -> None:
    with artifact.open("r+b") as file:
        file.truncate(10 * 2**30)

    def attempt() -> None:
        with pytest.raises(InvalidArtifact, match="above the limit"):
            load(artifact)
        with pytest.raises(InvalidArtifact, match="where their dimensions need 3"):
            load(artifact, limit=2**40)

    assert lines_of(attempt) < 200
    assert bytes_of(attempt) < 1 << 18


def test_validate__one_operation_too_many__is_refused() -> None:
    largest = most_operations()
    with pytest.raises(InvalidProgram, match="4097 operations, above 4096"):
        validate(replace(largest, operations=(*largest.operations, add())))


def test_validate__operations_that_read_each_other_through_histories__end() -> None:
    first = add(operands=(view(1, source=Source.HISTORY), view(0)))
    second = add(operands=(view(0, source=Source.HISTORY), view(1, source=Source.HISTORY)))
    assert validate(program(first, second, step_bound=3))


def test_save__invalid_program__writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidProgram):
        save(program(dot(chunk=0)), tmp_path / "none")
    assert not (tmp_path / "none").exists()
