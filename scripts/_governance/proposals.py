"""Proposals, as the Governor's log has them, so that an id is all that has to be known of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from executor.chain.answers import printable
from scripts._governance.actions import Action
from scripts._governance.names import GovernanceError

CREATED = keccak(
    text="ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)"
)
IN_CREATED = (
    *("uint256", "address", "address[]", "uint256[]", "bytes[]", "bytes[]"),
    *("uint256", "uint256", "bytes"),  # texts as bytes: nobody made sure that they are UTF-8
)
STRIDE = 10_000  # blocks; many public nodes refuse to look through more at once
SHORTEST = 4  # digits of an id that a person has to write


class State(IntEnum):
    """Of a proposal."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7


@dataclass(frozen=True)
class Proposal:
    """What is proposed, and by whom. begins, ends: timepoints of its vote, by the Governor's clock.

    Bytes of a description that are no UTF-8 stand in it as lone surrogates, which nobody can type, so that
    the proposal keeps its id.
    """

    actions: tuple[Action, ...]
    description: str
    proposer: str = ""
    begins: int = 0
    ends: int = 0

    @property
    def calls(self) -> tuple[list[str], list[int], list[bytes]]:
        """Targets, values, payloads."""
        return (
            [action.target for action in self.actions],
            [action.value for action in self.actions],
            [action.data for action in self.actions],
        )

    @property
    def steps(self) -> tuple[list[str], list[int], list[bytes], bytes]:
        """Arguments of queue and execute."""
        return *self.calls, keccak(self.description.encode(errors="surrogateescape"))

    @property
    def id(self) -> int:
        """The hash of what it does and says."""
        encoded = encode(["address[]", "uint256[]", "bytes[]", "bytes32"], self.steps)
        return int.from_bytes(keccak(encoded), "big")

    @property
    def title(self) -> str:
        """The description's first line."""
        return printable(next(iter(self.description.strip().splitlines()), ""))


def proposals_of(provider: Any, governor: str, since: int) -> Iterator[Proposal]:
    """All proposals since block `since`, the newest first."""
    newest = provider.web3.eth.block_number
    for last in range(newest, since - 1, -STRIDE):
        first = max(since, last - STRIDE + 1)
        bounds = {"address": governor, "fromBlock": first, "toBlock": last, "topics": ["0x" + CREATED.hex()]}
        for log in reversed(provider.web3.eth.get_logs(bounds)):
            yield _created(bytes(log["data"]))


def _created(data: bytes) -> Proposal:
    _, proposer, targets, values, _, payloads, begins, ends, description = decode(IN_CREATED, data)
    actions = tuple(
        Action(to_checksum_address(target), value, payload)
        for target, value, payload in zip(targets, values, payloads, strict=True)
    )
    text = description.decode(errors="surrogateescape")
    return Proposal(actions, text, to_checksum_address(proposer), begins, ends)


def chosen(proposals: Iterator[Proposal], text: str) -> Proposal:
    """The one whose id a person means: decimal, or hexadecimal with 0x, in full or its beginning.

    Raises GovernanceError if there is none, or more than one.
    """
    if len(text.removeprefix("0x")) < SHORTEST:
        raise GovernanceError(f"{text} is too short for an id: write its first {SHORTEST} digits, or more")
    found: list[Proposal] = []
    for proposal in proposals:
        if text in (str(proposal.id), hex(proposal.id)):
            return proposal
        if str(proposal.id).startswith(text) or hex(proposal.id).startswith(text.lower()):
            found.append(proposal)
    if not found:
        raise GovernanceError(f"the governor has no proposal {text}")
    if len(found) > 1:
        raise GovernanceError(f"{text} can be any of these:\n{_listed(found)}")
    return found[0]


def _listed(proposals: Sequence[Proposal]) -> str:
    return "\n".join(f"  {proposal.id}  {proposal.title}" for proposal in proposals)
