"""The committed vectors are what today's code says."""

import json
from pathlib import Path
from typing import Any

import pytest

from executor.program.encoding import decode_record
from executor.program.ir import ElementType, Function, Program, TensorType
from tests.program import plain
from tests.vectors.generate import FOLDER, GOLDEN, VECTORS, render, write_golden
from tests.vectors.programs import tiny_programs


@pytest.mark.parametrize("name", sorted(VECTORS))
def test_vectors__regenerated__equal_the_committed(name: str) -> None:
    assert (FOLDER / name).read_text() == render(name)


def test_vectors__folder__holds_no_file_without_a_generator() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(VECTORS)


def test_golden__regenerated__equal_the_committed(tmp_path: Path) -> None:
    write_golden(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in GOLDEN.iterdir()}


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / name).read_text())["cases"]
    return found


def test_vectors__rescale__equal_the_plain_evaluator() -> None:
    for case in cases("rescale.json"):
        result = plain.finish(case["exact"], case["bias"], case["multiplier"], case["shift"], case["type"])
        assert result == case["result"], case


def test_vectors__functions__equal_the_plain_evaluator() -> None:
    for case in cases("functions.json"):
        result = plain.function(Function(case["function"]), case["operands"], case["immediate"])
        assert result == case["result"], case
    assert {case["function"] for case in cases("functions.json")} == set(Function) - {Function.NONE}


def test_vectors__views__equal_the_plain_evaluator() -> None:
    inside = []
    for case in cases("views.json"):
        operation = decode_record(bytes.fromhex(case["record"][2:]))
        program = Program((operation,), (TensorType(ElementType.INT32, (case["count"],)),))
        step = plain.Step(program, [list(range(case["count"]))], [], 0, case["step"])
        index = tuple(case["output_index"]), tuple(case["reduction_index"])
        value, present = step.read(operation.operands[0], *index)
        assert (value if present else None) == case["offset"], case
        assert present or value == case["fill"], case
        inside.append(present)
    assert min(inside.count(True), inside.count(False)) > 20


def test_vectors__programs__equal_the_plain_evaluator() -> None:
    for name, (program, data) in tiny_programs().items():
        (case,) = (case for case in cases("programs.json") if case["name"] == name)
        for outputs, expected in zip(case["steps"], plain.evaluate(program, data), strict=True):
            for operation, output, values in zip(program.operations, outputs, expected, strict=True):
                width = operation.result.element.width
                canonical = b"".join(value.to_bytes(width, "big", signed=True) for value in values)
                assert output["bytes"] == "0x" + canonical.hex(), name
