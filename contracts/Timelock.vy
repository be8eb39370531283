# pragma version 0.4.3
"""
@title Timelock
@notice Documentation, limits and trust assumptions: `interfaces/ITimelock.vyi`.
@custom:kill Cancellers stop operations one by one; nobody can stop the Timelock itself.
"""
from contracts.interfaces import ITimelock
from contracts.modules.governance import failures
from contracts.modules.governance import roles

implements: ITimelock
initializes: roles
exports: (
    roles.DEFAULT_ADMIN_ROLE,
    roles.hasRole,
    roles.getRoleAdmin,
    roles.grantRole,
    roles.revokeRole,
    roles.renounceRole,
)

PROPOSER_ROLE: public(constant(bytes32)) = keccak256("PROPOSER_ROLE")
EXECUTOR_ROLE: public(constant(bytes32)) = keccak256("EXECUTOR_ROLE")
CANCELLER_ROLE: public(constant(bytes32)) = keccak256("CANCELLER_ROLE")

MAX_CALLS: constant(uint256) = 10
MAX_PAYLOAD: constant(uint256) = 2_048
MAX_ROLES: constant(uint256) = 32  # of a kind, at deployment

UNSET: constant(uint8) = 0
WAITING: constant(uint8) = 1
READY: constant(uint8) = 2
DONE: constant(uint8) = 3
DONE_TIMESTAMP: constant(uint256) = 1

getTimestamp: public(HashMap[bytes32, uint256])
getMinDelay: public(uint256)


@deploy
def __init__(
    minDelay: uint256,
    proposers: DynArray[address, MAX_ROLES],
    executors: DynArray[address, MAX_ROLES],
    admin: address,
):
    roles._grant(roles.DEFAULT_ADMIN_ROLE, self)
    if admin != empty(address):
        roles._grant(roles.DEFAULT_ADMIN_ROLE, admin)
    for proposer: address in proposers:
        roles._grant(PROPOSER_ROLE, proposer)
        roles._grant(CANCELLER_ROLE, proposer)
    for executor: address in executors:
        roles._grant(EXECUTOR_ROLE, executor)

    self.getMinDelay = minDelay
    log ITimelock.MinDelayChange(oldDuration=0, newDuration=minDelay)


@external
@payable
def __default__():
    """
    Takes value, and no call.
    """
    assert len(msg.data) == 0


# --- operations ---


@external
def schedule(
    target: address,
    amount: uint256,
    data: Bytes[MAX_PAYLOAD],
    predecessor: bytes32,
    salt: bytes32,
    delay: uint256,
):
    roles._check_role(PROPOSER_ROLE)
    id: bytes32 = keccak256(abi_encode(target, amount, data, predecessor, salt))

    self._set_timestamp(id, delay)
    log ITimelock.CallScheduled(
        id=id, index=0, target=target, value=amount, data=data, predecessor=predecessor, delay=delay
    )
    if salt != empty(bytes32):
        log ITimelock.CallSalt(id=id, salt=salt)


@external
def scheduleBatch(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
    delay: uint256,
):
    roles._check_role(PROPOSER_ROLE)
    self._check_lengths(len(targets), len(payloads), len(values))
    id: bytes32 = keccak256(abi_encode(targets, values, payloads, predecessor, salt))

    self._set_timestamp(id, delay)
    for i: uint256 in range(len(targets), bound=MAX_CALLS):
        log ITimelock.CallScheduled(
            id=id,
            index=i,
            target=targets[i],
            value=values[i],
            data=payloads[i],
            predecessor=predecessor,
            delay=delay,
        )
    if salt != empty(bytes32):
        log ITimelock.CallSalt(id=id, salt=salt)


@external
def cancel(id: bytes32):
    roles._check_role(CANCELLER_ROLE)
    state: uint8 = self._state(id)
    if state != WAITING and state != READY:
        self._refuse_state(id, (1 << WAITING) | (1 << READY))

    self.getTimestamp[id] = 0
    log ITimelock.Cancelled(id=id)


@external
@payable
def execute(
    target: address, amount: uint256, payload: Bytes[MAX_PAYLOAD], predecessor: bytes32, salt: bytes32
):
    self._check_executor()
    id: bytes32 = keccak256(abi_encode(target, amount, payload, predecessor, salt))
    self._check_ready(id)
    self._check_predecessor(predecessor)

    success: bool = False
    answer: Bytes[failures.MAX_ANSWER] = b""
    success, answer = raw_call(
        target, payload, value=amount, max_outsize=failures.MAX_ANSWER, revert_on_failure=False
    )
    if not success:
        failures._hand_on(answer)
    log ITimelock.CallExecuted(id=id, index=0, target=target, value=amount, data=payload)

    self._check_ready(id)
    self.getTimestamp[id] = DONE_TIMESTAMP


