# pragma version 0.4.3
"""
@title Model
@notice Documented in `interfaces/IModel.vyi`.
@custom:kill Owner or guardian pauses new requests and promotions; the owner alone unpauses. Rollback,
        revocation, royalties and all work in flight go on.
"""
from contracts.interfaces import IMarket
from contracts.interfaces import IModel
from contracts.modules import requests
from snekmate.auth import ownable
from snekmate.auth import ownable_2step

implements: IModel
initializes: ownable
initializes: ownable_2step[ownable := ownable]

# A model cannot be left without an owner: nobody could unpause it or collect its royalties.
exports: (
    ownable_2step.owner,
    ownable_2step.pending_owner,
    ownable_2step.transfer_ownership,
    ownable_2step.accept_ownership,
)

MAX_ROYALTY_BPS: constant(uint256) = 5_000
MAX_INPUT: constant(uint256) = 2**32 - 1
MAX_OUTPUT: constant(uint256) = 4096
PAUSED: constant(uint256) = 1 << 32
NUMBER: constant(uint256) = PAUSED - 1

MARKET: immutable(address)
NAME: immutable(String[64])

pointer: uint256  # live version 32 (low) | PAUSED: all that a request reads
states: HashMap[uint256, IModel.State]
guardian: public(address)
versions: public(uint256)
published: HashMap[uint256, IModel.Version]
min_price: uint256
max_price: uint256


@deploy
def __init__(market: address, name: String[64], owner: address, guardian: address, first: IModel.Version):
    assert market != empty(address), "model: no market"
    assert owner != empty(address), "model: no owner"
    MARKET = market
    NAME = name
    ownable.__init__()
    ownable_2step.__init__()
    ownable_2step._transfer_ownership(owner)
    self._set_guardian(guardian)
    self._promote(self._publish(first))


# --- for requesters ---


@external
@payable
def request(offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    pinned: IMarket.Offer = offer
    pinned.version = self._resolve(offer.version)
    return extcall IMarket(MARKET).open_for(msg.sender, pinned, input, value=msg.value)


@external
@view
def quote() -> IModel.Quote:
    number: uint256 = self._resolve(requests.LIVE)
    return IModel.Quote(
        version=number,
        min_price=self.min_price,
        max_price=self.max_price,
        min_bond=self.published[number].terms.min_bond,
        window=self.published[number].terms.window,
        royalty_bps=self.published[number].terms.royalty_bps,
    )


# --- for the Market ---


@external
@view
def resolve(version: uint256, requester: address, counter: uint256, input: bytes32) -> uint256:
    return self._resolve(version)


@external
@view
def terms(version: uint256) -> IModel.Terms:
    return self.published[version].terms


# --- for the owner ---


@external
def publish(version: IModel.Version) -> uint256:
    self._check_owner()

    return self._publish(version)


@external
def promote(version: uint256):
    self._check_owner()
    assert self.pointer & PAUSED == 0, "model: paused"
    state: IModel.State = self.states[version]
    assert state in (IModel.State.PUBLISHED | IModel.State.RETIRED), "model: neither published nor retired"

    self._promote(version)


@external
def unpause():
    self._check_owner()
    assert self.pointer & PAUSED != 0, "model: not paused"

    self.pointer ^= PAUSED
    log IModel.Unpaused(by=msg.sender)


@external
def set_guardian(guardian: address):
    self._check_owner()

    self._set_guardian(guardian)


@external
def advise_price(min_price: uint256, max_price: uint256):
    self._check_owner()
    assert min_price <= max_price, "model: prices out of order"

    self.min_price = min_price
    self.max_price = max_price
    log IModel.PriceAdvised(min_price=min_price, max_price=max_price)


@external
def collect(asset: address, to: address) -> uint256:
    self._check_owner()

    return extcall IMarket(MARKET).collect(asset, to)


# --- for owner or guardian ---


@external
def rollback(version: uint256):
    self._check_owner_or_guardian()
    assert self.states[version] == IModel.State.RETIRED, "model: not a retired version"

    previous: uint256 = self._go_live(version)
    log IModel.RolledBack(version=version, previous=previous, by=msg.sender)


@external
def revoke(version: uint256):
    self._check_owner_or_guardian()
    state: IModel.State = self.states[version]
    assert state != empty(IModel.State), "model: unknown version"
    assert state != IModel.State.REVOKED, "model: revoked"

    self.states[version] = IModel.State.REVOKED
    if state == IModel.State.LIVE:
        self.pointer ^= version
    log IModel.Revoked(version=version, by=msg.sender)
    extcall IMarket(MARKET).revoke(version)


@external
def pause():
    self._check_owner_or_guardian()
    assert self.pointer & PAUSED == 0, "model: paused"

    self.pointer |= PAUSED
    log IModel.Paused(by=msg.sender)


# --- views ---


@external
@view
def version(number: uint256) -> IModel.Version:
    return self.published[number]


@external
@view
def state_of(number: uint256) -> IModel.State:
    return self.states[number]


@external
@view
def live() -> uint256:
    return self.pointer & NUMBER


@external
@view
def paused() -> bool:
    return self.pointer & PAUSED != 0


@external
@view
def name() -> String[64]:
    return NAME


@external
@view
def market() -> address:
    return MARKET


# --- versions ---


@internal
@view
def _resolve(version: uint256) -> uint256:
    """
    @notice The version that answers: the one place that decides it.
    """
    pointer: uint256 = self.pointer
    assert pointer & PAUSED == 0, "model: paused"
    if version == requests.LIVE:
        assert pointer != 0, "model: no live version"
        return pointer
    if version != pointer:
        state: IModel.State = self.states[version]
        assert state != IModel.State.REVOKED, "model: revoked"
        assert state == IModel.State.RETIRED, "model: never live"
    return version


@internal
def _publish(version: IModel.Version) -> uint256:
    assert version.terms.program_root != empty(bytes32), "model: no program"
    assert version.terms.arbiter.is_contract, "model: arbiter has no code"
    assert version.terms.hook == empty(address) or version.terms.hook.is_contract, "model: hook has no code"
    assert version.terms.royalty_bps <= MAX_ROYALTY_BPS, "model: royalty too high"
    assert version.terms.window > 0, "model: no challenge window"
    assert (
        1 <= version.terms.input_size and version.terms.input_size <= MAX_INPUT
    ), "model: input size out of bounds"
    assert (
        1 <= version.terms.output_size and version.terms.output_size <= MAX_OUTPUT
    ), "model: output size out of bounds"
    number: uint256 = self.versions + 1
    assert number < requests.LIVE, "model: too many versions"

    self.versions = number
    self.published[number] = version
    self.states[number] = IModel.State.PUBLISHED
    log IModel.Published(version=number, program_root=version.terms.program_root, location=version.location)
    return number


@internal
def _promote(version: uint256):
    previous: uint256 = self._go_live(version)
    log IModel.Promoted(version=version, previous=previous)


@internal
def _go_live(version: uint256) -> uint256:
    previous: uint256 = self.pointer & NUMBER
    if previous != 0:
        self.states[previous] = IModel.State.RETIRED
    self.states[version] = IModel.State.LIVE
    self.pointer = self.pointer ^ previous ^ version
    return previous


# --- rights ---


@internal
@view
def _check_owner():
    assert msg.sender == ownable.owner, "model: not the owner"


@internal
@view
def _check_owner_or_guardian():
    assert msg.sender == ownable.owner or msg.sender == self.guardian, "model: neither owner nor guardian"


@internal
def _set_guardian(guardian: address):
    log IModel.GuardianSet(previous=self.guardian, guardian=guardian)
    self.guardian = guardian
