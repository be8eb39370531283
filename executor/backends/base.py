"""What the node needs of a backend: outputs for inputs, exactly, off the loop."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol


class BackendError(Exception):
    """The backend cannot serve; the message says why."""


class Backend(Protocol):
    """Computes programs that it was given.

    Both methods return at once. A future ends in the output bytes, one for each input in order, or in the
    exception that kept them from being computed.
    """

    def submit(self, root: bytes, inputs: Sequence[bytes]) -> Future[list[bytes]]:
        """Run the program with this root on each input."""

    def seconds(self, root: bytes) -> float:
        """What one input of this program takes, as measured so far."""

    def close(self) -> None:
        """Start nothing more; what runs is waited for."""
