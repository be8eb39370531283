"""What is measured of a program: the measures on numbers by hand, and the claims on the committed table."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from executor.program import load
from executor.schema import Schema, schema_path
from scripts._models import accuracy, inputs, measures
from scripts._models.packages import MODELS, ROOT
from scripts._models.programs import RECIPES, Original, Recipe, make, recipe

MADE = [found for found in RECIPES if found.program.is_file() and found.model.is_file()]
NEEDED = pytest.mark.skipif(len(MADE) < len(RECIPES), reason="the programs come with `make models`")
TABLE = ROOT / "ACCURACY.md"


def test_embeddings__turned_and_stretched__are_measured_by_their_angle() -> None:
    theirs = np.array([[1.0, 0], [0.9, 0.1], [0, 1], [0.1, 1]])
    found = measures.embeddings(theirs * 7, theirs)
    assert found == pytest.approx({"cosine_mean": 1, "cosine_min": 1, "neighbour_agreement": 1})
    mine = theirs.copy()
    mine[0] = [0, 2]  # a right angle away, and its neighbour is another one now
    found = measures.embeddings(mine, theirs)
    assert found["cosine_min"] == pytest.approx(0)
    assert found["cosine_mean"] == pytest.approx(0.75)
    assert found["neighbour_agreement"] < 1


def test_nearest__a_row__is_never_its_own_neighbour() -> None:
    assert measures.nearest(np.array([[1.0, 0], [0, 1], [0.1, 1]])).tolist() == [2, 2, 1]


def test_labels__half_the_classes_differ__is_half() -> None:
    assert measures.labels(np.array([[1.0, 2], [4, 3]]), np.array([[0.0, 1], [0, 1]])) == {"agreement": 0.5}


def test_probabilities__one_far_off__is_the_largest_error() -> None:
    found = measures.probabilities(np.array([[0.5, 0.25]]), np.array([[0.5, 0.75]]))
    assert found == {"max_abs_error": 0.5, "mean_abs_error": 0.25}


def test_keeps__bounds_on_both_sides__are_asked() -> None:
    claim = accuracy.Claim("row", measures.labels, {"good": 0.9}, {"bad": 0.1})
    assert accuracy.keeps(claim, {"good": 0.9, "bad": 0.1})
    assert not accuracy.keeps(claim, {"good": 0.89, "bad": 0.1})
    assert not accuracy.keeps(claim, {"good": 0.9, "bad": 0.11})


def test_rows__names__are_those_of_the_claims() -> None:
    assert accuracy.rows({"magika_accurate": {"agreement": 1.0}}) == {"magika/agreement": 1.0}
    assert set(accuracy.CLAIMS) == {found.name for found in RECIPES}


def test_table__committed__keeps_every_claim() -> None:
    """What the repository says about itself is what was asked of it."""
    text = TABLE.read_text()
    for name, claim in accuracy.CLAIMS.items():
        (row,) = re.findall(rf"^\| {name} \|.*\|$", text, re.MULTILINE)
        results = (result.rsplit(" ", 1) for result in row.split("|")[4].strip().split(", "))
        found = {measured.replace(" ", "_"): float(number) for measured, number in results}
        assert accuracy.keeps(claim, found), row


@NEEDED
@pytest.mark.parametrize("found", MADE, ids=lambda found: found.name)
def test_program__made__has_the_root_in_the_table(found: Recipe) -> None:
    assert f"| {found.name} | `0x{load(found.program).root.hex()}` |" in TABLE.read_text()


@NEEDED
def test_make__other_blas_kernel_and_one_thread__makes_the_same_root() -> None:
    """Constants come from exact arithmetic, so that no machine has a root of its own."""
    script = (
        "from scripts._models.programs import make, recipe; print(make(recipe('magika_accurate')).root.hex())"
    )
    kernels = {"OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **kernels},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == make(recipe("magika_accurate")).root.hex()


@NEEDED
def test_accuracy__few_samples__are_close_and_wrong_ones_are_not() -> None:
    wanted = recipe("ocr_direction_accurate")
    assert accuracy.accuracy(wanted, samples=6) == {"agreement": 1.0}
    program, schema = load(wanted.program), Schema.load(schema_path(wanted.program))
    pictures = inputs.load(wanted.network, inputs.HELD_OUT)["x"][:6]
    right = [
        schema.decode(answer)
        for answer in accuracy.outputs(program, [schema.encode({"x": p}) for p in pictures])
    ]
    turned = np.stack([Original(wanted).run({"x": p[..., ::-1, ::-1]}) for p in pictures])
    assert measures.labels(np.stack(right).reshape(6, -1), turned)["agreement"] < 0.5


@NEEDED
def test_texts__of_the_network_itself__agree_and_are_words() -> None:
    wanted = recipe("ocr_line_accurate")
    pictures = inputs.load(wanted.network, inputs.HELD_OUT)["x"][:3]
    scores = np.stack([Original(wanted).run({"x": p}) for p in pictures])
    assert measures.texts(scores, scores) == {"agreement": 1.0}
    assert measures.texts(scores, np.roll(scores, 1, axis=0)) == {"agreement": 0.0}
    alphabet = measures.characters(MODELS / "ocr_line_source.onnx")
    assert re.search("[a-z]{2}", measures.spelled(scores[0].reshape(-1, len(alphabet)), alphabet))
