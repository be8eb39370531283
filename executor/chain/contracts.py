"""The contracts of one deployment, as the executor and the client call them.

A `Contract` turns names into calldata and back. `ask` reads many of them in one exchange. What a contract
does is documented in `contracts/interfaces/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from executor.chain.answers import is_verdict, revert_reason
from executor.chain.codec import Abi, CodecError, Event, Function, abi_of
from executor.chain.deployment import Deployment
from executor.chain.follower import Log
from executor.chain.requests import Request, Slot
from executor.chain.rpc import Call, Endpoint, RefusedError, octets
from executor.chain.terms import Frozen


class CallRevertedError(Exception):
    """A contract refused a read; the message is its reason."""


@dataclass(frozen=True)
class Query:
    """A read of one function, ready to travel with others. gas: its limit, where a stranger is asked.
    sender: who seems to ask."""

    to: str
    function: Function
    data: bytes
    gas: int | None = None
    sender: str | None = None


class Contract:
    """One contract at its address."""

    def __init__(self, kind: str, address: str) -> None:
        self.address: str = to_checksum_address(address)
        self.abi: Abi = abi_of(kind)

    def encode(self, function: str, *arguments: Any) -> bytes:
        """Calldata of a call."""
        return self.abi.functions[function].encode(*arguments)

    def query(
        self, function: str, *arguments: Any, gas: int | None = None, sender: str | None = None
    ) -> Query:
        """A read, for `ask`."""
        kind = self.abi.functions[function]
        return Query(self.address, kind, kind.encode(*arguments), gas, sender)


class Contracts:
    """Everything at the addresses that a manifest names."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.chain_id = deployment.chain_id
        self.market = Contract("Market", deployment.address("Market"))
        self.orders = Contract("Orders", deployment.address("Orders"))
        self.challenges = Contract("Challenges", deployment.address("Challenges"))
        self.vault = Contract("StakeVault", deployment.address("StakeVault"))
        self.inputs = Contract("Inputs", deployment.address("Inputs"))
        self.bond_asset = Contract("WrappedNative", deployment.bond_asset)
        self._by_address = {
            contract.address.lower(): contract
            for contract in (self.market, self.orders, self.challenges, self.vault, self.inputs)
        }

    def model(self, address: str) -> Contract:
        """Any model, registered or not."""
        return Contract("Model", address)

    def id_of(self, request: Request) -> bytes:
        return request.id(self.chain_id, self.market.address)

    def event(self, log: Log) -> Event | None:
        """The log by name; None if it is no event of these contracts, or malformed."""
        contract = self._by_address.get(log.address.lower())
        try:
            return None if contract is None else contract.abi.event(log)
        except CodecError:
            return None

    def slots(self, endpoint: Endpoint, requests: Sequence[bytes]) -> list[Slot]:
        """The slots of the requests with these ids, now."""
        words = ask(endpoint, [self.market.query("slot_of", request) for request in requests])
        return [Slot(word) for word in words]

    def frozen(self, endpoint: Endpoint, key: bytes) -> Frozen:
        """The terms under a key; `exists` is false if there are none."""
        (words,) = ask(endpoint, [self.market.query("frozen_terms", key)])
        return Frozen(*words)


def ask(endpoint: Endpoint, queries: Sequence[Query], block: str = "latest") -> list[Any]:
    """What these reads return, in order.

    Raises CallRevertedError with the first refusal's reason, and where an answer is none of the function's;
    RefusedError where the endpoint, not the contract, refused: a busy one recovers.
    """
    calls: list[Call] = [("eth_call", [_call(query), block]) for query in queries]
    answers = endpoint.read_many(calls)
    return [_returned(query, answer) for query, answer in zip(queries, answers, strict=True)]


def ask_each(endpoint: Endpoint, queries: Sequence[Query], block: str = "latest") -> list[Any]:
    """Like `ask`, of strangers: None in the place of what was refused or makes no sense."""
    calls: list[Call] = [("eth_call", [_call(query), block]) for query in queries]
    return [_or_none(query, answer) for query, answer in zip(queries, endpoint.read_many(calls), strict=True)]


def _or_none(query: Query, answer: Any) -> Any:
    try:
        return _returned(query, answer)
    except (CallRevertedError, RefusedError):
        return None


def _call(query: Query) -> dict[str, str]:
    call = {"to": query.to, "data": "0x" + query.data.hex()}
    if query.gas is not None:
        call["gas"] = hex(query.gas)
    if query.sender is not None:
        call["from"] = query.sender
    return call


def _returned(query: Query, answer: Any) -> Any:
    if isinstance(answer, RefusedError):
        if not is_verdict(answer):
            raise answer
        raise CallRevertedError(revert_reason(answer))
    data = octets(answer)
    if not data and query.function.outputs:
        raise CallRevertedError(f"there is no contract that knows {query.function.name} at {query.to}")
    try:
        return query.function.decode(data)
    except CodecError as error:
        raise CallRevertedError(f"{query.to} answers {query.function.name} with nonsense: {error}") from None
