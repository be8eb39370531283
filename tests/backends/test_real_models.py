"""The programs that `make models` makes give the interpreter's bits on the fast path, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from executor.backends.native.compiled import Compiled
from executor.program import load, run
from tests.backends.test_native import extreme

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((ROOT / ".models").glob("*.program"))


@pytest.mark.soak
@pytest.mark.skipif(not PROGRAMS, reason="there are no real models: `make models` makes them")
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_compiled__real_models__give_the_interpreters_bits(path: Path) -> None:
    program = load(path)
    fast = Compiled(program, 2)
    data = extreme(len(path.stem), program)
    expected = run(program, data)
    assert fast.run([data]) == [expected]
    assert fast.run_part([data]) == [expected]
    assert fast.run_part([data] * fast.batch) == [expected] * fast.batch
    fast.close()
