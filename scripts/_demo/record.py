"""What the chain says about the requests of a demonstration, read from its logs and receipts alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

DIGIT_BYTES = 4  # the first of the program's eight int32


@dataclass
class Job:
    """One request. id: as hex. price: wei. gas: its share of every transaction that moved it on."""

    id: str
    requester: str
    drawing: bytes
    price: int | None = None  # known once it is claimed
    output: bytes | None = None
    final: bool = False
    gas: Fraction = Fraction(0)

    @property
    def digit(self) -> int | None:
        """The answer, once posted."""
        return None if self.output is None else int.from_bytes(self.output[:DIGIT_BYTES], "big")


@dataclass
class Record:
    """All requests of a market since block `since`, in the order in which they opened."""

    provider: Any
    market: Any
    since: int
    jobs: dict[str, Job] = field(default_factory=dict)

    def read(self) -> None:
        """Take in the blocks that were not read yet."""
        head = self.provider.web3.eth.block_number
        if head < self.since:
            return
        bounds = {"address": self.market.address, "fromBlock": self.since, "toBlock": head}
        events = self.market.contract_type.events
        logs = self.provider.web3.eth.get_logs(bounds)
        about: dict[str, set[str]] = defaultdict(set)
        for log in self.provider.network.ecosystem.decode_logs(logs, *events):
            if (job := self._apply(log.event_name, log.event_arguments)) is not None:
                about[log.transaction_hash].add(job)
        for transaction, jobs in about.items():
            self._share_gas(transaction, jobs)
        self.since = head + 1

    def _apply(self, event: str, said: dict[str, Any]) -> str | None:
        """Note one event; returns the id of the request that it moved on."""
        if event not in ("Opened", "Claimed", "Posted", "Finalized"):
            return None
        identifier = "0x" + bytes(said["id"]).hex()
        if event == "Opened":
            self.jobs[identifier] = Job(identifier, said["requester"], bytes(said["input"]))
        job = self.jobs[identifier]
        if event == "Claimed":
            job.price = said["price"]
        if event == "Posted":
            job.output = bytes(said["output"])
        if event == "Finalized":
            job.final = True
        return identifier

    def _share_gas(self, transaction: str, jobs: Iterable[str]) -> None:
        """A transaction's gas, in equal parts to the requests that it moved on."""
        receipt = self.provider.web3.eth.get_transaction_receipt(transaction)
        moved = list(jobs)
        for identifier in moved:
            self.jobs[identifier].gas += Fraction(receipt["gasUsed"], len(moved))

    # How far they are

    @property
    def opened(self) -> int:
        return len(self.jobs)

    @property
    def claimed(self) -> int:
        return sum(job.price is not None for job in self.jobs.values())

    @property
    def posted(self) -> int:
        return sum(job.output is not None for job in self.jobs.values())

    @property
    def final(self) -> int:
        return sum(job.final for job in self.jobs.values())
