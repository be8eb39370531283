"""What `make mutants` would break still stands in the contracts, and MUTANTS.md is about just that."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts._mutants import MUTANTS, Mutant
from scripts._mutants.memory import Memory

ROOT = Path(__file__).parent.parent.parent
TESTS = {
    name
    for path in (ROOT / "tests" / "governance").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.rule for mutant in MUTANTS])
def test_mutants__each__changes_one_place_and_has_a_test(mutant):
    source = (ROOT / mutant.file).read_text()
    assert mutant.applied(source) != source
    assert mutant.equivalent or mutant.test in TESTS


def test_applied__to_a_text_without_the_place_or_with_two__is_refused():
    mutant = Mutant("one is one", "one.vy", "1", "2")
    assert mutant.applied("a 1 b") == "a 2 b"
    for source in ("a b", "1 1"):
        with pytest.raises(ValueError, match=r"one\.vy"):
            mutant.applied(source)


def test_recall__until_a_text_changes__is_the_verdict(tmp_path):
    folder, file = tmp_path / "project", tmp_path / "verdicts.json"
    contract, test = folder / "contracts" / "One.vy", folder / "tests" / "governance" / "test_one.py"
    for path in (contract, test):
        path.parent.mkdir(parents=True)
        path.write_text("one")
    noticed_by = "tests/governance/test_one.py::test_one__is__one"

    assert Memory(file, folder).recall("one is one", ["One"]) is None
    Memory(file, folder).keep("one is one", ["One"], noticed_by)
    Memory(file, folder).keep("two is two", ["One"], "")
    assert Memory(file, folder).recall("one is one", ["One"]) == noticed_by
    assert Memory(file, folder).recall("two is two", ["One"]) == ""

    (test.parent / "test_two.py").write_text("two")
    assert Memory(file, folder).recall("one is one", ["One"]) == noticed_by
    assert Memory(file, folder).recall("two is two", ["One"]) is None, "the new test may notice it"
    contract.write_text("1")
    assert Memory(file, folder).recall("one is one", ["One"]) is None


def test_table__lists__every_mutant_once():
    rows = re.findall(r"^\| (.+?) \| .* \| .* \|$", (ROOT / "MUTANTS.md").read_text(), re.MULTILINE)
    rules = [rule for rule in rows if rule != "rule"]
    assert sorted(rules) == sorted(mutant.rule for mutant in MUTANTS), "run `make mutants`"
    assert len(set(rules)) == len(rules)
