"""Rules of the Governor: proposals, what they may do, and who ends them."""

from __future__ import annotations

from scripts._mutants.mutant import MODULES, Mutant

FILE = "contracts/Governor.vy"
PROPOSALS = f"{MODULES}/proposals.vy"
SUFFIXES = f"{MODULES}/suffixes.vy"

PROPOSING = (
    Mutant(
        "a proposer needs votes one timepoint before",
        FILE,
        "electorate._past_votes(msg.sender, now - 1)",
        "electorate._past_votes(msg.sender, now - 2)",
        "test_propose__threshold__is_read_one_timepoint_ago",
    ),
    Mutant(
        "as many votes as the threshold are enough to propose",
        FILE,
        "    if votes < threshold:",
        "    if votes <= threshold:",
        "test_propose__threshold__is_read_one_timepoint_ago",
    ),
    Mutant(
        "a proposer below the threshold is refused",
        FILE,
        "    self._check_threshold(settings._threshold(rules), now)\n",
        "",
        "test_propose__below_the_threshold__is_refused",
    ),
    Mutant(
        "the same proposal is not made twice",
        FILE,
        "    if self.cores[id] != 0:",
        "    if self.cores[id] == 1:",
        "test_propose__twice__is_refused",
    ),
    Mutant(
        "a proposal does something",
        FILE,
        " or targets == 0:",
        ":",
        "test_propose__of_unequal_or_empty_lists__is_refused",
    ),
    Mutant(
        "a proposal has a value for every target",
        FILE,
        "    if targets != values or targets != calldatas",
        "    if targets != calldatas",
        "test_propose__of_unequal_or_empty_lists__is_refused",
    ),
    Mutant(
        "a vote begins after the voting delay",
        FILE,
        "now + settings._delay(rules)",
        "now + 1",
        "test_life__from_proposal_to_execution__passes_every_state",
    ),
    Mutant(
        "a vote begins within the clock",
        FILE,
        "    self._check_timepoint(start)\n",
        "\n",
        "test_clock__at_its_end__overflows_as_openzeppelins",
    ),
    Mutant(
        "a description can name who alone proposes it",
        SUFFIXES,
        "return named != convert(proposer, uint256)",
        "return False",
        "test_propose__with_a_suffix__is_for_that_proposer_alone",
    ),
    Mutant(
        "the named proposer may propose",
        SUFFIXES,
        "return named != convert(proposer, uint256)",
        "return True",
        "test_propose__with_a_suffix__is_for_that_proposer_alone",
    ),
    Mutant(
        "a suffix begins with its marker",
        SUFFIXES,
        "    if first >> 176 != convert(MARKER, uint256):\n        return False\n",
        "",
        "test_propose__with_a_spoiled_suffix__is_for_everybody",
    ),
    Mutant(
        "a suffix ends in digits alone",
        SUFFIXES,
        "character >= 97 and character <= 102",
        "character >= 97",
        "test_propose__with_a_spoiled_suffix__is_for_everybody",
    ),
)

