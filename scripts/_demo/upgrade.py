"""The third act: a DAO votes a new version in, the version malfunctions, and anybody takes it out again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from executor.program import load, run, save
from scripts._demo.drawings import PROGRAM, Drawing, held_out
from scripts._demo.operator import Operator
from scripts._demo.play import PRICE, Play
from scripts._demo.processes import Processes
from scripts._demo.stage import Stage
from scripts._demo.timeline import Question
from scripts.digits import MISFILED, MISLABELLED, build, load_frozen

CANARY_REQUESTS = 12
REJECTIONS = 3  # by distinct requesters, that trip the breaker
LIVE, RETIRED = 4, 8  # states of a version
DRAWINGS = 60  # held-out ones to take sevens and others from


@dataclass(frozen=True)
class Upgrade:
    """What happened, times in seconds of the chain.

    upgrade_seconds: from the execution of the vote for the new version to its first answer. rollback_seconds:
    from the first answer that the hook rejected to the old version being live again, in which the challenge
    window is contained: what can still be challenged does not count. canary: answers by the candidate, and by
    the live version beside it. states: of versions 1 and 2 at the end. in_flight: requests to the version
    that tripped, on their way at that moment. others: those to another model meanwhile. after: what was asked
    when it was over. wrong: answers that are not their program's.
    """

    upgrade_seconds: int
    rollback_seconds: int
    canary: tuple[int, int]
    states: tuple[int, int]
    in_flight: Sequence[Question]
    others: Sequence[Question]
    after: Question
    wrong: Sequence[Question]

    def mistakes(self) -> list[str]:
        """Whatever is not as it has to be."""
        found = [
            f"request 0x{question.id.hex()} has another answer than its program's" for question in self.wrong
        ]
        if not all(self.canary):
            found.append(
                f"the candidate answered {self.canary[0]} requests, the live version {self.canary[1]}"
            )
        if self.states != (LIVE, RETIRED):
            found.append(f"after the breaker the versions' states are {self.states}")
        if not self.in_flight or not all(each.final and each.version == 2 for each in self.in_flight):
            found.append("work in flight did not settle on the version that it was pinned to")
        if len(self.others) < 2 or not all(each.final and each.version == 1 for each in self.others):
            found.append("the other model did not carry on undisturbed")
        if (self.after.version, self.after.digit, self.after.final) != (1, MISFILED, True):
            found.append(f"at the end version {self.after.version} reads a {MISFILED} as {self.after.digit}")
        return found

    @property
    def numbers(self) -> dict[str, int]:
        """For the line of JSON."""
        return {
            "upgrade_seconds": self.upgrade_seconds,
            "rollback_seconds": self.rollback_seconds,
            "canary_answers": self.canary[0],
            "tripped": int(self.states == (LIVE, RETIRED)),
        }


def upgrade(
    console: Console,
    provider: Any,
    project: Any,
    processes: Processes,
    folder: Path,
    stage: Stage,
    operator: Operator,
    crowd: Sequence[Any],
) -> Upgrade:
    """Play the act. operator: its executor is not running. crowd: see `Play`."""
    play = Play(console, provider, project, stage, crowd)
    governor, timeline = play.house.dao.governor.address, play.timeline
    console.print(f"\na DAO with governor {governor} owns model {play.model.address}")
    artifact = folder / "digits-2.program"
    save(build(load_frozen(MISLABELLED)), artifact)
    drawings = held_out(DRAWINGS)
    sevens = [drawing for drawing in drawings if drawing.label == MISFILED]
    others = [drawing for drawing in drawings if drawing.label != MISFILED]

    canary = _vote_for_canary(play, processes, operator, artifact, sevens, others)
    executed = timeline.times[governor, "ProposalExecuted"]
    _vote_for_promotion(play)
    bad, in_flight = _malfunction(play, sevens, others)
    play.trip(2, by=play.askers[-1])
    tripped = timeline.times[play.model.address, "Tripped"]
    _carry_on(play, sevens)

    return Upgrade(
        upgrade_seconds=min(question.posted_at for question in timeline.asked(play.model, 2)) - executed,
        rollback_seconds=tripped - min(question.posted_at for question in bad),
        canary=canary,
        states=(play.model.state_of(1), play.model.state_of(2)),
        in_flight=in_flight,
        others=timeline.asked(play.other),
        after=timeline.asked(play.model)[-1],
        wrong=_wrong(play, artifact),
    )


def _vote_for_canary(
    play: Play,
    processes: Processes,
    operator: Operator,
    artifact: Path,
    sevens: Sequence[Drawing],
    others: Sequence[Drawing],
) -> tuple[int, int]:
    """Half of the requests go to the candidate; returns how many it and the live version answered."""
    proposal = play.house.upgrade(artifact, REJECTIONS, REJECTIONS * PRICE)
    play.house.propose(play.console, proposal)
    # While it is voted on, whoever serves the model fetches the new artifact.
    operator.hold(PROGRAM, artifact)
    executor = operator.start(processes)
    play.serve(executor)
    play.house.decide(proposal, play.tell)
    operator.wait_until_ready(executor)
    play.house.execute(proposal)
    for number, drawing in enumerate(others[:CANARY_REQUESTS]):
        play.ask(play.model, drawing, play.askers[number % len(play.askers)])
    play.ask(play.other, sevens[0], play.askers[0])
    play.until_answered()
    return len(play.timeline.asked(play.model, 2)), len(play.timeline.asked(play.model, 1))


def _vote_for_promotion(play: Play) -> None:
    """The candidate becomes the live version."""
    proposal = play.house.promotion()
    play.house.propose(play.console, proposal)
    play.house.decide(proposal, play.tell)
    play.house.execute(proposal)


def _malfunction(
    play: Play, sevens: Sequence[Drawing], others: Sequence[Drawing]
) -> tuple[list[Question], list[Question]]:
    """Sevens come; returns the rejected answers, once they are final, and what is on its way then."""
    for asker, seven in zip(play.askers[:REJECTIONS], sevens[1:], strict=False):
        play.ask(play.model, seven, asker)
    play.until_answered()
    play.pass_window()
    play.ask(play.model, others[CANARY_REQUESTS], play.askers[3])
    play.ask(play.other, sevens[0], play.askers[4])

    def bad() -> list[Question]:
        return [question for question in play.timeline.asked(play.model, 2) if not question.plausible]

    play.until_final(bad)
    return bad(), [question for question in play.timeline.asked(play.model, 2) if not question.final]


def _carry_on(play: Play, sevens: Sequence[Drawing]) -> None:
    """Another seven comes, and everything settles."""
    play.ask(play.model, sevens[1], play.askers[0])
    play.until_answered()
    play.pass_window()
    play.until_final(lambda: list(play.timeline.questions.values()))


def _wrong(play: Play, artifact: Path) -> list[Question]:
    """Answers that are not what their version's program computes."""
    good, mislabelled = load(PROGRAM), load(artifact)
    return [
        question
        for question in play.timeline.questions.values()
        if question.output
        != run(
            mislabelled if (question.model, question.version) == (play.model.address, 2) else good,
            question.drawing,
        )
    ]
