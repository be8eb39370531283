"""Rules of votes in the Governor: who weighs what, when it is enough, whose signature counts."""

from __future__ import annotations

from scripts._mutants.mutant import MODULES, Mutant

FILE = "contracts/Governor.vy"
TALLIES = f"{MODULES}/tallies.vy"
BALLOTS = f"{MODULES}/ballots.vy"
NONCES = f"{MODULES}/nonces.vy"

COUNTING = (
    Mutant(
        "votes are cast while the vote runs",
        FILE,
        "    self._check_state(id, core, 1 << proposals.ACTIVE)\n",
        "    self._check_state(id, core, (1 << proposals.ACTIVE) | (1 << proposals.PENDING))\n",
        "test_cast_vote__before_and_after__is_refused",
    ),
    Mutant(
        "votes are not cast when the vote is over",
        FILE,
        "    self._check_state(id, core, 1 << proposals.ACTIVE)\n",
        "    self._check_state(id, core, (1 << proposals.ACTIVE) | (1 << proposals.SUCCEEDED))\n",
        "test_cast_vote__before_and_after__is_refused",
    ),
    Mutant(
        "a vote weighs what it did at the snapshot",
        FILE,
        "electorate._past_votes(voter, proposals._start(core))",
        "electorate._past_votes(voter, electorate._clock() - 1)",
        "test_cast_vote__weight__is_that_at_the_snapshot_and_not_now",
    ),
    Mutant(
        "an account that has cast all its weight votes no more",
        TALLIES,
        "    if used >= weight:",
        "    if False:",
        "test_cast_vote__twice__is_refused",
    ),
    Mutant(
        "an account without weight does not vote",
        TALLIES,
        "    if used >= weight:",
        "    if used > weight:",
        "test_cast_vote__without_weight__is_refused",
    ),
    Mutant(
        "a whole vote leaves nothing",
        TALLIES,
        "    self.usedVotes[id][voter] = weight\n",
        "",
        "test_cast_vote__twice__is_refused",
    ),
    Mutant(
        "a vote is for, against or abstaining",
        TALLIES,
        '    raw_revert(method_id("GovernorInvalidVoteType()"))',
        "    pass",
        "test_cast_vote__of_no_kind__is_refused",
    ),
    Mutant(
        "who has cast nothing has not voted",
        TALLIES,
        "    return self.usedVotes[proposalId][account] != 0",
        "    return True",
        "test_cast_vote__without_weight__is_refused",
    ),
    Mutant(
        "a tie is defeated",
        TALLIES,
        "self.tallies[id].in_favour > self.tallies[id].against",
        "self.tallies[id].in_favour >= self.tallies[id].against",
        "test_outcome__of_a_tie__is_defeat",
    ),
    Mutant(
        "a quorum that is just reached is reached",
        TALLIES,
        "    return quorum <= ",
        "    return quorum < ",
        "test_outcome__abstentions__count_to_the_quorum_and_not_to_the_majority",
    ),
    Mutant(
        "abstentions count to the quorum",
        TALLIES,
        "self.tallies[id].in_favour + self.tallies[id].abstaining",
        "self.tallies[id].in_favour",
        "test_outcome__abstentions__count_to_the_quorum_and_not_to_the_majority",
    ),
    Mutant(
        "votes against do not count to the quorum",
        TALLIES,
        "self.tallies[id].in_favour + self.tallies[id].abstaining",
        "self.tallies[id].in_favour + self.tallies[id].abstaining + self.tallies[id].against",
        "test_outcome__votes_against__do_not_count_to_the_quorum",
    ),
    Mutant(
        "what passes has reached the quorum",
        TALLIES,
        "    return self._reaches(id, quorum) and ",
        "    return ",
        "test_outcome__votes_against__do_not_count_to_the_quorum",
    ),
)

