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
)
