"""What the logs said of disputes: results, the games about them, and how far each game has come.

Rows are only what the chain recorded, each with its block, so that a reorganisation takes them back. What
this account does about them is in the tables of `player` and `watcher`. Results are kept whose request the
journal holds and whose version's arbiter is the Dispute contract.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from executor.chain.codec import Event
from executor.chain.disputes import CHALLENGER, Disputes
from executor.chain.fetch import Named
from executor.chain.follower import Batch, Log
from executor.chain.requests import Request, Result, Work
from executor.chain.terms import Frozen
from executor.disputes.positions import ROOT, Case, Level, Position, Reveal, value_word
from executor.journal import Journal, Schema
from executor.program import data_root
from executor.program.commitments import keccak256, u256

SCHEMA = Schema(
    "disputes",
    (
        (
            """CREATE TABLE results (
                id BLOB NOT NULL,
                attempt INTEGER NOT NULL,
                block INTEGER NOT NULL,
                work BLOB NOT NULL,
                output BLOB NOT NULL,
                ended INTEGER,            -- block since which nobody can challenge it any more
                PRIMARY KEY (id, attempt))""",
            """CREATE TABLE games (
                number INTEGER PRIMARY KEY,
                key BLOB NOT NULL,        -- of the case
                id BLOB NOT NULL,
                attempt INTEGER NOT NULL,
                challenger TEXT NOT NULL,
                defender TEXT NOT NULL,
                block INTEGER NOT NULL,
                verdict INTEGER,          -- 1 for the defender, 2 for the challenger
                ruled INTEGER,            -- block
                settled INTEGER)          -- block""",
            "CREATE INDEX games_by_case ON games (key)",
            """CREATE TABLE reveals (
                key BLOB NOT NULL,
                cursor BLOB NOT NULL,     -- hash
                block INTEGER NOT NULL,
                opening BLOB NOT NULL,    -- six words
                shown BLOB NOT NULL,      -- nodes or values, 32 bytes each, or a tile
                PRIMARY KEY (key, cursor))""",
            """CREATE TABLE picks (
                key BLOB NOT NULL,
                game INTEGER NOT NULL,
                cursor BLOB NOT NULL,     -- hash
                block INTEGER NOT NULL,
                log INTEGER NOT NULL,     -- its number in the block
                position BLOB NOT NULL,   -- six words
                PRIMARY KEY (game, cursor))""",
        ),
    ),
)


@dataclass(frozen=True)
class Asked:
    """A request as the journal holds it. came: the bytes that came with it: its input, or its data root."""

    request: Request
    came: bytes
    terms: Frozen

    @property
    def input(self) -> Named:
        """Its input, for `Inputs.find`."""
        return Named(self.request.flags, self.request.input, self.came, self.terms.input_size)


@dataclass(frozen=True)
class Posted:
    """A posted result and what it answers."""

    id: bytes
    attempt: int
    asked: Asked
    work: Work
    output: bytes

    @property
    def result(self) -> Result:
        return Result(self.asked.request, self.work.word(), keccak256(self.output))

    @property
    def root(self) -> bytes:
        """Of the program that had to answer."""
        return self.asked.terms.program_root

    @property
    def ends(self) -> int:
        """When its challenge window is over."""
        return self.work.posted_at + self.asked.terms.window

    @property
    def case(self) -> Case:
        """What all games about it share."""
        return Case(
            id=self.id,
            attempt=self.attempt,
            output_hash=keccak256(self.output),
            program_root=self.root,
            input_root=self.asked.input.root,
            output_root=data_root(self.output, len(self.output)),
            defender=self.work.executor,
        )


@dataclass(frozen=True)
class Game:
    """One challenge, opened in `block`. cursor: hash of where it is. revealed: whether that was opened.
    fallen: whether a game about the same result was won by its challenger."""

    number: int
    key: bytes
    id: bytes
    attempt: int
    challenger: str
    defender: str
    block: int
    verdict: int | None
    settled: bool
    fallen: bool
    cursor: bytes
    revealed: bool


class Games:
    """The tables, typed. `apply` and `forget` need an open journal transaction.

    asked: a request of the journal by its id, None if it is none of this executor's business.
    """

    def __init__(self, journal: Journal, disputes: Disputes, asked: Callable[[bytes], Asked | None]) -> None:
        self._journal = journal
        self._disputes = disputes
        self._asked = asked

    # What the logs say

    def apply(self, batch: Batch) -> None:
        """Take back what is undone and note what is new."""
        if batch.rolled_back_from is not None:
            self._roll_back(batch.rolled_back_from)
        self.note(batch.logs)

    def note(self, logs: Iterable[Log]) -> None:
        """Note logs that were not followed, such as those of an own transaction's receipt."""
        for log in logs:
            event = self._disputes.event(log)
            if event is not None:
                self._note(event, log.block_number)

    def add(self, number: int, posted: Posted, challenger: str, block: int) -> None:
        """Note a game, whoever told of it."""
        case = posted.case
        self._journal.write(
            """INSERT INTO games (number, key, id, attempt, challenger, defender, block)
                VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET block = excluded.block""",
            *(number, case.key, case.id, case.attempt, challenger, case.defender, block),
        )

    def close(self, number: int, block: int) -> None:
        """A game is settled, or was never opened, although no log said so."""
        self._journal.write("UPDATE games SET settled = ? WHERE number = ?", block, number)

    def replace(self, key: bytes, logs: Iterable[Log]) -> None:
        """Note all logs of a case anew: the endpoint had left some out. Inside a journal transaction."""
        for table in ("reveals", "picks"):
            self._journal.write(f"DELETE FROM {table} WHERE key = ?", key)  # noqa: S608
        for log in logs:
            event = self._disputes.event(log)
            if event is not None and event.contract == "Dispute":
                self._note(event, log.block_number)

    def forget(self, before: int) -> None:
        """Drop what ended before a block so old that no reorganisation reaches it."""
        write = self._journal.write
        write("DELETE FROM games WHERE settled < ?", before)
        write(
            """DELETE FROM results WHERE ended < ? AND NOT EXISTS (
                SELECT 1 FROM games WHERE games.id = results.id AND games.attempt = results.attempt)""",
            before,
        )
        write("DELETE FROM picks WHERE game NOT IN (SELECT number FROM games)")
        write("DELETE FROM reveals WHERE key NOT IN (SELECT key FROM games)")

    def _roll_back(self, first: int) -> None:
        for table in ("results", "games", "reveals", "picks"):
            self._journal.write(f"DELETE FROM {table} WHERE block >= ?", first)  # noqa: S608
        self._journal.write("UPDATE results SET ended = NULL WHERE ended >= ?", first)
        self._journal.write("UPDATE games SET verdict = NULL, ruled = NULL WHERE ruled >= ?", first)
        self._journal.write("UPDATE games SET settled = NULL WHERE settled >= ?", first)

    def _note(self, event: Event, block: int) -> None:
        write = self._journal.write
        match event.contract, event.name:
            case "Market", "Posted":
                self._post(event, block)
            case "Market", "Finalized" | "Reopened" | "Refunded":
                write("UPDATE results SET ended = ? WHERE id = ? AND ended IS NULL", block, event["id"])
            case "Challenges", "Challenged":
                self._challenge(event, block)
            case "Challenges", "Ruled":
                self._set(event, "verdict = ?, ruled = ?", event["verdict"], block)
            case "Challenges", "Settled":
                self._set(event, "settled = ?", block)
            case "Dispute", "Picked" if self._is_known(event["key"]):
                self._pick(event, block)
            case "Dispute", "Traced" | "Revealed" | "TileRevealed" | "ChunksRevealed" if self._is_known(
                event["key"]
            ):
                self._reveal(event, block)

    def _set(self, event: Event, columns: str, *values: int) -> None:
        """Of the game that an event of Challenges names; another arbiter's may have its number."""
        named = event["game"], event["id"], event["attempt"]
        self._journal.write(
            f"UPDATE games SET {columns} WHERE number = ? AND id = ? AND attempt = ?",  # noqa: S608
            *(*values, *named),
        )

    def _post(self, event: Event, block: int) -> None:
        asked = self._asked(event["id"])
        if asked is None or asked.terms.arbiter != self._disputes.address:
            return
        work = Work.of(event["work"])
        self._journal.write(
            "INSERT OR REPLACE INTO results (id, attempt, block, work, output) VALUES (?, ?, ?, ?, ?)",
            *(event["id"], work.attempt, block, u256(event["work"]), event["output"]),
        )

    def _challenge(self, event: Event, block: int) -> None:
        posted = self.posted(event["id"], event["attempt"])
        if posted is not None:
            self.add(event["game"], posted, event["challenger"], block)

    def _pick(self, event: Event, block: int) -> None:
        cursor = Position.unpack(event["cursor"])
        self._journal.write(
            "INSERT OR REPLACE INTO picks VALUES (?, ?, ?, ?, ?, ?)",
            *(event["key"], event["game"], cursor.hash, block, event.log.index, _pack(cursor)),
        )

    def _reveal(self, event: Event, block: int) -> None:
        fields = event.fields
        nodes: Iterable[bytes] = fields.get("children") or map(value_word, fields.get("values", ()))
        shown = fields["tile"] if event.name == "TileRevealed" else b"".join(nodes)
        opening = Position.unpack(event["opening"])
        self._journal.write(
            "INSERT OR REPLACE INTO reveals VALUES (?, ?, ?, ?, ?)",
            *(event["key"], fields.get("cursor", ROOT), block, _pack(opening), shown),
        )

    def _is_known(self, key: bytes) -> bool:
        return self._journal.row("SELECT 1 FROM games WHERE key = ?", key) is not None

    # What is

    def posted(self, identifier: bytes, attempt: int) -> Posted | None:
        """A posted result, unless it is none of this executor's business."""
        row = self._journal.row("SELECT * FROM results WHERE id = ? AND attempt = ?", identifier, attempt)
        return None if row is None else self._posted(row)

    def standing(self, account: str) -> list[Posted]:
        """The results of this account that can still be challenged, or are."""
        where = "ended IS NULL AND substr(work, 1, 20) = ?"
        rows = self._journal.rows(f"SELECT * FROM results WHERE {where}", bytes.fromhex(account[2:]))  # noqa: S608
        return [posted for row in rows if (posted := self._posted(row))]

    def running(self, identifier: bytes, attempt: int) -> int:
        """How many games about a result are not ruled upon, as the logs have it."""
        (row,) = self._journal.rows(
            """SELECT count(*) AS number FROM games
                WHERE id = ? AND attempt = ? AND verdict IS NULL AND settled IS NULL""",
            *(identifier, attempt),
        )
        return int(row["number"])

    def block_of(self, posted: Posted) -> int:
        """The block in which a result was posted."""
        row = self._journal.row(
            "SELECT block FROM results WHERE id = ? AND attempt = ?", posted.id, posted.attempt
        )
        assert row is not None
        return int(row["block"])

    def unsettled(self, account: str) -> list[Game]:
        """Every game that this account defends or has opened and that was not paid for yet."""
        return self._games("g.settled IS NULL AND ? IN (g.challenger, g.defender)", account)

    def game(self, number: int) -> Game | None:
        found = self._games("g.number = ?", number)
        return found[0] if found else None

    def has_challenged(self, account: str, identifier: bytes, attempt: int) -> bool:
        """Whether this account has a game about that result."""
        where = "id = ? AND attempt = ? AND challenger = ?"
        row = self._journal.row(f"SELECT 1 FROM games WHERE {where}", identifier, attempt, account)  # noqa: S608
        return row is not None

    def position(self, game: Game) -> Position | None:
        """Where a game is; None while it waits for the trace."""
        row = self._journal.row(
            "SELECT position FROM picks WHERE game = ? AND cursor = ?", game.number, game.cursor
        )
        return None if row is None else _unpack(row["position"])

    def path(self, game: Game) -> list[Reveal]:
        """What was revealed of the root and of each of the game's cursors, in order."""
        rows = self._journal.rows(
            """SELECT opening, shown FROM reveals JOIN (
                    SELECT -1 AS block, 0 AS log, ? AS cursor
                    UNION SELECT block, log, cursor FROM picks WHERE game = ?
                ) AS way ON reveals.cursor = way.cursor WHERE key = ? ORDER BY way.block, way.log""",
            *(ROOT, game.number, game.key),
        )
        return [_shown(row) for row in rows]

    def _posted(self, row: sqlite3.Row) -> Posted | None:
        asked = self._asked(row["id"])
        if asked is None:
            return None
        work = Work.of(int.from_bytes(row["work"], "big"))
        return Posted(row["id"], row["attempt"], asked, work, row["output"])

    def _games(self, where: str, *values: Any) -> list[Game]:
        rows = self._journal.rows(
            f"""SELECT g.*,
                    coalesce((SELECT p.cursor FROM picks p WHERE p.game = g.number
                        ORDER BY p.block DESC, p.log DESC LIMIT 1), ?) AS cursor,
                    EXISTS (SELECT 1 FROM games f WHERE f.key = g.key AND f.verdict = {CHALLENGER}) AS fallen
                FROM games g WHERE {where} ORDER BY g.number""",  # noqa: S608
            *(ROOT, *values),
        )
        return [self._game(row) for row in rows]

    def _game(self, row: sqlite3.Row) -> Game:
        revealed = self._journal.row(
            "SELECT 1 FROM reveals WHERE key = ? AND cursor = ?", row["key"], row["cursor"]
        )
        return Game(
            number=row["number"],
            key=row["key"],
            id=row["id"],
            attempt=row["attempt"],
            challenger=row["challenger"],
            defender=row["defender"],
            block=row["block"],
            verdict=row["verdict"],
            settled=row["settled"] is not None,
            fallen=bool(row["fallen"]),
            cursor=row["cursor"],
            revealed=revealed is not None,
        )


def _shown(row: sqlite3.Row) -> Reveal:
    opening, shown = _unpack(row["opening"]), row["shown"]
    if opening.level is Level.WORDS:
        return Reveal(opening, tile=shown)
    words = tuple(shown[at : at + 32] for at in range(0, len(shown), 32))
    if opening.level is Level.VALUES:
        return Reveal(opening, values=tuple(int.from_bytes(word, "big", signed=True) for word in words))
    return Reveal(opening, children=words)


def _pack(position: Position) -> bytes:
    place, extent, *hashes = position.packed()
    return u256(place) + u256(extent) + b"".join(hashes)


def _unpack(words: bytes) -> Position:
    place, extent, *hashes = (words[at : at + 32] for at in range(0, len(words), 32))
    trace, outputs, record, node = hashes
    numbers = int.from_bytes(place, "big"), int.from_bytes(extent, "big")
    return Position.unpack((*numbers, trace, outputs, record, node))
