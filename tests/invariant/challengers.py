"""Moves of those who doubt, honestly or not, of the arbiter, and of anybody who settles."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.invariant.pair import Pair, chosen, when
from tests.invariant.requesters import PICK
from tests.reference.refusal import Refusal
from tests.reference.requests import Game, Result
from tests.words import GameStatus, Status
from tests.world import INPUT


def _no_such_game() -> None:
    raise Refusal("challenges: no such game")


class Challengers(Pair):
    """Challenge, rule, settle, expire. The arbiter rules as it is told: rightly, wrongly, twice, never."""

    def standing(self, result: Result) -> bool:
        return result.request.status == Status.POSTED and result.request.result is result

    @precondition(when(Status.POSTED))
    @rule(pick=PICK, who=PICK, wrong=PICK)
    def challenge(self, pick: int, who: int, wrong: int) -> None:
        roles = self.scene.roles
        doubtful = [
            result
            for result in self.results
            if self.standing(result) and self.now + 1 < result.posted_at + result.request.terms.window
        ]
        result = chosen(self.results, doubtful, pick)
        # the third of these is often the defender itself, the last is nobody's operator
        challenger = (
            roles.challenger,
            roles.rival_executor,
            result.executor,
            roles.challenger,
            roles.requester,
        )[who % 5]
        self.doubt(challenger, result, wrong)

    def doubt(self, challenger: str, result: Result, wrong: int = 50) -> None:
        output = b"another" if wrong == 0 else result.output
        question = b"another" if wrong == 1 else INPUT
        number = len(self.market.games) + 1
        kind = "challenge oneself" if challenger == result.executor else "challenge"
        game = self.play(
            kind,
            lambda: self.market.challenge(challenger, result, question, output, number),
            challenger,
            self.scene.challenges.challenge,
            self.result_words(result),
            question,
            output,
        )
        if game:
            logs = [(log.id, log.attempt, log.game) for log in self.said("Challenged")]
            self.same("challenged", logs, [(result.request.id, result.attempt, number)])

    @precondition(lambda self: self.market.games)
    @rule(pick=PICK, verdict=st.sampled_from((1, 2, 1, 2, 1, 2, 3)), false_arbiter=PICK)
    def rule_on(self, pick: int, verdict: int, false_arbiter: int) -> None:
        games = self.market.games
        live = [game for game in games if game.status == GameStatus.LIVE]
        if not live and pick % 8:
            return
        due = [game for game in live if self.now + 1 < game.ruling_deadline]
        game = chosen(games, due or live, pick)
        if false_arbiter < 8:
            self.rule_as_stranger(game)
        else:
            self.decide(game, verdict)

    def decide(self, game: Game, verdict: int) -> None:
        self.play(
            "rule for defender" if verdict == 1 else "rule for challenger",
            lambda: self.market.rule(game, verdict),
            self.scene.roles.stranger,
            self.scene.arbiter.order,
            game.number,
            verdict,
        )

    def rule_as_stranger(self, game: Game) -> None:
        self.play(
            "rule as a stranger",
            _no_such_game,
            self.scene.roles.stranger,
            self.scene.challenges.rule,
            game.result.request.id,
            game.result.attempt,
            game.number,
            2,
        )

    @precondition(lambda self: self.market.games)
    @rule(pick=PICK)
    def settle(self, pick: int) -> None:
        games = self.market.games
        due = [
            game
            for game in games
            if game.status in (GameStatus.WON, GameStatus.LOST, GameStatus.VOID)
            or (game.status == GameStatus.LIVE and game.result.over)
        ]
        if due or pick % 8 == 0:
            self.settle_game(chosen(games, due, pick))

    def settle_game(self, game: Game) -> None:
        self.play(
            f"settle a game {game.status.name.lower()}",
            lambda: self.market.settle(game),
            self.scene.roles.stranger,
            self.scene.challenges.settle,
            self.result_words(game.result),
            game.result.attempt,
            game.number,
        )

    @precondition(lambda self: self.market.games)
    @rule(pick=PICK)
    def expire_game(self, pick: int) -> None:
        games = self.market.games
        silent = [
            game
            for game in games
            if game.status == GameStatus.LIVE
            and self.standing(game.result)
            and self.now + 1 >= game.ruling_deadline
        ]
        if silent or pick % 8 == 0:
            self.end_silence(chosen(games, silent, pick))

    def end_silence(self, game: Game) -> None:
        self.play(
            "expire a game",
            lambda: self.market.expire_game(game),
            self.scene.roles.stranger,
            self.scene.challenges.expire,
            self.result_words(game.result),
            game.number,
        )
