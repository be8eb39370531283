"""The integer tensor program: the specification that every backend and the Referee must equal bit for bit."""

from executor.program.commitments import InputTooLong, data_root

__all__ = ["InputTooLong", "data_root"]