STATES = (
    Mutant(
        "a vote begins after its snapshot",
        FILE,
        "if start >= now:",
        "if start > now:",
        "test_life__from_proposal_to_execution__passes_every_state",
    ),
    Mutant(
        "the last timepoint of a vote belongs to it",
        FILE,
        "proposals._extended(schedule)) >= now:",
        "proposals._extended(schedule)) > now:",
        "test_life__from_proposal_to_execution__passes_every_state",
    ),
    Mutant(
        "the quorum is that of the snapshot",
        FILE,
        "tallies._passes(id, self._quorum(start))",
        "tallies._passes(id, self._quorum(now - 1))",
        "test_outcome__quorum__is_of_the_supply_at_the_snapshot",
    ),
    Mutant(
        "what the Timelock executed by itself counts as executed",
        FILE,
        "return proposals.DONE if staticcall timelock.isOperationDone(operation) else proposals.CANCELLED",
        "return proposals.CANCELLED",
        "test_execute__directly_in_the_timelock__counts_as_executed",
    ),
    Mutant(
        "what was cancelled in the Timelock counts as cancelled",
        FILE,
        "return proposals.DONE if staticcall timelock.isOperationDone(operation) else proposals.CANCELLED",
        "return proposals.DONE",
        "test_cancel__in_the_timelock__counts_as_cancelled",
    ),
    Mutant(
        "a queued proposal is one whose operation is pending",
        FILE,
        "    if staticcall timelock.isOperationPending(operation):",
        "    if staticcall timelock.isOperation(operation):",
        "test_execute__directly_in_the_timelock__counts_as_executed",
    ),
    Mutant(
        "what was executed has ended",
        PROPOSALS,
        "ENDED: constant(uint256) = EXECUTED | CANCELED",
        "ENDED: constant(uint256) = CANCELED",
        "test_life__from_proposal_to_execution__passes_every_state",
    ),
    Mutant(
        "what was cancelled has ended",
        PROPOSALS,
        "ENDED: constant(uint256) = EXECUTED | CANCELED",
        "ENDED: constant(uint256) = EXECUTED",
        "test_cancel__by_its_proposer__until_it_is_executed",
    ),
    Mutant(
        "what has ended without being executed was cancelled",
        FILE,
        "return proposals.DONE if core & proposals.EXECUTED != 0 else proposals.CANCELLED",
        "return proposals.DONE",
        "test_cancel__by_its_proposer__until_it_is_executed",
    ),
    Mutant(
        "what was never proposed has no state",
        FILE,
        "    if start == 0:",
        "    if False:",
        "test_life__of_a_proposal_that_is_unknown__is_refused",
    ),
    Mutant(
        "a vote that cannot end within the clock overflows",
        PROPOSALS,
        "    if deadline > MASK48:\n        failures._panic(failures.ARITHMETIC)\n",
        "",
        "test_clock__at_its_end__overflows_as_openzeppelins",
    ),
)

QUEUE_AND_EXECUTE = (
    Mutant(
        "only what has succeeded is queued",
        FILE,
        "    self._check_state(id, self.cores[id], 1 << proposals.SUCCEEDED)\n",
        "    self._check_state(id, self.cores[id], (1 << proposals.SUCCEEDED) | (1 << proposals.DEFEATED))\n",
        "test_queue__of_what_has_not_succeeded__is_refused",
    ),
    Mutant(
        "what is queued is known by its operation",
        FILE,
        "    self.operations[id] = keccak256(abi_encode(targets, values, calldatas, empty(bytes32), salt))\n",
        "",
        "test_life__from_proposal_to_execution__passes_every_state",
    ),
    Mutant(
        "what is queued has a time from which it can be executed",
        FILE,
        "    self.schedules[id] |= eta\n",
        "",
        "test_life__from_proposal_to_execution__passes_every_state",
    ),
    Mutant(
        "that time is within the clock",
        FILE,
        "    self._check_timepoint(eta)\n",
        "",
        "test_queue__for_later_than_the_clock_knows__overflows",
    ),
    Mutant(
        "two governors of a Timelock make different operations",
        FILE,
        "convert((convert(self, uint256) << 96) ^ convert(description_hash, uint256), bytes32)",
        "description_hash",
        "test_life__from_proposal_to_execution__passes_every_state",
    ),
    Mutant(
        "what is cancelled is not executed",
        FILE,
        "(1 << proposals.SUCCEEDED) | (1 << proposals.QUEUED))\n",
        "(1 << proposals.SUCCEEDED) | (1 << proposals.QUEUED) | (1 << proposals.CANCELLED))\n",
        "test_cancel__in_the_timelock__counts_as_cancelled",
    ),
    Mutant(
        "a proposal is marked as executed before it acts",
        FILE,
        "    self.cores[id] = core | proposals.EXECUTED\n",
        "",
        "test_execute__whose_action_executes_it_again__is_refused_as_a_whole",
    ),
    Mutant(
        "an executed proposal forgets its operation",
        FILE,
        "    self.operations[id] = empty(bytes32)\n    self.first = 0\n",
        "    self.first = 0\n",
        equivalent="of what was executed the operation is never asked for again; clearing it returns gas",
    ),
    Mutant(
        "the value that came along goes to the Timelock",
        FILE,
        "self._salt(descriptionHash), value=msg.value",
        "self._salt(descriptionHash)",
        "test_execute__with_value__reaches_the_action",
    ),
)

