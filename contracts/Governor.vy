# pragma version 0.4.3
"""
@title Governor
@notice Documentation, limits and trust assumptions: `interfaces/IGovernor.vyi`.
@custom:kill Nobody can stop it. The guardian cancels proposals one by one; the Timelock's cancellers, operations.
"""
from contracts.interfaces import IGovernor
from contracts.interfaces import ITimelock
from contracts.modules.governance import ballots
from contracts.modules.governance import electorate
from contracts.modules.governance import failures
from contracts.modules.governance import proposals
from contracts.modules.governance import settings
from contracts.modules.governance import suffixes
from contracts.modules.governance import tallies

implements: IGovernor
initializes: ballots
initializes: electorate
initializes: settings
initializes: tallies
exports: (
    ballots.BALLOT_TYPEHASH,
    ballots.EXTENDED_BALLOT_TYPEHASH,
    ballots.nonces.nonces,
    ballots.domain.eip712Domain,
    electorate.token,
    electorate.clock,
    electorate.CLOCK_MODE,
    electorate.getVotes,
    electorate.getVotesWithParams,
    tallies.COUNTING_MODE,
    tallies.hasVoted,
    tallies.proposalVotes,
    tallies.usedVotes,
    settings.votingDelay,
    settings.votingPeriod,
    settings.proposalThreshold,
    settings.proposalGuardian,
    settings.lateQuorumVoteExtension,
    settings.quorumNumerator,
    settings.quorumDenominator,
)

MAX_ACTIONS: constant(uint256) = 10
MAX_PAYLOAD: constant(uint256) = 2_048
MAX_DESCRIPTION: constant(uint256) = 10_240
MAX_REASON: constant(uint256) = 4_096
MAX_PARAMS: constant(uint256) = 1_024

VERSION: constant(String[1]) = "1"
MAX_AUTHORIZED: constant(uint256) = 2**32
SHA256: constant(address) = 0x0000000000000000000000000000000000000002

timelock: public(address)
cores: HashMap[uint256, uint256]
schedules: HashMap[uint256, uint256]
operations: HashMap[uint256, bytes32]  # proposal -> its operation in the Timelock, while it is queued

# Calls to the Governor itself that the proposal under execution makes, in order, by their SHA-256: those from
# `first` on and before `last` are still to come.
authorized: transient(HashMap[uint256, bytes32])
first: transient(uint256)
last: transient(uint256)


@deploy
def __init__(
    name: String[50],
    token: address,
    timelock: address,
    votingDelay: uint48,
    votingPeriod: uint32,
    proposalThreshold: uint256,
    quorumNumerator: uint256,
    voteExtension: uint48,
    proposalGuardian: address,
):
    ballots.__init__(name, VERSION)
    electorate.__init__(token)
    settings._set_delay(convert(votingDelay, uint256))
    settings._set_period(convert(votingPeriod, uint256))
    settings._set_threshold(proposalThreshold)
    settings._set_numerator(quorumNumerator, electorate._clock())
    self._set_timelock(timelock)
    settings._set_extension(convert(voteExtension, uint256))
    settings._set_guardian(proposalGuardian)


@external
@payable
def __default__():
    """
    Value belongs into the Timelock.
    """
    assert len(msg.data) == 0
    self._check_deposit()


# --- the life of a proposal ---


@external
def propose(
    targets: DynArray[address, MAX_ACTIONS],
    values: DynArray[uint256, MAX_ACTIONS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_ACTIONS],
    description: String[MAX_DESCRIPTION],
) -> uint256:
    length: uint256 = len(description)
    if length >= suffixes.LENGTH:
        if suffixes._restricts(
            extract32(convert(description, Bytes[MAX_DESCRIPTION]), length - suffixes.LENGTH),
            extract32(convert(description, Bytes[MAX_DESCRIPTION]), length - 32),
            msg.sender,
        ):
            raw_revert(abi_encode(msg.sender, method_id=method_id("GovernorRestrictedProposer(address)")))
    now: uint256 = electorate._clock()
    rules: uint256 = settings.proposing
    self._check_threshold(settings._threshold(rules), now)
    id: uint256 = convert(keccak256(abi_encode(targets, values, calldatas, keccak256(description))), uint256)
    self._check_lengths(len(targets), len(calldatas), len(values))
    if self.cores[id] != 0:
        self._refuse_state(id, self._state(id, self.cores[id]), 0)

    start: uint256 = now + settings._delay(rules)
    duration: uint256 = settings._period(rules)
    self._check_timepoint(start)
    self.cores[id] = proposals._pack_core(msg.sender, start, duration)

    signatures: DynArray[String[1], MAX_ACTIONS] = []
    for _: uint256 in range(len(targets), bound=MAX_ACTIONS):
        signatures.append("")
    log IGovernor.ProposalCreated(
        proposalId=id,
        proposer=msg.sender,
        targets=targets,
        values=values,
        signatures=signatures,
        calldatas=calldatas,
        voteStart=start,
        voteEnd=start + duration,
        description=description,
    )
    return id


