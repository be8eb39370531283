"""What a Council can veto, and what it cannot: an operation on itself, by whatever calls."""

from __future__ import annotations

import pytest

from tests.governance.council.chamber import DELAY, NO_ID, SALT, Action, Chamber, Constituency, Power, role
from tests.governance.governor.failures import refused

UNSET, WAITING, READY, DONE = range(4)
NOT_PENDING = "council: no such operation is pending"
SHIELDED = "council: operation on the council"


@pytest.fixture
def council(chamber: Chamber):
    """The Council itself."""
    return chamber.council


@pytest.fixture
def vetoed(chamber, council):
    """`vetoed(operation)`: the quorum calls for it, and the operation is gone."""

    def check(operation) -> None:
        *_, last = chamber.approve(council.veto, *operation)
        key = chamber.timelock.hashOperationBatch(*operation)
        (cancelled,) = chamber.timelock.events(last, "Cancelled")
        assert cancelled.id == key
        (carried,) = council.events(last, "Carried")
        assert (carried.target, carried.power) == (chamber.timelock.address, Power.VETO)
        assert carried.detail == key
        assert chamber.state(operation) == UNSET

    return check


@pytest.fixture
def shielded(chamber, refuses):
    """`shielded(*actions)`: the operation of these calls cannot be vetoed, not even by a first approval."""

    def check(*actions: Action) -> None:
        operation = chamber.schedule(*actions)
        refuses(SHIELDED, chamber.council.veto, *operation, sender=chamber.members[0])

    return check


@pytest.fixture
def grant(chamber):
    """A change of a role of the Timelock's, as an action."""

    def action(function: str, name: str, account: str) -> Action:
        return chamber.call(getattr(chamber.timelock, function), role(name), account)

    return action


# --- operations on others ---


def test_veto__of_an_operation_that_waits__cancels_it(chamber, vetoed):
    operation = chamber.schedule(chamber.poke())
    assert chamber.state(operation) == WAITING
    vetoed(operation)


def test_veto__of_an_operation_that_is_ready__cancels_it(chamber, vetoed):
    operation = chamber.schedule(chamber.poke())
    chamber.world.warp(DELAY)
    assert chamber.state(operation) == READY
    vetoed(operation)


def test_veto__by_less_than_the_quorum__cancels_nothing(chamber, council):
    operation = chamber.schedule(chamber.poke())
    council.veto(*operation, sender=chamber.members[0])
    assert chamber.state(operation) == WAITING
    chamber.world.warp(DELAY)
    chamber.execute(operation)
    assert chamber.target.count() == 1


def test_veto__with_predecessor_and_salt__cancels_that_one_and_no_other(chamber, vetoed):
    first = chamber.schedule(chamber.poke())
    key = chamber.timelock.hashOperationBatch(*first)
    after = chamber.schedule(chamber.poke(), predecessor=key)
    salted = chamber.schedule(chamber.poke(), predecessor=key, salt=b"\x09" * 32)
    vetoed(after)
    assert (chamber.state(first), chamber.state(salted)) == (WAITING, WAITING)
    vetoed(salted)
    assert chamber.state(first) == WAITING


def test_veto__of_one_of_two_that_differ__takes_approvals_of_that_one(chamber, council):
    one, two = chamber.schedule(chamber.poke(1)), chamber.schedule(chamber.poke(2))
    council.veto(*one, sender=chamber.members[0])
    council.veto(*two, sender=chamber.members[1])
    assert (chamber.state(one), chamber.state(two)) == (WAITING, WAITING)


def test_veto__of_a_single_call__cancels_it_though_its_id_is_another(chamber, council):
    call = chamber.poke()
    single = (*call, NO_ID, SALT)
    chamber.timelock.schedule(*single, DELAY, sender=chamber.roles.proposer)
    key = chamber.timelock.hashOperation(*single)
    assert chamber.timelock.isOperationPending(key)
    chamber.approve(council.veto, [call.target], [call.value], [call.data], NO_ID, SALT)
    assert not chamber.timelock.isOperation(key)


