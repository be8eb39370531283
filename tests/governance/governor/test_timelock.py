"""The Timelock beside OpenZeppelin's TimelockController: operations, their order, roles."""

from __future__ import annotations

import pytest

from tests.governance.governor.failures import ARITHMETIC, error, refused
from tests.governance.governor.house import DELAY, DEPLOYER, NO_ID, NOBODY, Action, Proposal
from tests.wire import Refused

UNSET, WAITING, READY, DONE = range(4)
SALT = b"\x07" * 32
WRONG_STATE = "TimelockUnexpectedOperationState(bytes32,bytes32)"
UNAUTHORIZED = "AccessControlUnauthorizedAccount(address,bytes32)"


def bitmap(*states: int) -> bytes:
    return sum(1 << state for state in states).to_bytes(32, "big")


@pytest.fixture
def timelock(house):
    """The Timelock, with a proposer, a canceller and executors of its own."""
    timelock = house.timelock
    for role, account in (("PROPOSER", "proposer"), ("CANCELLER", "canceller"), ("EXECUTOR", "executor")):
        timelock.grantRole(house.role(f"{role}_ROLE"), getattr(house.roles, account), sender=DEPLOYER)
    return timelock


@pytest.fixture
def schedule(house, timelock):
    """Schedules one call, and returns its id and the arguments of `execute`."""

    def single(action: Action, predecessor: bytes = NO_ID, salt: bytes = SALT, delay: int = DELAY):
        timelock.schedule(*action, predecessor, salt, delay, sender=house.roles.proposer)
        operation = (*action, predecessor, salt)
        return timelock.hashOperation(*operation), operation

    return single


def test_schedule__by_a_proposer__waits_then_is_ready_then_done(house, timelock, schedule):
    key, operation = schedule(house.poke())
    assert timelock.getOperationState(key) == WAITING
    assert timelock.getTimestamp(key) == house.both.now() + DELAY
    with refused(WRONG_STATE, key, bitmap(READY)):
        timelock.execute(*operation, sender=house.roles.executor)
    house.wait()
    assert timelock.getOperationState(key) == READY
    timelock.execute(*operation, sender=house.roles.executor)
    assert timelock.getOperationState(key) == DONE
    assert timelock.getTimestamp(key) == 1
    assert house.target.count() == 1
    with refused(WRONG_STATE, key, bitmap(READY)):
        timelock.execute(*operation, sender=house.roles.executor)


def test_schedule__of_what_is_known__is_refused(house, timelock, schedule):
    key, operation = schedule(house.poke())
    with refused(WRONG_STATE, key, bitmap(UNSET)):
        schedule(house.poke())
    house.wait()
    timelock.execute(*operation, sender=house.roles.executor)
    with refused(WRONG_STATE, key, bitmap(UNSET)):
        schedule(house.poke())


def test_schedule__with_another_salt__is_another_operation(house, schedule):
    first, _ = schedule(house.poke(), salt=NO_ID)
    second, _ = schedule(house.poke(), salt=SALT)
    assert first != second


def test_schedule__sooner_than_the_least_delay__is_refused(house, schedule):
    with refused("TimelockInsufficientDelay(uint256,uint256)", DELAY - 1, DELAY):
        schedule(house.poke(), delay=DELAY - 1)


def test_schedule__with_a_longer_delay__waits_longer(house, timelock, schedule):
    key, _ = schedule(house.poke(), delay=DELAY + 9)
    assert timelock.getTimestamp(key) == house.both.now() + DELAY + 9
    house.wait()
    assert timelock.getOperationState(key) == WAITING


def test_schedule__for_the_end_of_time__overflows(house, schedule):
    with refused(*ARITHMETIC):
        schedule(house.poke(), delay=2**256 - 1)


def test_schedule__by_a_stranger__is_refused(house, timelock):
    stranger = house.roles.stranger
    with refused(UNAUTHORIZED, stranger, house.role("PROPOSER_ROLE")):
        timelock.schedule(*house.poke(), NO_ID, SALT, DELAY, sender=stranger)
    with refused(UNAUTHORIZED, stranger, house.role("PROPOSER_ROLE")):
        timelock.scheduleBatch([], [], [], NO_ID, SALT, DELAY, sender=stranger)


