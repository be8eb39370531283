"""One endpoint of a chain: raw JSON-RPC with a clear line between what may be repeated and what may not.

Reads are repeated, with bounded backoff, while the endpoint is unreachable. Sends never are: whether a send
whose answer was lost should go out again is the outbox's decision, from its journal. `Endpoint` is what the
rest of the package needs of a chain, so that several endpoints with a quorum can stand behind it as well.

Synchronous on purpose. Work for many jobs travels in JSON-RPC batches, so one thread saturates an endpoint,
and inference, the only slow part of the executor, runs in processes of its own; an event loop would buy
nothing here and would spread over every caller.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import requests
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint

Call = tuple[str, list[Any]]  # method and parameters, as JSON values


class RpcError(Exception):
    """A call brought no result."""


class UnreachableError(RpcError):
    """No usable answer came: whether the endpoint acted on the call is unknown."""


class RefusedError(RpcError):
    """The endpoint answered with an error. `data` is what it attached, such as revert data."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.message = message
        self.data = data


class WrongChainError(RpcError):
    """The endpoint serves another chain than the one asked for."""


class Endpoint(Protocol):
    """What follower and outbox need of a chain."""

    def read(self, method: str, *params: Any) -> Any:
        """The result of one call; raises UnreachableError or RefusedError."""

    def read_many(self, calls: Sequence[Call]) -> list[Any]:
        """The results of a batch, in order; a refused call has its RefusedError in its place."""

    def send(self, signed: Sequence[bytes]) -> list[RefusedError | None]:
        """Offer signed transactions once, in order: None where accepted. UnreachableError: nobody knows."""


class Rpc:
    """An HTTP endpoint.

    timeout: seconds for one exchange. attempts: how often a read is tried; the pause before the second is
    `backoff` seconds and doubles from then on. batch: calls in one exchange.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 10.0,
        attempts: int = 4,
        backoff: float = 0.1,
        batch: int = 100,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._provider = HTTPProvider(url, {"timeout": timeout}, exception_retry_configuration=None)
        self._host = (
            urlsplit(url).hostname or "endpoint"
        )  # all that errors may show: a path can hold a secret
        self._attempts = attempts
        self._backoff = backoff
        self._batch = batch
        self._pause = pause
        self.web3 = Web3(self._provider)  # for coding by ABI; calls go through `read`

    @classmethod
    def connect(cls, url: str, chain_id: int | None = None, **options: Any) -> Rpc:
        """An endpoint that answers, and serves chain `chain_id` where one is given."""
        rpc = cls(url, **options)
        served = rpc.chain_id()
        if chain_id is not None and served != chain_id:
            raise WrongChainError(f"rpc: {rpc._host} serves chain {served}, not {chain_id}")
        return rpc

    def chain_id(self) -> int:
        return quantity(self.read("eth_chainId"))

    def genesis(self) -> bytes:
        """The hash of block 0: it tells two chains of the same id apart."""
        return octets(self.read("eth_getBlockByNumber", "0x0", False)["hash"])

    def read(self, method: str, *params: Any) -> Any:
        result = self.read_many([(method, list(params))])[0]
        if isinstance(result, RefusedError):
            raise result
        return result

    def read_many(self, calls: Sequence[Call]) -> list[Any]:
        results: list[Any] = []
        for start in range(0, len(calls), self._batch):
            results += self._patiently(calls[start : start + self._batch])
        return results

    def send(self, signed: Sequence[bytes]) -> list[RefusedError | None]:
        answers: list[RefusedError | None] = []
        for start in range(0, len(signed), self._batch):
            chunk = signed[start : start + self._batch]
            calls: list[Call] = [("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in chunk]
            results = self._exchange(calls)
            answers += [result if isinstance(result, RefusedError) else None for result in results]
        return answers

    def _patiently(self, calls: Sequence[Call]) -> list[Any]:
        for attempt in range(1, self._attempts):
            try:
                return self._exchange(calls)
            except UnreachableError:
                self._pause(self._backoff * 2 ** (attempt - 1))
        return self._exchange(calls)

    def _exchange(self, calls: Sequence[Call]) -> list[Any]:
        """One HTTP request, made once."""
        named = [(RPCEndpoint(method), params) for method, params in calls]
        try:
            answer = self._provider.make_batch_request(named)
        except requests.HTTPError as error:
            refusal = _refusal_in_body(error.response)
            if refusal is None:
                # `from None`: the original message spells out the URL.
                raise UnreachableError(
                    f"rpc: {self._host} answered with HTTP {error.response.status_code}"
                ) from None
            answer = refusal
        except (requests.RequestException, OSError, ValueError, TypeError) as error:
            raise UnreachableError(f"rpc: {self._host} gave no answer: {type(error).__name__}") from None
        if isinstance(answer, dict) and "error" in answer:  # the batch was refused as a whole
            return [_refused(answer["error"])] * len(calls)
        if not isinstance(answer, list) or len(answer) != len(calls):
            raise UnreachableError(f"rpc: {self._host} answered {len(calls)} calls with something else")
        return [self._result(cast(dict[str, Any], item)) for item in answer]

    def _result(self, item: dict[str, Any]) -> Any:
        if item.get("error") is not None:
            return _refused(item["error"])
        if "result" not in item:
            raise UnreachableError(f"rpc: {self._host} answered with neither result nor error")
        return item["result"]


def quantity(value: str) -> int:
    """The number that JSON-RPC writes as a hexadecimal string; UnreachableError for anything else."""
    try:
        return int(value, 16)
    except (TypeError, ValueError):
        raise UnreachableError(f"rpc: the endpoint answered {str(value)[:40]!r} for a number") from None


def octets(value: str) -> bytes:
    """The bytes that JSON-RPC writes as a hexadecimal string."""
    return bytes.fromhex(value.removeprefix("0x"))


def transaction_hash(raw: bytes) -> bytes:
    """The hash under which the chain knows a signed transaction."""
    return bytes(keccak(raw))


def _refused(error: Any) -> RefusedError:
    if not isinstance(error, dict):
        return RefusedError(0, str(error))
    return RefusedError(int(error.get("code", 0)), str(error.get("message", "")), error.get("data"))


def _refusal_in_body(response: requests.Response) -> Any:
    """The JSON-RPC error in the body of a 4xx answer, if it is one that repeating would not change."""
    if response.status_code == 429 or response.status_code >= 500:
        return None
    try:
        body = json.loads(response.content)
    except ValueError:
        return None
    return body if isinstance(body, dict) and "error" in body else None
