"""What one account brings to the table, whether it plays or watches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from executor.chain.disputes import Disputes
from executor.chain.inputs import Inputs
from executor.chain.outbox import Outbox
from executor.chain.rpc import Endpoint
from executor.disputes.games import Games
from executor.journal import Journal
from executor.program import Program


@dataclass(frozen=True)
class Seat:
    """account: checksummed. programs: those held, by root."""

    disputes: Disputes
    endpoint: Endpoint
    journal: Journal
    outbox: Outbox
    games: Games
    account: str
    programs: Mapping[bytes, Program]
    inputs: Inputs
