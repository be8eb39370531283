"""Breakers: bad versions of models whose programs are held are taken down with their own final answers.

Whoever does it pays the gas and earns nothing, so an operator has to want it. The journal's final answers say
when to look: one that the version's hook found implausible, or that differs from what its owner declared. The
evidence itself is read from the chain, by a thread beside the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from executor.chain.contracts import Contract, ask
from executor.chain.evidence import Evidence, evidence_against_answering
from executor.chain.requests import Work
from executor.chain.transactions import DuplicateError
from executor.node.desk import Desk, log
from executor.node.jobs import Job

LOOK_AGAIN = 60  # seconds of chain time between looks
FAR, NEAR = 1_000, 10  # blocks that the first look goes back, and each later one behind the one before


class Breakers:
    """Trips them. done: called from the thread when evidence was looked for."""

    def __init__(self, desk: Desk, done: Callable[[], None] = lambda: None) -> None:
        self._desk = desk
        self._done = done
        self._next = 0
        self._seen = 0  # the block up to which final answers were looked at
        self._suspects: list[str] = []  # models
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="evidence")
        self._searching: tuple[str, Future[Evidence | None]] | None = None

    def step(self) -> None:
        """Look at what became final, and trip where that is enough. Raises RpcError."""
        self._collect()
        if self._desk.now >= self._next:
            self._look()
            self._next = self._desk.now + LOOK_AGAIN
        if self._searching is None and self._suspects:
            model = self._suspects.pop(0)
            words = self._desk.endpoint, self._desk.contracts, model
            future = self._thread.submit(evidence_against_answering, *words)
            self._searching = model, future
            future.add_done_callback(lambda _: self._done())

    @property
    def busy(self) -> bool:
        """Whether evidence is being looked for."""
        return self._searching is not None or bool(self._suspects)

    def close(self) -> None:
        """Look for nothing more; what is being looked for is waited for."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _look(self) -> None:
        """Suspect the models whose new final answers speak against their versions."""
        head = self._desk.head.number
        ended = self._desk.jobs.answered_since(max(self._seen - NEAR, head - FAR))
        for model in dict.fromkeys(job.request.model for job in self._doubtful(ended)):
            if model not in self._suspects and (self._searching is None or self._searching[0] != model):
                self._suspects.append(model)
        self._seen = head

    def _doubtful(self, jobs: Sequence[Job]) -> list[Job]:
        """Those that the hook or the owner contradicts, of models that are the Registry's and have a breaker:
        what a stranger's code does with the gas of a trip, nobody knows."""
        desk = self._desk
        models = {job.request.model: desk.contracts.model(job.request.model) for job in jobs}
        registry = Contract("Registry", desk.contracts.deployment.address("Registry"))
        numbers = ask(desk.endpoint, [registry.query("number_of", model) for model in models])
        genuine = [model for model, number in zip(models, numbers, strict=True) if number]
        breakers = ask(desk.endpoint, [models[model].query("breaker") for model in genuine])
        armed = {model for model, (rejections, *_) in zip(genuine, breakers, strict=True) if rejections}
        jobs = [job for job in jobs if job.request.model in armed]
        queries = [
            models[job.request.model].query("probe", job.request.version, job.request.input) for job in jobs
        ]
        declared = ask(desk.endpoint, queries)
        return [job for job, right in zip(jobs, declared, strict=True) if _is_doubtful(job, right)]

    def _collect(self) -> None:
        if self._searching is None or not self._searching[1].done():
            return
        model, future = self._searching
        self._searching = None
        error = future.exception()
        if error is not None:
            log.warning("evidence cannot be looked for, trying again", model=model, error=repr(error))
            self._suspects.append(model)
        elif (evidence := future.result()) is not None:
            self._trip(model, evidence)

    def _trip(self, model: str, evidence: Evidence) -> None:
        shell = self._desk.contracts.model(model)
        data = shell.encode("trip", *evidence.arguments)
        with self._desk.journal.transaction():
            try:
                self._desk.outbox.enqueue(f"trip version {evidence.version} of {model}", model, data)
            except DuplicateError:
                return
        log.warning("tripping", model=model, version=evidence.version, answers=len(evidence.requests))


def _is_doubtful(job: Job, right: bytes) -> bool:
    assert job.result is not None
    differs = any(right) and right != job.result.output_hash
    return differs or Work.of(job.result.work).implausible
