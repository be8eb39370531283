# pragma version 0.4.3
"""
@title Model
@notice Documented in `interfaces/IModel.vyi`.
@custom:kill Owner or guardian pauses new requests, promotions and canaries, the guardian for seven days at
        most; the owner alone unpauses. Rollback, revocation, royalties and all work in flight go on.
"""
from contracts.interfaces import IMarket
from contracts.interfaces import IModel
from contracts.modules.market import requests
from contracts.modules.model import breakers
from contracts.modules.model import canaries
from contracts.modules.model import pointers
from snekmate.auth import ownable
from snekmate.auth import ownable_2step

implements: IModel
initializes: ownable
initializes: ownable_2step[ownable := ownable]
initializes: breakers

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
MAX_SHARE_BPS: constant(uint256) = 5_000
GUARDIAN_PAUSE: constant(uint256) = 7 * 86_400  # seconds
GUARDIAN_REST: constant(uint256) = 30 * 86_400  # from the end of a guardian's pause to the next

MARKET: immutable(address)
NAME: immutable(String[64])

pointer: uint256  # all that a request reads, see `modules/model/pointers.vy`
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
    self._promote(self._publish(first), 0)


# --- for requesters ---


@external
@payable
def request(offer: IMarket.Offer, input: Bytes[4096]) -> bytes32:
    pinned: IMarket.Offer = offer
    pinned.version = self._choice(offer.version)
    if pinned.version > requests.LIVE:
        reference: bytes32 = keccak256(input)
        if offer.flags & (requests.UPLOADED | requests.UNWATCHABLE) != 0 and len(input) >= 32:
            reference = extract32(input, 0)
        pinned.version = canaries._drawn(
            pinned.version, msg.sender, staticcall IMarket(MARKET).counter(), reference
        )
    return extcall IMarket(MARKET).open_for(msg.sender, pinned, input, value=msg.value)


@external
@view
def quote() -> IModel.Quote:
    pointer: uint256 = self.pointer
    self._check_running(pointer)
    number: uint256 = self._check_live(pointer)
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
    choice: uint256 = self._choice(version)
    return choice if choice <= requests.LIVE else canaries._drawn(choice, requester, counter, input)


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
    self._check_running(self.pointer)
    state: IModel.State = self.states[version]
    promotable: bool = state in (IModel.State.PUBLISHED | IModel.State.CANDIDATE | IModel.State.RETIRED)
    assert promotable, "model: neither published nor retired"

    self._promote(version, staticcall IMarket(MARKET).counter())


@external
def canary(version: uint256, share_bps: uint256):
    self._check_owner()
    pointer: uint256 = self.pointer
    self._check_running(pointer)
    live: uint256 = self._check_live(pointer)
    assert 1 <= share_bps and share_bps <= MAX_SHARE_BPS, "model: share out of bounds"
    known: bool = self.states[version] == IModel.State.CANDIDATE
    if not known:
        self._check_published(version)
        assert self._fits(version, live), "model: asks more than the live version"

    if not known:
        self._withdraw_any()
        self.states[version] = IModel.State.CANDIDATE
        breakers.since[version] = staticcall IMarket(MARKET).counter()
    self.pointer = pointers._with_canary(pointer, version, share_bps)
    log IModel.CanarySet(version=version, share_bps=share_bps)
    if not known:
        # Both with the network's parameters of now: what the one accepts of an offer, the other does.
        extcall IMarket(MARKET).freeze(self, live)
        extcall IMarket(MARKET).freeze(self, version)


@external
def declare_probe(version: uint256, input: bytes32, output_hash: bytes32):
    self._check_owner()
    self._check_published(version)

    breakers.probes[version][input] = output_hash
    log IModel.ProbeDeclared(version=version, input=input, output_hash=output_hash)


@external
def set_breaker(rejections: uint256, volume: uint256, span: uint256):
    self._check_owner()

    breakers._set(rejections, volume, span)
    log IModel.BreakerSet(rejections=rejections, volume=volume, span=span)


@external
def unpause():
    self._check_owner()
    pointer: uint256 = self.pointer
    # A timelock decides long before it acts: that the pause has ended by itself must not undo its other acts.
    if not pointers._paused(pointer):
        return

    rest: uint256 = min(pointers._rests_until(pointer), block.timestamp + GUARDIAN_REST)
    self.pointer = pointers._with_pause(pointer, 0, rest)
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

    previous: uint256 = self._go_live(version, 0, staticcall IMarket(MARKET).counter())
    log IModel.RolledBack(version=version, previous=previous, by=msg.sender)


@external
def withdraw():
    self._check_owner_or_guardian()
    assert pointers._candidate(self.pointer) != 0, "model: no candidate"

    self._withdraw_any()


@external
def revoke(version: uint256):
    self._check_owner_or_guardian()
    state: IModel.State = self.states[version]
    assert state != empty(IModel.State), "model: unknown version"
    assert state != IModel.State.REVOKED, "model: revoked"

    if state == IModel.State.LIVE:
        self._go_live(0, pointers._fallback(self.pointer), 0)
    elif state == IModel.State.CANDIDATE:
        self._withdraw_any()
    elif version == pointers._fallback(self.pointer):
        self.pointer = pointers._without_fallback(self.pointer)
    self.states[version] = IModel.State.REVOKED
    log IModel.Revoked(version=version, by=msg.sender)
    extcall IMarket(MARKET).revoke(version)