def test_veto__of_a_batch_beside_the_same_single_call__cancels_one_after_the_other(chamber, council):
    call = chamber.poke()
    batch = chamber.schedule(call)
    single = (*call, NO_ID, SALT)
    chamber.timelock.schedule(*single, DELAY, sender=chamber.roles.proposer)
    chamber.approve(council.veto, *batch)
    assert chamber.state(batch) == UNSET
    assert chamber.timelock.isOperationPending(chamber.timelock.hashOperation(*single))
    chamber.approve(council.veto, *batch)
    assert not chamber.timelock.isOperation(chamber.timelock.hashOperation(*single))


def test_veto__scheduled_again__takes_approvals_anew(chamber, vetoed):
    operation = chamber.schedule(chamber.poke())
    vetoed(operation)
    assert chamber.schedule(chamber.poke()) == operation
    chamber.council.veto(*operation, sender=chamber.members[2])
    assert chamber.state(operation) == WAITING


# --- what is not pending ---


def test_veto__of_an_unknown_operation__is_refused(chamber, council, refuses):
    call = chamber.poke()
    calls = [call.target], [call.value], [call.data]
    refuses(NOT_PENDING, council.veto, *calls, NO_ID, SALT, sender=chamber.members[0])
    refuses(NOT_PENDING, council.veto, [], [], [], NO_ID, SALT, sender=chamber.members[0])


def test_veto__that_changes_anything_of_an_operation__knows_no_such_one(chamber, council, refuses):
    targets, values, payloads, predecessor, salt = chamber.schedule(chamber.poke())
    member = chamber.members[0]
    stranger = chamber.roles.stranger
    refuses(NOT_PENDING, council.veto, [stranger], values, payloads, predecessor, salt, sender=member)
    refuses(NOT_PENDING, council.veto, targets, [1], payloads, predecessor, salt, sender=member)
    refuses(NOT_PENDING, council.veto, targets, values, [b""], predecessor, salt, sender=member)
    refuses(NOT_PENDING, council.veto, targets, values, payloads, SALT, salt, sender=member)
    refuses(NOT_PENDING, council.veto, targets, values, payloads, predecessor, NO_ID, sender=member)


@pytest.mark.parametrize("missing", range(3))
def test_veto__with_lists_of_different_lengths__knows_no_such_one(chamber, council, refuses, missing):
    operation = [list(part) for part in chamber.schedule(chamber.poke())[:3]]
    operation[missing] = []
    refuses(NOT_PENDING, council.veto, *operation, NO_ID, SALT, sender=chamber.members[0])


def test_veto__of_what_was_executed__is_refused(chamber, council, refuses):
    operation = chamber.schedule(chamber.poke())
    council.veto(*operation, sender=chamber.members[0])
    chamber.world.warp(DELAY)
    chamber.execute(operation)
    assert chamber.state(operation) == DONE
    refuses(NOT_PENDING, council.veto, *operation, sender=chamber.members[1])


def test_veto__of_what_was_vetoed__is_refused(chamber, council, vetoed, refuses):
    operation = chamber.schedule(chamber.poke())
    vetoed(operation)
    refuses(NOT_PENDING, council.veto, *operation, sender=chamber.members[2])


def test_veto__out_of_the_operation_itself__undoes_its_execution(chamber, council):
    """A member that is a contract can veto what is just being executed: then nothing of it has happened."""
    chamber.decide(chamber.seat(3, chamber.target.address))
    operation = chamber.schedule(chamber.poke())
    council.veto(*operation, sender=chamber.members[0])
    order = council.veto.encode_input(*operation)
    chamber.target.order_call(council, order, sender=chamber.roles.stranger)
    chamber.world.warp(DELAY)
    key = chamber.timelock.hashOperationBatch(*operation)
    with refused("TimelockUnexpectedOperationState(bytes32,bytes32)", key, bytes(31) + b"\4"):
        chamber.execute(operation)
    assert chamber.state(operation) == READY


# --- operations on the Council ---


def test_veto__of_a_seat_given__is_refused(chamber, shielded):
    shielded(chamber.seat(3, chamber.roles.newcomer))


def test_veto__of_all_seats_cleared__is_refused(chamber, shielded):
    shielded(*(chamber.vacate(number) for number in range(3)))


def test_veto__of_a_quorum_or_a_term__is_refused(chamber, council, shielded):
    shielded(chamber.call(council.set_quorum, 3))
    shielded(chamber.call(council.renew, 0))