def test_execute__in_the_second_of_its_time__is_done_and_no_sooner(house, timelock, schedule):
    key, operation = schedule(house.poke())
    house.both.warp(DELAY - 2)
    with refused(WRONG_STATE, key, bitmap(READY)):
        timelock.execute(*operation, sender=house.roles.executor)
    house.both.warp(1)
    timelock.execute(*operation, sender=house.roles.executor)


def test_execute__of_what_is_not_ready__calls_nobody(house, timelock, schedule):
    house.target.order_failure(error("Called()"), sender=DEPLOYER)
    key, operation = schedule(house.poke())
    with refused(WRONG_STATE, key, bitmap(READY)):
        timelock.execute(*operation, sender=house.roles.executor)
    unknown = Proposal((house.poke(),), "").calls
    with refused(WRONG_STATE, house.batch_id([house.poke()], NO_ID, SALT), bitmap(READY)):
        timelock.executeBatch(*unknown, NO_ID, SALT, sender=house.roles.executor)


def test_execute__whose_predecessor_is_missing__is_refused(house, timelock, schedule):
    first, first_operation = schedule(house.poke(1))
    second, second_operation = schedule(house.poke(2), predecessor=first)
    third, third_operation = schedule(house.poke(3), predecessor=b"\x99" * 32)
    house.wait()
    with refused("TimelockUnexecutedPredecessor(bytes32)", first):
        timelock.execute(*second_operation, sender=house.roles.executor)
    with refused("TimelockUnexecutedPredecessor(bytes32)", b"\x99" * 32):
        timelock.execute(*third_operation, sender=house.roles.executor)
    timelock.execute(*first_operation, sender=house.roles.executor)
    timelock.execute(*second_operation, sender=house.roles.executor)
    assert timelock.isOperationDone(second)
    assert timelock.isOperationReady(third)


def test_execute__by_a_stranger__needs_the_open_role(house, timelock, schedule):
    _, operation = schedule(house.poke())
    house.wait()
    executor = house.role("EXECUTOR_ROLE")
    timelock.revokeRole(executor, NOBODY, sender=DEPLOYER)
    with refused(UNAUTHORIZED, house.roles.stranger, executor):
        timelock.execute(*operation, sender=house.roles.stranger)
    timelock.grantRole(executor, NOBODY, sender=DEPLOYER)
    timelock.execute(*operation, sender=house.roles.stranger)


@pytest.mark.parametrize("answer", [b"", b"\x01", error("FailedInnerCall()"), bytes(1024)])
def test_execute__of_a_call_that_fails__hands_its_answer_on(house, timelock, schedule, answer):
    house.target.order_failure(answer, sender=DEPLOYER)
    key, operation = schedule(house.poke())
    house.wait()
    with pytest.raises(Refused) as refusal:
        timelock.execute(*operation, sender=house.roles.executor)
    assert refusal.value.data == (answer or error("FailedCall()"))
    assert timelock.isOperationReady(key)


def test_execute__with_value__sends_it_and_keeps_nothing(house, timelock, schedule):
    payee = house.roles.canceller
    _, operation = schedule(Action(payee, 5, b""))
    house.wait()
    with refused("FailedCall()"):
        timelock.execute(*operation, sender=house.roles.executor)
    house.both.request("anvil_setBalance", house.roles.executor, hex(10))
    timelock.execute(*operation, sender=house.roles.executor, value=5)
    assert house.both.balance(payee) == 5
    assert house.both.balance(timelock.address) == 0


def test_execute__that_executes_itself__is_refused_as_a_whole(house, timelock, schedule):
    key, operation = schedule(house.poke())
    house.target.order_call(timelock, timelock.execute.encode_input(*operation), sender=DEPLOYER)
    house.wait()
    # The inner call finds the operation ready and makes its call once more, and so on: none ends.
    with pytest.raises(Refused):
        timelock.execute(*operation, sender=house.roles.executor)
    assert timelock.isOperationReady(key)
    assert house.target.count() == 0


def test_execute__that_cancels_itself__is_refused_as_a_whole(house, timelock, schedule):
    timelock.grantRole(house.role("CANCELLER_ROLE"), house.target, sender=DEPLOYER)
    key, operation = schedule(house.poke())
    house.target.order_call(timelock, timelock.cancel.encode_input(key), sender=DEPLOYER)
    house.wait()
    with refused(WRONG_STATE, key, bitmap(READY)):
        timelock.execute(*operation, sender=house.roles.executor)
    assert timelock.isOperationReady(key)


