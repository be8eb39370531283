"""`executor program` against files and places that are not what they should be: it refuses soon, in one line,
and without harm to what was there before."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from executor.commands.program import program
from executor.commands.program.files import check_results, plain, replaced
from executor.program import load
from tests.compiler.networks import Network

DIGITS = Path(__file__).parents[2] / "executor" / "artifacts" / "digits.program"
ENDLESS = Path("/dev/zero")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """network.onnx, and examples.npz beside it."""
    network, rng = Network(), np.random.default_rng(2)
    hidden = network.node("MatMul", network.input("x", 2, 4), network.constant(rng.standard_normal((4, 3))))
    network.save(tmp_path, network.node("Relu", hidden))
    np.savez(tmp_path / "examples.npz", x=rng.standard_normal((3, 2, 4)))
    return tmp_path / "network.onnx"


def refused(*arguments: object) -> str:
    """What a command says that fails by a rule, not by an exception."""
    done = CliRunner().invoke(program, list(map(str, arguments)))
    assert done.exit_code in (1, 2), done.output
    assert isinstance(done.exception, SystemExit), repr(done.exception)
    return done.output


@pytest.mark.parametrize(
    "option", [("--scales",), ("--calibration",), ("--calibration", "{examples}", "--tokenizer")]
)
def test_compile__endless_file__is_refused_unread(model: Path, option: tuple[str, ...]) -> None:
    examples = model.with_name("examples.npz")
    given = [part.format(examples=examples) for part in option]
    assert "/dev/zero is no file" in refused("compile", model, *given, ENDLESS)
    assert "/dev/zero is no file" in refused("compile", ENDLESS, "--calibration", examples)
    assert "/dev/zero is no file" in refused("calibrate", model, ENDLESS)


def test_run__endless_input__is_refused_after_what_the_program_takes() -> None:
    assert "more than 64 bytes of input where 64 are allowed" in refused(
        "run", DIGITS, "--input", "@/dev/zero"
    )


def test_verify__endless_or_huge_vectors__are_refused_unread(tmp_path: Path) -> None:
    assert "/dev/zero is no file" in refused("verify", DIGITS, "--vectors", ENDLESS)
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 10 << 30)
    assert "has 10737418240 bytes, more than" in refused("verify", DIGITS, "--vectors", tmp_path / "huge")


def test_verify__vectors_without_a_case__do_not_pass(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    path.write_text(json.dumps({"program_root": load(DIGITS).root.hex(), "cases": []}))
    assert "no case" in refused("verify", DIGITS, "--vectors", path)


def test_inspect__name_made_of_markup__is_shown_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "[red]\x1b[2J["
    path.write_bytes(DIGITS.read_bytes())
    done = CliRunner().invoke(program, ["inspect", str(path)])
    assert done.exit_code == 0, repr(done.exception)
    assert "\x1b[2J" not in done.output


def test_plain__names_that_steer_a_terminal__are_spelt_out() -> None:
    assert plain("a\x1b[2Jb\rc\u202ed\ne") == "a\\x1b[2Jb\\rc\\u202ed\ne"


@pytest.mark.parametrize("place", ["/dev/full", "{folder}/none/x.program", "/proc/x.program", "{folder}"])
@pytest.mark.parametrize("command", ["compile", "calibrate", "vectors"])
def test_any_command__result_that_cannot_be_written__is_one_line(
    model: Path, place: str, command: str
) -> None:
    examples, result = model.with_name("examples.npz"), place.format(folder=model.parent)
    given: dict[str, list[object]] = {
        "compile": [model, "--calibration", examples],
        "calibrate": [model, examples],
        "vectors": [DIGITS],
    }
    said = refused(command, *given[command], "-o", result)
    assert "cannot write" in said or "is a directory" in said


def test_compile__result_in_the_place_of_a_source__is_refused(model: Path) -> None:
    examples = model.with_name("examples.npz")
    before = model.read_bytes(), examples.read_bytes()
    linked = model.with_name("linked.program")
    linked.symlink_to(model)
    scales = examples.rename(model.with_name("other.scales.json"))
    for given, result in ((examples, model), (examples, linked), (scales, model.with_name("other.program"))):
        if not given.exists():
            scales.rename(examples) if given is examples else examples.rename(scales)
        said = refused("compile", model, "--calibration", given, "-o", result)
        assert "it is read too" in said
    assert "it is read too" in refused("calibrate", model, scales, "-o", model)
    assert "it is read too" in refused("vectors", DIGITS, "-o", DIGITS)
    assert (model.read_bytes(), scales.read_bytes()) == before


def test_check_results__two_results_in_one_place__are_refused(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="it is written too"):
        check_results([tmp_path / "a", tmp_path / "b" / ".." / "a"], [])


def test_compile__interrupted_while_writing__leaves_what_was_there(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = model.with_suffix(".program")
    artifact.write_bytes(b"the one before")
    folder = set(os.listdir(model.parent))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("executor.schema.Schema.save", interrupted)
    examples = model.with_name("examples.npz")
    assert CliRunner().invoke(program, ["compile", str(model), "--calibration", str(examples)]).exit_code != 0
    assert artifact.read_bytes() == b"the one before"
    assert set(os.listdir(model.parent)) - folder == {"network.scales.json"}


def test_replaced__many_at_once__leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "result"

    def write(number: int) -> None:
        with replaced(path) as (draft,), draft.open("wb") as file:
            for _ in range(50):
                file.write(bytes([number]) * 1000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert len(set(path.read_bytes())) == 1
    assert path.stat().st_size == 50_000
    assert os.listdir(tmp_path) == ["result"]


def test_replaced__device_or_link__keeps_its_place(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    with replaced(link, Path("/dev/null")) as drafts:
        assert drafts[1] == Path("/dev/null")
        for draft in drafts:
            draft.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert Path("/dev/null").is_char_device()


def test_compile__held_out_examples_of_the_calibration__are_remarked_on(model: Path, tmp_path: Path) -> None:
    examples, copied = model.with_name("examples.npz"), tmp_path / "copied.npz"
    copied.write_bytes(examples.read_bytes())
    given = ["compile", str(model), "--calibration", str(examples), "--held-out"]
    remark = "the held-out examples are those of the calibration"
    assert remark in CliRunner().invoke(program, [*given, str(copied)]).output
    np.savez(copied, x=np.random.default_rng(3).standard_normal((3, 2, 4)))
    assert remark not in CliRunner().invoke(program, [*given, str(copied)]).output


@pytest.fixture
def starved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Running takes more memory than there is."""

    def run(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr("executor.commands.program.artifact.run", run)


@pytest.mark.usefixtures("starved")
def test_run__more_memory_than_there_is__is_one_line() -> None:
    assert "more memory than there is" in refused("run", DIGITS)
    assert "more memory than there is" in refused("vectors", DIGITS)
