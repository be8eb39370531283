"""Our governance beside OpenZeppelin's: the gas of the same act, on two chains in step (tests/governance)."""

from __future__ import annotations

from collections.abc import Mapping


def ratios(gas: Mapping[str, float]) -> dict[str, float]:
    """`gov/<row>_of_oz`: ours over theirs, for each row that both have."""
    rows = [name.removeprefix("oz/") for name in gas if name.startswith("oz/")]
    return {f"gov/{row}_of_oz": gas[f"gov/{row}"] / gas[f"oz/{row}"] for row in rows}


def table(gas: Mapping[str, float]) -> str:
    """The part of BENCHMARKS.md about it."""
    rows = "".join(
        f"| {name.removeprefix('gov/').removesuffix('_of_oz').replace('_', ' ')} |"
        f" {gas[name.removesuffix('_of_oz')]:,} |"
        f" {gas[name.removesuffix('_of_oz').replace('gov/', 'oz/')]:,} | {ratio:.3f} |\n"
        for name, ratio in ratios(gas).items()
    )
    return (
        "## Governance beside OpenZeppelin's\n\n"
        "Gas of the same act, in one run; theirs are 5.6.1, compiled with their own settings.\n\n"
        f"| act | ours | theirs | ratio |\n|---|--:|--:|--:|\n{rows}\n"
    )
