"""The outbox dies at every labelled instant, by SIGKILL, and loses and repeats nothing.

Each case runs in forked processes over one journal and one real chain: the first is killed at the label, the
second finishes. Random kills alone hardly ever hit the instants that matter.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from executor.chain import outbox as module
from executor.chain.keys import LocalKey
from executor.chain.outbox import CRASH_POINTS, Outbox, OutboxSettings
from executor.chain.rpc import Rpc
from executor.journal import Identity, Journal
from tests.anvil import CHAIN_ID, COUNTER_AT, OPERATOR

WANTED = [1, 2, 3]
IMPATIENT = OutboxSettings(confirmations=2, patience=0)  # outbids at every step, so that each label is met


def carry_out(url: str, path: Path, kind: type[Outbox], on_label: Callable[[str], None] | None) -> None:
    """A small executor: wants three counts, once, and steps until they are confirmed."""
    rpc = Rpc(url)
    owner = Identity(CHAIN_ID, rpc.genesis(), COUNTER_AT, OPERATOR.address)
    with Journal.open(path, owner, (module.SCHEMA,)) as journal:
        journal.crash_hook = on_label
        outbox = kind(rpc, journal, LocalKey(OPERATOR), OPERATOR.address, CHAIN_ID, IMPATIENT)
        outbox.start()
        if journal.row("SELECT 1 FROM transactions") is None:
            with journal.transaction():
                for number in WANTED:
                    outbox.enqueue(f"count {number}", COUNTER_AT, number.to_bytes(32))
        for turn in range(12):
            outbox.step()
            if outbox.idle():
                return
            if turn >= 3:  # three bids before the first block
                rpc.read("anvil_mine", "0x1")
    raise AssertionError("never came to rest")


def forked(*arguments: Any) -> int:
    """Run `carry_out` in a process of its own: its exit code, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            carry_out(*arguments)
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(label: str, hit: int) -> Callable[[str], None]:
    left = [hit]

    def hook(reached: str) -> None:
        left[0] -= reached == label
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def assert_once_despite(anvil, path: Path, label: str, hit: int, kind: type[Outbox] = Outbox) -> None:
    """Killed at the label, restarted: every wanted count is in the chain once, in order, and nothing else."""
    anvil.automine(False)
    assert forked(anvil.url, path, kind, kill_at(label, hit)) == -signal.SIGKILL, f"{label} was not reached"
    assert forked(anvil.url, path, kind, None) == 0, "the restarted executor failed"
    assert [int.from_bytes(data) for data in anvil.logged()] == WANTED
    assert anvil.nonce(OPERATOR.address) == len(WANTED)


ONCE = ("outbox.signing", "outbox.signed")  # all three are signed together
CASES = [(label, hit) for label in CRASH_POINTS for hit in ((1,) if label in ONCE else (1, 2, 3))]


@pytest.mark.parametrize(("label", "hit"), CASES)
def test_step__killed_at_a_label__carries_out_everything_once(anvil, tmp_path, label, hit):
    assert_once_despite(anvil, tmp_path / "journal.sqlite", label, hit)


def test_step__killed_at_every_label_in_turn__carries_out_everything_once(anvil, tmp_path):
    path = tmp_path / "journal.sqlite"
    anvil.automine(False)
    ends = [forked(anvil.url, path, Outbox, kill_at(label, 1)) for label in (*CRASH_POINTS, *CRASH_POINTS)]
    assert ends.count(-signal.SIGKILL) >= len(CRASH_POINTS)
    assert set(ends) <= {0, -signal.SIGKILL}
    assert forked(anvil.url, path, Outbox, None) == 0
    assert [int.from_bytes(data) for data in anvil.logged()] == WANTED
    assert anvil.nonce(OPERATOR.address) == len(WANTED)


class SendsFirst(Outbox):
    """The mistake that these tests exist to find: it broadcasts before its journal is durable."""

    def _sign_one(self, outgoing: Any, *others: Any) -> None:
        super()._sign_one(outgoing, *others)
        self._endpoint.send([self._transactions.attempts(outgoing)[-1].raw])


def test_step__variant_that_sends_first__fails_the_same_test(anvil, tmp_path):
    """Proof that the test above can fail: killed between sending and journalling, it cannot go on."""
    with pytest.raises(AssertionError, match="the restarted executor failed"):
        assert_once_despite(anvil, tmp_path / "journal.sqlite", "outbox.signing", 1, SendsFirst)


def test_step__variant_that_sends_first__works_while_nothing_dies(anvil, tmp_path):
    """So the failure above is the crash's doing, and not the variant's."""
    anvil.automine(False)
    assert forked(anvil.url, tmp_path / "journal.sqlite", SendsFirst, None) == 0
    assert [int.from_bytes(data) for data in anvil.logged()] == WANTED


def test_crash_points__one_life__meets_every_label_in_order(anvil, tmp_path):
    """A label that no run reaches would make its test worthless."""
    anvil.automine(False)
    met: list[str] = []
    carry_out(anvil.url, tmp_path / "journal.sqlite", Outbox, met.append)
    assert list(dict.fromkeys(met)) == list(CRASH_POINTS)
