"""Threads that wait for each other, and what happens when one of them fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from executor.backends.native.compiled import Compiled
from executor.backends.native.engine import Engine, Weights
from executor.backends.native.meeting import Left, Meeting
from executor.backends.native.plan import plan
from executor.program import run
from executor.program.interpreter import Interpreter
from executor.program.ir import ElementType
from tests.backends.encoder import encoder
from tests.backends.test_native import extreme

TURNS = 300


@pytest.mark.parametrize("threads", [2, 3, 5])
def test_wait__many_turns__nobody_is_ahead(threads: int) -> None:
    meeting = Meeting(threads)
    done = np.zeros(threads, np.int64)
    behind: list[int] = []

    def work(thread: int) -> None:
        for turn in range(1, TURNS + 1):
            done[thread] = turn
            meeting.wait(thread)
            behind.append(turn - int(done.min()))
            meeting.wait(thread)

    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(work, thread) for thread in range(threads)]:
            future.result(timeout=60)
    assert behind == [0] * (threads * TURNS)


def test_wait__one_that_comes_late__is_waited_for() -> None:
    meeting, late, come = Meeting(2), Event(), Event()

    def work() -> None:
        late.wait(60)
        come.set()
        meeting.wait(1)

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        pool_free = ThreadPoolExecutor(1)
        first = pool_free.submit(meeting.wait, 0)
        with pytest.raises(TimeoutError):
            first.result(timeout=0.2)
        late.set()
        first.result(timeout=60)
        assert come.is_set()
        future.result()
        pool_free.shutdown()


def test_wait__one_has_left__is_told() -> None:
    meeting = Meeting(3)
    meeting.leave(2)
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(meeting.wait, thread) for thread in (0, 1)]:
            with pytest.raises(Left):
                future.result(timeout=60)


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_run__a_thread_that_fails__ends_them_all_with_its_error(failing: int) -> None:
    program = encoder(2, 8, 48, 2, 96, ElementType.INT8)
    data = extreme(1, program)
    engine = Engine(plan(program, 1, bytes_are_exact=True, threads=3), Weights())
    stages = engine._stages
    true = stages[1][failing]

    def spoiled() -> None:
        raise ValueError("no memory")

    inputs = [Interpreter(program, data).inputs]
    with ThreadPoolExecutor(2) as helpers:
        stages[1][failing] = [*true, spoiled]
        with pytest.raises(ValueError, match="no memory"):
            engine.run(inputs, 1, helpers)
        stages[1][failing] = true
        (values,) = engine.run(inputs, 1, helpers)
    assert values.astype(program.output_type.element.canonical).tobytes() == run(program, data)


def test_run_part__spread_by_many_at_once__gives_the_interpreters_bits() -> None:
    """Runs that are spread take turns: each needs all the helpers at the same time."""
    program = encoder(1, 8, 48, 2, 96, ElementType.INT8)
    given = [extreme(seed, program) for seed in range(12)]
    fast = Compiled(program, 3)
    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(fast.run_part, [data], spread=True) for data in given]
        answers = [future.result(timeout=60) for future in futures]
    fast.close()
    assert answers == [[run(program, data)] for data in given]
