"""What the factory creates: every part knows the others, nobody stands above it, and it works."""

from __future__ import annotations

import pytest

from tests.contract import gas_of
from tests.governance.dao_factory.founders import (
    NAME,
    ROLES,
    SUPPLY,
    Dao,
    House,
    NewToken,
    Rules,
    call,
    charter,
    role_id,
)
from tests.governance.governor.failures import refused
from tests.words import NATIVE, NOBODY

A_TRANSACTION = 16_777_216  # gas it may have on a public network (EIP-7825)


@pytest.fixture
def owned(world, factory):
    """A DAO and the model it owns."""
    receipt = factory.create_with_model(
        charter(world), "digits", world.version(), sender=world.roles.stranger
    )
    (created,) = world.registry.events(receipt, "ModelCreated")
    dao = Dao(world, receipt)
    dao.token.delegate(world.roles.owner, sender=world.roles.owner)
    world.wire.request("anvil_mine", "0x1")
    return dao, world.existing("Model", created.model)


# --- its parts ---


def test_create__over_a_new_token__parts_know_each_other(world, create):
    dao = create()
    assert dao.governor.token() == dao.token.address
    assert dao.governor.timelock() == dao.timelock.address
    assert dao.governor.proposalGuardian() == dao.council.address
    assert dao.council.timelock() == dao.timelock.address
    assert dao.governor.name() == NAME


def test_create__over_a_new_token__token_is_the_charter_s(world, create):
    token = create().token
    assert (token.name(), token.symbol(), token.decimals()) == ("Votes of digits", "DIGIT", 18)
    assert token.totalSupply() == token.balanceOf(world.roles.owner) == SUPPLY
    assert token.owner() == NOBODY
    assert token.CLOCK_MODE() == "mode=blocknumber&from=default"


def test_create__rules__are_the_charter_s(create):
    rules = Rules(7, 70, 5, 33, 9, 4_000)
    dao = create(rules=rules)
    assert dao.governor.votingDelay() == rules.voting_delay
    assert dao.governor.votingPeriod() == rules.voting_period
    assert dao.governor.proposalThreshold() == rules.proposal_threshold
    assert dao.governor.lateQuorumVoteExtension() == rules.vote_extension
    assert dao.timelock.getMinDelay() == rules.timelock_delay
    numerators = dao.governor.events(dao.receipt, "QuorumNumeratorUpdated")
    assert [event.newQuorumNumerator for event in numerators] == [rules.quorum_percent]


def test_create__council__is_the_charter_s(world, create):
    house = charter(world).council
    council = create(council=house).council
    assert [council.seat_at(number) for number in range(3)] == [*house.seats, (0, NOBODY)]
    assert (council.quorum(), council.members()) == (2, 2)
    assert council.term_ends() == house.term_ends


def test_create__with_an_empty_council__leaves_its_seats_to_votes(world, create):
    council = create(council=House(0, 3, [])).council
    assert (council.members(), council.quorum()) == (0, 3)


def test_create__mintable__gives_the_right_to_the_timelock(world, create):
    dao = create(token=NewToken("Votes", "VOTE", world.roles.owner, SUPPLY, True))
    assert dao.token.owner() == dao.timelock.address


@pytest.mark.parametrize("by_timestamp", [False, True])
def test_create__over_existing_votes__takes_them(world, create, by_timestamp):
    owner = world.roles.owner
    token = world.deploy("Token", "Votes", "VOTE", by_timestamp, owner, owner, SUPPLY)
    dao = create(votes=token, token=NewToken(), by_timestamp=by_timestamp)
    assert dao.governor.token() == dao.token.address == token.address
    assert dao.governor.CLOCK_MODE() == token.CLOCK_MODE()
    assert token.owner() == owner


def test_create__by_timestamp__counts_seconds(world, create):
    dao = create(by_timestamp=True)
    assert dao.token.CLOCK_MODE() == "mode=timestamp"
    assert dao.governor.clock() == world.now() + 1  # in the block that is next


def test_create__votes_without_a_clock__count_blocks(world, create):
    """As OpenZeppelin's Governor has it for votes contracts older than ERC-6372."""
    votes = world.deploy("HostileVotes")
    votes.order_silence(votes.clock.encode_input(), sender=world.roles.stranger)
    height = int(world.wire.request("eth_blockNumber"), 16)
    assert create(votes=votes, token=NewToken()).governor.clock() == height + 2  # in the block after its own


# --- who may what ---


def test_create__roles__are_those_of_the_dao_and_of_nobody_else(world, factory, create):
    dao = create()
    timelock, governor, council = dao.timelock.address, dao.governor.address, dao.council.address
    wanted = {
        "DEFAULT_ADMIN_ROLE": {timelock},
        "PROPOSER_ROLE": {governor},
        "CANCELLER_ROLE": {governor, council},
        "EXECUTOR_ROLE": {NOBODY},
    }
    assert {role: dao.holders(role) for role in ROLES} == wanted
    everybody = {factory.address, world.roles.stranger, world.roles.owner, *dao.addresses, NOBODY}
    for role in ROLES:
        found = {account for account in everybody if dao.timelock.hasRole(role_id(role), account)}
        assert found == wanted[role], role


