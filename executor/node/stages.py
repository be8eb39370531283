"""Stages of a step that fail alone: what one of them suffers from an endpoint keeps no other from running."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from executor.chain.contracts import CallRevertedError
from executor.chain.rpc import RpcError
from executor.node.desk import log

FIRST_REST, LONGEST_REST = 0.5, 30.0  # seconds before a failed stage is tried again; doubles in between


@dataclass(frozen=True)
class _Rest:
    """failures: in a row. until: by the monotonic clock."""

    failures: int
    until: float


class Stages:
    """Runs stages by name. One that failed rests, longer with every failure in a row."""

    def __init__(self) -> None:
        self._rests: dict[str, _Rest] = {}

    @property
    def resting(self) -> bool:
        """Whether a stage has failed and not run to its end since."""
        return bool(self._rests)

    def run(self, name: str, stage: Callable[[], None]) -> None:
        """Run a stage unless it rests. An RpcError or CallRevertedError in it ends only the stage itself."""
        rest = self._rests.get(name, _Rest(0, 0.0))
        if time.monotonic() < rest.until:
            return
        try:
            stage()
        except (RpcError, CallRevertedError) as error:  # no read of ours is refused where the state is
            pause = min(LONGEST_REST, FIRST_REST * 2 ** min(rest.failures, 8))
            self._rests[name] = _Rest(rest.failures + 1, time.monotonic() + pause)
            log.warning("a stage fails, trying again", stage=name, error=str(error), seconds=pause)
        else:
            self._rests.pop(name, None)
