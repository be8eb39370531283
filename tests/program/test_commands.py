"""`executor program`: what a person is told about a file, whatever the file holds, and how soon."""

from __future__ import annotations

import json
import os
import struct
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.cli import cli
from executor.commands.program.artifact import memory
from executor.program import load, run, save
from executor.program.encoding import encode_record
from executor.program.ir import Affine, Guard, Operation, Source
from tests.program.build import INT16, INT64, add, pack, program, tensor, view
from tests.program.files import HEADER, INPUTS, OPERATIONS, sample, spoil

DIGITS = Path(__file__).parents[2] / "executor" / "artifacts" / "digits.program"
SOON = 1.0  # seconds of the processor, whatever else it has to do
LITTLE = 8 << 20  # bytes of memory, whatever the file claims


def executor(*arguments: object) -> Result:
    """What the command says, if it says it soon and with little memory."""
    tracemalloc.start()
    begun = time.process_time()
    done = CliRunner().invoke(cli, ["program", *map(str, arguments)])
    taken = time.process_time() - begun
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert taken < SOON, taken
    assert peak < LITTLE, peak
    return done


def refused(*arguments: object) -> str:
    """The error of a command that refuses."""
    done = executor(*arguments)
    assert done.exit_code == 1, done.output
    assert done.output.startswith("Error: ")
    return done.output


def test_inspect__digits__says_what_it_is() -> None:
    said = executor("inspect", DIGITS, "--operations").output
    root = load(DIGITS).root.hex()
    assert root in "".join(said.split()).replace("│", "")
    for part in ("64 bytes: int8[8, 8]", "32 bytes: int32[8]", "5 max", "84,224", "constant 11"):
        assert part in said


def test_run__integers__are_the_elements_of_the_output(artifact: Path) -> None:
    given = pack(INT16, [1, 2, 3, 4, 5, 6])
    assert executor("run", artifact, "--input", given.hex(), "--integers").output == "2 0 6 5 3 9\n"
    assert executor("run", artifact, "--input", given.hex()).output == f"0x{run(sample(), given).hex()}\n"


def test_run__input_from_a_file__is_read(artifact: Path, tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(pack(INT16, [1, 2, 3, 4, 5, 6]))
    assert executor("run", artifact, "--input", f"@{tmp_path}/input", "--integers").output == "2 0 6 5 3 9\n"
    done = executor("run", artifact, "--input", f"@{tmp_path}/none")
    assert done.exit_code == 2
    assert "No such file" in done.output


def test_run__input_too_long__is_called_wrongly(artifact: Path) -> None:
    done = executor("run", artifact, "--input", "00" * 45)
    assert done.exit_code == 2
    assert "45 bytes of input where 44 are allowed" in done.output


def test_run__program_that_asks_for_terabytes__is_refused(tmp_path: Path) -> None:
    huge = add(result=tensor(INT64, 1 << 15, 1 << 15))
    save(program(*(replace(huge, operands=(view(0), view(1))) for _ in range(1))), tmp_path / "bomb")
    assert (tmp_path / "bomb").stat().st_size < 1000
    said = refused("run", tmp_path / "bomb")
    assert "running it keeps 8.0 GiB of outputs, above 4 GiB" in said
    assert "above 4 GiB" in refused("vectors", tmp_path / "bomb")


def test_memory__history__counts_for_every_step() -> None:
    remembered = add(operands=(view(0, source=Source.HISTORY), view(1)))
    assert memory(program(add(), step_bound=1000)) == 12
    assert memory(program(remembered, step_bound=1000)) == 12 + 12 * 1000


def test_verify__right_root__passes(artifact: Path) -> None:
    root = sample().root.hex()
    assert executor("verify", artifact, "--root", f"0x{root}").output == f"valid program 0x{root}\n"
    assert executor("verify", artifact, "--root", root).exit_code == 0


def test_verify__wrong_root__says_which_it_has(artifact: Path) -> None:
    said = refused("verify", artifact, "--root", "00" * 32)
    assert f"root 0x{sample().root.hex()}, not the expected 0x{'00' * 32}" in said


@pytest.mark.parametrize(("root", "why"), [("0x1234", "2 bytes, a root has 32"), ("zz", "non-hexadecimal")])
def test_verify__no_root__is_called_wrongly(artifact: Path, root: str, why: str) -> None:
    done = executor("verify", artifact, "--root", root)
    assert done.exit_code == 2
    assert why in done.output


def test_vectors__written__hold_for_this_program_alone(artifact: Path, tmp_path: Path) -> None:
    golden = tmp_path / "golden.json"
    assert "5 vectors of program" in executor("vectors", artifact, "--random", 2, "-o", golden).output
    assert "5 vectors hold" in executor("verify", artifact, "--vectors", golden).output
    stored = json.loads(golden.read_text())
    assert [case["name"] for case in stored["cases"]] == [
        "empty",
        "lowest",
        "highest",
        "random 0",
        "random 1",
    ]
    assert stored["cases"][2]["input"] == "7fff" * 6 + "0" * 40 + "7fff" * 6
    assert "is about program" in refused("verify", DIGITS, "--vectors", golden)
    stored["cases"][3]["output"] = "00" * 12
    golden.write_text(json.dumps(stored))
    assert "answers vector 'random 0' otherwise" in refused("verify", artifact, "--vectors", golden)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"program_root": 1, "cases": []}', "[" * 100_000, "\xff"]
)
def test_verify__no_vectors_in_the_file__is_refused(artifact: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "golden").write_text(content)
    assert "holds no golden vectors" in refused("verify", artifact, "--vectors", tmp_path / "golden")