@external
def queue(
    targets: DynArray[address, MAX_ACTIONS],
    values: DynArray[uint256, MAX_ACTIONS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_ACTIONS],
    descriptionHash: bytes32,
) -> uint256:
    id: uint256 = convert(keccak256(abi_encode(targets, values, calldatas, descriptionHash)), uint256)
    self._check_state(id, self.cores[id], 1 << proposals.SUCCEEDED)

    timelock: ITimelock = ITimelock(self.timelock)
    delay: uint256 = staticcall timelock.getMinDelay()
    salt: bytes32 = self._salt(descriptionHash)
    self.operations[id] = keccak256(abi_encode(targets, values, calldatas, empty(bytes32), salt))
    extcall timelock.scheduleBatch(targets, values, calldatas, empty(bytes32), salt, delay)
    eta: uint256 = block.timestamp + delay
    self._check_timepoint(eta)
    self.schedules[id] |= eta
    log IGovernor.ProposalQueued(proposalId=id, etaSeconds=eta)
    return id


@external
@payable
def execute(
    targets: DynArray[address, MAX_ACTIONS],
    values: DynArray[uint256, MAX_ACTIONS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_ACTIONS],
    descriptionHash: bytes32,
) -> uint256:
    id: uint256 = convert(keccak256(abi_encode(targets, values, calldatas, descriptionHash)), uint256)
    core: uint256 = self.cores[id]
    self._check_state(id, core, (1 << proposals.SUCCEEDED) | (1 << proposals.QUEUED))

    self.cores[id] = core | proposals.EXECUTED
    timelock: address = self.timelock
    if timelock != self:
        for i: uint256 in range(len(targets), bound=MAX_ACTIONS):
            if targets[i] == self:
                last: uint256 = self.last
                self.authorized[last] = sha256(calldatas[i])
                self.last = last + 1
    extcall ITimelock(timelock).executeBatch(
        targets, values, calldatas, empty(bytes32), self._salt(descriptionHash), value=msg.value
    )
    self.operations[id] = empty(bytes32)
    self.first = 0
    self.last = 0
    log IGovernor.ProposalExecuted(proposalId=id)
    return id


@external
def cancel(
    targets: DynArray[address, MAX_ACTIONS],
    values: DynArray[uint256, MAX_ACTIONS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_ACTIONS],
    descriptionHash: bytes32,
) -> uint256:
    id: uint256 = convert(keccak256(abi_encode(targets, values, calldatas, descriptionHash)), uint256)
    core: uint256 = self.cores[id]
    if not self._may_cancel(id, core, msg.sender):
        raw_revert(abi_encode(id, msg.sender, method_id=method_id("GovernorUnableToCancel(uint256,address)")))
    self._check_state(
        id,
        core,
        (1 << proposals.PENDING)
        | (1 << proposals.ACTIVE)
        | (1 << proposals.DEFEATED)
        | (1 << proposals.SUCCEEDED)
        | (1 << proposals.QUEUED),
    )

    self.cores[id] = core | proposals.CANCELED
    log IGovernor.ProposalCanceled(proposalId=id)
    operation: bytes32 = self.operations[id]
    if operation != empty(bytes32):
        extcall ITimelock(self.timelock).cancel(operation)
        self.operations[id] = empty(bytes32)
    return id


# --- votes ---


@external
def castVote(proposalId: uint256, support: uint8) -> uint256:
    weight: uint256 = tallies._count(proposalId, msg.sender, support, self._weight(proposalId, msg.sender))
    log IGovernor.VoteCast(voter=msg.sender, proposalId=proposalId, support=support, weight=weight, reason="")
    self._extend_if_late(proposalId)
    return weight


