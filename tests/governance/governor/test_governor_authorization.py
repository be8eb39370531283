"""What only a vote may do in the Governor can be done once a vote, and only while that is executed.

A proposal that is executed authorizes those of its calls that go to the Governor itself. Whoever may propose
in the Timelock could try to use such an authorization, too: here the attacker may.
"""

from __future__ import annotations

import pytest

from tests.governance.governor.failures import EMPTY_ARRAY, refused
from tests.governance.governor.house import DELAY, DEPLOYER, NO_ID, VOTING_DELAY, Action, Proposal

SALT = b"\x0a" * 32


@pytest.fixture
def scheduled(house):
    """`scheduled(*actions)`: the attacker's batch in the Timelock; the arguments that execute it."""
    house.timelock.grantRole(house.role("PROPOSER_ROLE"), house.roles.attacker, sender=DEPLOYER)

    def schedule(*actions: Action) -> tuple[object, ...]:
        batch = (*Proposal(actions, "").calls, NO_ID, SALT)
        house.timelock.scheduleBatch(*batch, DELAY, sender=house.roles.attacker)
        return batch

    return schedule


@pytest.fixture
def set_delay(house):
    """`set_delay(number)`: an action that governs."""
    return lambda delay: house.call(house.governor.setVotingDelay, delay)


def queued(house, *actions: Action, description: str) -> Proposal:
    proposal = house.propose(*actions, description=description)
    house.carry(proposal)
    house.queue(proposal)
    return proposal


def test_authorization__used_twice__is_refused(house, scheduled, set_delay):
    again = house.call(house.timelock.executeBatch, *scheduled(set_delay(5)))
    proposal = queued(house, set_delay(5), again, description="Once")
    house.wait()
    with refused(*EMPTY_ARRAY):
        house.execute(proposal)


def test_authorization__that_others_have_used_up__is_gone(house, scheduled, set_delay):
    before = house.call(house.timelock.executeBatch, *scheduled(set_delay(5)))
    proposal = queued(house, before, set_delay(5), description="Robbed of its turn")
    house.wait()
    with refused(*EMPTY_ARRAY):
        house.execute(proposal)


def test_authorization__that_was_passed_over__is_gone(house, scheduled, set_delay):
    ahead = house.call(house.timelock.executeBatch, *scheduled(set_delay(6)))
    proposal = queued(house, ahead, set_delay(5), set_delay(6), description="Out of order")
    house.wait()
    with refused(*EMPTY_ARRAY):
        house.execute(proposal)


def test_authorization__of_one_call__is_none_for_another(house, scheduled, set_delay):
    unused = house.call(house.governor.votingDelay)  # authorized as all calls to the Governor are
    other = house.call(house.timelock.executeBatch, *scheduled(set_delay(6)))
    proposal = queued(house, unused, other, description="One and another")
    house.wait()
    with refused(*EMPTY_ARRAY):
        house.execute(proposal)


def test_authorization__of_a_call_to_another_contract__is_none(house, scheduled, set_delay):
    to_the_target = Action(house.target.address, 0, set_delay(5).data)
    to_the_governor = house.call(house.timelock.executeBatch, *scheduled(set_delay(5)))
    proposal = queued(house, to_the_target, to_the_governor, description="The same call elsewhere")
    house.wait()
    with refused(*EMPTY_ARRAY):
        house.execute(proposal)


def test_authorization__of_calls_that_need_none__stands_in_nobodys_way(house, set_delay):
    harmless = house.call(house.governor.votingDelay)
    house.decide(harmless, set_delay(5), harmless, set_delay(6))
    assert house.governor.votingDelay() == 6


def test_authorization__after_its_proposal_in_the_same_transaction__is_gone(house, scheduled, set_delay):
    proposal = queued(house, set_delay(5), description="Five")
    execution = house.call(house.governor.execute, *proposal.steps)
    batch = scheduled(execution, set_delay(5))
    house.wait()
    with refused(*EMPTY_ARRAY):
        house.timelock.executeBatch(*batch, sender=house.roles.attacker)
    assert house.governor.votingDelay() == VOTING_DELAY


def test_authorization__of_two_proposals_in_one_transaction__is_good_for_both(house, scheduled, set_delay):
    first = queued(house, set_delay(5), description="Five")
    second = queued(house, set_delay(6), description="Six")
    batch = scheduled(*(house.call(house.governor.execute, *each.steps) for each in (first, second)))
    house.wait()
    receipt = house.timelock.executeBatch(*batch, sender=house.roles.stranger)
    changes = house.governor.events(receipt, "VotingDelaySet")
    assert [change.newVotingDelay for change in changes] == [5, 6]


def test_authorization__after_a_proposal_executed_inside__is_gone(house, set_delay):
    """Also one that authorized nothing: OpenZeppelin's forgets all at the end of every execution."""
    inner = queued(house, house.poke(), description="The inner one")
    execution = house.call(house.governor.execute, *inner.steps)
    outer = queued(house, execution, set_delay(6), description="The outer one")
    house.wait()
    with refused(*EMPTY_ARRAY):
        house.execute(outer)