PARTS = (
    Mutant(
        "a whole vote after parts casts what is left",
        TALLIES,
        "    return unsafe_sub(weight, used)",
        "    return weight",
        "test_parts__then_a_whole_vote__casts_what_is_left",
    ),
    Mutant(
        "a whole vote has no params",
        FILE,
        "    if len(params) == 0:",
        "    if support != tallies.PARTS:",
        "test_parts__beside_a_whole_vote__are_refused",
    ),
    Mutant(
        "a ballot of parts says so",
        TALLIES,
        "    if support != PARTS or len(params) != PARTS_SIZE:",
        "    if len(params) != PARTS_SIZE:",
        "test_parts__beside_a_whole_vote__are_refused",
    ),
    Mutant(
        "a ballot of parts has three of sixteen bytes",
        TALLIES,
        "    if support != PARTS or len(params) != PARTS_SIZE:",
        "    if support != PARTS:",
        "test_parts__of_another_length__are_refused",
    ),
    Mutant(
        "of a whole vote with params, the params are refused",
        TALLIES,
        "    if support <= ABSTAIN or support == PARTS:",
        "    if support == PARTS:",
        "test_parts__beside_a_whole_vote__are_refused",
    ),
    Mutant(
        "of a ballot of parts without them, the params are refused",
        TALLIES,
        "    if support <= ABSTAIN or support == PARTS:",
        "    if support <= ABSTAIN:",
        "test_parts__without_params__are_refused",
    ),
    Mutant(
        "parts can be all that is left",
        TALLIES,
        "    if parts > left:",
        "    if parts >= left:",
        "test_parts__of_one_ballot__go_where_they_are_said_to",
    ),
    Mutant(
        "parts are no more than what is left",
        TALLIES,
        "    if parts > left:",
        "    if parts > weight:",
        "test_parts__over_several_calls__add_up_until_nothing_is_left",
    ),
    Mutant(
        "parts are spent",
        TALLIES,
        "    self.usedVotes[id][voter] += parts\n",
        "",
        "test_parts__over_several_calls__add_up_until_nothing_is_left",
    ),
    Mutant(
        "parts are spent beside those before",
        TALLIES,
        "    self.usedVotes[id][voter] += parts\n",
        "    self.usedVotes[id][voter] = parts\n",
        "test_parts__over_several_calls__add_up_until_nothing_is_left",
    ),
    Mutant(
        "the first part is against",
        TALLIES,
        "    against: uint256 = begin >> 128",
        "    against: uint256 = begin & convert(max_value(uint128), uint256)",
        "test_parts__of_one_ballot__go_where_they_are_said_to",
    ),
    Mutant(
        "the second part is in favour",
        TALLIES,
        "    in_favour: uint256 = begin & convert(max_value(uint128), uint256)",
        "    in_favour: uint256 = begin >> 128",
        "test_parts__of_one_ballot__go_where_they_are_said_to",
    ),
    Mutant(
        "the third part abstains",
        TALLIES,
        "extract32(params, 16, output_type=uint256)",
        "extract32(params, 0, output_type=uint256)",
        "test_parts__of_one_ballot__go_where_they_are_said_to",
    ),
    Mutant(
        "the part against counts",
        TALLIES,
        "    self.tallies[id].against += against\n",
        "",
        "test_parts__of_one_ballot__go_where_they_are_said_to",
    ),
    Mutant(
        "the part in favour counts",
        TALLIES,
        "    self.tallies[id].in_favour += in_favour\n",
        "",
        "test_parts__of_one_ballot__go_where_they_are_said_to",
    ),
    Mutant(
        "the part that abstains counts",
        TALLIES,
        "    self.tallies[id].abstaining += abstaining\n",
        "",
        "test_parts__of_one_ballot__go_where_they_are_said_to",
    ),
    Mutant(
        "a ballot of parts weighs what they sum to",
        TALLIES,
        "    return parts\n",
        "    return left\n",
        "test_parts__over_several_calls__add_up_until_nothing_is_left",
    ),
    Mutant(
        "a ballot of parts extends a late vote, too",
        FILE,
        "params=params\n        )\n    self._extend_if_late(id)\n",
        "params=params\n        )\n",
        "test_late_quorum__reached_by_a_part__extends_the_vote",
    ),
)

