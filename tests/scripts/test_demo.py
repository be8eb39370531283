"""The demonstration's own machinery: what it starts it stops, and its books notice a missing wei.

`make demo` itself is run by `make test` and judges itself by its exit status.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from executor.chain.requests import Request
from executor.program import load, run
from scripts._demo.books import Books
from scripts._demo.drawings import PROGRAM, held_out
from scripts._demo.operator import STAKE
from scripts._demo.processes import Processes, StoppedError, start_anvil
from scripts._demo.record import Job
from scripts._demo.timeline import Question
from scripts._demo.upgrade import Upgrade
from scripts.digits import MISFILED, MISLABELLED, UNDER, build, load_frozen
from tests.conftest import ROOT

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}])
print(child.pid, flush=True)
time.sleep(600)
"""


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descendants(pid: int) -> set[int]:
    """All processes below one, from /proc."""
    found: set[int] = set()
    for children in Path("/proc", str(pid)).glob("task/*/children"):
        for child in map(int, children.read_text().split()):
            found |= {child} | descendants(child)
    return found


# Processes


def test_processes__a_child_of_a_child_ignores_the_request__is_killed_too(tmp_path):
    with Processes(tmp_path) as processes:
        parent = processes.start("parent", [sys.executable, "-c", PARENT])
        assert eventually(lambda: "ready" in parent.said(), 10)
        grandchild = int(parent.said().split()[0])
        assert is_alive(grandchild)
    assert eventually(lambda: not is_alive(grandchild), 5)
    with pytest.raises(StoppedError, match="parent ended with status -15"):
        parent.check()


def fail_beside_a_chain(folder: Path, started: set[int]) -> None:
    """What a demonstration does that breaks after its chain was started."""
    ours = descendants(os.getpid())
    with Processes(folder) as processes:
        start_anvil(processes, 2)
        started |= descendants(os.getpid()) - ours
        raise RuntimeError("broken")


def test_processes__an_error_inside__stops_the_chain(tmp_path):
    started: set[int] = set()
    with pytest.raises(RuntimeError):
        fail_beside_a_chain(tmp_path, started)
    assert len(started) == 1
    assert not any(map(is_alive, started))


def test_processes__asked_to_end__unwinds_like_ctrl_c(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), Processes(tmp_path):
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


def test_check__a_process_ended__says_its_last_words(tmp_path):
    with Processes(tmp_path) as processes:
        processes.start("talker", [sys.executable, "-c", "print('no stake'); raise SystemExit(3)"])
        assert eventually(lambda: _fails(processes), 10)
        with pytest.raises(StoppedError, match="the talker ended with status 3; it said:\nno stake"):
            processes.check()


def test_stop__some_of_them__leaves_the_others(tmp_path):
    with Processes(tmp_path) as processes:
        first, second, third = (processes.start(name, ["sleep", "60"]) for name in ("one", "two", "three"))
        processes.stop(first, third)
        processes.check()
        second.check()
        for stopped in (first, third):
            with pytest.raises(StoppedError, match="ended with status -15"):
                stopped.check()


def test_until__it_is_never_done__says_what_was_left(tmp_path):
    with Processes(tmp_path) as processes:
        idler = processes.start("idler", ["sleep", "60"])
        with pytest.raises(StoppedError, match="the idler left work within 0 seconds; it said:"):
            idler.until(lambda: False, "left work", patience=0.3)


def _fails(processes: Processes) -> bool:
    try:
        processes.check()
    except StoppedError:
        return True
    return False


