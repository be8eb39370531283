"""EMULATED.md: which processor answered what, and whether its bits are those of the specification."""

from __future__ import annotations

from collections.abc import Sequence

from scripts._emulated.answers import FACTS, ROOTS, SPECIFICATION
from scripts._emulated.machines import LONGEST, Answers, Key

DIGITS = 64  # of a hash

HEAD = """# The same bits on other processors

Programs answered, and compiled anew from model and scales, by processors that lack this one's instructions.
Written by `make emulated` after `make models`. Every answer, of the interpreter and of the fast path (alone,
three requests together, in two threads, without kernels; large networks alone), is compared with the
interpreter's on this processor, and every root with the root here.

"""

NOTES = f"""
What to know of this:

- The emulated processors are those of qemu in user mode: whole instruction sets, but no timings. A processor
  gets {LONGEST} s; what it has not answered by then is counted as missing, and seconds are those that
  emulation took, beside whatever else this machine did.
- LLVM took more than a minute, emulated, for the row machine. So this processor compiles it for the other one
  beforehand (`NUMBA_CPU_NAME`), and the emulated one runs that machine code. numba's compiler itself is
  therefore not run emulated. onnxruntime and numpy choose their kernels there by themselves.
- numpy's OpenBLAS takes qemu's Nehalem for a Haswell and dies of its first AVX instruction, so it is told
  which kernels to use (`OPENBLAS_CORETYPE`).
- Where u8 x s8 is inexact, the backend has found that out by itself and carries the products in fp32 or fp64.
- onnxruntime's optimisation level concerns the fast path alone: no root comes from a session of it.
- Not answered here, only compiled: MiniLM of 128 tokens, Silero and text recognition, for the time that
  emulation takes. Not calibrated either: floats differ by processor, which is why scales are frozen as data.
"""


def agrees(reference: Answers, answers: Answers, key: Key) -> bool:
    """Whether a machine's answer is the right one; the text of an error never is."""
    found = answers.found.get(key)
    return found is not None and len(found.answer) == DIGITS and found.answer == expected(reference, key)


def expected(reference: Answers, key: Key) -> str:
    """The right answer: the interpreter's on the reference, or the root there."""
    right = key if key.group == ROOTS else key._replace(way=SPECIFICATION)
    return reference.found[right].answer


def table(every: Sequence[Answers], emulator: str) -> str:
    """The page."""
    reference = every[0]
    groups = [group for group in dict.fromkeys(key.group for key in reference.found) if group != FACTS]
    rows = "".join(_machine(reference, answers) for answers in every)
    cells = "".join(
        f"| {group} | {' | '.join(_cell(reference, answers, group) for answers in every)} |\n"
        for group in groups
    )
    roots = "".join(
        f"- {key.case}: `0x{found.answer}`\n" for key, found in reference.found.items() if key.group == ROOTS
    )
    return (
        f"{HEAD}Emulator: {emulator}.\n\n"
        "| processor | OpenBLAS told | threads | onnxruntime's level | lacks, by numpy, of what this one has "
        f"| u8 x s8 |\n|---|---|--:|---|---|---|\n{rows}\n"
        f"Equal answers, and the seconds they took:\n\n| | {' | '.join(a.machine.name for a in every)} |\n"
        f"|---|{'--:|' * len(every)}\n{cells}\nThe roots:\n\n{roots}{NOTES}"
    )


def _machine(reference: Answers, answers: Answers) -> str:
    machine = answers.machine
    lacks = set(_fact(reference, "numpy").split()) - set(_fact(answers, "numpy").split())
    told = machine.blas or "nothing"
    without = ", ".join(sorted(lacks)) or "nothing"
    return (
        f"| {machine.name} | {told} | {machine.threads} | {machine.level} | {without} "
        f"| {_fact(answers, 'bytes')} |\n"
    )


def _fact(answers: Answers, name: str) -> str:
    found = answers.found.get(Key(FACTS, name, ""))
    return found.answer if found else "unknown"


def _cell(reference: Answers, answers: Answers, group: str) -> str:
    keys = [key for key in reference.found if key.group == group]
    missing = sum(key not in answers.found for key in keys)
    equal = sum(agrees(reference, answers, key) for key in keys)
    differ = len(keys) - equal - missing
    seconds = sum(answers.found[key].seconds for key in keys if key in answers.found)
    text = f"{equal} equal" + (f", **{differ} DIFFER**" if differ else "")
    return f"{text}{f', {missing} missing' if missing else ''}, {seconds:.1f} s"