def test_execute__that_executes_another__does_both(house, timelock, schedule):
    inner, inner_operation = schedule(house.poke(1))
    outer, outer_operation = schedule(house.call(timelock.execute, *inner_operation))
    house.wait()
    timelock.execute(*outer_operation, sender=house.roles.executor)
    assert timelock.isOperationDone(inner)
    assert timelock.isOperationDone(outer)


def test_execute_batch__of_which_one_fails__does_nothing(house, timelock):
    failing = Action(house.token.address, 0, b"\x12\x34\x56\x78")
    calls = Proposal((house.poke(1), failing, house.poke(2)), "").calls
    timelock.scheduleBatch(*calls, NO_ID, SALT, DELAY, sender=house.roles.proposer)
    house.wait()
    with refused("FailedCall()"):
        timelock.executeBatch(*calls, NO_ID, SALT, sender=house.roles.executor)
    assert house.target.count() == 0


def test_execute_batch__of_all_it_can_hold__does_them_in_order(house, timelock):
    actions = [house.poke(word) for word in range(8)]
    actions += [Action(house.target.address, 0, bytes([7]) * 2048), Action(house.target.address, 0, b"")]
    calls = Proposal(tuple(actions), "").calls
    key = house.batch_id(actions, NO_ID, SALT)
    assert timelock.hashOperationBatch(*calls, NO_ID, SALT) == key
    timelock.scheduleBatch(*calls, NO_ID, SALT, DELAY, sender=house.roles.proposer)
    house.wait()
    receipt = timelock.executeBatch(*calls, NO_ID, SALT, sender=house.roles.executor)
    executed = list(timelock.events(receipt, "CallExecuted"))
    assert [event.index for event in executed] == list(range(10))
    assert [event.data for event in executed] == calls[2]
    assert timelock.isOperationDone(key)


def test_execute_batch__that_cancels_itself__is_refused_as_a_whole(house, timelock):
    timelock.grantRole(house.role("CANCELLER_ROLE"), house.target, sender=DEPLOYER)
    actions = [house.poke()]
    calls, key = Proposal(tuple(actions), "").calls, house.batch_id(actions, NO_ID, SALT)
    house.target.order_call(timelock, timelock.cancel.encode_input(key), sender=DEPLOYER)
    timelock.scheduleBatch(*calls, NO_ID, SALT, DELAY, sender=house.roles.proposer)
    house.wait()
    with refused(WRONG_STATE, key, bitmap(READY)):
        timelock.executeBatch(*calls, NO_ID, SALT, sender=house.roles.executor)
    assert timelock.isOperationReady(key)
    assert house.target.count() == 0


def test_execute_batch__whose_predecessor_is_missing__is_refused(house, timelock, schedule):
    first, first_operation = schedule(house.poke(1))
    calls = Proposal((house.poke(2), house.poke(3)), "").calls
    timelock.scheduleBatch(*calls, first, SALT, DELAY, sender=house.roles.proposer)
    house.wait()
    with refused("TimelockUnexecutedPredecessor(bytes32)", first):
        timelock.executeBatch(*calls, first, SALT, sender=house.roles.executor)
    timelock.execute(*first_operation, sender=house.roles.executor)
    timelock.executeBatch(*calls, first, SALT, sender=house.roles.executor)
    assert house.target.count() == 3


def test_schedule_batch__of_nothing__is_an_operation(house, timelock):
    timelock.scheduleBatch([], [], [], NO_ID, NO_ID, DELAY, sender=house.roles.proposer)
    house.wait()
    timelock.executeBatch([], [], [], NO_ID, NO_ID, sender=house.roles.executor)
    assert timelock.isOperationDone(house.batch_id([], NO_ID, NO_ID))


@pytest.mark.parametrize(("targets", "values", "payloads"), [(1, 0, 1), (1, 1, 0), (0, 1, 1), (2, 1, 1)])
def test_batches__of_unequal_lists__are_refused(house, timelock, targets, values, payloads):
    calls = ([house.target.address] * targets, [0] * values, [b""] * payloads)
    wrong = ("TimelockInvalidOperationLength(uint256,uint256,uint256)", targets, payloads, values)
    with refused(*wrong):
        timelock.scheduleBatch(*calls, NO_ID, SALT, DELAY, sender=house.roles.proposer)
    with refused(*wrong):
        timelock.executeBatch(*calls, NO_ID, SALT, sender=house.roles.executor)


