# pragma version 0.4.3
"""
@title DaoFactory
@notice Documented in `interfaces/IDaoFactory.vyi`.
@custom:kill Nobody can stop it; it has no owner, and DAOs do not depend on it once created.
"""
from contracts.interfaces import ICouncil
from contracts.interfaces import IDaoFactory
from contracts.interfaces import IGovernor
from contracts.interfaces import IModel
from contracts.interfaces import IRegistry
from contracts.interfaces import ITimelock

implements: IDaoFactory

ADMIN: constant(bytes32) = empty(bytes32)
PROPOSER: constant(bytes32) = keccak256("PROPOSER_ROLE")
CANCELLER: constant(bytes32) = keccak256("CANCELLER_ROLE")
EVERYBODY: constant(address) = empty(address)
BEGINNING: constant(uint256) = 0  # a timepoint that is past by every clock

REGISTRY: immutable(address)
TOKEN: immutable(address)
TIMELOCK: immutable(address)
GOVERNOR: immutable(address)
COUNCIL: immutable(address)

count: public(uint256)
daos: public(HashMap[uint256, IDaoFactory.Dao])
number_of: public(HashMap[address, uint256])


@deploy
def __init__(registry: address, token: address, timelock: address, governor: address, council: address):
    assert registry.is_contract, "factory: registry has no code"
    for blueprint: address in [token, timelock, governor, council]:
        assert blueprint.is_contract, "factory: blueprint has no code"
    REGISTRY = registry
    TOKEN = token
    TIMELOCK = timelock
    GOVERNOR = governor
    COUNCIL = council


@external
def create(charter: IDaoFactory.Charter) -> IDaoFactory.Dao:
    return self._create(charter)


@external
def create_with_model(
    charter: IDaoFactory.Charter, name: String[64], version: IModel.Version
) -> (IDaoFactory.Dao, address):
    dao: IDaoFactory.Dao = self._create(charter)
    model: address = extcall IRegistry(REGISTRY).create_model(name, dao.timelock, dao.council, version)
    return dao, model


@external
@view
def blueprints() -> IDaoFactory.Dao:
    return IDaoFactory.Dao(token=TOKEN, timelock=TIMELOCK, governor=GOVERNOR, council=COUNCIL)


@external
@view
def registry() -> address:
    return REGISTRY


# --- a DAO, in the order in which its contracts need each other ---


@internal
def _create(charter: IDaoFactory.Charter) -> IDaoFactory.Dao:
    rules: IDaoFactory.Rules = charter.rules
    timelock: address = self._create_timelock(rules.timelock_delay)
    council: address = self._create_council(charter.council, timelock)
    token: address = charter.votes
    if token == empty(address):
        token = self._create_token(charter.token, charter.by_timestamp, timelock)
    else:
        assert token.is_contract, "factory: votes have no code"
        assert self._is_empty(charter.token), "factory: both votes and a new token"
    governor: address = create_from_blueprint(
        GOVERNOR,
        charter.name,
        token,
        timelock,
        rules.voting_delay,
        rules.voting_period,
        rules.proposal_threshold,
        rules.quorum_percent,
        rules.vote_extension,
        council,
    )
    self._check_votes(IGovernor(governor), charter.by_timestamp)
    self._hand_over(ITimelock(timelock), governor, council)

    # An existing votes contract is only ever asked by STATICCALL, so nothing has been created meanwhile.
    number: uint256 = self.count
    self.count = number + 1
    dao: IDaoFactory.Dao = IDaoFactory.Dao(token=token, timelock=timelock, governor=governor, council=council)
    self.daos[number] = dao
    self.number_of[governor] = number + 1
    log IDaoFactory.DaoCreated(
        governor=governor,
        token=token,
        timelock=timelock,
        council=council,
        number=number,
        name=charter.name,
    )
    return dao


@internal
def _create_timelock(delay: uint256) -> address:
    """
    Its roles are still to be given, by the factory.
    """
    proposers: DynArray[address, 1] = []
    executors: DynArray[address, 1] = [EVERYBODY]
    return create_from_blueprint(TIMELOCK, delay, proposers, executors, self)


@internal
def _create_council(house: IDaoFactory.House, timelock: address) -> address:
    council: address = create_from_blueprint(COUNCIL, timelock, house.term_ends, house.quorum, house.seats)
    members: uint256 = staticcall ICouncil(council).members()
    assert members == 0 or house.quorum <= members, "factory: quorum beyond the seats taken"
    return council


@internal
def _create_token(token: IDaoFactory.NewToken, by_timestamp: bool, timelock: address) -> address:
    assert token.supply > 0, "factory: nobody could ever vote"
    owner: address = timelock if token.mintable else empty(address)
    return create_from_blueprint(
        TOKEN, token.name, token.symbol, by_timestamp, owner, token.holder, token.supply
    )


@internal
@pure
def _is_empty(token: IDaoFactory.NewToken) -> bool:
    return (
        len(token.name) == 0
        and len(token.symbol) == 0
        and token.holder == empty(address)
        and token.supply == 0
        and not token.mintable
    )


@internal
@view
def _check_votes(governor: IGovernor, by_timestamp: bool):
    """
    The Governor can count: its votes contract answers for the past, by the clock that the charter means.
    """
    now: uint256 = convert(staticcall governor.clock(), uint256)
    assert (now == block.timestamp) == by_timestamp, "factory: votes have another clock"
    supply: uint256 = staticcall governor.quorum(BEGINNING)
    votes: uint256 = staticcall governor.getVotes(self, BEGINNING)


@internal
def _hand_over(timelock: ITimelock, governor: address, council: address):
    """
    The roles that the factory was admin for; then it is that no more.
    """
    extcall timelock.grantRole(PROPOSER, governor)
    extcall timelock.grantRole(CANCELLER, governor)
    extcall timelock.grantRole(CANCELLER, council)
    extcall timelock.renounceRole(ADMIN, self)
