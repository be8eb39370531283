"""Rules of the Timelock: who schedules, executes and cancels, when, and in which order."""

from __future__ import annotations

from scripts._mutants.mutant import MODULES, Mutant

FILE = "contracts/Timelock.vy"
ROLES = f"{MODULES}/roles.vy"
FAILURES = f"{MODULES}/failures.vy"

READY = "    self._check_ready(id)\n"
PREDECESSOR = "    self._check_predecessor(predecessor)\n\n"
ANSWER = '    success: bool = False\n    answer: Bytes[failures.MAX_ANSWER] = b""\n'

SCHEDULING = (
    Mutant(
        "only proposers schedule",
        FILE,
        "    roles._check_role(PROPOSER_ROLE)\n    id:",
        "    id:",
        "test_schedule__by_a_stranger__is_refused",
    ),
    Mutant(
        "only proposers schedule batches",
        FILE,
        "    roles._check_role(PROPOSER_ROLE)\n    self._check_lengths",
        "    self._check_lengths",
        "test_schedule__by_a_stranger__is_refused",
    ),
    Mutant(
        "a known operation is not scheduled again",
        FILE,
        "    if self.getTimestamp[id] != 0:\n        self._refuse_state(id, 1 << UNSET)\n",
        "",
        "test_schedule__of_what_is_known__is_refused",
    ),
    Mutant(
        "an operation waits at least the least delay",
        FILE,
        "    if delay < least:",
        "    if delay + 1 < least:",
        "test_schedule__sooner_than_the_least_delay__is_refused",
    ),
    Mutant(
        "the least delay is enough",
        FILE,
        "    if delay < least:",
        "    if delay <= least:",
        "test_schedule__by_a_proposer__waits_then_is_ready_then_done",
    ),
    Mutant(
        "a delay is counted from now",
        FILE,
        "    self.getTimestamp[id] = block.timestamp + delay\n",
        "    self.getTimestamp[id] = block.timestamp + least\n",
        "test_schedule__with_a_longer_delay__waits_longer",
    ),
    Mutant(
        "a delay beyond all time overflows",
        FILE,
        "    if delay > max_value(uint256) - block.timestamp:",
        "    if False:",
        "test_schedule__for_the_end_of_time__overflows",
    ),
    Mutant(
        "a batch has a value for every target",
        FILE,
        "    if targets != values or targets != payloads:",
        "    if targets != payloads:",
        "test_batches__of_unequal_lists__are_refused",
    ),
    Mutant(
        "a batch has a payload for every target",
        FILE,
        "    if targets != values or targets != payloads:",
        "    if targets != values:",
        "test_batches__of_unequal_lists__are_refused",
    ),
    Mutant(
        "a salt is announced only where there is one",
        FILE,
        "index=0, target=target, value=amount, data=data, predecessor=predecessor, delay=delay\n    )\n"
        "    if salt != empty(bytes32):",
        "index=0, target=target, value=amount, data=data, predecessor=predecessor, delay=delay\n    )\n"
        "    if True:",
        "test_schedule__with_another_salt__is_another_operation",
    ),
)

