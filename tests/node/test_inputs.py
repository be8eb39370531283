"""Uploaded inputs at a node: fetched from logs that nobody has to believe, before anything is at stake."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from executor.chain import inputs as inputs_module
from executor.chain.contracts import Contracts
from executor.chain.fetch import InputMissingError, Named, fetch
from executor.chain.requests import Flags
from executor.chain.rpc import Endpoint, RefusedError
from executor.chain.runs import cut
from executor.chain.wallet import log_of
from executor.node.infer import Inference
from executor.node.lifecycle import State
from executor.node.node import Node
from executor.node.orders import OrderState
from executor.program import data_root, load, run
from tests.node.network import DIGITS, ETHER, Town, create_model, image, key
from tests.node.test_orders import freeze, step_until, submit
from tests.node.test_trouble import counts, mute, until

PRICE = ETHER // 100
SIZE = 64  # of a digit

Change = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


class Unfaithful:
    """An endpoint whose answers about the logs of one event are changed. asked: how often it was."""

    def __init__(self, endpoint: Endpoint, town: Town, event: str, change: Change) -> None:
        self._endpoint, self._change, self.asked = endpoint, change, 0
        self._topic = "0x" + town.contracts.inputs.abi.topic(event).hex()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._endpoint, name)

    def read(self, method: str, *parameters: Any) -> Any:
        answer = self._endpoint.read(method, *parameters)
        if method == "eth_getLogs" and parameters[0]["topics"][0] == self._topic:
            self.asked += 1
            return self._change(answer)
        return answer


def hidden(_: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return []


def doubled_by_a_lie(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Newer logs of the same run, of other bytes; and of the same input, sealed from another's run."""
    (own,), (other,) = cut(image(0), SIZE), cut(image(1), SIZE)
    lies = {own.data.hex(): other.data.ljust(len(own.data), b"\1").hex(), own.root.hex(): other.root.hex()}
    changed = [{**log, "data": _replaced(log["data"], lies)} for log in logs]
    assert all(lie != log for lie, log in zip(changed, logs, strict=True))
    return logs + changed


def _replaced(text: str, lies: dict[str, str]) -> str:
    for truth, lie in lies.items():
        text = text.replace(truth, lie)
    return text


