"""Bad versions, taken down by a client or by a watcher that was told to."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi import encode
from eth_utils import keccak, to_checksum_address

from executor.chain.contracts import Contract
from executor.chain.rpc import UnreachableError
from executor.chain.wallet import Wallet
from executor.cli import main
from executor.client import ClientError
from executor.node import breakers
from executor.node.lifecycle import State
from executor.node.node import Node
from executor.program import load, run
from executor.settings import Settings
from executor.testing import compiled
from tests.anvil import CHAIN_ID
from tests.disputes.city import at_work
from tests.node.network import (
    DIGITS,
    ETHER,
    MIN_BOND,
    ROYALTY_BPS,
    WINDOW,
    Town,
    create_model,
    image,
    key,
)
from tests.node.test_trouble import counts, selector, until

PRICE = ETHER // 100
NEEDED = 3
ASKERS = ("requester", "visitor", "stranger")
HOOK = to_checksum_address("0x" + "C7" * 20)
REFUSE = 1  # the hook's conduct


@pytest.fixture
def stage(town: Town, project: Any) -> Town:
    """A town whose model has a breaker, version 2 live and 1 behind it, and a hook that can misbehave."""
    code = project.MockHook.contract_type.runtime_bytecode.bytecode
    town.anvil.place(bytes.fromhex(code.removeprefix("0x")), HOOK)
    town.model = create_model(town, town.deployment.address("MockArbiter"), hook=HOOK)
    equip(town, town.model)
    return town


def equip(town: Town, model: str, right: bytes = bytes(32), rejections: int = NEEDED) -> None:
    """Make another version live, and give the model a breaker. right: hash of its answer to image 1."""
    program, shell = load(DIGITS), town.contracts.model(model)
    terms = (
        *(program.root, town.deployment.address("MockArbiter"), HOOK, ROYALTY_BPS, MIN_BOND, WINDOW),
        *(program.input_size, program.output_size, False),
    )
    version = (terms, "file:digits.program", b"\x03" * 32, b"\x04" * 32)
    town.send("owner", shell, "publish", version)
    number = town.ask(shell, "versions")
    town.send("owner", shell, "declare_probe", number, keccak(image(1)), right)
    town.send("owner", shell, "promote", number)
    town.send("owner", shell, "set_breaker", rejections, PRICE, 0)


def misbehave(town: Town) -> None:
    """From now on the hook rejects every output."""
    data = bytes.fromhex(selector("misbehave(uint256,uint256)")[2:]) + encode(["uint256"] * 2, [0, REFUSE])
    Wallet(town.anvil.rpc, key("owner"), CHAIN_ID, poll=0.01).transact(HOOK, data)


def answered(town: Town, node: Node, count: int = NEEDED) -> None:
    """Final answers to so many requesters, by the honest executor."""
    done = counts(node).get(State.FINAL, 0) + count
    for asker in ASKERS[:count]:
        town.client(asker).open(town.model, image(1), max_price=PRICE, min_price=PRICE)
    until(node, met=lambda: counts(node).get(State.POSTED) == count)
    town.warp(WINDOW)
    until(node, met=lambda: counts(node).get(State.FINAL) == done)


def live(town: Town) -> int:
    return int(town.ask(town.contracts.model(town.model), "live"))


def test_trip__enough_final_answers_that_the_hook_rejects__takes_the_version_down(
    stage: Town, node_of
) -> None:
    node, client = node_of(), stage.client("staker")
    misbehave(stage)
    answered(stage, node, NEEDED - 1)
    for version in (None, 2):
        with pytest.raises(ClientError, match="the final answers are not enough to trip"):
            client.trip(stage.model, version)
    stage.client(ASKERS[-1]).open(stage.model, image(1), max_price=PRICE, min_price=PRICE)
    until(node, met=lambda: counts(node).get(State.POSTED) == 1)
    stage.warp(WINDOW)
    until(node, met=lambda: counts(node) == {State.FINAL: NEEDED})
    client.trip(stage.model)
    assert live(stage) == 1
    with pytest.raises(ClientError, match="not enough"):
        client.trip(stage.model)


def test_watch__told_to_trip__trips_by_itself_and_once(stage: Town, node_of, tmp_path) -> None:
    node = node_of()
    misbehave(stage)
    with at_work(stage, tmp_path, "rival", claim=False, trip=True) as watcher:
        answered(stage, node, NEEDED - 1)
        stage.warp(60)
        until(watcher, met=lambda: not watcher.breakers.busy and bool(counts(watcher)))
        assert live(stage) == 2
        assert stage.anvil.nonce(key("rival").address) == 0
        stage.client(ASKERS[-1]).open(stage.model, image(1), max_price=PRICE, min_price=PRICE)
        until(node, met=lambda: counts(node).get(State.POSTED) == 1)
        stage.warp(WINDOW)
        until(node, met=lambda: counts(node) == {State.FINAL: NEEDED})
        stage.warp(60)
        until(watcher, met=lambda: live(stage) == 1)
        for _ in range(3):
            stage.warp(60)
            until(watcher, met=watcher.idle)
        assert stage.anvil.nonce(key("rival").address) == 1


def test_watch__answer_that_differs_from_what_the_owner_declared__trips(
    stage: Town, node_of, tmp_path
) -> None:
    equip(stage, stage.model, right=keccak(b"what the version should say"))
    node = node_of()
    with at_work(stage, tmp_path, "rival", claim=False, trip=True) as watcher:
        answered(stage, node, 1)
        stage.warp(60)
        until(watcher, met=lambda: live(stage) == 2)


def test_watch__answer_as_its_owner_declared__is_no_reason(stage: Town, node_of, tmp_path) -> None:
    equip(stage, stage.model, right=keccak(run(load(DIGITS), image(1))))
    assert_left_alone(stage, node_of, tmp_path, trip=True)


def test_watch__not_told_to_trip__lets_it_be(stage: Town, node_of, tmp_path) -> None:
    misbehave(stage)
    assert_left_alone(stage, node_of, tmp_path)


def test_watch__model_without_a_breaker__lets_it_be(stage: Town, node_of, tmp_path) -> None:
    misbehave(stage)
    stage.send("owner", stage.contracts.model(stage.model), "set_breaker", 0, 0, 0)
    assert_left_alone(stage, node_of, tmp_path, trip=True)


def test_watch__model_that_the_registry_did_not_make__lets_it_be(
    stage: Town, node_of, tmp_path, project: Any
) -> None:
    """Its code is a stranger's: what it does with the gas of a trip, nobody knows."""
    creation = compiled(project, "Registry")
    addresses = [stage.deployment.address(name) for name in ("Market", "Model")]
    wallet = Wallet(stage.anvil.rpc, key("stranger"), CHAIN_ID, poll=0.01)
    made = wallet.transact(None, creation.code + encode(["address"] * 2, addresses)).created
    assert made is not None
    first = stage.ask(stage.contracts.model(stage.model), "version", 1)
    people = (key("owner").address, key("owner").address)
    stage.send("owner", Contract("Registry", made), "create_model", "another", *people, first)
    stage.model = str(stage.ask(Contract("Registry", made), "models", 0))
    equip(stage, stage.model)
    misbehave(stage)
    assert_left_alone(stage, node_of, tmp_path, trip=True)
    stage.client("staker").trip(stage.model)  # there was evidence enough
    assert live(stage) == 1