EXECUTING = (
    Mutant(
        "an operation is ready at its time",
        FILE,
        "    return WAITING if timestamp > block.timestamp else READY",
        "    return WAITING if timestamp >= block.timestamp else READY",
        "test_execute__in_the_second_of_its_time__is_done_and_no_sooner",
    ),
    Mutant(
        "an operation is not ready before its time",
        FILE,
        "    return WAITING if timestamp > block.timestamp else READY",
        "    return WAITING if timestamp > block.timestamp + 1 else READY",
        "test_execute__in_the_second_of_its_time__is_done_and_no_sooner",
    ),
    Mutant(
        "only executors execute",
        FILE,
        "        roles._check_role(EXECUTOR_ROLE)\n",
        "        pass\n",
        "test_execute__by_a_stranger__needs_the_open_role",
    ),
    Mutant(
        "everybody executes where nobody in particular does",
        FILE,
        "    if not roles.hasRole[EXECUTOR_ROLE][empty(address)]:",
        "    if True:",
        "test_execute__by_a_stranger__needs_the_open_role",
    ),
    Mutant(
        "only what is ready is executed",
        FILE,
        f"{READY}{PREDECESSOR}{ANSWER}    success",
        f"{PREDECESSOR}{ANSWER}    success",
        "test_execute__of_what_is_not_ready__calls_nobody",
    ),
    Mutant(
        "only a batch that is ready is executed",
        FILE,
        f"{READY}{PREDECESSOR}{ANSWER}    for",
        f"{PREDECESSOR}{ANSWER}    for",
        "test_execute__of_what_is_not_ready__calls_nobody",
    ),
    Mutant(
        "an operation that was cancelled while it ran is undone",
        FILE,
        "data=payload)\n\n    self._check_ready(id)\n",
        "data=payload)\n\n",
        "test_execute__that_cancels_itself__is_refused_as_a_whole",
    ),
    Mutant(
        "a batch that was cancelled while it ran is undone",
        FILE,
        "executed or cancelled this very operation.\n    self._check_ready(id)\n",
        "executed or cancelled this very operation.\n",
        "test_execute_batch__that_cancels_itself__is_refused_as_a_whole",
    ),
    Mutant(
        "a predecessor comes before",
        FILE,
        "self.getTimestamp[predecessor] != DONE_TIMESTAMP:",
        "self.getTimestamp[predecessor] == 0:",
        "test_execute__whose_predecessor_is_missing__is_refused",
    ),
    Mutant(
        "a predecessor that was never scheduled never comes",
        FILE,
        "self.getTimestamp[predecessor] != DONE_TIMESTAMP:",
        "self.getTimestamp[predecessor] > DONE_TIMESTAMP:",
        "test_execute__whose_predecessor_is_missing__is_refused",
    ),
    Mutant(
        "a predecessor comes before a batch, too",
        FILE,
        f"{PREDECESSOR}{ANSWER}    for",
        f"{ANSWER}    for",
        "test_execute_batch__whose_predecessor_is_missing__is_refused",
    ),
    Mutant(
        "what was executed is done",
        FILE,
        "data=payload)\n\n    self._check_ready(id)\n    self.getTimestamp[id] = DONE_TIMESTAMP\n",
        "data=payload)\n\n    self._check_ready(id)\n",
        "test_schedule__by_a_proposer__waits_then_is_ready_then_done",
    ),
    Mutant(
        "an operation sends its value",
        FILE,
        "target, payload, value=amount, max_outsize",
        "target, payload, value=0, max_outsize",
        "test_execute__with_value__sends_it_and_keeps_nothing",
    ),
    Mutant(
        "one call that fails undoes the batch",
        FILE,
        "        if not success:\n            failures._hand_on(answer)\n",
        "",
        "test_execute_batch__of_which_one_fails__does_nothing",
    ),
    Mutant(
        "a call that fails without a word still fails",
        FAILURES,
        '    if len(answer) == 0:\n        raw_revert(method_id("FailedCall()"))\n',
        "    if len(answer) == 0:\n        return\n",
        "test_execute__of_a_call_that_fails__hands_its_answer_on",
    ),
)

CANCELLING_AND_ROLES = (
    Mutant(
        "only cancellers cancel",
        FILE,
        "    roles._check_role(CANCELLER_ROLE)\n",
        "",
        "test_cancel__of_what_is_pending__forgets_it",
    ),
    Mutant(
        "what is done is not cancelled",
        FILE,
        "    if state != WAITING and state != READY:",
        "    if state == UNSET:",
        "test_cancel__of_what_is_not_pending__is_refused",
    ),
    Mutant(
        "what is ready can still be cancelled",
        FILE,
        "    if state != WAITING and state != READY:",
        "    if state != WAITING:",
        "test_cancel__of_what_is_pending__forgets_it",
    ),
    Mutant(
        "the least delay is changed only by an operation",
        FILE,
        "    if msg.sender != self:",
        "    if False:",
        "test_update_delay__only_by_an_operation__holds_for_the_next",
    ),
    Mutant(
        "who proposes at the beginning also cancels",
        FILE,
        "        roles._grant(CANCELLER_ROLE, proposer)\n",
        "",
        "test_init__with_roles__grants_them_in_order",
    ),
    Mutant(
        "the Timelock administers itself",
        FILE,
        "    roles._grant(roles.DEFAULT_ADMIN_ROLE, self)\n",
        "",
        "test_roles__granted_revoked_and_renounced__by_whom_they_belong_to",
    ),
    Mutant(
        "only the administrator grants",
        ROLES,
        "    self._check_role(DEFAULT_ADMIN_ROLE)\n    self._grant(",
        "    self._grant(",
        "test_roles__granted_revoked_and_renounced__by_whom_they_belong_to",
    ),
    Mutant(
        "only the administrator revokes",
        ROLES,
        "    self._check_role(DEFAULT_ADMIN_ROLE)\n    self._revoke(",
        "    self._revoke(",
        "test_roles__granted_revoked_and_renounced__by_whom_they_belong_to",
    ),
    Mutant(
        "an account renounces for itself alone",
        ROLES,
        "    if callerConfirmation != msg.sender:",
        "    if False:",
        "test_roles__granted_revoked_and_renounced__by_whom_they_belong_to",
    ),
    Mutant(
        "a role that is held already is not granted again",
        ROLES,
        "    if not self.hasRole[role][account]:",
        "    if True:",
        "test_roles__granted_revoked_and_renounced__by_whom_they_belong_to",
    ),
)

TIMELOCK = (*SCHEDULING, *EXECUTING, *CANCELLING_AND_ROLES)
