"""The loop: one `step` after the other, until somebody asks it to stop."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from executor.backends.base import Backend
from executor.chain.contracts import CallRevertedError
from executor.chain.rpc import RpcError
from executor.node.breakers import Breakers
from executor.node.claim import claim, decide
from executor.node.desk import Desk, log
from executor.node.docket import Docket
from executor.node.follow import follow
from executor.node.infer import Inference
from executor.node.intake import Intake
from executor.node.lifecycle import OWED
from executor.node.outcomes import outcomes, send
from executor.node.policy import Policy
from executor.node.post import post
from executor.node.serve import claim_orders, decide_orders
from executor.node.settle import settle
from executor.node.stages import Stages

# The instants at which a crash is tested to be harmless, in the order in which a job meets them; the outbox
# has its own between them.
CRASH_POINTS = (
    "node.following",  # logs applied, the transaction still open
    "node.followed",
    "node.claiming",  # claims wanted, the transaction still open
    "node.claimed",
    "node.inferred",  # computed, nothing durable
    "node.committing",
    "node.committed",
    "node.posting",
    "node.posted",
    "node.finalizing",
    "node.settled",
)
LONGEST_PAUSE = 30.0  # seconds between attempts while the endpoint fails


@dataclass(frozen=True)
class NodeSettings:
    """poll: seconds between looks at the chain. latency: seconds from a computed output to its block.
    most_jobs: claimed and not yet posted at a time. claims: whether new requests are claimed at all."""

    poll: float = 0.5
    latency: float = 24.0
    most_jobs: int = 256
    claims: bool = True
    policy: Policy = field(default_factory=Policy)


class Node:
    """An executor at work."""

    def __init__(self, desk: Desk, backend: Backend, settings: NodeSettings) -> None:
        self.desk = desk
        self.draining = False
        self.intake: Intake | None = None
        self.docket: Docket | None = None
        self.breakers: Breakers | None = None
        self._backend = backend
        self._inference = Inference(backend, self.wake)
        self._settings = settings
        self._stages = Stages()
        self._wake = threading.Event()

    def take_from(self, intake: Intake) -> None:
        """Take signed orders from this intake, which wakes the loop."""
        self.intake = intake
        intake.wake = self._wake

    def take_part(self, docket: Docket) -> None:
        """Play disputes, and watch others if the docket does."""
        self.docket = docket

    def take_down(self, breakers: Breakers) -> None:
        """Take bad versions down with these."""
        self.breakers = breakers

    def start(self, *, adopt: bool = False) -> None:
        """Compare the journal with the chain, once before the first step; see `Outbox.start`."""
        self.desk.outbox.start(adopt=adopt)
        with self.desk.journal.transaction():
            self.desk.jobs.read_all_again()

    def step(self) -> None:
        """follow -> claim -> infer -> commit -> post -> play -> settle -> watch, and what these want is sent.

        A stage that fails while the chain can be followed rests alone. What is owed goes out all the same,
        even without news. Raises RpcError if the endpoint fails, CallRevertedError if it answers for a chain
        without these contracts: call again later, nothing is lost.
        """
        desk, stages = self.desk, self._stages
        desk.inputs.collect()
        try:
            follow(desk, self.docket)
        except (RpcError, CallRevertedError):
            if desk.follower.head() is not None:
                self._carry_out()
            raise
        stages.run("outcomes", lambda: outcomes(desk, self.docket))
        if self.intake is not None:
            self.intake.receive(desk)
        if self._settings.claims and not self.draining:
            stages.run("claim", self._claim)
            stages.run("claim orders", self._claim_orders)
        self._carry_out()

    def _carry_out(self) -> None:
        """What was taken on is answered, defended and ended."""
        desk, stages = self.desk, self._stages
        self._inference.infer(desk)
        self._inference.commit(desk)
        post(desk)
        if self.docket is not None:
            stages.run("play", self.docket.play)
        stages.run("settle", lambda: settle(desk, self._settings.policy, self._seconds()))
        if self.docket is not None:
            stages.run("watch", self.docket.watch)
        if self.breakers is not None:
            stages.run("trip", self.breakers.step)
        send(desk)

    def _claim(self) -> None:
        desk, settings = self.desk, self._settings
        bounds = settings.most_jobs, self._seconds(), settings.latency
        claim(desk, decide(desk, settings.policy, *bounds))

    def _claim_orders(self) -> None:
        desk, settings = self.desk, self._settings
        bounds = settings.most_jobs, self._seconds(), settings.latency
        claim_orders(desk, decide_orders(desk, settings.policy, *bounds))

    def _seconds(self) -> dict[bytes, float]:
        """From taking a job to its result in a block, by program root."""
        return {root: self._backend.seconds(root) + self._settings.latency for root in self.desk.catalogue}

    def run(self, *, drain_seconds: float = 60.0) -> None:
        """Step until `stop` was called and no bond depends on going on any more, or `drain_seconds` are over.

        Raises what makes going on impossible: NonceError, ForeignTransactionError, TooDeepError.
        """
        failures = 0
        stop_at: float | None = None
        while True:
            self._wake.clear()
            try:
                self.step()
                failures = 0
            except (RpcError, CallRevertedError) as error:
                failures += 1
                log.warning("the endpoint fails, trying again", error=str(error), failures=failures)
            if self.draining:
                stop_at = stop_at or time.monotonic() + drain_seconds
                if not self.owes() or time.monotonic() >= stop_at:
                    break
            self._wake.wait(min(LONGEST_PAUSE, self._settings.poll * 2 ** min(failures, 8)))
        log.info("stopped", owed=self.owes())

    def settle_down(self) -> None:
        """Step until there is nothing to do but to wait for time to pass or for others."""
        quiet = 0
        while quiet < 2 and not self.draining:
            before = self.desk.jobs.counts()
            self.step()
            quiet = quiet + 1 if self.idle() and self.desk.jobs.counts() == before else 0
            self._wake.wait(self._settings.poll)

    def stop(self) -> None:
        """Claim nothing more, finish what is owed, and end. From any thread, and from a signal handler."""
        self.draining = True
        self._wake.set()

    def wake(self) -> None:
        """Look again at once. From any thread."""
        self._wake.set()

    def owes(self) -> int:
        """Jobs and orders that a bond depends on."""
        return len(self.desk.jobs.in_states(OWED)) + len(self.desk.orders.waiting())

    def idle(self) -> bool:
        """Whether nothing is under way: no job before its end, no transaction, no computation, no failure."""
        busy = self.owes() or self._inference.running or self._stages.resting or self.desk.inputs.busy
        if self.docket is not None and self.docket.busy:
            return False
        if self.breakers is not None and self.breakers.busy:
            return False
        return not busy and self.desk.outbox.idle()

    def close(self) -> None:
        if self.docket is not None:
            self.docket.close()
        if self.breakers is not None:
            self.breakers.close()
        self.desk.inputs.close()
        self._backend.close()
