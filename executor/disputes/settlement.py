"""Settlement: ended games pay, and what nobody has ended in time is ended."""

from __future__ import annotations

from collections.abc import Sequence

from executor.chain.disputes import GameStatus
from executor.chain.requests import Slot, Status
from executor.disputes.games import Game
from executor.disputes.seat import Seat
from executor.disputes.turns import Turn, Turns, What

LOOK_AGAIN = 30  # seconds between looks at games whose result still stands


class Settlement:
    """Collects what the games of one account pay."""

    def __init__(self, seat: Seat, turns: Turns) -> None:
        self._disputes = seat.disputes
        self._endpoint = seat.endpoint
        self._games = seat.games
        self._turns = turns
        self._journal = seat.journal
        self._account = seat.account

    def step(self, games: Sequence[Game], now: int, room: int) -> None:
        """Want the transactions that pay for games which may have ended, at most `room` of them."""
        waiting = [game for game in games if self._turns.is_free(turn_of(game), now)][: max(0, room)]
        if not waiting:
            return
        named = [(game.id, game.attempt, game.number) for game in waiting]
        statuses = self._disputes.statuses(self._endpoint, named)
        slots = self._disputes.contracts.slots(self._endpoint, [game.id for game in waiting])
        for game, status, slot in zip(waiting, statuses, slots, strict=True):
            self._end(game, status, slot, now)

    def _end(self, game: Game, status: int, slot: Slot, now: int) -> None:
        posted = self._games.posted(game.id, game.attempt)
        over = slot.attempt != game.attempt or slot.status in (Status.FINAL, Status.REFUNDED)
        challenges = self._disputes.contracts.challenges
        if status == GameStatus.SETTLED or (status == GameStatus.UNKNOWN and over):
            with self._journal.transaction():
                self._games.close(game.number, game.block)
        elif posted is None:
            self._turns.rest(turn_of(game), now, "its result is not known here", LOOK_AGAIN)
        elif self._pays(game, status, over):
            data = challenges.encode("settle", posted.result, game.attempt, game.number)
            self._send(game, "settle", data, now)
        elif (
            status == GameStatus.LIVE and not over and now >= posted.ends + posted.asked.terms.ruling_seconds
        ):
            self._send(game, "expire", challenges.encode("expire", posted.result, game.number), now)
        else:
            self._turns.rest(turn_of(game), now, "its result still stands", LOOK_AGAIN)

    def _pays(self, game: Game, status: int, over: bool) -> bool:
        """Whether settling does this account good: its bounty, its deposit, or the other's."""
        if game.challenger == self._account and status == GameStatus.WON:
            return True
        if game.defender == self._account and status == GameStatus.LOST:
            return True
        return game.challenger == self._account and status in (GameStatus.VOID, GameStatus.LIVE) and over

    def _send(self, game: Game, verb: str, data: bytes, now: int) -> None:
        purpose = f"{verb} game {game.number} of 0x{game.key.hex()}"
        to = self._disputes.contracts.challenges.address
        self._turns.send(turn_of(game), purpose, to, data, now, 0, "disputes.settling")


def turn_of(game: Game) -> Turn:
    """The turn that settles a game."""
    return Turn(game.key, game.number, What.SETTLE)
