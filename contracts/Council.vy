# pragma version 0.4.3
"""
@title Council
@notice Documented in `interfaces/ICouncil.vyi`.
@custom:kill Its powers end with its term; a vote takes them at any time, and the Council cannot veto that vote.
"""
from contracts.interfaces import ICouncil
from contracts.interfaces import ITimelock

implements: ICouncil


# All that a Council ever asks of a model.
interface Guarded:
    def pause(): nonpayable
    def rollback(version: uint256): nonpayable
    def withdraw(): nonpayable


SEATS: constant(uint256) = 32
LEAST_QUORUM: constant(uint256) = 2
MAX_TERM: constant(uint256) = 2 * 365 * 86_400
MOTION_SECONDS: constant(uint256) = 7 * 86_400

MAX_CALLS: constant(uint256) = 10
MAX_PAYLOAD: constant(uint256) = 2_048

# A motion, from the lowest bits: seats that approved 32 | how many 8 | opened at 40.
SEATS_MASK: constant(uint256) = 2**SEATS - 1
APPROVALS: constant(uint256) = 32
APPROVALS_MASK: constant(uint256) = 2**8 - 1
OPENED: constant(uint256) = 40

TIMELOCK: immutable(address)

term_ends: public(uint256)
quorum: public(uint256)
members: public(uint256)
roster: public(uint256)
seats: HashMap[uint256, ICouncil.Seat]
seat_of: public(HashMap[address, uint256])  # seat's number + 1
motions: HashMap[bytes32, uint256]


@deploy
def __init__(timelock: address, term_ends: uint256, quorum: uint256, seats: DynArray[ICouncil.Seat, SEATS]):
    assert timelock.is_contract, "council: timelock has no code"
    TIMELOCK = timelock
    self._renew(term_ends)
    self._set_quorum(quorum)
    for number: uint256 in range(len(seats), bound=SEATS):
        self._seat(number, seats[number].constituency, seats[number].member)


# --- for members ---


@external
def veto(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
) -> bool:
    operation: bytes32 = keccak256(abi_encode(targets, values, payloads, predecessor, salt))
    pending: bool = self._is_pending(operation)
    if not pending and len(targets) == 1 and len(values) == 1 and len(payloads) == 1:
        operation = keccak256(abi_encode(targets[0], values[0], payloads[0], predecessor, salt))
        pending = self._is_pending(operation)
    assert pending, "council: no such operation is pending"
    # What is pending has as many targets as payloads.
    concerns_others: bool = False
    for i: uint256 in range(len(targets), bound=MAX_CALLS):
        if targets[i] != self and not self._is_own_role(targets[i], payloads[i]):
            concerns_others = True
            break
    assert concerns_others, "council: operation on the council"

    carried: bool = self._approve(ICouncil.Power.VETO, TIMELOCK, operation)
    if carried:
        extcall ITimelock(TIMELOCK).cancel(operation)
    return carried


@external
def pause(model: address) -> bool:
    carried: bool = self._approve(ICouncil.Power.PAUSE, model, empty(bytes32))
    if carried:
        extcall Guarded(model).pause()
    return carried


@external
def rollback(model: address, version: uint256) -> bool:
    carried: bool = self._approve(ICouncil.Power.ROLLBACK, model, convert(version, bytes32))
    if carried:
        extcall Guarded(model).rollback(version)
    return carried


@external
def withdraw(model: address) -> bool:
    carried: bool = self._approve(ICouncil.Power.WITHDRAW, model, empty(bytes32))
    if carried:
        extcall Guarded(model).withdraw()
    return carried


@external
def resign():
    number: uint256 = self._number_of(msg.sender)

    self._seat(number, empty(ICouncil.Constituency), empty(address))


# --- for the Timelock ---


@external
def seat(number: uint256, constituency: ICouncil.Constituency, member: address):
    self._check_timelock()

    self._seat(number, constituency, member)


@external
def set_quorum(quorum: uint256):
    self._check_timelock()

    self._set_quorum(quorum)


@external
def renew(term_ends: uint256):
    self._check_timelock()

    self._renew(term_ends)


# --- views ---


@external
@view
def seat_at(number: uint256) -> ICouncil.Seat:
    return self.seats[number]


@external
@view
def motion_id(power: ICouncil.Power, target: address, detail: bytes32) -> bytes32:
    return self._motion_id(power, target, detail)


