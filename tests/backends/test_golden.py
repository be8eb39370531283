"""Golden vectors are the shared vectors, and a backend that differs from one by a bit is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from executor.backends.base import BackendError
from executor.backends.exact import ExactBackend
from executor.backends.golden import FOLDER, goldens, prove
from executor.program import Program, save
from executor.program.ir import Opcode
from tests.vectors.programs import program_cases, tiny_programs


def expected_cases() -> str:
    """As the package keeps them."""
    cases = [
        {"name": case["name"], "input": case["input"][2:], "output": case["output"][2:]}
        for case in program_cases()["cases"]
    ]
    return "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"


@pytest.mark.snapshot
def test_goldens__of_the_package__are_the_shared_vectors(tmp_path: Path, request) -> None:
    folder = FOLDER if request.config.getoption("--rewrite-snapshots") else tmp_path
    (folder / "cases.json").write_text(expected_cases())
    for name, (program, _) in tiny_programs().items():
        save(program, folder / f"{name}.program")
    for file in folder.iterdir():
        assert (FOLDER / file.name).read_bytes() == file.read_bytes(), f"{file.name}: run `make snapshots`"
    assert sorted(f.name for f in folder.iterdir()) == sorted(f.name for f in FOLDER.iterdir())


def test_goldens__operations__are_of_all_four_kinds() -> None:
    met = {operation.opcode for golden in goldens() for operation in golden.program.operations}
    assert met == set(Opcode)


class Backend:
    """A backend whose answers a test may spoil."""

    def __init__(self, programs: Mapping[bytes, Program]) -> None:
        self.inner = ExactBackend(programs)
        self.spoiled: bytes | None = None

    def submit(self, root: bytes, inputs: Sequence[bytes]) -> Future[list[bytes]]:
        outputs = self.inner.submit(root, inputs).result()
        answer: Future[list[bytes]] = Future()
        if root == self.spoiled:
            outputs = [output[:-1] + bytes([output[-1] ^ 1]) for output in outputs]
        answer.set_result(outputs)
        return answer

    def seconds(self, root: bytes) -> float:
        return self.inner.seconds(root)

    def close(self) -> None:
        self.inner.close()


@pytest.fixture
def backend():
    made = Backend({golden.program.root: golden.program for golden in goldens()})
    yield made
    made.close()


def test_prove__right_answers__passes(backend: Backend) -> None:
    prove(backend, {})


@pytest.mark.parametrize("name", tiny_programs())
def test_prove__one_bit_of_one_vector__is_refused(backend: Backend, name: str) -> None:
    backend.spoiled = tiny_programs()[name][0].root
    with pytest.raises(BackendError, match="must not serve"):
        prove(backend, {})


def test_prove__one_bit_of_a_served_program__is_refused(backend: Backend) -> None:
    served = goldens()[0].program
    backend.spoiled = served.root
    with pytest.raises(BackendError, match="must not serve"):
        prove(backend, {served.root: served})