@pytest.mark.parametrize("ready", [False, True])
def test_cancel__of_what_is_pending__forgets_it(house, timelock, schedule, ready):
    key, _ = schedule(house.poke())
    if ready:
        house.wait()
    with refused(UNAUTHORIZED, house.roles.proposer, house.role("CANCELLER_ROLE")):
        timelock.cancel(key, sender=house.roles.proposer)
    timelock.cancel(key, sender=house.roles.canceller)
    assert not timelock.isOperation(key)
    assert schedule(house.poke())[0] == key


def test_cancel__of_what_is_not_pending__is_refused(house, timelock, schedule):
    key, operation = schedule(house.poke())
    house.wait()
    timelock.execute(*operation, sender=house.roles.executor)
    for which in (key, NO_ID):
        with refused(WRONG_STATE, which, bitmap(WAITING, READY)):
            timelock.cancel(which, sender=house.roles.canceller)


def test_update_delay__only_by_an_operation__holds_for_the_next(house, timelock, schedule):
    with refused("TimelockUnauthorizedCaller(address)", DEPLOYER):
        timelock.updateDelay(7, sender=DEPLOYER)
    _, operation = schedule(house.call(timelock.updateDelay, 7))
    house.wait()
    timelock.execute(*operation, sender=house.roles.executor)
    assert timelock.getMinDelay() == 7
    schedule(house.poke(), delay=7)


def test_roles__granted_revoked_and_renounced__by_whom_they_belong_to(house, timelock):
    stranger, attacker = house.roles.stranger, house.roles.attacker
    proposer = house.role("PROPOSER_ROLE")
    admin = house.role("DEFAULT_ADMIN_ROLE")
    for change in (timelock.grantRole, timelock.revokeRole):
        with refused(UNAUTHORIZED, attacker, admin):
            change(proposer, attacker, sender=attacker)
    assert len(timelock.grantRole(proposer, stranger, sender=DEPLOYER)["logs"]) == 1
    assert len(timelock.grantRole(proposer, stranger, sender=DEPLOYER)["logs"]) == 0
    with refused("AccessControlBadConfirmation()"):
        timelock.renounceRole(proposer, stranger, sender=attacker)
    assert len(timelock.renounceRole(proposer, stranger, sender=stranger)["logs"]) == 1
    assert len(timelock.renounceRole(proposer, stranger, sender=stranger)["logs"]) == 0
    assert len(timelock.revokeRole(proposer, stranger, sender=DEPLOYER)["logs"]) == 0
    assert not timelock.hasRole(proposer, stranger)
    assert timelock.getRoleAdmin(proposer) == admin
    assert timelock.hasRole(admin, timelock)
    for name in ("DEFAULT_ADMIN_ROLE", "PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE"):
        assert getattr(timelock, name)() == house.role(name)


def test_init__with_roles__grants_them_in_order(house):
    accounts = [house.roles.voter, house.roles.second_voter, house.roles.voter]
    timelock = house.deploy("Timelock", 5, accounts, accounts[:1], NOBODY)
    assert timelock.hasRole(house.role("CANCELLER_ROLE"), house.roles.second_voter)
    assert timelock.hasRole(house.role("EXECUTOR_ROLE"), house.roles.voter)
    assert not timelock.hasRole(house.role("DEFAULT_ADMIN_ROLE"), DEPLOYER)


def test_receiving__ether_and_tokens__is_welcome(house, timelock):
    stranger = house.roles.stranger
    house.both.request("anvil_setBalance", stranger, hex(10))
    house.both.transact(stranger, timelock.address, b"", 3)
    assert house.both.balance(timelock.address) == 3
    with refused(""):
        house.both.transact(stranger, timelock.address, b"\x01", 3)
    accounts = (stranger, stranger)
    assert timelock.onERC721Received.asked(*accounts, 1, b"x") == timelock.onERC721Received._selector
    assert timelock.onERC1155Received.asked(*accounts, 1, 2, b"") == timelock.onERC1155Received._selector
    batch = timelock.onERC1155BatchReceived
    assert batch.asked(*accounts, [1, 2], [3, 4], b"") == batch._selector


@pytest.mark.parametrize("code", ["01ffc9a7", "7965db0b", "4e2312e0", "150b7a02", "ffffffff", "00000000"])
def test_supports_interface__for_each__as_openzeppelin_says(timelock, code):
    expected = code in ("01ffc9a7", "7965db0b", "4e2312e0")
    assert timelock.supportsInterface(bytes.fromhex(code)) is expected