@external
@view
def motion(id: bytes32) -> ICouncil.Motion:
    motion: uint256 = self._current(id)
    return ICouncil.Motion(
        seats=motion & SEATS_MASK,
        approvals=(motion >> APPROVALS) & APPROVALS_MASK,
        opened_at=motion >> OPENED,
    )


@external
@view
def timelock() -> address:
    return TIMELOCK


# --- motions ---


@internal
def _approve(power: ICouncil.Power, target: address, detail: bytes32) -> bool:
    """
    Counts the caller's approval; whether it is the one that carries.
    """
    assert block.timestamp < self.term_ends, "council: term is over"
    assert target.is_contract, "council: model has no code"
    number: uint256 = self._number_of(msg.sender)
    id: bytes32 = self._motion_id(power, target, detail)
    motion: uint256 = self._current(id)
    if motion == 0:
        motion = block.timestamp << OPENED
    assert (motion >> number) & 1 == 0, "council: approved already"

    motion += (1 << number) + (1 << APPROVALS)
    approvals: uint256 = (motion >> APPROVALS) & APPROVALS_MASK
    needed: uint256 = self.quorum
    carried: bool = approvals >= needed
    self.motions[id] = 0 if carried else motion
    log ICouncil.Approved(
        motion=id,
        target=target,
        member=msg.sender,
        seat=number,
        power=power,
        detail=detail,
        approvals=approvals,
        needed=needed,
    )
    if carried:
        log ICouncil.Carried(motion=id, target=target, power=power, detail=detail)
    return carried


@internal
@view
def _current(id: bytes32) -> uint256:
    """
    A motion, or 0 once it has lapsed.
    """
    motion: uint256 = self.motions[id]
    return motion if block.timestamp <= (motion >> OPENED) + MOTION_SECONDS else 0


@internal
@view
def _motion_id(power: ICouncil.Power, target: address, detail: bytes32) -> bytes32:
    return keccak256(abi_encode(power, target, detail, self.roster))


@internal
@view
def _is_pending(operation: bytes32) -> bool:
    return staticcall ITimelock(TIMELOCK).isOperationPending(operation)


@internal
@view
def _is_own_role(target: address, payload: Bytes[MAX_PAYLOAD]) -> bool:
    """
    Whether the call gives the Council a role of the Timelock or takes one from it, and does nothing else.
    """
    if target != TIMELOCK or len(payload) != 68:
        return False
    selector: bytes4 = convert(slice(payload, 0, 4), bytes4)
    if selector not in [
        method_id("grantRole(bytes32,address)", output_type=bytes4),
        method_id("revokeRole(bytes32,address)", output_type=bytes4),
    ]:
        return False
    return extract32(payload, 36) == convert(self, bytes32)


# --- who sits ---


@internal
def _seat(number: uint256, constituency: ICouncil.Constituency, member: address):
    assert number < SEATS, "council: no such seat"
    if member == empty(address):
        assert constituency == empty(ICouncil.Constituency), "council: vacant seat with a constituency"
    else:
        assert (
            constituency == ICouncil.Constituency.EXECUTORS
            or constituency == ICouncil.Constituency.CONTRIBUTORS
            or constituency == ICouncil.Constituency.USERS
        ), "council: not one constituency"
    previous: address = self.seats[number].member
    if previous != empty(address):
        self.seat_of[previous] = 0
        self.members -= 1
    assert self.seat_of[member] == 0, "council: member has another seat"

    self.roster += 1
    self.seats[number] = ICouncil.Seat(constituency=constituency, member=member)
    if member != empty(address):
        self.seat_of[member] = number + 1
        self.members += 1
    log ICouncil.Seated(number=number, member=member, constituency=constituency, previous=previous)


@internal
def _set_quorum(quorum: uint256):
    assert LEAST_QUORUM <= quorum and quorum <= SEATS, "council: quorum out of bounds"

    log ICouncil.QuorumSet(previous=self.quorum, quorum=quorum)
    self.roster += 1
    self.quorum = quorum


@internal
def _renew(term_ends: uint256):
    assert term_ends <= block.timestamp + MAX_TERM, "council: term too long"

    log ICouncil.Renewed(previous=self.term_ends, term_ends=term_ends)
    self.term_ends = term_ends


@internal
@view
def _number_of(member: address) -> uint256:
    number: uint256 = self.seat_of[member]
    assert number != 0, "council: not a member"
    return number - 1


@internal
@view
def _check_timelock():
    assert msg.sender == TIMELOCK, "council: not the timelock"