@external
def pause():
    self._check_owner_or_guardian()
    pointer: uint256 = self.pointer
    until: uint256 = pointers.FOREVER
    rest: uint256 = pointers._rests_until(pointer)
    if msg.sender == ownable.owner:
        assert pointers._paused_until(pointer) != pointers.FOREVER, "model: paused"
    else:
        self._check_running(pointer)
        assert block.timestamp >= rest, "model: guardian rests"
        until = block.timestamp + GUARDIAN_PAUSE
        rest = until + GUARDIAN_REST

    self._pause(until, rest)


# --- for anybody ---


@external
def trip(
    version: uint256,
    evidence: DynArray[IMarket.Request, breakers.MAX_EVIDENCE],
    outputs: Bytes[breakers.MAX_OUTPUTS],
):
    state: IModel.State = self.states[version]
    assert state in (IModel.State.LIVE | IModel.State.CANDIDATE), "model: neither live nor candidate"
    hook: address = self.published[version].terms.hook
    size: uint256 = self.published[version].terms.output_size
    breakers._check(IMarket(MARKET), version, hook, size, evidence, outputs)

    if state == IModel.State.CANDIDATE:
        self._withdraw_any()
    else:
        fallback: uint256 = pointers._fallback(self.pointer)
        self._go_live(fallback, 0, staticcall IMarket(MARKET).counter())
        if fallback == 0:
            self._pause(pointers.FOREVER, pointers._rests_until(self.pointer))
    log IModel.Tripped(version=version, fallback=pointers._live(self.pointer), by=msg.sender)


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
    return pointers._live(self.pointer)


@external
@view
def candidate() -> uint256:
    return pointers._candidate(self.pointer)


@external
@view
def share() -> uint256:
    return pointers._share(self.pointer)


@external
@view
def fallback() -> uint256:
    return pointers._fallback(self.pointer)


@external
@view
def breaker() -> IModel.Breaker:
    return breakers._thresholds()


@external
@view
def probe(version: uint256, input: bytes32) -> bytes32:
    return breakers.probes[version][input]


@external
@view
def since(version: uint256) -> uint256:
    return breakers.since[version]


@external
@view
def paused() -> bool:
    return pointers._paused(self.pointer)


@external
@view
def paused_until() -> uint256:
    return pointers._paused_until(self.pointer)


@external
@view
def rests_until() -> uint256:
    return pointers._rests_until(self.pointer)


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
def _choice(version: uint256) -> uint256:
    """
    @notice The version that answers, or where a draw decides, two and a share: `pointers.CHOICE`.
    """
    # Every request comes this way, so fields are read in place.
    pointer: uint256 = self.pointer
    assert block.timestamp >= pointer >> 216, "model: paused"
    choice: uint256 = pointer & pointers.CHOICE
    if version == requests.LIVE:
        assert choice != 0, "model: no live version"
        return choice
    if version != choice & pointers.MASK32 or version == 0:
        state: IModel.State = self.states[version]
        assert state != IModel.State.REVOKED, "model: revoked"
        assert state in (IModel.State.CANDIDATE | IModel.State.RETIRED), "model: never live"
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
def _promote(version: uint256, counter: uint256):
    fallback: uint256 = pointers._live(self.pointer)
    if fallback == 0 and pointers._fallback(self.pointer) != version:
        fallback = pointers._fallback(self.pointer)
    previous: uint256 = self._go_live(version, fallback, counter)
    log IModel.Promoted(version=version, previous=previous)


@internal
def _go_live(version: uint256, fallback: uint256, counter: uint256) -> uint256:
    """
    @notice From now on this version answers, or none (0), and a canary ends that does not go with it.
    @return The version that answered before, or 0.
    """
    pointer: uint256 = self.pointer
    previous: uint256 = pointers._live(pointer)
    candidate: uint256 = pointers._candidate(pointer)
    if previous != 0:
        self.states[previous] = IModel.State.RETIRED
    if version != 0:
        self.states[version] = IModel.State.LIVE
        breakers.since[version] = counter
    pointer = pointers._with_live(pointer, version, fallback)
    if candidate == version:
        pointer = pointers._with_canary(pointer, 0, 0)
    self.pointer = pointer
    if candidate != version and candidate != 0 and (version == 0 or not self._fits(candidate, version)):
        self._withdraw_any()
    return previous


@internal
def _withdraw_any():
    """
    @notice Ends the canary if there is one.
    """
    pointer: uint256 = self.pointer
    candidate: uint256 = pointers._candidate(pointer)
    if candidate != 0:
        self.states[candidate] = IModel.State.PUBLISHED
        self.pointer = pointers._with_canary(pointer, 0, 0)
        log IModel.CanaryWithdrawn(version=candidate, by=msg.sender)


@internal
def _pause(until: uint256, rests_until: uint256):
    self.pointer = pointers._with_pause(self.pointer, until, rests_until)
    log IModel.Paused(by=msg.sender, until=until)


@internal
@view
def _fits(candidate: uint256, live: uint256) -> bool:
    return canaries._asks_no_more(self.published[candidate].terms, self.published[live].terms)


# --- what has to be ---


@internal
@view
def _check_running(pointer: uint256):
    assert not pointers._paused(pointer), "model: paused"


@internal
@pure
def _check_live(pointer: uint256) -> uint256:
    live: uint256 = pointers._live(pointer)
    assert live != 0, "model: no live version"
    return live


@internal
@view
def _check_published(version: uint256):
    assert self.states[version] == IModel.State.PUBLISHED, "model: not a published version"


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
