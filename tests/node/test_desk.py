"""What every stage wants goes out once: a transaction that is still on its way is not wanted again."""

from __future__ import annotations

from executor.node.lifecycle import State
from tests.node.network import Town
from tests.node.test_trouble import ask, counts, until


def test_send__same_purpose_is_still_on_its_way__waits_for_it_and_goes_on(town: Town, node_of) -> None:
    """As after a reorganisation that puts a request back into the very block in which it was opened."""
    identifier = ask(town)
    node = node_of()
    town.anvil.automine(False)
    until(node, met=lambda: counts(node) == {State.CLAIMING: 1})
    job = node.desk.jobs.get(identifier)
    with node.desk.journal.transaction():  # seen absent, and open again
        node.desk.jobs.set(job, state=State.OPEN, transaction_id=None, tries=0)
    for _ in range(3):
        node.step()
    job = node.desk.jobs.get(identifier)
    assert (job.state, job.transaction) == (State.OPEN, None)
    assert "already on its way" in job.note
    assert len(node.desk.outbox._transactions.in_flight()) == 1
    town.anvil.automine(True)
    town.anvil.mine(1)
    until(node, met=lambda: counts(node) == {State.POSTED: 1})
    assert town.client().wait(identifier, timeout=1).attempt == 1
