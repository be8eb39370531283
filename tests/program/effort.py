"""What an action takes, counted rather than timed, so that every machine finds the same."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import executor.program

FOLDER = str(Path(executor.program.__file__).parent)


def lines_of(action: Callable[[], object]) -> int:
    """How many lines of executor/program it executes; one in a loop counts every time."""
    lines = 0

    def within(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return within

    def entering(frame: FrameType, event: str, argument: Any) -> Any:
        return within if frame.f_code.co_filename.startswith(FOLDER) else None

    before = sys.gettrace()
    sys.settrace(entering)
    try:
        action()
    finally:
        sys.settrace(before)
    return lines


def bytes_of(action: Callable[[], object]) -> int:
    """How many bytes it holds at once at most, beyond those held before."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
