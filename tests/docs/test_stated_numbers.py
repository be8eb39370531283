"""A number that a document states in words is the number in the code."""

from __future__ import annotations

import json
import math
import re

import pytest

from executor.chain.creation import plan
from executor.chain.runs import MOST_UPLOADED
from executor.program.cost import MAX_GAS, MAX_PROOF
from executor.program.validation import MAX_OPERATIONS, MAX_RANK
from scripts import demo
from scripts._demo.upgrade import REJECTIONS
from tests.conftest import ROOT, SNAPSHOTS

ONE = "0x" + "01" * 20
GAS = json.loads((SNAPSHOTS / "gas.json").read_text())
DAY = 86_400


def constant(file: str, name: str) -> int:
    """A constant of a contract: a number, or a product of numbers."""
    declared = rf"^{name}: constant\(uint256\) = ([\d_ *]+)"
    (factors,) = re.findall(declared, text(f"contracts/{file}"), re.MULTILINE)
    return math.prod(int(factor) for factor in factors.split("*"))


def bound(file: str, declared: str) -> int:
    """How long something may be that a contract declares so: `Bytes[` or `DynArray[...,`."""
    (length,) = set(re.findall(rf"{re.escape(declared)} ?(\d+)\]", text(f"contracts/{file}")))
    return int(length)


def text(file: str) -> str:
    return (ROOT / file).read_text()


def creations() -> int:
    """Transactions that deploy a public network."""
    amounts = (0,) * 16
    return len(plan(ONE, 0, owner=ONE, bond_asset=ONE, parameters=amounts, unbonding_seconds=1))


STATED = [
    ("README.md", "shows 20 drawings", demo.REQUESTS, 20),
    ("README.md", "15 by transactions to a guestbook, 5 by signatures", demo.SIGNED, 5),
    ("README.md", "18 are right", demo.CORRECT, 18),
    ("README.md", "Three such answers", REJECTIONS, 3),
    ("README.md", "up to eight final answers", constant("modules/model/breakers.vy", "MAX_EVIDENCE"), 8),
    ("README.md", "pause ends after seven days", constant("Model.vy", "GUARDIAN_PAUSE"), 7 * DAY),
    ("README.md", "and thirty must pass before its next", constant("Model.vy", "GUARDIAN_REST"), 30 * DAY),
    ("README.md", "takes nine transactions, its payment is the tenth", GAS["dispute/1e9_transactions"], 10),
    ("README.md", "at most 4,096 bytes", bound("Market.vy", "input: Bytes["), 4096),
    ("README.md", "at most 4,096 bytes", bound("Market.vy", "outputs: Bytes["), 4096),
    ("README.md", "runs of 32 KiB", bound("Inputs.vy", "def upload(data: Bytes["), 32 << 10),
    ("README.md", "of at most 8 MiB", MOST_UPLOADED, 8 << 20),
    ("README.md", "A batch holds 32 requests", bound("Market.vy", "batch: DynArray[IMarket.Request,"), 32),
    ("README.md", "or 16 signed ones", bound("Orders.vy", "batch: DynArray[IOrders.Order,"), 16),
    ("README.md", "at most 4,096 operations", MAX_OPERATIONS, 4096),
    ("README.md", "and rank 8", MAX_RANK, 8),
    ("README.md", "whose proof exceeds 96 KiB", MAX_PROOF, 96 << 10),
    ("README.md", "or 10 million gas", MAX_GAS, 10_000_000),
    ("README.md", "window lasts at most 30 days", constant("Network.vy", "MAX_WINDOW"), 30 * DAY),
    ("README.md", "an arbiter has at most 60", constant("Network.vy", "MAX_RULING"), 60 * DAY),
    ("README.md", "at most 50 % of a price", constant("Network.vy", "MAX_ROYALTY_BPS"), 5_000),
    ("README.md", "the network's fee 10 %", constant("Network.vy", "MAX_FEE_BPS"), 1_000),
    ("README.md", "never more than 100", constant("Network.vy", "MAX_ATTEMPTS"), 100),
    ("deployments/README.md", "sends fifteen transactions", creations(), 15),
]


@pytest.mark.parametrize(("document", "words", "measured", "stated"), STATED, ids=[row[1] for row in STATED])
def test_document__a_number_in_words__is_that_of_the_code(document, words, measured, stated):
    assert words in " ".join(text(document).split()), f"{document} no longer says so: correct this table"
    assert measured == stated, f"{document} says: {words}"
