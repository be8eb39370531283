"""The third act while it runs: who asks, who answers, and what has been told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console

from executor.chain.contracts import Contracts
from executor.chain.evidence import evidence_against
from executor.chain.requests import LIVE, NATIVE, NOBODY, Offer
from executor.chain.rpc import Rpc
from scripts._demo.drawings import Drawing
from scripts._demo.house import House, at_once
from scripts._demo.processes import Running, StoppedError
from scripts._demo.stage import BOND, WINDOW, Stage
from scripts._demo.timeline import Question, Timeline

PRICE = 2 * 10**15
OFFER = Offer(LIVE, WINDOW, NOBODY, 0, 0, NATIVE, PRICE, PRICE, 60, 3_600, 600, BOND)
GAS_LIMIT = 1_000_000
FOUNDERS = 5


class Play:
    """A DAO with its model, beside the first act's. crowd: five who found the DAO, then those who ask."""

    def __init__(
        self, console: Console, provider: Any, project: Any, stage: Stage, crowd: Sequence[Any]
    ) -> None:
        self.console = console
        self._provider = provider
        self._chain = Rpc(provider.http_uri), Contracts(stage.deployment)
        with at_once(provider):
            since = provider.web3.eth.block_number
            self.house = House(project, provider, stage, crowd[:FOUNDERS])
        self.askers = crowd[FOUNDERS:]
        self.model, self.other = self.house.model, stage.model
        names = {self.model.address: "the DAO's model", self.other.address: "the first act's model"}
        contracts = [self.house.dao.governor, self.model]
        self.timeline = Timeline(provider, stage.market, names, contracts, since)
        self._asked = 0

    def serve(self, executor: Running) -> None:
        """Who answers from now on."""
        self._executor = executor

    def tell(self) -> None:
        """What the chain's logs say since the last time."""
        for line in self.timeline.read():
            self.console.print(line)

    # Asking

    def ask(self, model: Any, drawing: Drawing, asker: Any) -> None:
        """Open a request for whatever version answers; does not wait for the block."""
        self._send(model, model.request.encode_input(OFFER, drawing.pixels), asker, PRICE)
        self._asked += 1

    def until_answered(self) -> None:
        """Everything that was asked."""
        self._until(lambda: len(self._answered()) == self._asked, "left requests unanswered")

    def until_final(self, questions: Callable[[], Sequence[Question]]) -> None:
        """These are."""
        self._until(lambda: all(question.final for question in questions()), "left answers unpaid")

    def pass_window(self) -> None:
        """Let the challenge windows of everything that is posted end."""
        self._provider.make_request("evm_increaseTime", [WINDOW])

    # Tripping

    def trip(self, version: int, by: Any) -> None:
        """Take a version out by its own answers, as `ape run model trip` finds them."""
        evidence = evidence_against(*self._chain, self.model.address, version)
        if evidence is None:
            raise StoppedError(f"there is not enough evidence against version {version}")
        call = self.model.trip.encode_input(version, evidence.requests, evidence.outputs)
        sent = self._send(self.model, call, by)
        if not self._provider.web3.eth.wait_for_transaction_receipt(sent)["status"]:
            raise StoppedError(f"the breaker did not trip on version {version}")
        self.tell()

    def _send(self, contract: Any, data: bytes, sender: Any, value: int = 0) -> Any:
        to = {"from": str(sender), "to": contract.address, "gas": GAS_LIMIT}
        return self._provider.web3.eth.send_transaction({**to, "data": data, "value": value})

    def _answered(self) -> list[Question]:
        return [question for question in self.timeline.questions.values() if question.posted_at]

    def _until(self, holds: Callable[[], bool], otherwise: str) -> None:
        def holds_now() -> bool:
            self.tell()
            return holds()

        self._executor.until(holds_now, otherwise)
