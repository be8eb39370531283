"""What happened on the chain: the logs of watched contracts, each exactly once, and taken back when blocks
are.

The follower remembers the newest blocks it has accepted, each the parent of the next, and at every poll
compares them with the chain. `decide` is that comparison, pure: wait, go on, catch up, or go back. Near the
head, logs are read by block hash from headers whose parents were checked, so an endpoint that lags or
switches branches between two answers cannot slip logs of another branch in, or leave logs out. Far behind
the head, where no reorganisation reaches, they are read by range.

A poll reads and writes nothing. The caller applies a batch and commits it in one journal transaction:

    while batch := follower.poll():
        with journal.transaction():
            ...                     # undo blocks >= batch.rolled_back_from, then act on batch.logs
            follower.commit(batch)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from executor.chain.rpc import Call, Endpoint, RefusedError, RpcError, UnreachableError, octets, quantity
from executor.journal import Journal, Schema

SCHEMA = Schema(
    "follower",
    (
        (
            """CREATE TABLE blocks (
                number INTEGER PRIMARY KEY,
                hash BLOB NOT NULL,
                parent BLOB NOT NULL,
                time INTEGER NOT NULL)""",
        ),
    ),
)


class TooDeepError(Exception):
    """The chain reorganised below every block that the follower remembers."""


@dataclass(frozen=True)
class Block:
    """A header. hash, parent: 32 bytes. time: seconds since the epoch."""

    number: int
    hash: bytes
    parent: bytes
    time: int


@dataclass(frozen=True)
class Log:
    """An event as the chain recorded it. address: lower case, 0x-prefixed. topics: 32 bytes each."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    transaction_hash: bytes
    index: int


@dataclass(frozen=True)
class Batch:
    """One step of the chain's history.

    rolled_back_from: all blocks of this number and above are undone, or None. logs: new ones, in the chain's
    order. blocks: the headers to remember. head: the newest block once the batch is applied.
    """

    head: Block
    rolled_back_from: int | None = None
    logs: tuple[Log, ...] = ()
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Wait:
    """The chain holds nothing new, or the endpoint is behind."""


@dataclass(frozen=True)
class Extend:
    """Blocks `first` to `last` follow what is known and are few enough to read one by one."""

    first: int
    last: int


@dataclass(frozen=True)
class CatchUp:
    """Blocks `first` to `last` are too old to be reorganised."""

    first: int
    last: int


@dataclass(frozen=True)
class GoBack:
    """The newest known block is no longer the chain's."""


Action = Wait | Extend | CatchUp | GoBack


def decide(known: Sequence[Block], head: Block, same_height: bytes | None, window: int) -> Action:
    """What to do next.

    known: the blocks remembered, oldest first. head: the chain's newest. same_height: the hash of the chain's
    block at the lower of the two heights, None if the endpoint did not have it. window: how many blocks below
    the head a reorganisation can reach.
    """
    tip = known[-1]
    lower = min(tip.number, head.number)
    remembered = next((block.hash for block in known if block.number == lower), None)
    if same_height is None or remembered is None:
        return Wait()  # an endpoint that knows less than we do decides nothing
    if same_height != remembered:
        return GoBack()
    if head.number <= tip.number:
        return Wait()
    settled = head.number - window
    if tip.number < settled:
        return CatchUp(tip.number + 1, settled)
    return Extend(tip.number + 1, head.number)


def common_ancestor(known: Sequence[Block], chain: Mapping[int, bytes]) -> Block | None:
    """The newest known block that the chain still has. chain: hashes by number."""
    return next((block for block in reversed(known) if chain.get(block.number) == block.hash), None)


def linked(tip: Block, headers: Sequence[Block]) -> list[Block]:
    """The headers that follow the tip without a gap: each one's parent is the one before."""
    chain: list[Block] = []
    for header in headers:
        if header.parent != tip.hash or header.number != tip.number + 1:
            break
        chain.append(header)
        tip = header
    return chain


