"""Rules of the Council: what it can stop, by how many approvals, for how long, and who sits."""

from __future__ import annotations

from scripts._mutants.mutant import Mutant

FILE = "contracts/Council.vy"

VETO = (
    Mutant(
        "an operation on the Council cannot be vetoed",
        FILE,
        '    assert concerns_others, "council: operation on the council"\n',
        "",
        "test_veto__of_a_seat_given__is_refused",
    ),
    Mutant(
        "an operation that also does something else can be vetoed",
        FILE,
        "            concerns_others = True\n",
        "            concerns_others = i == 0\n",
        "test_veto__of_a_council_call_beside_another__is_possible",
    ),
    Mutant(
        "giving the Council a role, or taking it, is an operation on the Council",
        FILE,
        "        if targets[i] != self and not self._is_own_role(targets[i], payloads[i]):",
        "        if targets[i] != self:",
        "test_veto__of_a_role_of_the_council_s__is_refused",
    ),
    Mutant(
        "a role of somebody else is no operation on the Council",
        FILE,
        "    return extract32(payload, 36) == convert(self, bytes32)",
        "    return True",
        "test_veto__of_a_role_of_somebody_else__is_possible",
    ),
    Mutant(
        "only roles of the Timelock are the Council's",
        FILE,
        "    if target != TIMELOCK or len(payload) != 68:",
        "    if len(payload) != 68:",
        "test_veto__of_a_role_s_change_elsewhere__is_possible",
    ),
    Mutant(
        "a change of a role is nothing longer or shorter",
        FILE,
        "    if target != TIMELOCK or len(payload) != 68:",
        "    if target != TIMELOCK or len(payload) < 68:",
        "test_veto__of_a_role_s_change_of_another_length__is_possible",
    ),
    Mutant(
        "any other call on the Timelock can be vetoed",
        FILE,
        "output_type=bytes4),\n    ]:\n        return False\n",
        "output_type=bytes4),\n    ]:\n        pass\n",
        "test_veto__of_another_call_on_the_timelock__is_possible",
    ),
    Mutant(
        "taking a role from the Council cannot be vetoed",
        FILE,
        '        method_id("revokeRole(bytes32,address)", output_type=bytes4),\n',
        "",
        "test_veto__of_a_role_of_the_council_s__is_refused",
    ),
    Mutant(
        "only what is pending is vetoed",
        FILE,
        '    assert pending, "council: no such operation is pending"\n',
        "",
        "test_veto__of_an_unknown_operation__is_refused",
    ),
    Mutant(
        "an operation of a single call can be vetoed",
        FILE,
        "    if not pending and len(targets) == 1 and len(values) == 1 and len(payloads) == 1:",
        "    if False:",
        "test_veto__of_a_single_call__cancels_it_though_its_id_is_another",
    ),
    Mutant(
        "a batch of one call is not taken for that call",
        FILE,
        "    if not pending and len(targets) == 1 and len(values) == 1 and len(payloads) == 1:",
        "    if len(targets) == 1 and len(values) == 1 and len(payloads) == 1:",
        "test_veto__of_a_batch_beside_the_same_single_call__cancels_one_after_the_other",
    ),
    Mutant(
        "a veto that is carried cancels",
        FILE,
        "        extcall ITimelock(TIMELOCK).cancel(operation)\n",
        "        pass\n",
        "test_veto__of_an_operation_that_waits__cancels_it",
    ),
    Mutant(
        "approvals are for one operation",
        FILE,
        "self._approve(ICouncil.Power.VETO, TIMELOCK, operation)",
        "self._approve(ICouncil.Power.VETO, TIMELOCK, empty(bytes32))",
        "test_veto__of_one_of_two_that_differ__takes_approvals_of_that_one",
    ),
)

GUARDING = (
    Mutant(
        "a pause takes a motion of its own",
        FILE,
        "self._approve(ICouncil.Power.PAUSE, model, empty(bytes32))",
        "self._approve(ICouncil.Power.WITHDRAW, model, empty(bytes32))",
        "test_motions__that_differ_in_anything__are_counted_apart",
    ),
    Mutant(
        "a pause is carried before it acts",
        FILE,
        "    if carried:\n        extcall Guarded(model).pause()\n",
        "    extcall Guarded(model).pause()\n",
        "test_pause__one_approval__opens_a_motion_and_does_nothing",
    ),
    Mutant(
        "a rollback takes approvals of its version",
        FILE,
        "self._approve(ICouncil.Power.ROLLBACK, model, convert(version, bytes32))",
        "self._approve(ICouncil.Power.ROLLBACK, model, empty(bytes32))",
        "test_motions__that_differ_in_anything__are_counted_apart",
    ),
    Mutant(
        "a withdrawal withdraws",
        FILE,
        "        extcall Guarded(model).withdraw()\n",
        "        pass\n",
        "test_motions__carried__call_that_function_of_the_model_and_no_other",
    ),
    Mutant(
        "a motion is on a contract",
        FILE,
        '    assert target.is_contract, "council: model has no code"\n',
        "",
        "test_motions__on_an_address_without_code__are_refused",
    ),
)