@external
def castVoteWithReason(proposalId: uint256, support: uint8, reason: String[MAX_REASON]) -> uint256:
    weight: uint256 = tallies._count(proposalId, msg.sender, support, self._weight(proposalId, msg.sender))
    log IGovernor.VoteCast(
        voter=msg.sender, proposalId=proposalId, support=support, weight=weight, reason=reason
    )
    self._extend_if_late(proposalId)
    return weight


@external
def castVoteWithReasonAndParams(
    proposalId: uint256, support: uint8, reason: String[MAX_REASON], params: Bytes[MAX_PARAMS]
) -> uint256:
    return self._cast(proposalId, msg.sender, support, reason, params)


@external
def castVoteBySig(
    proposalId: uint256, support: uint8, voter: address, signature: Bytes[ballots.MAX_SIGNATURE]
) -> uint256:
    ballots._check_ballot(proposalId, support, voter, signature)
    weight: uint256 = tallies._count(proposalId, voter, support, self._weight(proposalId, voter))
    log IGovernor.VoteCast(voter=voter, proposalId=proposalId, support=support, weight=weight, reason="")
    self._extend_if_late(proposalId)
    return weight


@external
def castVoteWithReasonAndParamsBySig(
    proposalId: uint256,
    support: uint8,
    voter: address,
    reason: String[MAX_REASON],
    params: Bytes[MAX_PARAMS],
    signature: Bytes[ballots.MAX_SIGNATURE],
) -> uint256:
    ballots._check_extended_ballot(
        proposalId, support, voter, keccak256(reason), keccak256(params), signature
    )
    return self._cast(proposalId, voter, support, reason, params)


# --- what only a vote may do ---


@external
@payable
def relay(target: address, amount: uint256, data: Bytes[MAX_PAYLOAD]):
    self._check_governance()
    success: bool = False
    answer: Bytes[failures.MAX_ANSWER] = b""
    success, answer = raw_call(
        target, data, value=amount, max_outsize=failures.MAX_ANSWER, revert_on_failure=False
    )
    if not success:
        failures._hand_on(answer)


@external
def setVotingDelay(newVotingDelay: uint48):
    self._check_governance()
    settings._set_delay(convert(newVotingDelay, uint256))


@external
def setVotingPeriod(newVotingPeriod: uint32):
    self._check_governance()
    settings._set_period(convert(newVotingPeriod, uint256))


@external
def setProposalThreshold(newProposalThreshold: uint256):
    self._check_governance()
    settings._set_threshold(newProposalThreshold)


@external
def setLateQuorumVoteExtension(newVoteExtension: uint48):
    self._check_governance()
    settings._set_extension(convert(newVoteExtension, uint256))


@external
def setProposalGuardian(newProposalGuardian: address):
    self._check_governance()
    settings._set_guardian(newProposalGuardian)


@external
def updateQuorumNumerator(newQuorumNumerator: uint256):
    self._check_governance()
    settings._set_numerator(newQuorumNumerator, electorate._clock())


@external
def updateTimelock(newTimelock: address):
    self._check_governance()
    self._set_timelock(newTimelock)


# --- what is known of proposals ---


@external
@pure
def hashProposal(
    targets: DynArray[address, MAX_ACTIONS],
    values: DynArray[uint256, MAX_ACTIONS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_ACTIONS],
    descriptionHash: bytes32,
) -> uint256:
    return convert(keccak256(abi_encode(targets, values, calldatas, descriptionHash)), uint256)


@external
@view
def getProposalId(
    targets: DynArray[address, MAX_ACTIONS],
    values: DynArray[uint256, MAX_ACTIONS],
    calldatas: DynArray[Bytes[MAX_PAYLOAD], MAX_ACTIONS],
    descriptionHash: bytes32,
) -> uint256:
    return convert(keccak256(abi_encode(targets, values, calldatas, descriptionHash)), uint256)


@external
@view
def state(proposalId: uint256) -> uint8:
    return convert(self._state(proposalId, self.cores[proposalId]), uint8)


@external
@view
def proposalSnapshot(proposalId: uint256) -> uint256:
    return proposals._start(self.cores[proposalId])


@external
@view
def proposalDeadline(proposalId: uint256) -> uint256:
    return self._deadline(proposalId)


