"""Inputs too long for a request, brought to the chain: in runs, then sealed to the root that names them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from executor.chain.answers import is_verdict, revert_reason
from executor.chain.contracts import CallRevertedError, Contracts, Query, ask
from executor.chain.rpc import Call, Endpoint, RefusedError, quantity
from executor.chain.runs import Run, cut
from executor.chain.wallet import Receipt, TransactionRefusedError, Wallet
from executor.program import data_root

ROUNDS = 3  # of uploading what a reorganisation has taken back
TOGETHER = 8  # runs of 32 KiB in one exchange
SEAL_GAS, SEAL_GAS_A_RUN = 60_000, 4_000  # about: it cannot be simulated before its runs are there


@dataclass(frozen=True)
class Upload:
    """How far an upload is. runs: of the input; missing: those that are not on the chain yet.

    gas: that what is missing will take, about. used: gas that it has taken so far.
    """

    root: bytes
    runs: int
    missing: int
    gas: int
    used: int = 0


Report = Callable[[Upload], None]


class Uploader:
    """Brings inputs to the chain, from one wallet. What is there already is never sent again, whoever brought
    it: who was interrupted calls again.
    """

    def __init__(self, endpoint: Endpoint, contracts: Contracts, wallet: Wallet) -> None:
        self._endpoint = endpoint
        self._contracts = contracts
        self._wallet = wallet

    def plan(self, data: bytes, size: int) -> Upload:
        """What uploading an input of `size` bytes would take. Sends nothing; raises what `runs.cut` does."""
        return self._state(cut(data, size), data, size)

    def upload(self, data: bytes, size: int, report: Report = lambda _: None) -> bytes:
        """Upload what is missing of an input of `size` bytes and seal it; returns its data root.

        report: is told before the first transaction and after each; what it raises ends the upload. Raises
        what `runs.cut` and `Wallet.transact` do.
        """
        runs, inputs = cut(data, size), self._contracts.inputs
        state = self._state(runs, data, size)
        report(state)
        for round_ in range(1, ROUNDS + 1):
            if is_sealed(self._endpoint, self._contracts, state.root, size):
                break
            for run in self._missing(runs, size):
                receipt = self._wallet.transact(inputs.address, inputs.encode("upload", run.data))
                report(state := _after(state, receipt))
            try:
                seal = inputs.encode("seal", [run.root for run in runs], size)
                receipt = self._wallet.transact(inputs.address, seal)
                report(state := replace(_after(state, receipt), missing=0, gas=0))
            except TransactionRefusedError:
                if round_ == ROUNDS or not self._missing(runs, size):
                    raise
        return state.root

    def _state(self, runs: Sequence[Run], data: bytes, size: int) -> Upload:
        """How much of an input, cut into these runs, is there before anything is sent."""
        root = data_root(data.rstrip(b"\0"), size)
        if is_sealed(self._endpoint, self._contracts, root, size):
            return Upload(root, len(runs), 0, 0)
        missing = self._missing(runs, size)
        return Upload(root, len(runs), len(missing), self._gas(missing) + seal_gas(runs))

    def _missing(self, runs: Sequence[Run], size: int) -> list[Run]:
        """Those that the chain, or a transaction on its way, does not have in a form that fits there."""
        inputs = self._contracts.inputs
        queries = [inputs.query("seal", [run.root], size - run.start) for run in runs]
        return [
            run for run, query in zip(runs, queries, strict=True) if not _is_granted(self._endpoint, query)
        ]

    def _gas(self, runs: Sequence[Run]) -> int:
        """Of uploading these runs."""
        inputs, total = self._contracts.inputs, 0
        for at in range(0, len(runs), TOGETHER):
            calls: list[Call] = [
                (
                    "eth_estimateGas",
                    [
                        {
                            "from": self._wallet.address,
                            "to": inputs.address,
                            "data": "0x" + inputs.encode("upload", run.data).hex(),
                        },
                        "pending",
                    ],
                )
                for run in runs[at : at + TOGETHER]
            ]
            for answer in self._endpoint.read_many(calls):
                if isinstance(answer, RefusedError):
                    why = revert_reason(answer) if is_verdict(answer) else answer.message
                    raise TransactionRefusedError(f"an upload cannot be simulated: {why}")
                total += quantity(answer)
        return total


def _is_granted(endpoint: Endpoint, query: Query) -> bool:
    """Whether the contract would do it. An endpoint that fails says nothing: RpcError."""
    try:
        ask(endpoint, [query], "pending")
    except CallRevertedError:
        return False
    return True


def seal_gas(runs: Sequence[Run]) -> int:
    """What sealing these takes, about."""
    return SEAL_GAS + SEAL_GAS_A_RUN * len(runs)


def _after(state: Upload, receipt: Receipt) -> Upload:
    left = max(0, state.gas - receipt.gas_used)
    return replace(state, missing=max(0, state.missing - 1), gas=left, used=state.used + receipt.gas_used)


def is_sealed(endpoint: Endpoint, contracts: Contracts, root: bytes, size: int) -> bool:
    """Whether a request can name this root for an input of `size` bytes."""
    (sealed,) = ask(endpoint, [contracts.inputs.query("sealed_size", root)])
    return bool(sealed == size)
