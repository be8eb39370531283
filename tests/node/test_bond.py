"""`executor bond`: an answer in plain words, from a network's parameters or without any network."""

from __future__ import annotations

from pathlib import Path

import pytest

from executor.chain.contracts import CallRevertedError, Contract
from executor.chain.requests import NOBODY
from tests.node.network import WINDOW, Town
from tests.node.test_cli import executor

ASK = ("bond", "--value-at-stake", "10 ether", "--watch-probability", "0.95")


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somewhere without settings."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("alone")
def test_bond__no_network__takes_half_as_burned() -> None:
    done = executor(*ASK)
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stdout.splitlines()
    assert first == (
        "Ask for a bond of at least 1.052631578947368422 ether (1052631578947368422 wei) for each answer."
    )
    assert "share of 0.5 burns" in done.stdout
    assert last == "So cheating does not pay on average; with a wei less it does."


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("chance", ["0.95", "95 %", "95%", "19/20"])
def test_bond__a_share_in_any_writing__is_the_same(chance: str) -> None:
    done = executor(*ASK[:-1], chance, "--burned-share", "80 %", "--computing-cost", "1 ether")
    assert "at least 1.97368421052631579 ether" in done.stdout


@pytest.mark.usefixtures("alone")
def test_bond__nothing_at_stake__is_no_bond() -> None:
    done = executor("bond", "--value-at-stake", "0", "--watch-probability", "1")
    assert "at least 0 ether (0 wei)" in done.stdout
    assert "a wei less" not in done.stdout


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (("--watch-probability", "0"), 1, "no bond is enough where nobody watches"),
        (("--watch-probability", "0.000000001"), 1, "let more answers be watched"),
        (("--watch-probability", "1.5"), 2, "not between 0 and 1"),
        (("--watch-probability", "often"), 2, "write for example 0.95, '95 %' or 19/20"),
        (("--watch-probability", "1/0"), 2, "is no share"),
        (("--value-at-stake", "a fortune"), 2, "is no amount"),
        (("--value-at-stake", "-1"), 2, "not negative"),
        (("--burned-share", "0"), 1, "burned share is above 0"),
    ],
)
def test_bond__impossible_question__says_what_to_write(
    options: tuple[str, ...], code: int, reason: str
) -> None:
    done = executor(*ASK, *options)
    assert done.returncode == code
    assert reason in done.stderr


def test_bond__a_network__counts_what_it_returns_and_its_least_bond(town: Town, tmp_path: Path) -> None:
    """It returns 0.02 ether of a slashed bond, and takes none below 0.06."""
    town.settings(tmp_path)
    where = ("--rpc", town.anvil.url, "--deployment", tmp_path / "town.json")
    dear = executor(*where, *ASK)
    assert dear.stdout.startswith("Ask for a bond of at least 0.546315789473684211 ether")
    assert "of which 0.526315789473684211 ether burn" in dear.stdout

    cheap = executor(*where, "bond", "--value-at-stake", "0.01 ether", "--watch-probability", "0.5")
    assert cheap.stdout.splitlines()[:2] == [
        "Ask for a bond of at least 0.06 ether (60000000000000000 wei) for each answer.",
        "0.03 ether would do, but the network takes no bond below 0.06 ether.",
    ]
    assert "a wei less" not in cheap.stdout

    network = Contract("Network", town.deployment.address("Network"))
    terms = (b"\x01" * 32, town.contracts.market.address, NOBODY, 0)
    assert town.ask(network, "draft", 1, (*terms, 6 * 10**16, WINDOW, 64, 32, False))
    with pytest.raises(CallRevertedError, match="network: bond too small"):
        town.ask(network, "draft", 1, (*terms, 6 * 10**16 - 1, WINDOW, 64, 32, False))