COMMANDS = ("inspect", "run", "verify", "vectors")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("length", [0, 7, 8, 70, 100, 130, 500, -1])
def test_any_command__truncated__is_refused(artifact: Path, command: str, length: int) -> None:
    artifact.write_bytes(artifact.read_bytes()[:length])
    assert "is no valid artifact" in refused(command, artifact)


@pytest.mark.parametrize("command", COMMANDS)
def test_any_command__ten_gigabytes__are_refused_unread(artifact: Path, command: str) -> None:
    os.truncate(artifact, 10 << 30)
    assert "above the limit of" in refused(command, artifact)


@pytest.mark.parametrize(
    ("at", "new", "message"),
    [
        (HEADER + 16, struct.pack(">Q", 10 << 30), "the header states"),
        (HEADER + 8, struct.pack(">I", 10**6), "1000000 operations, above 4096"),
        (HEADER + 12, struct.pack(">I", 2**32 - 1), "4294967295 constants, above 4096"),
        (INPUTS + 2, struct.pack(">q", -3), "elements are not in 1"),
        (INPUTS + 2, struct.pack(">q", 10 << 30), "32212254720 elements are not in 1"),
        (OPERATIONS - 8, struct.pack(">q", 10**9), "1000000000"),
    ],
)
def test_any_command__hostile_header__is_refused(artifact: Path, at: int, new: bytes, message: str) -> None:
    spoil(artifact, at, new)
    for command in COMMANDS:
        assert message in refused(command, artifact)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (add(operands=(view(0, source=Source.OUTPUT), view(1))), "output 0 does not exist where it is read"),
        (add(operands=(view(1, source=Source.OUTPUT), view(1))), "output 1 does not exist where it is read"),
        (add(operands=(view(9), view(1))), "input 9 does not exist"),
        (add(result=tensor(INT16, 2**31 - 1, 2**31 - 1)), "elements are not fewer than 2^31"),
        (add(operands=(view(0, fill=1 << 15), view(1))), "fill 32768 is not a value of its source's type"),
        (
            add(operands=(view(0, guards=(Guard(Affine(0, (1, 0)), 0),)), view(1))),
            "limit 0 is not in 1 .. 2^31 - 1",
        ),
        (add(shift=63), "shift 63 is not in 0 .. 62"),
    ],
)
def test_any_command__operation_out_of_bounds__is_refused(
    artifact: Path, wrong: Operation, message: str
) -> None:
    """A cycle, an operand that does not exist, a view that leads nowhere, as a hostile author writes them."""
    record = encode_record(replace(wrong, bias=view(0, Affine(0, (0, 1)), Source.CONSTANT)))
    honest = artifact.read_bytes()
    artifact.write_bytes(honest[:OPERATIONS] + struct.pack(">I", len(record)) + record + honest[-3:])
    for command in COMMANDS:
        assert message in refused(command, artifact)


@pytest.mark.parametrize("what", ["folder", "pipe", "nothing"])
def test_any_command__no_file__is_refused_without_waiting(tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    for command in COMMANDS:
        assert executor(command, path).exit_code in (1, 2)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4),
    st.sampled_from(COMMANDS),
)
def test_any_command__bytes_overwritten__answers_or_refuses_soon(
    tmp_path: Path, changes: list[tuple[int, bytes]], command: str
) -> None:
    path = tmp_path / "spoilt"
    save(sample(), path)
    for at, new in changes:
        spoil(path, at % (path.stat().st_size - len(new)), new)
    done = executor(command, path)
    assert done.exit_code in (0, 1)
    assert done.exit_code == 0 or done.output.startswith("Error: "), done.output


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 10**6), st.binary(min_size=1, max_size=8), st.sampled_from(["overwritten", "cut", "grown"])
)
def test_inspect__real_artifact_damaged__answers_or_refuses_soon(
    tmp_path: Path, at: int, new: bytes, how: str
) -> None:
    whole = DIGITS.read_bytes()
    at %= len(whole) - len(new)
    damaged = {
        "overwritten": whole[:at] + new + whole[at + len(new) :],
        "cut": whole[:at] + whole[at + len(new) :],
        "grown": whole[:at] + new + whole[at:],
    }
    (tmp_path / "damaged").write_bytes(damaged[how])
    done = executor("inspect", tmp_path / "damaged")
    assert done.exit_code == (1 if how != "overwritten" else done.exit_code)
    assert done.exit_code == 0 or done.output.startswith("Error: "), done.output


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=3000), st.sampled_from(COMMANDS))
def test_any_command__random_bytes__are_refused_soon(tmp_path: Path, data: bytes, command: str) -> None:
    path = tmp_path / "random"
    for content in (data, b"elenchus" + data, b"elenchus\x01\x02" + data):
        path.write_bytes(content)
        refused(command, path)