class Follower:
    """Follows the logs of `addresses` from block `start` on.

    window: how many blocks a reorganisation may undo; deeper ones raise TooDeepError. widest_range: blocks in
    one eth_getLogs while catching up, halved whenever the endpoint refuses and grown again while it answers.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        journal: Journal,
        addresses: Sequence[str],
        start: int,
        *,
        window: int = 128,
        widest_range: int = 2_000,
    ) -> None:
        if start < 1 or window < 1 or not addresses:
            raise ValueError("follower: needs a start above genesis, a window and an address")
        self._endpoint = endpoint
        self._journal = journal
        self._addresses = list(addresses)
        self._start = start
        self._window = window
        self._widest_range = widest_range
        self._range = widest_range

    def poll(self) -> Batch | None:
        """The next step, or None when there is nothing new.

        Raises RpcError if the endpoint fails: call again later. TooDeepError: no remembered block is left.
        """
        known = self.known()
        if not known:  # remember what the first followed block stands on: it may be reorganised, too
            anchor = self._header(hex(self._start - 1))
            return Batch(head=anchor, blocks=(anchor,))
        tip = known[-1]
        newest, at_tip = self._answers([_by_number("latest"), _by_number(hex(tip.number))])
        if newest is None:
            raise UnreachableError("follower: the endpoint has no newest block")
        head = _block(newest)
        if head.number < tip.number:
            at_tip = newest
        same_height = None if at_tip is None else _block(at_tip).hash
        match decide(known, head, same_height, self._window):
            case Extend(first, last):
                return self._extend(tip, first, last)
            case CatchUp(first, last):
                return self._catch_up(first, last)
            case GoBack():
                return self._go_back(known)
        return None

    def commit(self, batch: Batch) -> None:
        """Remember a batch, inside the journal transaction that holds its effects."""
        if batch.rolled_back_from is not None:
            self._journal.write("DELETE FROM blocks WHERE number >= ?", batch.rolled_back_from)
        for block in batch.blocks:
            known = self._journal.row("SELECT hash FROM blocks WHERE number = ?", block.number - 1)
            if known is None or known["hash"] != block.parent:
                self._journal.write("DELETE FROM blocks")  # a catch-up's end: nothing older is linked to it
            row = (block.number, block.hash, block.parent, block.time)
            self._journal.write("INSERT INTO blocks VALUES (?, ?, ?, ?)", *row)
        self._journal.write("DELETE FROM blocks WHERE number < ?", batch.head.number - self._window)

    def known(self) -> list[Block]:
        """The blocks remembered, oldest first, each the parent of the next."""
        return [Block(*row) for row in self._journal.rows("SELECT * FROM blocks ORDER BY number")]

    def head(self) -> Block | None:
        """The newest block whose logs are committed; None before the first commit."""
        row = self._journal.row("SELECT * FROM blocks ORDER BY number DESC LIMIT 1")
        return None if row is None else Block(*row)

    def _extend(self, tip: Block, first: int, last: int) -> Batch | None:
        blocks = linked(tip, self._headers(range(first, last + 1)))
        if not blocks:
            return None  # the chain moved between two answers: look again
        queries: list[Call] = [
            ("eth_getLogs", [{"address": self._addresses, "blockHash": "0x" + block.hash.hex()}])
            for block in blocks
        ]
        logs: list[Log] = []
        for block, answer in zip(blocks, self._endpoint.read_many(queries), strict=True):
            if not isinstance(answer, list):
                raise UnreachableError(f"follower: the endpoint no longer has block {block.number}: {answer}")
            logs += [_log(item) for item in answer]
        return Batch(head=blocks[-1], logs=tuple(logs), blocks=tuple(blocks))

    def _catch_up(self, first: int, last: int) -> Batch:
        """The next range, as wide as the endpoint bears."""
        while True:
            end = min(last, first + self._range - 1)
            try:
                block, logs = self._read_range(first, end)
                break
            except RpcError:  # a range too wide for the endpoint can also look like a timeout
                if self._range == 1:
                    raise
                self._range = max(1, (end - first + 1) // 2)
        self._range = min(self._widest_range, self._range * 2)
        return Batch(head=block, logs=logs, blocks=(block,))

    def _read_range(self, first: int, last: int) -> tuple[Block, tuple[Log, ...]]:
        """The range's logs, with its last header in the same exchange: who lacks that may lack logs."""
        bounds = {"address": self._addresses, "fromBlock": hex(first), "toBlock": hex(last)}
        header, logs = self._answers([_by_number(hex(last)), ("eth_getLogs", [bounds])])
        if header is None or logs is None:
            raise UnreachableError(f"follower: the endpoint has no block {last}")
        return _block(header), tuple(_log(item) for item in logs)

    def _go_back(self, known: Sequence[Block]) -> Batch:
        chain = {block.number: block.hash for block in self._headers([block.number for block in known])}
        ancestor = common_ancestor(known, chain)
        if ancestor is not None:
            return Batch(head=ancestor, rolled_back_from=ancestor.number + 1)
        oldest = known[0].number
        if oldest not in chain:
            raise UnreachableError(f"follower: the endpoint has no block {oldest}")
        raise TooDeepError(f"follower: the chain left block {oldest}, the oldest one remembered")

    def _header(self, which: str) -> Block:
        (answer,) = self._answers([_by_number(which)])
        if answer is None:
            raise UnreachableError(f"follower: the endpoint has no block {which}")
        return _block(answer)

    def _headers(self, numbers: Sequence[int]) -> list[Block]:
        """The headers of those blocks that the endpoint has."""
        answers = self._answers([_by_number(hex(number)) for number in numbers])
        return [_block(answer) for answer in answers if answer is not None]

    def _answers(self, calls: Sequence[Call]) -> list[Any]:
        """The results of a batch none of which was refused; None for what the endpoint does not have."""
        answers = self._endpoint.read_many(calls)
        for answer in answers:
            if isinstance(answer, RefusedError):
                raise answer
        return answers


def _by_number(which: str) -> Call:
    return "eth_getBlockByNumber", [which, False]


def _block(answer: Mapping[str, Any]) -> Block:
    return Block(
        number=quantity(answer["number"]),
        hash=octets(answer["hash"]),
        parent=octets(answer["parentHash"]),
        time=quantity(answer["timestamp"]),
    )


def _log(answer: Mapping[str, Any]) -> Log:
    return Log(
        address=answer["address"].lower(),
        topics=tuple(octets(topic) for topic in answer["topics"]),
        data=octets(answer["data"]),
        block_number=quantity(answer["blockNumber"]),
        block_hash=octets(answer["blockHash"]),
        transaction_hash=octets(answer["transactionHash"]),
        index=quantity(answer["logIndex"]),
    )
