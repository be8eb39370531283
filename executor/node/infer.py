"""Infer and commit: outputs are computed off the loop and are durable before anything is done with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from executor.backends.base import Backend
from executor.node.desk import Desk, log
from executor.node.lifecycle import State

BATCH = 32  # inputs that a backend is handed at a time, at most
SLICE = 1.0  # seconds that a batch should take: its first output waits for its last


class Inference:
    """Jobs that a backend is computing. Forgotten in a crash: then they are computed again."""

    def __init__(self, backend: Backend, done: Callable[[], None]) -> None:
        self._backend = backend
        self._done = done  # called from the backend's threads
        self._running: dict[Future[list[bytes]], list[bytes]] = {}  # the ids of a batch's jobs

    def infer(self, desk: Desk) -> None:
        """Hand claimed jobs to the backend."""
        running = {identifier for batch in self._running.values() for identifier in batch}
        by_program: dict[bytes, list[tuple[bytes, bytes]]] = defaultdict(list)  # ids and inputs
        for job in desk.jobs.ready(State.CLAIMED, desk.now):
            if job.output is not None:  # claimed once more after a reorganisation
                self._commit(desk, [job.id], [job.output])
            elif job.id not in running and (data := desk.input(job, owed=True)) is not None:
                by_program[desk.terms(job).program_root].append((job.id, data))
        for root, asked in by_program.items():
            size = max(1, min(BATCH, int(SLICE / max(self._backend.seconds(root), 1e-9))))
            for start in range(0, len(asked), size):
                batch = asked[start : start + size]
                future = self._backend.submit(root, [data for _, data in batch])
                self._running[future] = [identifier for identifier, _ in batch]
                future.add_done_callback(lambda _: self._done())

    def commit(self, desk: Desk) -> None:
        """Make what the backend has finished durable."""
        for future in [future for future in self._running if future.done()]:
            identifiers = self._running.pop(future)
            error = future.exception()
            if error is None:
                desk.journal.crash_point("node.inferred")
                self._commit(desk, identifiers, future.result())
            else:
                self._fail(desk, identifiers, error)

    @property
    def running(self) -> int:
        """Batches that are being computed."""
        return len(self._running)

    def _commit(self, desk: Desk, identifiers: Sequence[bytes], outputs: Sequence[bytes]) -> None:
        with desk.journal.transaction():
            for identifier, output in zip(identifiers, outputs, strict=True):
                job = desk.jobs.get(identifier)
                if job is not None and job.state is State.CLAIMED:
                    desk.jobs.step(job, State.COMPUTED, output=output, note="")
                elif job is not None:  # the claim was undone meanwhile; it may come again
                    desk.jobs.set(job, output=output)
            desk.journal.crash_point("node.committing")
        desk.journal.crash_point("node.committed")

    def _fail(self, desk: Desk, identifiers: Sequence[bytes], error: BaseException) -> None:
        log.error("inference failed", jobs=len(identifiers), error=repr(error))
        with desk.journal.transaction():
            for identifier in identifiers:
                if (job := desk.jobs.get(identifier)) and job.state is State.CLAIMED:
                    until, note = desk.pause(job.tries + 1), f"inference failed: {error!r}"
                    desk.jobs.set(job, tries=job.tries + 1, wait_until=until, note=note)