def test_create__any_number__are_listed_in_order(world, factory, create):
    assert factory.count() == 0
    first, second = create(), create(name="Another")
    assert factory.count() == 2
    assert [factory.daos(number) for number in range(3)] == [first.addresses, second.addresses, (NOBODY,) * 4]
    assert [factory.number_of(dao.governor) for dao in (first, second)] == [1, 2]
    assert factory.number_of(first.timelock) == 0
    assert (first.created.number, second.created.number) == (0, 1)
    assert (first.created.name, second.created.name) == (NAME, "Another")
    assert len({*first.addresses, *second.addresses}) == 8


def test_create__returns_what_it_logs(world, factory, create):
    expected = factory.create.asked(charter(world), sender=world.roles.stranger)
    assert expected == create().addresses


@pytest.mark.snapshot
def test_create__gas__is_as_committed_and_leaves_room_in_a_transaction(world, factory, create, snapshot):
    house = charter(world).council._replace(term_ends=2**30)  # the same bytes whenever this runs
    asked, version = charter(world, council=house), world.version()
    sender = world.roles.stranger
    owned = factory.create_with_model(asked, "digits", version, sender=sender)
    for name, receipt in (("create", create(council=house).receipt), ("create_with_model", owned)):
        gas = gas_of([receipt])
        snapshot("gas", f"dao/{name}", gas)
        assert gas < A_TRANSACTION * 3 // 4


# --- with a model ---


def test_create_with_model__model_belongs_to_the_dao(world, factory, owned):
    dao, model = owned
    assert model.owner() == dao.timelock.address
    assert model.guardian() == dao.council.address
    assert (model.name(), model.live(), model.market()) == ("digits", 1, world.market.address)
    assert world.registry.number_of(model) == world.registry.count()


def test_create_with_model__returns_what_it_logs(world, factory):
    arguments = charter(world), "digits", world.version()
    dao, model = factory.create_with_model.asked(*arguments, sender=world.roles.stranger)
    receipt = factory.create_with_model(*arguments, sender=world.roles.stranger)
    assert dao == Dao(world, receipt).addresses
    (created,) = world.registry.events(receipt, "ModelCreated")
    assert (created.model, created.owner) == (model, dao[1])


def test_create_with_model__upgraded_by_a_vote__answers_with_the_new_version(world, owned):
    dao, model = owned
    dao.decide(call(model, "publish", world.version()), call(model, "promote", 2))
    assert model.live() == 2
    request = world.open(model=model)
    world.answer(request)


def test_create_with_model__council__stops_an_upgrade_and_the_model(world, owned):
    dao, model = owned
    steps = dao.carry(call(model, "publish", world.version()), call(model, "promote", 2))
    operation = dao.operation(steps)
    members = world.roles.executor, world.roles.requester
    for member in members:
        dao.council.veto(*operation, sender=member)
    cancelled = 2
    assert dao.governor.state(dao.governor.getProposalId(*steps)) == cancelled
    for member in members:
        dao.council.pause(model, sender=member)
    assert model.paused()
    assert model.live() == 1


def test_create_with_model__royalties__are_collected_by_a_vote(world, owned):
    dao, model = owned
    request = world.open(model=model)
    (result,) = world.answer(request)
    world.warp(3_600)
    world.finalize(result)
    due = world.shares(model)[0]
    assert due > 0
    dao.decide(call(model, "collect", NATIVE, world.roles.idle))
    assert world.balance(world.roles.idle) == due


def test_create_with_model__council_replaced_by_a_vote__though_it_objects(world, owned, refuses):
    dao, _ = owned
    steps = dao.carry(call(dao.council, "seat", 0, 1, world.roles.rival_executor))
    reason = "council: operation on the council"
    refuses(reason, dao.council.veto, *dao.operation(steps), sender=world.roles.executor)
    world.warp(dao.timelock.getMinDelay())
    dao.governor.execute(*steps, sender=world.roles.stranger)
    assert dao.council.seat_at(0) == (1, world.roles.rival_executor)


def test_create__votes_over_seconds__decide(world, create):
    dao = create(by_timestamp=True, token=NewToken("Votes", "VOTE", world.roles.owner, SUPPLY, True))
    dao.token.delegate(world.roles.owner, sender=world.roles.owner)
    world.warp(1)
    dao.decide(call(dao.token, "mint", world.roles.idle, 5))
    assert dao.token.balanceOf(world.roles.idle) == 5


def test_create__proposal__cannot_be_taken_back_once_its_vote_began(world, owned):
    """The Council is proposal guardian, and makes no use of it."""
    dao, model = owned
    steps = dao.carry(call(model, "advise_price", 1, 2))
    proposal = dao.governor.getProposalId(*steps)
    with refused("GovernorUnableToCancel(uint256,address)", proposal, world.roles.owner):
        dao.governor.cancel.asked(*steps, sender=world.roles.owner)
