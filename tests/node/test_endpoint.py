"""An endpoint that is busy, behind or broken: the node waits for it, and does not die of it."""

from __future__ import annotations

from threading import Timer

import pytest

from executor.chain.contracts import CallRevertedError, Contract, ask
from executor.chain.rpc import RefusedError, UnreachableError, quantity
from executor.node.lifecycle import State
from tests.node.network import ETHER, Town, image

BUSY = RefusedError(-32005, "too many requests")


class Answering:
    """An endpoint that gives one answer to every read."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def read_many(self, calls):
        return [self._answer for _ in calls]


def market() -> Contract:
    return Contract("Market", "0x" + "11" * 20)


def test_ask__endpoint_refuses__is_no_verdict_of_the_contract() -> None:
    with pytest.raises(RefusedError, match="too many requests"):
        ask(Answering(BUSY), [market().query("counter")])


def test_ask__contract_reverts__is_its_verdict() -> None:
    with pytest.raises(CallRevertedError):
        ask(Answering(RefusedError(3, "execution reverted")), [market().query("counter")])


@pytest.mark.parametrize("answer", [None, "", "0xzz", {}, 7])
def test_quantity__no_number__is_an_endpoint_that_fails(answer: object) -> None:
    with pytest.raises(UnreachableError, match="for a number"):
        quantity(answer)


@pytest.mark.parametrize("answer", [BUSY, "0x"], ids=["busy", "without_state"])
def test_run__endpoint_fails_one_read_of_a_contract__goes_on_and_serves(
    town: Town, node_of, monkeypatch, answer: object
) -> None:
    town.client().open(town.model, image(0), max_price=ETHER // 100, min_price=ETHER // 100)
    node = node_of()
    endpoint = node.desk.endpoint
    read_many, failed = endpoint.read_many, []

    def once_wrong(calls):
        answers = read_many(calls)
        if not failed and any(method == "eth_call" for method, _ in calls):
            failed.append(calls)
            return [answer for _ in answers]
        if node.desk.jobs.counts() == {State.POSTED: 1}:
            node.stop()
        return answers

    monkeypatch.setattr(endpoint, "read_many", once_wrong)
    patience = Timer(15, node.stop)
    patience.start()
    node.run(drain_seconds=1)
    patience.cancel()
    assert failed
    assert node.desk.jobs.counts() == {State.POSTED: 1}
