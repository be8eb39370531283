"""What the factory refuses, and votes contracts that mean it ill: nothing half made is left behind."""

from __future__ import annotations

import pytest

from tests.governance.council.chamber import Constituency
from tests.governance.dao_factory.founders import SUPPLY, Charter, Dao, House, NewToken, Rules, charter
from tests.governance.governor.failures import refused
from tests.wire import Refused
from tests.words import NOBODY

NO_CODE = "0x" + "00" * 19 + "99"


@pytest.fixture
def refuses_charter(world, factory, refuses):
    """`refuses_charter(reason, votes=..., ...)`: a charter, changed, with or without a model."""

    def check(reason: str, **changes) -> None:
        asked: Charter = charter(world, **changes)
        refuses(reason, factory.create, asked, sender=world.roles.stranger)
        arguments = asked, "digits", world.version()
        refuses(reason, factory.create_with_model, *arguments, sender=world.roles.stranger)

    return check


def test_create__votes_without_code__is_refused(refuses_charter):
    refuses_charter("factory: votes have no code", votes=NO_CODE, token=NewToken())


@pytest.mark.parametrize(
    "said",
    [{"name": "Votes"}, {"symbol": "VOTE"}, {"holder": NO_CODE}, {"supply": 1}, {"mintable": True}],
    ids=lambda said: next(iter(said)),
)
def test_create__votes_and_anything_of_a_new_token__is_refused(world, refuses_charter, said):
    """Nothing that a founder asks for is passed over in silence."""
    votes = world.deploy("MockVotes", SUPPLY)
    refuses_charter("factory: both votes and a new token", votes=votes, token=NewToken(**said))


def test_create__a_token_of_nothing__is_refused(world, refuses_charter):
    nothing = NewToken("Votes", "VOTE", world.roles.owner, 0, True)
    refuses_charter("factory: nobody could ever vote", token=nothing)


@pytest.mark.parametrize("by_timestamp", [False, True])
def test_create__votes_by_another_clock__is_refused(world, refuses_charter, by_timestamp):
    owner = world.roles.owner
    votes = world.deploy("Token", "Votes", "VOTE", not by_timestamp, owner, owner, SUPPLY)
    reason = "factory: votes have another clock"
    refuses_charter(reason, votes=votes, token=NewToken(), by_timestamp=by_timestamp)


def test_create__votes_without_a_clock_said_to_count_seconds__is_refused(world, refuses_charter):
    """The Governor would count blocks, whatever the votes contract says of its mode."""
    votes = world.deploy("HostileVotes")
    votes.order_silence(votes.clock.encode_input(), sender=world.roles.stranger)
    reason = "factory: votes have another clock"
    refuses_charter(reason, votes=votes, token=NewToken(), by_timestamp=True)


@pytest.mark.parametrize("function", ["getPastVotes", "getPastTotalSupply"])
def test_create__votes_that_cannot_be_counted__is_refused(world, factory, function):
    """Whoever owned a model by such a DAO would own it for nobody."""
    votes = world.deploy("HostileVotes")
    arguments = (NOBODY, 0) if function == "getPastVotes" else (0,)
    selector = getattr(votes, function).encode_input(*arguments)[:4]
    votes.order_silence(selector, sender=world.roles.stranger)
    with refused(""):
        factory.create.asked(charter(world, votes=votes, token=NewToken()), sender=world.roles.stranger)


def test_create__a_contract_that_is_no_votes__is_refused(world, factory):
    for votes in (world.registry, world.bond_asset):
        with pytest.raises(Refused):
            factory.create.asked(charter(world, votes=votes, token=NewToken()), sender=world.roles.stranger)


# --- what its parts refuse ---


def test_create__quorum_beyond_the_seats__is_refused(world, refuses_charter):
    reason, house = "factory: quorum beyond the seats taken", charter(world).council
    refuses_charter(reason, council=house._replace(quorum=3))
    vacant = (Constituency.NONE, NOBODY)
    refuses_charter(reason, council=house._replace(quorum=3, seats=[*house.seats, vacant]))