@external
@payable
def executeBatch(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
):
    self._check_executor()
    self._check_lengths(len(targets), len(payloads), len(values))
    id: bytes32 = keccak256(abi_encode(targets, values, payloads, predecessor, salt))
    self._check_ready(id)
    self._check_predecessor(predecessor)

    success: bool = False
    answer: Bytes[failures.MAX_ANSWER] = b""
    for i: uint256 in range(len(targets), bound=MAX_CALLS):
        success, answer = raw_call(
            targets[i], payloads[i], value=values[i], max_outsize=failures.MAX_ANSWER, revert_on_failure=False
        )
        if not success:
            failures._hand_on(answer)
        log ITimelock.CallExecuted(id=id, index=i, target=targets[i], value=values[i], data=payloads[i])
    # A call may have come back here, and have executed or cancelled this very operation.
    self._check_ready(id)
    self.getTimestamp[id] = DONE_TIMESTAMP


@external
def updateDelay(newDelay: uint256):
    if msg.sender != self:
        raw_revert(abi_encode(msg.sender, method_id=method_id("TimelockUnauthorizedCaller(address)")))

    log ITimelock.MinDelayChange(oldDuration=self.getMinDelay, newDuration=newDelay)
    self.getMinDelay = newDelay


# --- what is known of operations ---


@external
@view
def isOperation(id: bytes32) -> bool:
    return self.getTimestamp[id] != 0


@external
@view
def isOperationPending(id: bytes32) -> bool:
    return self.getTimestamp[id] > DONE_TIMESTAMP


@external
@view
def isOperationReady(id: bytes32) -> bool:
    return self._state(id) == READY


@external
@view
def isOperationDone(id: bytes32) -> bool:
    return self.getTimestamp[id] == DONE_TIMESTAMP


@external
@view
def getOperationState(id: bytes32) -> uint8:
    return self._state(id)


@external
@pure
def hashOperation(
    target: address, amount: uint256, data: Bytes[MAX_PAYLOAD], predecessor: bytes32, salt: bytes32
) -> bytes32:
    return keccak256(abi_encode(target, amount, data, predecessor, salt))


@external
@pure
def hashOperationBatch(
    targets: DynArray[address, MAX_CALLS],
    values: DynArray[uint256, MAX_CALLS],
    payloads: DynArray[Bytes[MAX_PAYLOAD], MAX_CALLS],
    predecessor: bytes32,
    salt: bytes32,
) -> bytes32:
    return keccak256(abi_encode(targets, values, payloads, predecessor, salt))


# --- tokens that are sent here, interfaces ---


@external
def onERC721Received(operator: address, sender: address, token_id: uint256, data: Bytes[1024]) -> bytes4:
    return method_id("onERC721Received(address,address,uint256,bytes)", output_type=bytes4)


@external
def onERC1155Received(
    operator: address, sender: address, token_id: uint256, amount: uint256, data: Bytes[1024]
) -> bytes4:
    return method_id("onERC1155Received(address,address,uint256,uint256,bytes)", output_type=bytes4)


@external
def onERC1155BatchReceived(
    operator: address,
    sender: address,
    token_ids: DynArray[uint256, 64],
    amounts: DynArray[uint256, 64],
    data: Bytes[1024],
) -> bytes4:
    return method_id("onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)", output_type=bytes4)


@external
@view
def supportsInterface(interfaceId: bytes4) -> bool:
    return interfaceId in [
        0x01ffc9a7,  # IERC165
        0x7965db0b,  # IAccessControl
        0x4e2312e0,  # IERC1155Receiver
    ]


# --- states ---


@internal
@view
def _state(id: bytes32) -> uint8:
    timestamp: uint256 = self.getTimestamp[id]
    if timestamp == 0:
        return UNSET
    if timestamp == DONE_TIMESTAMP:
        return DONE
    return WAITING if timestamp > block.timestamp else READY


@internal
def _set_timestamp(id: bytes32, delay: uint256):
    if self.getTimestamp[id] != 0:
        self._refuse_state(id, 1 << UNSET)
    least: uint256 = self.getMinDelay
    if delay < least:
        raw_revert(
            abi_encode(delay, least, method_id=method_id("TimelockInsufficientDelay(uint256,uint256)"))
        )
    if delay > max_value(uint256) - block.timestamp:
        failures._panic(failures.ARITHMETIC)
    self.getTimestamp[id] = block.timestamp + delay


# --- checks ---


@internal
@view
def _check_executor():
    if not roles.hasRole[EXECUTOR_ROLE][empty(address)]:
        roles._check_role(EXECUTOR_ROLE)


@internal
@pure
def _check_lengths(targets: uint256, payloads: uint256, values: uint256):
    if targets != values or targets != payloads:
        raw_revert(
            abi_encode(
                targets,
                payloads,
                values,
                method_id=method_id("TimelockInvalidOperationLength(uint256,uint256,uint256)"),
            )
        )


@internal
@view
def _check_ready(id: bytes32):
    if self._state(id) != READY:
        self._refuse_state(id, 1 << READY)


@internal
@view
def _check_predecessor(predecessor: bytes32):
    if predecessor != empty(bytes32) and self.getTimestamp[predecessor] != DONE_TIMESTAMP:
        raw_revert(abi_encode(predecessor, method_id=method_id("TimelockUnexecutedPredecessor(bytes32)")))


@internal
@pure
def _refuse_state(id: bytes32, expected: uint256):
    """
    Reverts; `expected` has a bit for every state that would have done.
    """
    raw_revert(
        abi_encode(id, expected, method_id=method_id("TimelockUnexpectedOperationState(bytes32,bytes32)"))
    )
