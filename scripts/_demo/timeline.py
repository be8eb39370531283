"""What happens to two models, as the chain's logs tell it: one line an event, with the chain's seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from executor.chain.requests import Request, Work
from scripts._demo.record import DIGIT_BYTES

ETHER = 10**18


@dataclass
class Question:
    """A request and what became of it. posted_at: chain time, 0 until there is an answer."""

    id: bytes
    model: str
    request: Request
    drawing: bytes
    output: bytes = b""
    plausible: bool = True
    posted_at: int = 0
    final: bool = False

    @property
    def version(self) -> int:
        """Of its model, which it was pinned to when it was asked."""
        return self.request.version

    @property
    def digit(self) -> int:
        """The answer."""
        return int.from_bytes(self.output[:DIGIT_BYTES], "big")


class Timeline:
    """Reads the logs of contracts, by what they are called, and tells them.

    models: names of the models whose requests are told about, by their address.
    """

    def __init__(
        self, provider: Any, market: Any, models: Mapping[str, str], contracts: Sequence[Any], since: int
    ) -> None:
        self._provider = provider
        self._market = market
        self._models = models
        self._contracts = {contract.address: contract for contract in (market, *contracts)}
        self._next = since
        self.began = int(provider.web3.eth.get_block(since)["timestamp"])
        self.questions: dict[bytes, Question] = {}
        self.times: dict[tuple[str, str], int] = {}
        """When an event with this name was last logged by the contract at this address."""

    def read(self) -> Iterator[str]:
        """Lines about the blocks that were not read yet."""
        head = self._provider.web3.eth.block_number
        if head < self._next:
            return
        bounds = {"address": list(self._contracts), "fromBlock": self._next, "toBlock": head}
        self._next = head + 1
        logs = self._provider.web3.eth.get_logs(bounds)
        for number, of_a_block in groupby(logs, key=lambda log: log["blockNumber"]):
            now = int(self._provider.web3.eth.get_block(number)["timestamp"])
            for line in self._tell(list(of_a_block), now):
                yield f"  {now - self.began:>6,} s  {line}"

    def asked(self, model: Any, version: int | None = None) -> list[Question]:
        """The requests to a model, or to one version of it, in their order."""
        return [
            question
            for question in self.questions.values()
            if question.model == model.address and version in (None, question.version)
        ]

    def _tell(self, logs: Sequence[Any], now: int) -> Iterator[str]:
        """A block's events; what happens to many requests at once is told at once."""
        many: Counter[str] = Counter()
        for log in logs:
            contract = self._contracts[log["address"]]
            decode = self._provider.network.ecosystem.decode_logs
            for event in decode([log], *contract.contract_type.events):
                said = event.event_arguments
                self.times[contract.address, event.event_name] = now
                if contract is not self._market:
                    sentence = _sentence(event.event_name, said)
                    if sentence:
                        yield sentence
                elif sentence := self._note(event.event_name, said, now):
                    many[sentence] += 1
        for sentence, count in many.items():
            yield f"{sentence} {f'({count} times)' if count > 1 else ''}".rstrip()

    def _note(self, event: str, said: Mapping[str, Any], now: int) -> str:
        """Keep what happened to a request of our models; returns it in words."""
        if event == "Opened" and said["model"] in self._models:
            identifier = bytes(said["id"])
            request = Request(*said["request"])
            self.questions[identifier] = Question(identifier, said["model"], request, bytes(said["input"]))
        question = self.questions.get(bytes(said.get("id", b"")))
        if question is None:
            return ""
        who = f"{self._models[question.model]}, version {question.version},"
        if event == "Posted":
            question.output, question.posted_at = bytes(said["output"]), now
            question.plausible = not Work.of(said["work"]).implausible
            return (
                f"{who} answers"
                if question.plausible
                else f"{who} answers {question.digit}: its hook says no"
            )
        if event == "Finalized":
            question.final = True
            return f"an answer by {who} is final"
        return ""


def _sentence(event: str, said: Mapping[str, Any]) -> str:
    """What a log of the DAO or its model tells; nothing for those that repeat it."""
    match event:
        case "ProposalCreated":
            return f"proposal {str(said['proposalId'])[:8]}...: {said['description'].splitlines()[0]}"
        case "VoteCast":
            return f"{said['weight'] // ETHER:,} votes {('against', 'for', 'abstaining')[said['support']]}"
        case "ProposalQueued":
            return "decided, and queued in the timelock"
        case "ProposalExecuted":
            return "executed"
        case "Published":
            return f"version {said['version']} is published"
        case "BreakerSet":
            return f"the breaker is set: {said['rejections']} answers that the hook rejects trip it"
        case "CanarySet":
            return (
                f"version {said['version']} is the canary, with {said['share_bps'] // 100} % of the requests"
            )
        case "Promoted":
            return f"version {said['version']} is live"
        case "Tripped":
            return f"the breaker trips on version {said['version']}: version {said['fallback']} is live again"
    return ""
