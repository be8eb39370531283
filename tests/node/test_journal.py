"""The journal: atomic, durable, owned by one process, and never mistaken for another's."""

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from executor.journal import Identity, Journal, JournalError, JournalInUseError, JournalMismatchError, Schema

OWNER = Identity(31337, b"\x01" * 32, "0x" + "11" * 20, "0x" + "22" * 20)
PLAIN = Schema("plain", (("CREATE TABLE notes (text TEXT NOT NULL)",),))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def open_plain(path: Path, identity: Identity = OWNER, *schemas: Schema) -> Journal:
    return Journal.open(path, identity, schemas or (PLAIN,))


def notes(journal: Journal) -> list[str]:
    return [row["text"] for row in journal.rows("SELECT text FROM notes")]


def in_child(action) -> int:
    """Run `action` in a forked child; its exit code, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(action() or 0)
        except BaseException:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_open__new_file__is_durable_wal(path):
    with open_plain(path) as journal:
        assert journal.rows("PRAGMA journal_mode")[0][0] == "wal"
        assert journal.rows("PRAGMA synchronous")[0][0] == 2  # FULL
        assert journal.identity() == OWNER


def test_transaction__ends_well__keeps_every_write(path):
    with open_plain(path) as journal, journal.transaction():
        journal.write("INSERT INTO notes VALUES (?)", "claim")
        journal.write("INSERT INTO notes VALUES (?)", "post")
    with open_plain(path) as journal:
        assert notes(journal) == ["claim", "post"]


def test_transaction__raises__keeps_no_write(path):
    with open_plain(path) as journal:
        with pytest.raises(sqlite3.OperationalError), journal.transaction():
            journal.rows("INSERT INTO notes VALUES ('claim') RETURNING text") + journal.rows("NOT SQL")
        assert notes(journal) == []


def test_transaction__process_killed_inside__keeps_no_write(path):
    def die_inside() -> None:
        with open_plain(path) as journal:
            journal.crash_hook = lambda _: os.kill(os.getpid(), 9)
            with journal.transaction():
                journal.write("INSERT INTO notes VALUES (?)", "half")
                journal.crash_point("inside")

    assert in_child(die_inside) == -9
    with open_plain(path) as journal:
        assert notes(journal) == []


def test_transaction__process_killed_after__keeps_every_write(path):
    def die_after() -> None:
        journal = open_plain(path)
        with journal.transaction():
            journal.write("INSERT INTO notes VALUES (?)", "whole")
        os.kill(os.getpid(), 9)

    assert in_child(die_after) == -9
    with open_plain(path) as journal:
        assert notes(journal) == ["whole"]


def test_transaction__nested__is_refused(path):
    with open_plain(path) as journal:
        with pytest.raises(JournalError, match="do not nest"), journal.transaction(), journal.transaction():
            pass
        with journal.transaction():  # and the refusal left nothing half open
            journal.write("INSERT INTO notes VALUES ('later')")


def test_write__outside_a_transaction__is_refused(path):
    with open_plain(path) as journal:
        with pytest.raises(JournalError, match="needs a transaction"):
            journal.write("INSERT INTO notes VALUES ('stray')")
        assert notes(journal) == []


@pytest.mark.parametrize(
    "change",
    [{"chain_id": 1}, {"genesis": b"\x02" * 32}, {"market": "0x" + "33" * 20}, {"account": "0x" + "44" * 20}],
    ids=lambda change: next(iter(change)),
)
def test_open__of_another_identity__is_refused(path, change):
    open_plain(path).close()
    with pytest.raises(JournalMismatchError, match=f"another {next(iter(change))}"):
        open_plain(path, replace(OWNER, **change))
    open_plain(path).close()  # the refusal released the lock


def test_open__older_schema__migrates_and_keeps_rows(path):
    with open_plain(path) as journal, journal.transaction():
        journal.write("INSERT INTO notes VALUES ('old')")
    newer = Schema("plain", (*PLAIN.migrations, ("ALTER TABLE notes ADD COLUMN weight INTEGER DEFAULT 7",)))
    for _ in range(2):  # the second time there is nothing left to migrate
        with open_plain(path, OWNER, newer) as journal:
            assert [tuple(row) for row in journal.rows("SELECT text, weight FROM notes")] == [("old", 7)]


def test_open__migration_that_fails_halfway__changes_nothing(path):
    open_plain(path).close()
    broken = Schema("plain", (*PLAIN.migrations, ("CREATE TABLE extra (x)", "NOT SQL")))
    with pytest.raises(sqlite3.OperationalError):
        open_plain(path, OWNER, broken)
    with open_plain(path) as journal:
        assert journal.row("SELECT 1 FROM sqlite_master WHERE name = 'extra'") is None


def test_open__newer_schema__is_refused(path):
    open_plain(path, OWNER, Schema("plain", (*PLAIN.migrations, ("CREATE TABLE extra (x)",)))).close()
    with pytest.raises(JournalMismatchError, match=r"newer software \(plain 2 > 1\)"):
        open_plain(path)


def test_open__schema_unknown_to_this_software__is_refused(path):
    open_plain(path, OWNER, PLAIN, Schema("games", (("CREATE TABLE games (id)",),))).close()
    with pytest.raises(JournalMismatchError, match=r"newer software \(games 1 > 0\)"):
        open_plain(path)


def test_open__newer_layout__is_refused(path):
    open_plain(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 2")
    with pytest.raises(JournalMismatchError, match="layout 2 > 1"):
        open_plain(path)


def test_open__another_programs_database__is_refused(path):
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE theirs (x)")
    with pytest.raises(JournalMismatchError, match="no journal"):
        open_plain(path)


def test_open__no_database_at_all__is_refused(path):
    path.write_bytes(b"certainly not a database, and long enough to have a header" * 30)
    with pytest.raises(JournalMismatchError, match="not a database"):
        open_plain(path)


def test_open__while_another_process_owns_it__names_the_owner(path):
    with open_plain(path):

        def second() -> int:
            try:
                open_plain(path)
            except JournalInUseError as error:
                return 0 if f"process {os.getppid()}" in str(error) else 1
            return 2

        assert in_child(second) == 0


def test_open__twice_in_one_process__is_refused(path):
    with open_plain(path), pytest.raises(JournalInUseError, match="another executor is using"):
        open_plain(path)


def test_open__after_the_owner_was_killed__succeeds(path):
    def die_owning() -> None:
        open_plain(path)
        os.kill(os.getpid(), 9)

    assert in_child(die_owning) == -9
    open_plain(path).close()


def test_open__dead_owner_left_a_forked_worker__succeeds(path):
    """The worker outlives the owner; the lock must not."""
    hold, stop = os.pipe()
    running, started = os.pipe()

    def die_with_worker() -> None:
        open_plain(path)
        if os.fork() == 0:  # the worker, blocked until the test closes its pipe
            os.close(stop)
            os.write(started, b".")
            os.read(hold, 1)
            os._exit(0)
        os.read(running, 1)
        os.kill(os.getpid(), 9)

    assert in_child(die_with_worker) == -9
    open_plain(path).close()
    for descriptor in (stop, hold, running, started):
        os.close(descriptor)


def test_view__while_owned__reads_and_cannot_write(path):
    with open_plain(path) as journal:
        with journal.transaction():
            journal.write("INSERT INTO notes VALUES ('seen')")
        with Journal.view(path) as view:
            assert notes(view) == ["seen"]
            with pytest.raises(sqlite3.OperationalError, match="readonly"), view.transaction():
                view.write("INSERT INTO notes VALUES ('never')")


def test_view__missing_file__is_refused_and_not_created(path):
    with pytest.raises(JournalError, match="no journal at"):
        Journal.view(path)
    assert not path.exists()