def test_create__a_council_that_no_vote_could_seat__is_refused(world, refuses_charter):
    house = charter(world).council
    twice = [house.seats[0], house.seats[0]]
    refuses_charter("council: member has another seat", council=house._replace(seats=twice))
    refuses_charter("council: quorum out of bounds", council=house._replace(quorum=1))
    refuses_charter("council: quorum out of bounds", council=House(0, 0, []))
    refuses_charter("council: term too long", council=house._replace(term_ends=2**40))
    nobody_s = [*house.seats, (Constituency.NONE, NO_CODE)]
    refuses_charter("council: not one constituency", council=house._replace(seats=nobody_s))


def test_create__what_openzeppelin_refuses__comes_through(world, factory):
    def created(**changes) -> None:
        factory.create.asked(charter(world, **changes), sender=world.roles.stranger)

    with refused("GovernorInvalidVotingPeriod(uint256)", 0):
        created(rules=Rules(voting_period=0))
    with refused("GovernorInvalidQuorumFraction(uint256,uint256)", 101, 100):
        created(rules=Rules(quorum_percent=101))
    with refused("ERC20InvalidReceiver(address)", NOBODY):
        created(token=NewToken("Votes", "VOTE", NOBODY, SUPPLY))
    with refused("ERC20ExceededSafeSupply(uint256,uint256)", 2**208, 2**208 - 1):
        created(token=NewToken("Votes", "VOTE", world.roles.owner, 2**208))


def test_create_with_model__a_version_that_is_refused__leaves_no_dao(world, factory, refuses):
    arguments = charter(world), "digits", world.version(program_root=bytes(32))
    refuses("model: no program", factory.create_with_model, *arguments, sender=world.roles.stranger)
    assert factory.count() == 0


# --- votes contracts that mean it ill ---


def test_create__votes_that_come_back__create_nothing(world, factory):
    """The factory is asked for another DAO whenever the votes contract is asked something."""
    votes = world.deploy("HostileVotes")
    asked = charter(world, votes=votes, token=NewToken())
    votes.order_call(factory, factory.create.encode_input(asked), sender=world.roles.stranger)
    receipt = factory.create(asked, sender=world.roles.stranger)
    dao = Dao(world, receipt)
    assert factory.count() == 1
    assert factory.daos(0) == dao.addresses
    assert len(list(factory.events(receipt))) == 1


def test_create__votes_that_take_the_roles__get_none(world, factory):
    """While the factory is admin, the votes contract is asked; it cannot be granted anything by anybody."""
    votes = world.deploy("HostileVotes")
    asked = charter(world, votes=votes, token=NewToken())
    timelock = world.existing("Timelock", factory.create.asked(asked, sender=world.roles.stranger)[1])
    grant = timelock.grantRole.encode_input(bytes(32), votes)
    votes.order_call(timelock, grant, sender=world.roles.stranger)
    dao = Dao(world, factory.create(asked, sender=world.roles.stranger))
    assert dao.timelock.address == timelock.address
    assert not timelock.hasRole(bytes(32), votes)
    assert dao.holders("DEFAULT_ADMIN_ROLE") == {timelock.address}


def test_create__votes_whose_clock_shows_nothing__is_refused(world, factory):
    votes = world.deploy("MockVotes", SUPPLY)
    answers_nothing = 2
    votes.set_clock(1, answers_nothing, sender=world.roles.stranger)
    with pytest.raises(Refused):
        factory.create.asked(charter(world, votes=votes, token=NewToken()), sender=world.roles.stranger)


# --- the factory itself ---


@pytest.mark.parametrize("place", range(5))
def test_init__without_code_at_one_of_them__is_refused(world, factory, place):
    arguments = [factory.registry(), *factory.blueprints()]
    arguments[place] = NO_CODE
    code = world.creation_code("DaoFactory", *arguments)
    with pytest.raises(Refused) as refusal:
        world.wire.request("eth_call", {"data": "0x" + code.hex()}, "pending")
    reasons = ["factory: registry has no code", *["factory: blueprint has no code"] * 4]
    assert refusal.value.reason == reasons[place]