@external
@view
def proposalProposer(proposalId: uint256) -> address:
    return proposals._proposer(self.cores[proposalId])


@external
@view
def proposalEta(proposalId: uint256) -> uint256:
    return proposals._eta(self.schedules[proposalId])


@external
@view
def proposalNeedsQueuing(proposalId: uint256) -> bool:
    return True


@external
@view
def quorum(timepoint: uint256) -> uint256:
    return self._quorum(timepoint)


# --- name, interfaces, tokens that are sent here ---


@external
@view
def name() -> String[50]:
    return ballots.domain._NAME


@external
@view
def version() -> String[1]:
    return VERSION


@external
@view
def supportsInterface(interfaceId: bytes4) -> bool:
    return interfaceId in [
        0x01ffc9a7,  # IERC165
        0xcdbdfcee,  # IGovernor
        0x65455a86,  # IGovernor before getProposalId
        0x4e2312e0,  # IERC1155Receiver
    ]


@external
def onERC721Received(operator: address, sender: address, token_id: uint256, data: Bytes[1024]) -> bytes4:
    self._check_deposit()
    return method_id("onERC721Received(address,address,uint256,bytes)", output_type=bytes4)


@external
def onERC1155Received(
    operator: address, sender: address, token_id: uint256, amount: uint256, data: Bytes[1024]
) -> bytes4:
    self._check_deposit()
    return method_id("onERC1155Received(address,address,uint256,uint256,bytes)", output_type=bytes4)


@external
def onERC1155BatchReceived(
    operator: address,
    sender: address,
    token_ids: DynArray[uint256, 64],
    amounts: DynArray[uint256, 64],
    data: Bytes[1024],
) -> bytes4:
    self._check_deposit()
    return method_id("onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)", output_type=bytes4)


# --- states ---


@internal
@view
def _state(id: uint256, core: uint256) -> uint256:
    if core & proposals.ENDED != 0:
        return proposals.DONE if core & proposals.EXECUTED != 0 else proposals.CANCELLED
    start: uint256 = proposals._start(core)
    if start == 0:
        raw_revert(abi_encode(id, method_id=method_id("GovernorNonexistentProposal(uint256)")))
    # What was queued had succeeded: votes and quorum of a past snapshot do not change.
    schedule: uint256 = self.schedules[id]
    if proposals._eta(schedule) != 0:
        return self._queued_state(id)

    now: uint256 = electorate._clock()
    if start >= now:
        return proposals.PENDING
    if max(proposals._deadline(core), proposals._extended(schedule)) >= now:
        return proposals.ACTIVE
    return proposals.SUCCEEDED if tallies._passes(id, self._quorum(start)) else proposals.DEFEATED


@internal
@view
def _queued_state(id: uint256) -> uint256:
    """
    The Timelock knows what became of a proposal that was queued: operations can be executed and cancelled there, too.
    """
    timelock: ITimelock = ITimelock(self.timelock)
    operation: bytes32 = self.operations[id]
    if staticcall timelock.isOperationPending(operation):
        return proposals.QUEUED
    return proposals.DONE if staticcall timelock.isOperationDone(operation) else proposals.CANCELLED


@internal
@view
def _deadline(id: uint256) -> uint256:
    return max(proposals._deadline(self.cores[id]), proposals._extended(self.schedules[id]))


@internal
@view
def _quorum(timepoint: uint256) -> uint256:
    supply: uint256 = electorate._past_supply(timepoint)
    numerator: uint256 = settings._numerator(settings.voting, timepoint)
    # Exact for every supply, though the product may not fit a word.
    return unsafe_add(
        unsafe_mul(unsafe_div(supply, settings.DENOMINATOR), numerator),
        unsafe_div(unsafe_mul(supply % settings.DENOMINATOR, numerator), settings.DENOMINATOR),
    )


# --- votes ---


@internal
def _cast(
    id: uint256, voter: address, support: uint8, reason: String[MAX_REASON], params: Bytes[MAX_PARAMS]
) -> uint256:
    weight: uint256 = self._weight(id, voter)
    if len(params) == 0:
        weight = tallies._count(id, voter, support, weight)
        log IGovernor.VoteCast(voter=voter, proposalId=id, support=support, weight=weight, reason=reason)
    else:
        weight = tallies._count_parts(id, voter, support, weight, params)
        log IGovernor.VoteCastWithParams(
            voter=voter, proposalId=id, support=support, weight=weight, reason=reason, params=params
        )
    self._extend_if_late(id)
    return weight


