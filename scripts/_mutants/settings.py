"""Rules of a Governor's settings: quorum, threshold, periods, and the clock they are counted by."""

from __future__ import annotations

from scripts._mutants.mutant import MODULES, Mutant

FILE = f"{MODULES}/settings.vy"
ELECTORATE = f"{MODULES}/electorate.vy"
GOVERNOR = "contracts/Governor.vy"

SETTINGS = (
    Mutant(
        "a voting period is not empty",
        FILE,
        "    if period == 0:",
        "    if False:",
        "test_settings__out_of_bounds__are_refused",
    ),
    Mutant(
        "a quorum is at most the whole supply",
        FILE,
        "    if numerator > DENOMINATOR:",
        "    if numerator > DENOMINATOR + 1:",
        "test_settings__out_of_bounds__are_refused",
    ),
    Mutant(
        "a quorum may be the whole supply",
        FILE,
        "    if numerator > DENOMINATOR:",
        "    if numerator >= DENOMINATOR:",
        "test_settings__one_after_the_other__leave_the_others_alone",
    ),
    Mutant(
        "a new numerator holds from its own timepoint",
        FILE,
        "    if (voting >> SINCE) & MASK48 <= timepoint:",
        "    if (voting >> SINCE) & MASK48 < timepoint:",
        "test_quorum__through_many_changes__is_remembered",
    ),
    Mutant(
        "an earlier numerator held from its own timepoint",
        FILE,
        "        if self.earlier[middle] >> 8 > timepoint:",
        "        if self.earlier[middle] >> 8 >= timepoint:",
        "test_quorum__through_many_changes__is_remembered",
    ),
    Mutant(
        "of two numerators of one timepoint the second counts",
        FILE,
        "    if now > since and since > 0:",
        "    if now >= since and since > 0:",
        equivalent="the first is kept, too, and never found: a search ends before what is so young",
    ),
    Mutant(
        "numerators come in the order of time",
        FILE,
        '    if now < since:\n        raw_revert(method_id("CheckpointUnorderedInsertion()"))\n',
        "",
        "test_clock__that_goes_back__keeps_the_quorum_from_changing",
    ),
    Mutant(
        "a threshold that does not fit its field stands in a word of its own",
        FILE,
        "    if threshold >= LARGE:",
        "    if threshold > LARGE:",
        "test_threshold__of_any_size__holds",
    ),
    Mutant(
        "a new voting delay leaves the other settings alone",
        FILE,
        "    self.proposing = proposing & ~MASK48 | delay",
        "    self.proposing = delay",
        "test_settings__one_after_the_other__leave_the_others_alone",
    ),
    Mutant(
        "the quorum is exact for every supply",
        GOVERNOR,
        "unsafe_div(unsafe_mul(supply % settings.DENOMINATOR, numerator), settings.DENOMINATOR)",
        "0",
        "test_quorum__of_any_supply__is_exact",
    ),
    Mutant(
        "a token without a clock is followed by block numbers",
        ELECTORATE,
        "        return block.number\n",
        "        return block.timestamp\n",
        "test_clock__of_a_token_without_one__counts_blocks",
    ),
    Mutant(
        "a clock that says nothing is no clock",
        ELECTORATE,
        "    assert len(answer) == 32\n",
        "",
        "test_clock__of_a_token_without_one__counts_blocks",
    ),
    Mutant(
        "a clock has 48 bits",
        ELECTORATE,
        "    assert now <= proposals.MASK48\n",
        "",
        "test_clock__beyond_its_end__is_no_time_for_anything",
    ),
)