def assert_left_alone(stage: Town, node_of, tmp_path, **settings: Any) -> None:
    node, before = node_of(), live(stage)
    with at_work(stage, tmp_path, "rival", claim=False, **settings) as watcher:
        answered(stage, node)
        for _ in range(3):
            stage.warp(60)
            until(watcher, met=lambda: watcher.idle() and bool(counts(watcher)))
    assert live(stage) == before
    assert stage.anvil.nonce(key("rival").address) == 0


@pytest.mark.parametrize("times", [1, 3])
def test_watch__evidence_cannot_be_read__is_looked_for_again(
    stage: Town, node_of, tmp_path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    right, left = breakers.evidence_against_answering, [times]

    def sometimes(*where: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise UnreachableError("gone")
        return right(*where)

    monkeypatch.setattr(breakers, "evidence_against_answering", sometimes)
    node = node_of()
    misbehave(stage)
    with at_work(stage, tmp_path, "rival", claim=False, trip=True) as watcher:
        answered(stage, node)
        stage.warp(60)
        until(watcher, met=lambda: live(stage) == 1)
    assert left[0] < 0


@pytest.mark.parametrize(("options", "trips"), [((), False), (("--trip",), True)])
def test_watch__trip_option__is_the_setting_and_off_by_default(
    tmp_path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], trips: bool
) -> None:
    seen: list[Settings] = []
    monkeypatch.setattr("executor.commands.run._work", lambda settings, **_: seen.append(settings))
    with pytest.raises(SystemExit):
        main(["--deployment", str(tmp_path / "none.json"), "watch", "--artifact", "a.program", *options])
    assert [(settings.trip, settings.watch, settings.claim) for settings in seen] == [(trips, True, False)]
