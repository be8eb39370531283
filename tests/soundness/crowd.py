"""A crowd around one result: its defender, and challengers who mean it, who do not, and who copy others."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from random import Random

from executor.disputes.moves import Move, attack
from executor.program.trace import Trace as HonestTrace
from tests.judge.dispute.court import Court
from tests.reference.payouts import Ended, Payouts, payouts
from tests.soundness.challengers import Challenger
from tests.soundness.defenders import Defender
from tests.soundness.trace import Statement, Trace
from tests.wire import Refused
from tests.words import GameStatus
from tests.world import ETHER, MIN_BOND, PARAMETERS, ROLES


class Kind(Enum):
    """What a challenger is up to."""

    HONEST = "plays to win"
    FAKE = "picks anything, and falls silent: it wants to lose"
    PARASITE = "does what an honest one has done before, and sends the proof first"


class Crowd:
    """All games about one result, played in a random order of moves.

    The defender's trace is false or true; whoever is honest moves whenever it is his turn. `idle` defenders
    answer nothing.
    """

    def __init__(
        self, rng: Random, court: Court, statement: Statement, defence: Trace, idle: bool = False
    ) -> None:
        self.rng, self.court, self.world, self.idle = rng, court, court.world, idle
        self.truth = HonestTrace(statement.program, statement.data)
        self.plain = Trace(statement)
        self.hearing = court.hear(statement.program, statement.data, defence.output)
        self.defender = Defender(defence, self.hearing.case)
        self.games: dict[int, tuple[str, Kind]] = {}
        self.fell_by: int | None = None
        self.before = {role: self.wealth(role) for role in ROLES}
        self.burned_before = self.world.burned()

    # --- money ---

    def wealth(self, role: str) -> int:
        """All of the bond asset that a role has in the vault."""
        return sum(self.world.stakes(getattr(self.world.roles, role)))

    def gain(self, *roles: str) -> int:
        """What these roles together have more than before the first challenge."""
        return sum(self.wealth(role) - self.before[role] for role in roles)

    def burned(self) -> int:
        """What was burned since then."""
        return self.world.burned() - self.burned_before

    # --- games ---

    def challenge(self, role: str, kind: Kind) -> int:
        """Somebody opens a game, staked first if need be."""
        account = getattr(self.world.roles, role)
        if self.world.vault.free(account) < PARAMETERS.deposit and role not in (
            "executor",
            "second_executor",
        ):
            self.world.stake(account, ETHER)
            self.before[role] += ETHER
        game = self.hearing.challenge(account)
        self.games[game] = (role, kind)
        return game

    def live(self) -> list[int]:
        """Games that go on."""
        return [game for game in self.games if self.hearing.live(game)]

    def play(self) -> None:
        """Until the result has fallen or every game is ruled upon; every silence is claimed."""
        while (live := self.live()) and self.fell_by is None:
            self.rng.shuffle(live)
            if not any(self.move(game) for game in live):
                earliest = min(live, key=lambda game: self.hearing.deadline(game)[1])
                self.hearing.outwait(earliest)
            self.note()

    def note(self) -> None:
        """Look for the game by which the result fell."""
        won = [game for game in self.games if self.hearing.status(game) is GameStatus.WON]
        assert len(won) <= 1, "a result falls once"
        self.fell_by = won[0] if won else None

    def move(self, game: int) -> bool:
        """Whoever's turn it is in this game moves, if he likes to."""
        if self.hearing.to_reveal(game):
            return not self.idle and self.sent(self.defender.answer(self.hearing.cursor(game)), game, True)
        _, kind = self.games[game]
        move = self.choose(game, kind)
        return move is not None and self.sent(move, game, False)

    def choose(self, game: int, kind: Kind) -> Move | None:
        """What a challenger wants to send."""
        if kind is Kind.FAKE:
            return (
                Challenger(self.rng, self.hearing, game, self.plain).move()
                if self.rng.random() < 0.5
                else None
            )
        move = attack(self.truth, self.hearing.case, game, self.hearing.path(game))
        if kind is Kind.PARASITE and move is not None and not move.function.startswith("prove"):
            steps = len(self.hearing.picks(game))
            models = [other for other, (_, kind) in self.games.items() if kind is Kind.HONEST]
            return move if any(len(self.hearing.picks(other)) > steps for other in models) else None
        return move

    def sent(self, move: Move, game: int, by_defender: bool) -> bool:
        """Whether the contract has taken the move."""
        sender = self.hearing.case.defender if by_defender else self.hearing.challenger(game)
        try:
            self.hearing.send(move, sender)
        except Refused:
            assert by_defender or self.games[game][1] is not Kind.HONEST, "an honest move is refused"
            return False
        return True

    # --- the end ---

    def settle(self) -> Payouts:
        """Let everybody be paid, in any order that works, and say what the rules have for each."""
        ended = [self.ended(game) for game in self.games]
        if self.fell_by is None:
            self.world.warp(self.court.world.terms().window)
            self.world.finalize(self.hearing.result)
        waiting = list(self.games)
        while waiting:
            self.rng.shuffle(waiting)
            waiting = [game for game in waiting if not self.settled(game)]
        roles = self.world.roles
        return payouts(PARAMETERS, MIN_BOND, roles.staker, roles.requester, ended)

    def ended(self, game: int) -> Ended:
        """How a game went."""
        won = {GameStatus.WON: True, GameStatus.LOST: False}.get(self.hearing.status(game))
        return Ended(getattr(self.world.roles, self.games[game][0]), won)

    def settled(self, game: int) -> bool:
        try:
            self.world.settle(self.hearing.result, game)
        except Refused as refusal:
            if refusal.reason != "challenges: result still stands":
                raise
            return False
        return True

    def roles_of(self, kind: Kind) -> Sequence[str]:
        """Who challenges in this way."""
        return [role for role, its_kind in self.games.values() if its_kind is kind]