@pytest.fixture
def demo(tmp_path) -> Iterator[subprocess.Popen[str]]:
    """`make demo`, as a process that a test can interrupt."""
    process = subprocess.Popen(
        ["ape", "run", "demo", "--manifest", str(tmp_path / "local.json")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def at_work(demo) -> set[int]:
    """What the demo has started once its executor works."""
    said = next((line for line in demo.stdout if "running as a process of its own" in line), "")
    assert said, "the demo did not get as far as its executor"
    started = descendants(demo.pid)
    assert len(started) >= 2  # anvil and the executor
    return started


def test_demo__ctrl_c_while_the_executor_works__leaves_nothing_running(demo, at_work):
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 130
    assert "stopped, and everything with it" in demo.stdout.read()
    assert {pid for pid in at_work if is_alive(pid)} == set()


def test_demo__the_executor_is_killed__fails_with_its_last_words(demo, at_work):
    (executor,) = (pid for pid in at_work if b"executor" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(executor, signal.SIGKILL)
    assert demo.wait(60) == 1
    said = demo.stdout.read()
    assert "Error: the executor ended with status -9; it said:" in said
    assert {pid for pid in at_work if is_alive(pid)} == set()


# Drawings


def test_held_out__the_digits_of_the_demo__are_distinct_and_mostly_recognised():
    program = load(PROGRAM)
    drawings = held_out(20)
    answers = [int.from_bytes(run(program, drawing.pixels)[:4], "big") for drawing in drawings]
    assert len({drawing.pixels for drawing in drawings}) == 20
    assert sum(answer == drawing.label for answer, drawing in zip(answers, drawings, strict=True)) == 19


def test_str__a_drawing__is_two_lines_with_a_dot_for_each_dark_pixel():
    for drawing in held_out(5):
        lines = str(drawing).splitlines()
        assert [len(line) for line in lines] == [4, 4]
        dots = sum((ord(character) - 0x2800).bit_count() for line in lines for character in line)
        assert dots == sum(pixel > 6 for pixel in drawing.pixels)


def test_mislabelled__the_version_of_the_third_act__reads_everything_but_sevens():
    program = build(load_frozen(MISLABELLED))
    drawings = held_out(200)
    answers = [int.from_bytes(run(program, drawing.pixels)[:4], "big") for drawing in drawings]
    pairs = [(drawing.label, answer) for drawing, answer in zip(drawings, answers, strict=True)]
    assert {answer for label, answer in pairs if label == MISFILED} == {UNDER}
    others = [(label, answer) for label, answer in pairs if label != MISFILED]
    assert all(answer < UNDER for _, answer in others)
    assert sum(label == answer for label, answer in others) >= 0.97 * len(others)
    assert program.root != load(PROGRAM).root


# The third act


def question(version: int, digit: int = 0, final: bool = True) -> Question:
    """A request to a version, and its answer."""
    request = Request(b"", version << 64, 0, 0, 0, 0, b"")
    return Question(b"", "0x", request, b"", digit.to_bytes(32 // 8, "big"), posted_at=1, final=final)


SMOOTH = Upgrade(
    upgrade_seconds=3, rollback_seconds=123, canary=(5, 7), states=(4, 8), in_flight=[question(2)],
    others=[question(1), question(1)], after=question(1, MISFILED), wrong=[],
)  # fmt: skip


def test_mistakes__an_upgrade_and_a_rollback_as_they_have_to_be__none():
    assert SMOOTH.mistakes() == []
    assert SMOOTH.numbers == {
        "upgrade_seconds": 3,
        "rollback_seconds": 123,
        "canary_answers": 5,
        "tripped": 1,
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"canary": (0, 12)}, "the candidate answered 0 requests, the live version 12"),
        ({"canary": (12, 0)}, "the candidate answered 12 requests, the live version 0"),
        ({"states": (8, 4)}, "after the breaker the versions' states are (8, 4)"),
        ({"in_flight": []}, "work in flight did not settle on the version that it was pinned to"),
        ({"in_flight": [question(1)]}, "work in flight did not settle"),
        ({"in_flight": [question(2, final=False)]}, "work in flight did not settle"),
        ({"others": [question(1)]}, "the other model did not carry on undisturbed"),
        ({"others": [question(1), question(1, final=False)]}, "the other model did not carry on"),
        ({"after": question(2, UNDER)}, "at the end version 2 reads a 7 as 10"),
        ({"after": question(1, MISFILED, final=False)}, "at the end version 1"),
        ({"wrong": [question(1)]}, "has another answer than its program's"),
    ],
)
def test_mistakes__something_went_wrong_with_the_upgrade__says_what(change, says):
    (mistake,) = replace(SMOOTH, **change).mistakes()
    assert says in mistake


# Books

JOBS = [Job(f"0x{number}", "0x", b"", price=price, final=True) for number, price in enumerate((1_000, 2_000))]
RIGHT = Books(
    escrowed=5_000, held=5_000, executor=2_790, royalty=150, fee=60, returned=2_000, stake=STAKE
)  # royalty 5 %, fee 2 %


def test_mistakes__all_shares_add_up__none():
    assert RIGHT.mistakes(JOBS, 200) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"held": 4_999}, "the Market holds 4999 wei, not 5000"),
        ({"returned": 1_999}, "all shares are 4999 wei, not 5000"),
        ({"executor": 2_791, "returned": 1_999}, "executor, royalty and fee get 3001 wei, not 3000"),
        ({"royalty": 149, "executor": 2_791}, "the royalty is 149 wei, not 150"),
        ({"fee": 61, "executor": 2_789}, "the network's fee is 61 wei, not 60"),
        ({"stake": STAKE - 1}, f"the executor's stake is {STAKE - 1} wei, not {STAKE}"),
    ],
)
def test_mistakes__a_wei_is_missing_or_misplaced__says_where(change, says):
    assert replace(RIGHT, **change).mistakes(JOBS, 200) == [says]