MOTIONS = (
    Mutant(
        "powers end with the term",
        FILE,
        "    assert block.timestamp < self.term_ends",
        "    assert block.timestamp <= self.term_ends",
        "test_motions__when_the_term_ends__are_all_refused",
    ),
    Mutant(
        "powers last until the last second of the term",
        FILE,
        "    assert block.timestamp < self.term_ends",
        "    assert block.timestamp + 1 < self.term_ends",
        "test_pause__in_the_last_second_of_the_term__is_possible",
    ),
    Mutant(
        "only members approve",
        FILE,
        '    assert number != 0, "council: not a member"\n    return number - 1',
        "    return max(number, 1) - 1",
        "test_motions__by_anybody_but_a_member__are_refused",
    ),
    Mutant(
        "a seat approves once",
        FILE,
        '    assert (motion >> number) & 1 == 0, "council: approved already"\n',
        "",
        "test_pause__approved_twice_by_one_seat__counts_once",
    ),
    Mutant(
        "it takes the quorum",
        FILE,
        "    carried: bool = approvals >= needed\n",
        "    carried: bool = approvals + 1 >= needed\n",
        "test_pause__one_approval__opens_a_motion_and_does_nothing",
    ),
    Mutant(
        "the quorum is enough",
        FILE,
        "    carried: bool = approvals >= needed\n",
        "    carried: bool = approvals > needed\n",
        "test_pause__the_last_approval__acts_and_forgets_the_motion",
    ),
    Mutant(
        "what was carried takes all approvals anew",
        FILE,
        "    self.motions[id] = 0 if carried else motion\n",
        "    self.motions[id] = motion\n",
        "test_pause__the_last_approval__acts_and_forgets_the_motion",
    ),
    Mutant(
        "approvals count for seven days",
        FILE,
        "    return motion if block.timestamp <= (motion >> OPENED) + MOTION_SECONDS else 0",
        "    return motion if block.timestamp < (motion >> OPENED) + MOTION_SECONDS else 0",
        "test_pause__seven_days_after_the_first_approval__still_counts_it",
    ),
    Mutant(
        "older approvals count no more",
        FILE,
        "    return motion if block.timestamp <= (motion >> OPENED) + MOTION_SECONDS else 0",
        "    return motion if block.timestamp <= (motion >> OPENED) + MOTION_SECONDS + 1 else 0",
        "test_pause__a_second_later__opens_a_motion_anew",
    ),
    Mutant(
        "a new roster voids what is half approved",
        FILE,
        "keccak256(abi_encode(power, target, detail, self.roster))",
        "keccak256(abi_encode(power, target, detail))",
        "test_seat__anywhere__voids_what_is_half_approved",
    ),
    Mutant(
        "a change of seats is a new roster",
        FILE,
        "    self.roster += 1\n    self.seats[number]",
        "    self.seats[number]",
        "test_seat__anywhere__voids_what_is_half_approved",
    ),
    Mutant(
        "a change of the quorum is a new roster",
        FILE,
        "    self.roster += 1\n    self.quorum = quorum\n",
        "    self.quorum = quorum\n",
        "test_set_quorum__to_the_same__voids_what_is_half_approved",
    ),
)

SEATS = (
    Mutant(
        "only a vote seats members",
        FILE,
        "    self._check_timelock()\n\n    self._seat(",
        "    self._seat(",
        "test_roster__by_anybody_but_the_timelock__is_refused",
    ),
    Mutant(
        "only a vote sets the quorum",
        FILE,
        "    self._check_timelock()\n\n    self._set_quorum(",
        "    self._set_quorum(",
        "test_roster__by_anybody_but_the_timelock__is_refused",
    ),
    Mutant(
        "only a vote renews the term",
        FILE,
        "    self._check_timelock()\n\n    self._renew(",
        "    self._renew(",
        "test_roster__by_anybody_but_the_timelock__is_refused",
    ),
    Mutant(
        "a member holds one seat",
        FILE,
        '    assert self.seat_of[member] == 0, "council: member has another seat"\n',
        "",
        "test_seat__of_a_member_who_sits_elsewhere__is_refused",
    ),
    Mutant(
        "who is replaced sits no more",
        FILE,
        "        self.seat_of[previous] = 0\n",
        "",
        "test_seat__by_a_vote__replaces_whoever_sat_there",
    ),
    Mutant(
        "a quorum is at least two",
        FILE,
        "    assert LEAST_QUORUM <= quorum and",
        "    assert LEAST_QUORUM <= quorum + 1 and",
        "test_set_quorum__out_of_bounds__is_refused",
    ),
    Mutant(
        "a quorum is at most all seats",
        FILE,
        " and quorum <= SEATS, ",
        ", ",
        "test_set_quorum__out_of_bounds__is_refused",
    ),
    Mutant(
        "a term is at most two years",
        FILE,
        "    assert term_ends <= block.timestamp + MAX_TERM",
        "    assert term_ends <= block.timestamp + MAX_TERM + 1",
        "test_renew__for_two_years__is_the_most",
    ),
    Mutant(
        "a seat is for one constituency",
        FILE,
        "            or constituency == ICouncil.Constituency.USERS\n",
        "            or constituency != empty(ICouncil.Constituency)\n",
        "test_seat__not_for_one_constituency__is_refused",
    ),
    Mutant(
        "a vacant seat is for nobody",
        FILE,
        "        assert constituency == empty(ICouncil.Constituency),",
        "        assert number < SEATS,",
        "test_seat__vacant_for_a_constituency__is_refused",
    ),
    Mutant(
        "there are 32 seats",
        FILE,
        '    assert number < SEATS, "council: no such seat"\n',
        '    assert number <= SEATS, "council: no such seat"\n',
        "test_seat__the_last__is_number_31",
    ),
    Mutant(
        "members are counted",
        FILE,
        "        self.members -= 1\n",
        "",
        "test_seat__with_nobody__is_vacant",
    ),
)

COUNCIL = (*VETO, *GUARDING, *MOTIONS, *SEATS)
