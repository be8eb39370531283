"""The integer tensor program: the specification that every backend and the Referee must equal bit for bit.

Read it in the order of the data: ir (what a program is), views (how an operand is read), arithmetic and
interpreter (what it computes), commitments and encoding (its bytes and roots), intervals, cost and validation
(which programs are programs), artifact (its file), and for a dispute trace, chunks and proof (what a run is
committed to, and how one step of it is shown). It imports numpy and the hash, and knows of no chain.
"""

from executor.program.artifact import InvalidArtifact, load, save
from executor.program.commitments import InputTooLong, data_root
from executor.program.interpreter import Interpreter, run
from executor.program.ir import InvalidProgram, Program
from executor.program.validation import validate

__all__ = [
    "InputTooLong",
    "Interpreter",
    "InvalidArtifact",
    "InvalidProgram",
    "Program",
    "data_root",
    "load",
    "run",
    "save",
    "validate",
]