LATE_QUORUM = (
    Mutant(
        "a vote is extended once",
        FILE,
        "    if proposals._extended(schedule) != 0:\n        return\n",
        "",
        "test_late_quorum__in_the_last_block__extends_the_vote",
    ),
    Mutant(
        "a vote is extended when the quorum is reached",
        FILE,
        "    if not tallies._reaches(id, self._quorum(proposals._start(core))):\n        return\n",
        "",
        "test_late_quorum__in_the_last_block__extends_the_vote",
    ),
    Mutant(
        "a vote is extended from the moment of the quorum, not from its end",
        FILE,
        "electorate._clock() + settings._extension(settings.voting)",
        "proposals._deadline(core) + settings._extension(settings.voting)",
        "test_late_quorum__early__extends_nothing",
    ),
    Mutant(
        "an extension that does not lengthen the vote is not announced",
        FILE,
        "    if extended > proposals._deadline(core):",
        "    if extended >= proposals._deadline(core):",
        "test_late_quorum__that_ends_with_the_vote__is_not_announced",
    ),
    Mutant(
        "a vote by signature extends it, too",
        FILE,
        'weight=weight, reason="")\n    self._extend_if_late(proposalId)\n    return weight\n\n\n'
        "@external\ndef castVoteWithReasonAndParamsBySig",
        'weight=weight, reason="")\n    return weight\n\n\n@external\ndef castVoteWithReasonAndParamsBySig',
        "test_cast_vote_by_sig__over_any_token__counts_and_extends_a_late_vote",
    ),
    Mutant(
        "an extension ends within the clock",
        FILE,
        "    if extended > proposals.MASK48:\n        failures._panic(failures.ARITHMETIC)\n",
        "",
        "test_late_quorum__at_the_end_of_the_clock__overflows_as_openzeppelins",
    ),
)

SIGNATURES = (
    Mutant(
        "a signed vote spends its nonce",
        NONCES,
        "    self.nonces[owner] = unsafe_add(nonce, 1)\n",
        "",
        "test_cast_vote_by_sig__of_a_key__counts_and_spends_a_nonce",
    ),
    Mutant(
        "a signature that does not hold is refused",
        BALLOTS,
        "    if not valid:",
        "    if False:",
        "test_cast_vote_by_sig__replayed_on_another_proposal__is_refused",
    ),
    Mutant(
        "of two signatures with one meaning only the lower s counts",
        BALLOTS,
        "    if s > HALF_ORDER:\n        return False\n",
        "",
        "test_cast_vote_by_sig__with_high_s__is_refused",
    ),
    Mutant(
        "a signature has 65 bytes",
        BALLOTS,
        "    if len(signature) != 65:",
        "    if len(signature) < 65:",
        "test_cast_vote_by_sig__malformed__is_refused",
    ),
    Mutant(
        "nobody's signature is no signature",
        BALLOTS,
        "    return signer != empty(address) and signer == voter",
        "    return signer == voter",
        "test_cast_vote_by_sig__malformed__is_refused",
    ),
    Mutant(
        "the voter has signed, not just anybody",
        BALLOTS,
        "    return signer != empty(address) and signer == voter",
        "    return signer != empty(address)",
        "test_cast_vote_by_sig__replayed_on_another_proposal__is_refused",
    ),
    Mutant(
        "a voter with code is asked",
        BALLOTS,
        "    if voter.is_contract:",
        "    if False:",
        "test_cast_vote_by_sig__of_a_wallet_contract__is_asked_for",
    ),
    Mutant(
        "a voter with code has to answer with the magic word",
        BALLOTS,
        " and convert(answer, bytes32) == MAGIC",
        "",
        "test_cast_vote_by_sig__of_a_wallet_that_misbehaves__as_openzeppelin",
    ),
    Mutant(
        "a voter with code has to answer a whole word",
        BALLOTS,
        " and len(answer) == 32 and",
        " and",
        "test_cast_vote_by_sig__of_a_wallet_that_answers_in_short__is_refused",
    ),
)

VOTES = (*COUNTING, *PARTS, *LATE_QUORUM, *SIGNATURES)