@internal
@view
def _weight(id: uint256, voter: address) -> uint256:
    core: uint256 = self.cores[id]
    self._check_state(id, core, 1 << proposals.ACTIVE)
    return electorate._past_votes(voter, proposals._start(core))


@internal
def _extend_if_late(id: uint256):
    """
    The vote with which the quorum is reached leaves the others time to answer.
    """
    schedule: uint256 = self.schedules[id]
    if proposals._extended(schedule) != 0:
        return
    core: uint256 = self.cores[id]
    if not tallies._reaches(id, self._quorum(proposals._start(core))):
        return

    extended: uint256 = electorate._clock() + settings._extension(settings.voting)
    if extended > proposals.MASK48:
        failures._panic(failures.ARITHMETIC)
    if extended > proposals._deadline(core):
        log IGovernor.ProposalExtended(proposalId=id, extendedDeadline=convert(extended, uint64))
    self.schedules[id] = schedule | (extended << 48)


# --- the Timelock ---


@internal
def _set_timelock(timelock: address):
    log IGovernor.TimelockChange(oldTimelock=self.timelock, newTimelock=timelock)
    self.timelock = timelock


@internal
@view
def _salt(description_hash: bytes32) -> bytes32:
    """
    Two governors that share a Timelock never make the same operation.
    """
    return convert((convert(self, uint256) << 96) ^ convert(description_hash, uint256), bytes32)


# --- checks ---


@internal
def _check_governance():
    """
    The caller is the Timelock, and the call one that a proposal under execution makes: others who can use the
    Timelock do not govern.
    """
    timelock: address = self.timelock
    if msg.sender != timelock:
        raw_revert(abi_encode(msg.sender, method_id=method_id("GovernorOnlyExecutor(address)")))
    if timelock == self:
        return
    call: bytes32 = convert(raw_call(SHA256, msg.data, max_outsize=32, is_static_call=True), bytes32)
    for i: uint256 in range(self.first, self.last, bound=MAX_AUTHORIZED):
        if self.authorized[i] == call:
            self.first = i + 1
            return
    failures._panic(failures.EMPTY_ARRAY)


@internal
@view
def _check_deposit():
    if self.timelock != self:
        raw_revert(method_id("GovernorDisabledDeposit()"))


@internal
@view
def _check_threshold(threshold: uint256, now: uint256):
    if threshold == 0:
        return
    votes: uint256 = electorate._past_votes(msg.sender, now - 1)
    if votes < threshold:
        raw_revert(
            abi_encode(
                msg.sender,
                votes,
                threshold,
                method_id=method_id("GovernorInsufficientProposerVotes(address,uint256,uint256)"),
            )
        )


@internal
@pure
def _check_lengths(targets: uint256, calldatas: uint256, values: uint256):
    if targets != values or targets != calldatas or targets == 0:
        raw_revert(
            abi_encode(
                targets,
                calldatas,
                values,
                method_id=method_id("GovernorInvalidProposalLength(uint256,uint256,uint256)"),
            )
        )


@internal
@pure
def _check_timepoint(timepoint: uint256):
    if timepoint > proposals.MASK48:
        raw_revert(
            abi_encode(
                convert(48, uint8),
                timepoint,
                method_id=method_id("SafeCastOverflowedUintDowncast(uint8,uint256)"),
            )
        )


@internal
@view
def _check_state(id: uint256, core: uint256, expected: uint256):
    """
    Reverts unless `expected` has the bit of the proposal's state.
    """
    state: uint256 = self._state(id, core)
    if (expected >> state) & 1 == 0:
        self._refuse_state(id, state, expected)


@internal
@pure
def _refuse_state(id: uint256, state: uint256, expected: uint256):
    raw_revert(
        abi_encode(
            id,
            state,
            expected,
            method_id=method_id("GovernorUnexpectedProposalState(uint256,uint8,bytes32)"),
        )
    )


@internal
@view
def _may_cancel(id: uint256, core: uint256, caller: address) -> bool:
    guardian: address = settings.proposalGuardian
    if guardian == caller:
        return True
    proposer: address = proposals._proposer(core)
    if guardian == empty(address) and caller == proposer:
        return True
    return self._state(id, core) == proposals.PENDING and caller == proposer
