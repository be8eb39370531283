"""Jobs that have to wait, however many, keep nobody else's from being served."""

from __future__ import annotations

import pytest

from executor.node.jobs import Jobs
from executor.node.lifecycle import State
from tests.node.network import ETHER, Town
from tests.node.test_trouble import ask, counts, until

PRICE = ETHER // 100


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that looks at two jobs at a time, as a real one does at a thousand."""
    ready = Jobs.ready
    monkeypatch.setattr(Jobs, "ready", lambda jobs, state, now: ready(jobs, state, now, 2))


@pytest.mark.usefixtures("narrow")
def test_decide__bonds_beyond_all_stake__hide_no_job_behind_them(town: Town, node_of) -> None:
    for number in range(4):
        ask(town, number, bond=1_000 * ETHER)
    honest = ask(town, 4)
    node = node_of()
    until(node, met=lambda: counts(node).get(State.POSTED) == 1)
    assert node.desk.jobs.get(honest).state is State.POSTED
    assert counts(node)[State.OPEN] == 4


@pytest.mark.usefixtures("narrow")
def test_finalize__results_whose_window_runs__hide_none_that_is_over(town: Town, node_of) -> None:
    ids = [ask(town, number) for number in range(4)]
    node = node_of()
    until(node, met=lambda: counts(node) == {State.POSTED: 4})
    (terms,) = {node.desk.jobs.get(each).request.terms for each in ids}
    frozen = node.desk.jobs.terms(terms)
    for each in ids[:3]:  # as if these had a game open each
        job = node.desk.jobs.get(each)
        with node.desk.journal.transaction():
            word = (job.slot.word | 1 << 16).to_bytes(32, "big")
            node.desk.jobs.set(job, slot=word)
        assert node.desk.jobs.get(each).slot.games == 1
    town.warp(frozen.window)
    until(node, met=lambda: counts(node).get(State.FINAL, 0) >= 1)
    assert node.desk.jobs.get(ids[3]).state is State.FINAL
