"""The DAO of the third act: whatever happens to its model, its members have voted for.

They use the functions that `ape run propose | vote | queue | execute` consist of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts._demo.stage import BOND, ETHER, NATIVE, ROYALTY_BPS, WINDOW, Stage, digits_version
from scripts._governance import verbs
from scripts._governance.dao import Dao
from scripts._governance.phrases import in_words
from scripts._governance.proposals import Proposal
from scripts._governance.shares import Support

SUPPLY = 1_000_000 * ETHER
SHARE = 350_000 * ETHER  # of a second member; the founder keeps the rest
VOTING_DELAY, VOTING_PERIOD, TIMELOCK_DELAY = 60, 600, 3_600  # seconds
QUORUM, THRESHOLD = 10, 1_000 * ETHER  # percent of the supply; votes
TERM = 365 * 86_400
EXECUTORS, CONTRIBUTORS, USERS = 1, 2, 4  # constituencies of a Council

Told = Callable[[], None]
"""Called after each step, to tell what the logs say."""


class House:
    """A DAO, its members, and its model, whose first version is live."""

    def __init__(self, project: Any, provider: Any, stage: Stage, members: Sequence[Any]) -> None:
        self._provider = provider
        self.members = list(members[:2])
        founder, second = self.members
        self.hook = founder.deploy(project.DigitHook).address
        version = digits_version(stage.deployment, hook=self.hook)
        factory = project.DaoFactory.at(stage.deployment.address("DaoFactory"))
        factory.create_with_model(self._charter(members), "digits", version, sender=founder)
        created = factory.daos(factory.count() - 1)
        registry = project.Registry.at(stage.deployment.address("Registry"))
        self.model = project.Model.at(registry.models(registry.count() - 1))
        self.dao = Dao(project, provider, stage.deployment, created.governor)

        self.dao.votes.transfer(second, SHARE, sender=founder)
        for member in self.members:
            verbs.delegate(self.dao, member, member.address)
        self._pass(1)  # votes count from the second after

    def _charter(self, members: Sequence[Any]) -> tuple[Any, ...]:
        """`IDaoFactory.Charter`: a token for the founder, and a seat for each constituency."""
        token = ("Digits", "DIGIT", members[0], SUPPLY, True)
        rules = (VOTING_DELAY, VOTING_PERIOD, THRESHOLD, QUORUM, 0, TIMELOCK_DELAY)
        seats = list(zip((EXECUTORS, CONTRIBUTORS, USERS), members[2:5], strict=True))
        council = (self._provider.get_block("latest").timestamp + TERM, 2, seats)
        return "House of Digits", NATIVE, token, True, rules, council

    # Proposals

    def upgrade(self, artifact: Path, rejections: int, volume: int) -> Proposal:
        """Publish version 2, let it answer half of the requests, and arm the breaker."""
        version = {
            "artifact": str(artifact),
            "location": artifact.name,
            "bond": f"{BOND} wei",
            "window": f"{WINDOW} seconds",
            "royalty": f"{ROYALTY_BPS // 100} %",
            "hook": self.hook,
        }
        return self._proposal(
            "Let version 2 answer half of the requests\n\nIt reads the held-out digits a little better.",
            ("publish", [version]),
            ("canary", [2, "50 %"]),
            ("set_breaker", [rejections, volume, 0]),
        )

    def promotion(self) -> Proposal:
        """Make version 2 live."""
        return self._proposal("Make version 2 live\n\nThe canary was right each time.", ("promote", [2]))

    def _proposal(self, description: str, *calls: tuple[str, list[Any]]) -> Proposal:
        model = self.model.address
        actions = (self.dao.actions.call(model, function, arguments) for function, arguments in calls)
        return Proposal(tuple(actions), description)

    # What becomes of them

    def propose(self, console: Console, proposal: Proposal) -> None:
        """Propose, after telling what it does."""
        for action in proposal.actions:
            console.print(f"            - {in_words(action, self.dao.names)}")
        with at_once(self._provider):
            verbs.propose(self.dao, self.members[0], proposal)

    def decide(self, proposal: Proposal, tell: Told) -> None:
        """Vote, wait, and queue; then wait until it can be executed."""
        with at_once(self._provider):
            self._pass(VOTING_DELAY + 1)
            for member in self.members:
                verbs.vote(self.dao, member, proposal, Support.FOR)
            tell()
            self._pass(VOTING_PERIOD)
            verbs.queue(self.dao, self.members[0], proposal)
            tell()
            self._pass(TIMELOCK_DELAY)

    def execute(self, proposal: Proposal) -> None:
        """Do it."""
        verbs.execute(self.dao, self.members[0], proposal)

    def _pass(self, seconds: int) -> None:
        self._provider.make_request("evm_increaseTime", [seconds])
        self._provider.make_request("evm_mine", [])


@contextmanager
def at_once(provider: Any) -> Iterator[None]:
    """Within, every transaction has a block of its own at once; otherwise blocks come by the clock."""
    interval = provider.make_request("anvil_getIntervalMining", [])
    provider.make_request("evm_setIntervalMining", [0])
    provider.make_request("evm_setAutomine", [True])
    try:
        yield
    finally:
        provider.make_request("evm_setAutomine", [False])
        provider.make_request("evm_setIntervalMining", [interval])