@pytest.mark.parametrize("function", ["grantRole", "revokeRole"])
@pytest.mark.parametrize("name", ["CANCELLER_ROLE", "PROPOSER_ROLE"])
def test_veto__of_a_role_of_the_council_s__is_refused(council, shielded, grant, function, name):
    shielded(grant(function, name, council.address))


def test_veto__of_both_kinds_together__is_refused(chamber, council, shielded, grant):
    shielded(grant("revokeRole", "CANCELLER_ROLE", council.address), chamber.vacate(0))


def test_veto__of_a_single_call_on_the_council__is_refused(chamber, council, refuses):
    call = chamber.vacate(0)
    chamber.timelock.schedule(*call, NO_ID, SALT, DELAY, sender=chamber.roles.proposer)
    calls = [call.target], [call.value], [call.data]
    refuses(SHIELDED, council.veto, *calls, NO_ID, SALT, sender=chamber.members[0])


def test_revoke_role__by_a_vote__leaves_a_council_that_cannot_veto(chamber, council, grant):
    chamber.decide(grant("revokeRole", "CANCELLER_ROLE", council.address))
    operation = chamber.schedule(chamber.poke())
    council.veto(*operation, sender=chamber.members[0])
    with refused(
        "AccessControlUnauthorizedAccount(address,bytes32)", council.address, role("CANCELLER_ROLE")
    ):
        council.veto(*operation, sender=chamber.members[1])
    assert chamber.state(operation) == WAITING


# --- what only looks like one ---


def test_veto__of_a_council_call_beside_another__is_possible(chamber, vetoed):
    """A majority cannot shield a decision by adding a harmless call on the Council to it."""
    vetoed(chamber.schedule(chamber.seat(3, chamber.roles.newcomer), chamber.poke()))
    vetoed(chamber.schedule(chamber.poke(), chamber.vacate(2)))
    seats = [chamber.vacate(number) for number in range(3, 12)]
    vetoed(chamber.schedule(*seats, chamber.poke()))


@pytest.mark.parametrize("function", ["grantRole", "revokeRole"])
def test_veto__of_a_role_of_somebody_else__is_possible(chamber, vetoed, grant, function):
    vetoed(chamber.schedule(grant(function, "CANCELLER_ROLE", chamber.roles.attacker)))


def test_veto__of_a_role_given_to_the_council_beside_another__is_possible(chamber, council, vetoed, grant):
    ours = grant("grantRole", "CANCELLER_ROLE", council.address)
    theirs = grant("grantRole", "PROPOSER_ROLE", chamber.roles.attacker)
    vetoed(chamber.schedule(ours, theirs))


def test_veto__of_another_call_on_the_timelock__is_possible(chamber, council, vetoed):
    vetoed(chamber.schedule(chamber.call(chamber.timelock.updateDelay, 0)))
    # As long as a role's change, and with the Council's address where that has it.
    call = chamber.timelock.cancel.encode_input(SALT) + bytes(12) + bytes.fromhex(council.address[2:])
    vetoed(chamber.schedule(Action(chamber.timelock.address, 0, call)))


def test_veto__of_a_role_s_change_elsewhere__is_possible(chamber, council, vetoed, grant):
    call = grant("revokeRole", "CANCELLER_ROLE", council.address)
    vetoed(chamber.schedule(Action(chamber.target.address, 0, call.data)))


@pytest.mark.parametrize("length", [0, 3, 4, 36, 67, 69, 100])
def test_veto__of_a_role_s_change_of_another_length__is_possible(chamber, council, vetoed, grant, length):
    call = grant("revokeRole", "CANCELLER_ROLE", council.address)
    data = (call.data + bytes(32))[:length]
    vetoed(chamber.schedule(Action(chamber.timelock.address, 0, data)))


def test_veto__of_an_address_with_dirt_above_it__is_possible(chamber, council, vetoed, grant):
    call = grant("revokeRole", "CANCELLER_ROLE", council.address)
    dirty = call.data[:36] + b"\1" + call.data[37:]
    vetoed(chamber.schedule(Action(chamber.timelock.address, 0, dirty)))


def test_veto__of_another_council__is_possible(chamber, vetoed):
    other = chamber.create(seats=[(Constituency.USERS, chamber.roles.newcomer)])
    vetoed(chamber.schedule(chamber.call(other.set_quorum, 3)))
