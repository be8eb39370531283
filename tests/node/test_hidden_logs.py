"""An endpoint that leaves logs out: what our own transactions did is in their receipts."""

from __future__ import annotations

from typing import Any

import pytest

from executor.chain.rpc import octets
from executor.node.lifecycle import State
from executor.node.node import Node
from executor.node.orders import OrderState
from tests.node.network import ETHER, WINDOW, Town, image, key
from tests.node.test_orders import freeze, step_until, submit
from tests.node.test_trouble import ask, counts, until


def hide(town: Town, node: Node, event: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """From now on eth_getLogs leaves this event of the Market out; the logs that were hidden."""
    endpoint, topic = node.desk.endpoint, town.contracts.market.abi.topic(event)
    read_many = endpoint.read_many
    hidden: list[Any] = []

    def shown(log: dict[str, Any]) -> bool:
        if octets(log["topics"][0]) == topic:
            hidden.append(log)
            return False
        return True

    def reads(calls: Any) -> list[Any]:
        answers = read_many(calls)
        return [
            list(filter(shown, answer)) if method == "eth_getLogs" else answer
            for (method, _), answer in zip(calls, answers, strict=True)
        ]

    monkeypatch.setattr(endpoint, "read_many", reads)
    return hidden


@pytest.mark.parametrize("event", ["Claimed", "Posted", "Finalized"])
def test_step__an_own_log_is_hidden__the_request_comes_to_its_end(
    town: Town, node_of, monkeypatch, event: str
) -> None:
    identifier = ask(town)
    node = node_of()
    hidden = hide(town, node, event, monkeypatch)
    before = node.desk.outbox._transactions.next_nonce() or 0
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    town.warp(WINDOW)
    until(node, met=lambda: counts(node) == {State.FINAL: 1})
    assert hidden
    assert town.client().wait(identifier, "final", timeout=1).attempt == 1
    assert town.anvil.nonce(key("executor").address) == before + 3  # claim, post, finalize: nothing twice


def test_start__own_result_was_hidden_before__is_found(town: Town, node_of, monkeypatch) -> None:
    """After a restart no slot is believed, and the slot alone does not say what was posted."""
    ask(town)
    node = node_of()
    hide(town, node, "Posted", monkeypatch)
    until(node, met=lambda: counts(node) == {State.POSTING: 1})
    while not node.desk.outbox.idle():
        node.desk.outbox.step()
    with node.desk.journal.transaction():
        node.desk.jobs.read_all_again()
    until(node, met=lambda: counts(node) == {State.POSTED: 1})


def test_order__its_opening_is_hidden__is_answered_all_the_same(town: Town, node_of, monkeypatch) -> None:
    freeze(town)
    node = node_of(intake=True, intake_port=0)
    client, price = town.client(), ETHER // 100
    client.deposit(price)
    hidden = hide(town, node, "Opened", monkeypatch)
    signed = client.sign_order(town.model, image(5), max_price=price, min_price=price, ramp=0)
    digest = submit(node, client, signed, node.intake.url)
    step_until(node, digest, OrderState.OPENED)
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    assert hidden


def test_step__the_receipt_is_hidden_too__the_slot_says_whose_the_claim_is(
    town: Town, node_of, monkeypatch
) -> None:
    identifier = ask(town)
    node = node_of()
    hide(town, node, "Claimed", monkeypatch)
    monkeypatch.setattr("executor.node.outcomes.note_logs", lambda *_: None)
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    assert town.client().wait(identifier, timeout=1).attempt == 1


@pytest.mark.parametrize("age", [61, 59])
def test_claim__that_waited_to_be_signed__is_decided_upon_anew_after_a_minute(
    town: Town, node_of, monkeypatch, age: int
) -> None:
    identifier = ask(town)
    node = node_of()
    monkeypatch.setattr("executor.node.node.send", lambda _: None)  # as if gas cost more than its cap
    until(node, met=lambda: counts(node) == {State.CLAIMING: 1})
    job = node.desk.jobs.get(identifier)
    with node.desk.journal.transaction():
        node.desk.journal.write("UPDATE transactions SET wanted = wanted - ?", age)
    for _ in range(3):
        node.step()
    again = node.desk.jobs.get(identifier)
    if age < 60:
        assert (again.state, again.transaction) == (State.CLAIMING, job.transaction)
        return
    assert (again.state, again.transaction, again.tries) == (State.OPEN, None, 1)
    monkeypatch.undo()
    town.warp(10)
    until(node, met=lambda: counts(node) == {State.POSTED: 1})


def test_step__a_thousand_blocks_later__the_journal_has_forgotten_what_is_done(town: Town, node_of) -> None:
    ask(town)
    node = node_of()
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    town.warp(WINDOW)
    until(node, met=lambda: counts(node) == {State.FINAL: 1} and node.desk.outbox.idle())
    assert node.desk.journal.rows("SELECT * FROM transactions")
    town.anvil.mine(1_001)
    until(node, met=lambda: not node.desk.journal.rows("SELECT * FROM transactions"))
    assert node.desk.journal.rows("SELECT * FROM attempts") == []