AUTHORIZATION = (
    Mutant(
        "only the Timelock governs",
        FILE,
        "    if msg.sender != timelock:",
        "    if False:",
        "test_settings__by_others__are_refused",
    ),
    Mutant(
        "the Timelock governs only for a proposal that is executed",
        FILE,
        "    if timelock == self:\n        return\n    call:",
        "    if timelock != self:\n        return\n    call:",
        "test_settings__by_the_timelock_without_a_proposal__are_refused",
    ),
    Mutant(
        "an authorization is good for its own call alone",
        FILE,
        "        if self.authorized[i] == call:",
        "        if True:",
        "test_authorization__of_one_call__is_none_for_another",
    ),
    Mutant(
        "an authorization is used once",
        FILE,
        "            self.first = i + 1\n",
        "",
        "test_authorization__used_twice__is_refused",
    ),
    Mutant(
        "only calls to the Governor are authorized",
        FILE,
        "            if targets[i] == self:",
        "            if True:",
        "test_authorization__of_a_call_to_another_contract__is_none",
    ),
    Mutant(
        "authorizations end with the proposal's execution",
        FILE,
        "    self.first = 0\n    self.last = 0\n",
        "",
        "test_authorization__after_a_proposal_executed_inside__is_gone",
    ),
    Mutant(
        "the next execution's authorizations begin anew",
        FILE,
        "    self.first = 0\n",
        "",
        "test_authorization__of_two_proposals_in_one_transaction__is_good_for_both",
    ),
    Mutant(
        "no authorization is left behind",
        FILE,
        "    self.last = 0\n",
        "",
        "test_authorization__after_its_proposal_in_the_same_transaction__is_gone",
    ),
    Mutant(
        "relay is only for a vote",
        FILE,
        "    self._check_governance()\n    success",
        "    success",
        "test_settings__by_others__are_refused",
    ),
    Mutant(
        "the guardian is changed only by a vote",
        FILE,
        "    self._check_governance()\n    settings._set_guardian",
        "    settings._set_guardian",
        "test_settings__by_others__are_refused",
    ),
    Mutant(
        "the Timelock is changed only by a vote",
        FILE,
        "    self._check_governance()\n    self._set_timelock",
        "    self._set_timelock",
        "test_settings__by_others__are_refused",
    ),
    Mutant(
        "a relayed call that fails undoes the execution",
        FILE,
        "    if not success:\n        failures._hand_on(answer)\n",
        "",
        "test_relay__of_a_call_that_fails__hands_its_answer_on",
    ),
    Mutant(
        "deposits belong into the Timelock",
        FILE,
        "    if self.timelock != self:\n        raw_revert",
        "    if self.timelock == self:\n        raw_revert",
        "test_receiving__ether_and_tokens__is_refused",
    ),
)

CANCELLING = (
    Mutant(
        "the guardian cancels",
        FILE,
        "    if guardian == caller:\n        return True\n",
        "",
        "test_cancel__with_a_guardian__is_the_guardians",
    ),
    Mutant(
        "a proposer cancels at any time only where there is no guardian",
        FILE,
        "    if guardian == empty(address) and caller == proposer:",
        "    if caller == proposer:",
        "test_cancel__with_a_guardian__is_the_guardians",
    ),
    Mutant(
        "a proposer cancels before the vote even where there is a guardian",
        FILE,
        "    return self._state(id, core) == proposals.PENDING and caller == proposer",
        "    return False",
        "test_cancel__with_a_guardian__is_the_guardians",
    ),
    Mutant(
        "strangers do not cancel",
        FILE,
        "    return self._state(id, core) == proposals.PENDING and caller == proposer",
        "    return self._state(id, core) == proposals.PENDING",
        "test_cancel__by_others__is_refused",
    ),
    Mutant(
        "what was executed is not cancelled",
        FILE,
        "        | (1 << proposals.QUEUED),\n",
        "        | (1 << proposals.QUEUED) | (1 << proposals.DONE),\n",
        "test_cancel__of_what_was_executed__is_refused",
    ),
    Mutant(
        "a defeated proposal can be cancelled",
        FILE,
        "        | (1 << proposals.DEFEATED)\n",
        "",
        "test_cancel__by_its_proposer__until_it_is_executed",
    ),
    Mutant(
        "cancelling a proposal marks it",
        FILE,
        "    self.cores[id] = core | proposals.CANCELED\n",
        "",
        "test_cancel__by_its_proposer__until_it_is_executed",
    ),
    Mutant(
        "cancelling a queued proposal cancels its operation",
        FILE,
        "        extcall ITimelock(self.timelock).cancel(operation)\n",
        "",
        "test_cancel__by_its_proposer__until_it_is_executed",
    ),
)

GOVERNOR = (*PROPOSING, *STATES, *QUEUE_AND_EXECUTE, *AUTHORIZATION, *CANCELLING)