def from_another_address(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return logs + [{**log, "address": "0x" + "11" * 20} for log in logs]


def nonsense(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return logs + [{**log, "data": "0xff"} for log in logs]


def of_another_run(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return logs + [{**log, "topics": [log["topics"][0], "0x" + "11" * 32]} for log in logs]


def ask(town: Town, number: int = 0) -> bytes:
    """Ask for a digit whose image was uploaded."""
    client = town.client()
    root = client.upload(town.model, image(number))
    return client.open(town.model, root, max_price=PRICE, min_price=PRICE, flags=Flags.UPLOADED)


def named(number: int = 0) -> Named:
    root = data_root(image(number), SIZE)
    return Named(Flags.UPLOADED, root, root, SIZE)


def spoil(node: Node, town: Town, event: str, change: Change) -> Unfaithful:
    """From now on the node's inputs come through an unfaithful endpoint."""
    endpoint = Unfaithful(node.desk.endpoint, town, event, change)
    node.desk.inputs._endpoint = endpoint  # type: ignore[assignment]
    return endpoint


def job_of(node: Node) -> Any:
    (job,) = node.desk.jobs.newest(1)
    return job


# --- fetch ---


@pytest.mark.parametrize("event", ["Sealed", "Uploaded"])
@pytest.mark.parametrize("change", [doubled_by_a_lie, from_another_address, nonsense, of_another_run])
def test_fetch__wrong_logs_among_the_right_ones__finds_the_right_ones(
    town: Town, event: str, change: Change
) -> None:
    for number in (1, 0):
        town.client().upload(town.model, image(number))
    endpoint = Unfaithful(town.anvil.rpc, town, event, change)
    assert fetch(endpoint, town.contracts, named(), lambda: True) == image(0).rstrip(b"\0")  # type: ignore[arg-type]
    assert endpoint.asked


@pytest.mark.parametrize(
    ("event", "why"),
    [("Sealed", "no log says what it was sealed from"), ("Uploaded", "no log has its run 0x")],
)
def test_fetch__right_logs_left_out__says_what_is_missing(town: Town, event: str, why: str) -> None:
    for number in (1, 0):
        town.client().upload(town.model, image(number))
    endpoint = Unfaithful(town.anvil.rpc, town, event, lambda logs: doubled_by_a_lie(logs)[len(logs) :])
    lied = why if event == "Uploaded" else "what was uploaded does not hash to it"
    with pytest.raises(InputMissingError, match=lied):
        fetch(endpoint, town.contracts, named(), lambda: True)  # type: ignore[arg-type]
    endpoint = Unfaithful(town.anvil.rpc, town, event, hidden)
    with pytest.raises(InputMissingError, match=why):
        fetch(endpoint, town.contracts, named(), lambda: True)  # type: ignore[arg-type]


def test_fetch__sealed_for_another_size__is_not_taken_for_it(town: Town) -> None:
    town.client().upload(town.model, image(0))
    with pytest.raises(InputMissingError, match="it was not sealed for 65 bytes"):
        fetch(town.anvil.rpc, town.contracts, named()._replace(size=65), lambda: True)


def test_fetch__kept_elsewhere_and_sealed_by_a_challenger__is_read_like_any_other(town: Town) -> None:
    elsewhere = named()._replace(flags=Flags.UNWATCHABLE)
    with pytest.raises(InputMissingError, match="it is kept elsewhere"):
        fetch(town.anvil.rpc, town.contracts, elsewhere, lambda: True)
    town.client().upload(town.model, image(0))
    assert fetch(town.anvil.rpc, town.contracts, elsewhere, lambda: True) == image(0).rstrip(b"\0")


def test_fetch__told_to_stop__stops(town: Town) -> None:
    with pytest.raises(InputMissingError, match="not found in time"):
        fetch(town.anvil.rpc, town.contracts, named(), lambda: False)


def test_fetch__ranges_refused__shrinks_them(town: Town) -> None:
    town.client().upload(town.model, image(0))
    town.anvil.mine(300)

    class Narrow(Unfaithful):
        def read(self, method: str, *parameters: Any) -> Any:
            if method == "eth_getLogs":
                bounds = parameters[0]
                if int(bounds["toBlock"], 16) - int(bounds["fromBlock"], 16) >= 50:
                    raise RefusedError(-32005, "query exceeds max block range")
            return super().read(method, *parameters)

    endpoint = Narrow(town.anvil.rpc, town, "Sealed", list)
    assert fetch(endpoint, town.contracts, named(), lambda: True) == image(0).rstrip(b"\0")  # type: ignore[arg-type]
    assert endpoint.asked > 6


def test_fetch__tiles_uploaded_in_many_forms__is_the_same_input(town: Town) -> None:
    """The newest log of the run has zeros beyond the input's size; a stranger repeats the seal."""
    bare = image(0).rstrip(b"\0")
    root = town.client().upload(town.model, image(0))
    town.send("stranger", town.contracts.inputs, "upload", bare + bytes(900))
    (runs,) = [event["runs"] for event in sealed_events(town)]
    town.send("stranger", town.contracts.inputs, "seal", runs, SIZE)
    assert fetch(town.anvil.rpc, town.contracts, named(), lambda: True) == bare
    assert root == named().root


def sealed_events(town: Town) -> list[Any]:
    inputs = town.contracts.inputs
    logs = town.anvil.call("eth_getLogs", {"address": inputs.address, "fromBlock": "0x1"})
    found = [Contracts(town.deployment).event(log_of(entry)) for entry in logs]
    return [event for event in found if event is not None and event.name == "Sealed"]


# --- the node ---


def test_step__uploaded_input__is_fetched_claimed_and_answered(town: Town, node_of) -> None:
    identifier = ask(town, 3)
    node = node_of()
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    assert town.client().wait(identifier, timeout=1).output == run(load(DIGITS), image(3))


def test_step__input_that_logs_hide__is_declined_in_one_line_and_never_claimed(
    town: Town, node_of, monkeypatch
) -> None:
    monkeypatch.setattr(inputs_module, "RETRY", 0.0)
    ask(town)
    node = node_of()
    spoil(node, town, "Uploaded", hidden)
    monkeypatch.setattr("executor.node.claim.LOOK_AGAIN", 0)
    until(node, met=lambda: counts(node) == {State.DECLINED: 1})
    assert job_of(node).note.startswith("its input cannot be fetched: input 0x")
    assert "no log has its run 0x" in job_of(node).note
    assert "\n" not in job_of(node).note
    assert town.anvil.nonce(key("executor").address) == 3  # its stake, and no claim
    assert node.idle()


def test_step__logs_that_come_late__are_waited_for(town: Town, node_of, monkeypatch) -> None:
    monkeypatch.setattr("executor.node.claim.LOOK_AGAIN", 0)
    ask(town)
    node = node_of()
    late = spoil(node, town, "Sealed", hidden)
    until(node, met=lambda: node.desk.inputs.failure(named()) is not None)
    assert counts(node) == {State.OPEN: 1}
    late._change = list
    until(node, met=lambda: counts(node) == {State.POSTED: 1})


def test_step__not_worth_claiming__is_not_even_fetched(town: Town, node_of) -> None:
    client = town.client()
    root = client.upload(town.model, image(0))
    client.open(town.model, root, max_price=1, flags=Flags.UPLOADED)
    node = node_of()
    endpoint = spoil(node, town, "Sealed", list)
    for _ in range(5):
        node.step()
    assert counts(node) == {State.OPEN: 1}
    assert endpoint.asked == 0


def test_start__input_in_the_journal__is_not_fetched_again(town: Town, node_of) -> None:
    identifier = ask(town)
    node = node_of()
    silent = mute(node)
    until(node, met=lambda: len(silent.asked) == 1)
    endpoint = spoil(node, town, "Sealed", hidden)
    node._inference = Inference(node._backend, node.wake)  # as after a restart: nothing is running
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    assert endpoint.asked == 0
    assert town.client().wait(identifier, timeout=1).attempt == 1


def test_start__claimed_and_the_journal_lost__is_fetched_and_answered(
    town: Town, node_of, tmp_path: Path
) -> None:
    identifier = ask(town)
    town.send("executor", town.contracts.market, "claim", [town.client().request(identifier)])
    node = node_of()
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    assert town.client().wait(identifier, timeout=1).attempt == 1


def test_step__several_requests_for_one_input__fetch_it_once(town: Town, node_of) -> None:
    client = town.client()
    root = client.upload(town.model, image(0))
    offer = {"max_price": PRICE, "min_price": PRICE, "flags": Flags.UPLOADED}
    for _ in range(3):
        client.open(town.model, root, **offer)
    node = node_of()
    endpoint = spoil(node, town, "Sealed", list)
    until(node, met=lambda: counts(node) == {State.POSTED: 3})
    assert endpoint.asked == 1


def test_step__kept_elsewhere__is_declined(town: Town, node_of) -> None:
    town.model = create_model(town, town.deployment.address("MockArbiter"), unwatchable=True)
    root = data_root(image(0), SIZE)
    town.client().open(town.model, root, max_price=PRICE, flags=Flags.UNWATCHABLE)
    node = node_of()
    until(node, met=lambda: counts(node) == {State.DECLINED: 1})
    assert job_of(node).note == "its input is kept elsewhere, where nobody could judge an answer to it"


def test_reorganisation__undoes_upload_and_request__leaves_nothing_owed(town: Town, node_of) -> None:
    town.anvil.mine(3)
    before = town.anvil.head()
    ask(town)
    node = node_of()
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    town.anvil.reorg(town.anvil.head() - before)
    town.anvil.mine(2)
    until(node, met=lambda: counts(node) == {State.GONE: 1})
    assert node.owes() == 0


# --- signed orders ---


def test_order__input_uploaded_after_it_was_signed__is_answered_once_it_is(town: Town, node_of) -> None:
    freeze(town)
    node = node_of(intake=True, intake_port=0)
    assert node.intake is not None
    client, root = town.client(), named(5).root
    client.deposit(PRICE)
    signed = client.sign_order(
        town.model, root, max_price=PRICE, min_price=PRICE, ramp=0, flags=Flags.UPLOADED
    )
    digest = submit(node, client, signed, node.intake.url)
    for _ in range(3):
        node.step()
    row = node.desk.orders.get(digest)
    assert (row.state, row.note) == (OrderState.RECEIVED, "its input is not uploaded yet")
    client.upload(town.model, image(5))
    town.warp(30)
    step_until(node, digest, OrderState.OPENED)
    until(node, met=lambda: counts(node) == {State.POSTED: 1})


# --- what is kept ---


def test_keep__more_than_there_is_room_for__drops_the_oldest(town: Town, node_of, monkeypatch) -> None:
    monkeypatch.setattr(inputs_module, "KEPT", 250)
    node = node_of()
    with node.desk.journal.transaction():
        for number in range(4):
            node.desk.inputs.keep(bytes([number]) * 32, bytes(100))
    kept = [row["root"][0] for row in node.desk.journal.rows("SELECT root FROM inputs ORDER BY rowid")]
    assert kept == [2, 3]
    with node.desk.journal.transaction():
        node.desk.inputs.keep(b"\xff" * 32, bytes(1_000))  # larger than the room: the newest stays
    assert [row["root"][0] for row in node.desk.journal.rows("SELECT root FROM inputs")] == [255]


def test_find__many_wanted_at_a_time__leaves_a_place_for_what_is_owed(town: Town, node_of) -> None:
    node = node_of()
    inputs = node.desk.inputs
    inputs._threads.shutdown()

    class Idle:
        def submit(self, *_: Any) -> Any:
            return Future()

        def shutdown(self, **_: Any) -> None: ...

    inputs._threads = Idle()  # type: ignore[assignment]
    for number in range(10):
        assert inputs.find(named()._replace(reference=bytes([number]) * 32)) is None
    assert len(inputs._fetching) == inputs_module.AT_ONCE - 1
    inputs.find(named()._replace(reference=b"\xaa" * 32), owed=True)
    assert len(inputs._fetching) == inputs_module.AT_ONCE
