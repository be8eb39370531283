"""Evidence against a version, from the chain: what its model's breaker takes (`IModel.trip`).

Any final answer that the version's own hook found implausible is an exhibit, and so is one that differs from
what the owner declared. `enough` chooses among them; `evidence_against` reads them, the newest first, and
stops as soon as they are enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from executor.chain.codec import Event
from executor.chain.contracts import Contract, Contracts, ask
from executor.chain.logs import BLOCKS, newest_first
from executor.chain.requests import NATIVE, Flags, Request, Work
from executor.chain.rpc import Endpoint, quantity

MOST = 8  # exhibits in a call
IDS = 100  # requests named in one question for logs


@dataclass(frozen=True)
class Breaker:
    """`IModel.Breaker`: so many rejections, or one failed probe, and so much paid, within a span."""

    rejections: int
    volume: int
    span: int


@dataclass(frozen=True)
class Exhibit:
    """A final answer that speaks against its version. fails: it differs from what the owner declared."""

    request: Request
    output: bytes
    fails: bool

    @property
    def paid(self) -> int:
        """What the requester paid at least, in wei."""
        return self.request.price(0)


@dataclass(frozen=True)
class Evidence:
    """The arguments of `Model.trip`, in their order."""

    version: int
    requests: tuple[Request, ...]
    outputs: bytes

    @property
    def arguments(self) -> tuple[int, list[Request], bytes]:
        """For `Contract.encode`."""
        return self.version, list(self.requests), self.outputs


def enough(exhibits: Sequence[Exhibit], breaker: Breaker) -> list[Exhibit] | None:
    """A few that trip the breaker together, by ascending requester; None if there are not enough."""
    if breaker.rejections == 0:
        return None
    for newest in sorted(exhibits, key=_counter, reverse=True):
        oldest = newest.request.counter - breaker.span if breaker.span else 0
        within = [each for each in exhibits if oldest <= _counter(each) <= _counter(newest)]
        for first in (False, True):  # rejections alone, and then around the best failed probe
            if chosen := _fewest(_one_each(within, first), breaker, first):
                return sorted(chosen, key=_requester)
    return None


def _one_each(exhibits: Sequence[Exhibit], fails_first: bool) -> list[Exhibit]:
    """The best exhibit of each requester, best first: by what was paid, or failed probes before all."""

    def worth(exhibit: Exhibit) -> tuple[bool, int]:
        return fails_first and exhibit.fails, exhibit.paid

    best: dict[str, Exhibit] = {}
    for exhibit in sorted(exhibits, key=worth):
        best[exhibit.request.requester] = exhibit
    return sorted(best.values(), key=worth, reverse=True)


def _fewest(best: Sequence[Exhibit], breaker: Breaker, fails_first: bool) -> list[Exhibit] | None:
    """The first of them that trip the breaker together. A failed probe that must be there stands first."""
    if fails_first and best and best[0].fails:
        best = [best[0], *sorted(best[1:], key=lambda exhibit: exhibit.paid, reverse=True)]
    for count in range(1, min(MOST, len(best)) + 1):
        chosen = list(best[:count])
        many = count >= breaker.rejections or any(exhibit.fails for exhibit in chosen)
        if many and sum(exhibit.paid for exhibit in chosen) >= breaker.volume:
            return chosen
    return None


def _counter(exhibit: Exhibit) -> int:
    return exhibit.request.counter


def _requester(exhibit: Exhibit) -> int:
    return int(exhibit.request.requester, 16)


def evidence_against(
    endpoint: Endpoint, contracts: Contracts, model: str, version: int, *, blocks: int = BLOCKS
) -> Evidence | None:
    """What trips the breaker of a live version or a candidate now; None if nothing does.

    blocks: how many are read at first. Raises CallRevertedError where `model` is none.
    """
    shell = contracts.model(model)
    thresholds, since, terms = ask(
        endpoint, [shell.query("breaker"), shell.query("since", version), shell.query("terms", version)]
    )
    breaker, output_size = Breaker(*thresholds), terms[_OUTPUT_SIZE]
    if breaker.rejections == 0:
        return None
    exhibits: list[Exhibit] = []
    for opened in _opened(endpoint, contracts, shell.address, blocks):
        term = [request for request in opened if request.version == version and request.counter >= since]
        exhibits += [
            exhibit
            for exhibit in _exhibits(endpoint, contracts, shell, term)
            if len(exhibit.output) == output_size
        ]
        if chosen := enough(exhibits, breaker):
            return Evidence(
                version,
                tuple(exhibit.request for exhibit in chosen),
                b"".join(exhibit.output for exhibit in chosen),
            )
        if any(request.counter < since for request in opened):
            return None
    return None


_OUTPUT_SIZE = 7  # of `IModel.Terms`


def evidence_against_answering(endpoint: Endpoint, contracts: Contracts, model: str) -> Evidence | None:
    """The same against whichever version answers now, the live one or the candidate."""
    shell = contracts.model(model)
    for version in filter(None, ask(endpoint, [shell.query("live"), shell.query("candidate")])):
        if evidence := evidence_against(endpoint, contracts, model, version):
            return evidence
    return None


def _opened(endpoint: Endpoint, contracts: Contracts, model: str, blocks: int) -> Iterator[list[Request]]:
    """The model's requests that can be evidence, some blocks at a time, the newest first.

    Others would spoil the rest: in the native coin, on inputs that everybody can read.
    """
    topic, named = contracts.market.abi.topic("Opened"), bytes(12) + bytes.fromhex(model[2:])
    topics = ["0x" + topic.hex(), None, "0x" + named.hex()]
    for events in _events(endpoint, contracts, topics, blocks):
        requests = [Request(*event["request"]) for event in events]
        yield [
            request
            for request in requests
            if request.asset == NATIVE and not request.flags & Flags.UNWATCHABLE
        ]


def _exhibits(
    endpoint: Endpoint, contracts: Contracts, shell: Contract, requests: Sequence[Request]
) -> Iterator[Exhibit]:
    """Those of the requests whose final answers speak against their version."""
    by_id = {contracts.id_of(request): request for request in requests}
    posted = list(_posted(endpoint, contracts, list(by_id)))
    asked = [by_id[identifier] for identifier, _, _ in posted]
    declared = ask(endpoint, [shell.query("probe", request.version, request.input) for request in asked])
    found: list[tuple[bytes, Exhibit]] = []
    for (identifier, work, output), request, right in zip(posted, asked, declared, strict=True):
        fails = any(right) and right != keccak(output)
        if fails or work.implausible:
            found.append((identifier, Exhibit(request, output, fails)))
    slots = contracts.slots(endpoint, [identifier for identifier, _ in found])
    # A request that was answered twice has one final answer; posted alike twice, it is one exhibit.
    final = {
        identifier: exhibit
        for (identifier, exhibit), slot in zip(found, slots, strict=True)
        if slot.answers(exhibit.output)
    }
    yield from final.values()


def _posted(
    endpoint: Endpoint, contracts: Contracts, ids: Sequence[bytes]
) -> Iterator[tuple[bytes, Work, bytes]]:
    """All results of these requests that were ever posted."""
    topic = "0x" + contracts.market.abi.topic("Posted").hex()
    for at in range(0, len(ids), IDS):
        named = ["0x" + identifier.hex() for identifier in ids[at : at + IDS]]
        for events in _events(endpoint, contracts, [topic, named]):
            for event in events:
                yield event["id"], Work.of(event["work"]), event["output"]


def _events(
    endpoint: Endpoint, contracts: Contracts, topics: Sequence[str | list[str] | None], blocks: int = BLOCKS
) -> Iterator[list[Event]]:
    """The Market's events with these topics, a range at a time, the newest first."""
    bounds = contracts.deployment.start, quantity(endpoint.read("eth_blockNumber"))
    for logs in newest_first(endpoint, contracts.market.address, topics, *bounds, blocks=blocks):
        yield [event for log in logs if (event := contracts.event(log)) is not None]
