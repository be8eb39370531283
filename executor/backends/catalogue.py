"""The programs that an executor holds, by root: which models it can answer for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from executor.backends.base import BackendError
from executor.program import InvalidArtifact, InvalidProgram, Program, load


class Catalogue(Mapping[bytes, Program]):
    """Programs by root."""

    def __init__(self, programs: Iterable[Program]) -> None:
        self._programs = {program.root: program for program in programs}

    @classmethod
    def load(cls, artifacts: Iterable[Path]) -> Catalogue:
        """The programs in these artifact files; BackendError names the file that holds none."""
        programs = []
        for path in artifacts:
            try:
                programs.append(load(path.expanduser()))
            except (InvalidArtifact, InvalidProgram) as error:
                raise BackendError(f"backend: {path} is no valid artifact: {error}") from None
            except OSError as error:
                raise BackendError(f"backend: cannot read {path}: {error.strerror}") from None
        return cls(programs)

    def __getitem__(self, root: bytes) -> Program:
        return self._programs[root]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._programs)

    def __len__(self) -> int:
        return len(self._programs)
