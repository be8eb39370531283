"""Several moves at once: alone, each drawn from many, they rarely get deep into disputes or past a change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.invariant.challengers import Challengers
from tests.invariant.executors import Executors
from tests.invariant.owners import MODEL, Owners
from tests.invariant.pair import chosen, when
from tests.invariant.requesters import PICK, WISH, Requesters, Wish
from tests.invariant.scene import ENTRIES
from tests.invariant.stakers import Stakers
from tests.reference.requests import Request
from tests.reference.shell import Version
from tests.words import LIVE, Flags, GameStatus, Status

FAR = st.sampled_from((0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 10, 11, 11, 12, 12))  # the longer, the rarer to succeed


class Strides(Requesters, Executors, Challengers, Owners, Stakers):
    """What often happens one after the other, up to some point."""

    # Hypothesis leaves out some rules in each run; with these, all runs together are sure to see everything.

    @initialize(wish=WISH, who=PICK, far=FAR, verdict=st.sampled_from((1, 2)))
    def begin_far(self, wish: Wish, who: int, far: int, verdict: int) -> None:
        self.go_far(replace(wish, flags=Flags.AT_POST | Flags.AT_FINAL), who, far, verdict)
        if who % 2 and any(request.status == Status.POSTED for request in self.market.requests):
            self.meet_deadline(pick=1, offset=who % 3 - 1, early_first=far % 2 == 0, who=who)

    @initialize(which=st.integers(0, 2), wish=WISH, who=PICK, far=st.integers(0, 5))
    def begin_changed(self, which: int, wish: Wish, who: int, far: int) -> None:
        match which:
            case 0:
                self.change_version(wish.model, far, wish)
            case 1:
                self.sign_and_serve(wish, wish.consumer, who, posting=far > 2)
            case 2:
                self.change_hands(second=far > 2)

    @rule(wish=WISH, who=PICK, far=FAR, verdict=st.sampled_from((1, 2)))
    def go_far(self, wish: Wish, who: int, far: int, verdict: int) -> None:
        """A request goes some way along its life at once: moves alone rarely get deep into disputes."""
        known = len(self.market.requests)
        self.open_by_value(replace(wish, version=LIVE, fault=""), short=50)
        if len(self.market.requests) == known:
            return
        request = self.market.requests[known]
        roles = self.scene.roles
        able = [
            operator
            for operator in (roles.executor, roles.second_executor, roles.rival_executor)
            if self.vault.capacity(operator) >= request.offer.bond
        ]
        if far < 1 or not able:
            return
        self.take(able[who % len(able)], [request])
        if far > 1:
            self.publish(request.executor, [request], who, by_id=who % 3 == 0)
        if request.result is None:
            return
        third = request.executor if who % 4 == 0 else roles.attacker  # the defender itself, now and then
        for at, challenger in enumerate((roles.challenger, roles.second_challenger, third)):
            if far > 2 + at:
                self.doubt(challenger, request.result)
        games = [game for game in self.market.games if game.result is request.result]
        for game in games[: far - 6] if far > 6 and far != 10 else []:
            self.decide(game, verdict if game is games[-1] else who % 2 + 1)
        if far == 10 and games[-1].status == GameStatus.LIVE:
            self.pass_time(max(self.now, games[-1].ruling_deadline))
            self.decide(games[-1], verdict)
        if far == 12 and not request.revoked:
            version = request.offer.version
            self._govern(
                wish.model, "revoke", roles.owner, lambda: request.model.revoke(roles.owner, version), version
            )
        if far > 10:
            for game in sorted(games, key=lambda game: game.status != GameStatus.WON):
                self.settle_game(game)
        self.tell_again(request.result, request.result.output)
        if request.result.fallen:
            self.retract_again(request.result)

    @rule(wish=WISH, asset=st.integers(0, 1), who=PICK, posting=st.booleans())
    def sign_and_serve(self, wish: Wish, asset: int, who: int, posting: bool) -> None:
        wanted = replace(wish, version=LIVE, fault="", extra_bond=wish.extra_bond % 8)
        self.sign_order(wanted, asset, wait=-5, life=300, forged=50)
        self.serve(self.operator(who % 4), [self.orders[-1]], posting, who)

    @rule(model=MODEL, far=st.integers(0, 5), wish=WISH)
    def change_version(self, model: int, far: int, wish: Wish) -> None:
        """A new version goes live, is rolled back and revoked, and what was under it is cancelled."""
        shell, owner, guardian = self._shell(model), self.scene.roles.owner, self.scene.roles.guardian
        if far == 0:
            self._govern(model, "pause", guardian, lambda: shell.pause(guardian, self.market.now))
        if shell.paused(self.now + 1):
            self._govern(model, "unpause", owner, lambda: shell.unpause(owner, self.market.now))
        if len(shell.versions) < len(ENTRIES):
            self.publish_next(model)
        new, old = len(shell.versions), shell.live
        if far > 0:
            self._govern(model, "promote", owner, lambda: shell.promote(owner, new, self.market.now), new)
            self.open_by_value(replace(wish, model=model, version=LIVE, fault=""), short=50)
        if far > 1:
            self._govern(model, "rollback", guardian, lambda: shell.rollback(guardian, old), old)
        if far > 2:
            gone = old if far == 5 else new
            self._govern(model, "revoke", owner, lambda: shell.revoke(owner, gone), gone)
        for request in self.market.requests if far > 3 else []:
            if request.revoked and request.status in (Status.OPEN, Status.CLAIMED):
                self.withdraw_request(request.executor or self.scene.roles.stranger, request)

    @rule(model=MODEL, far=st.integers(0, 7), wish=WISH)
    def try_candidate(self, model: int, far: int, wish: Wish) -> None:
        """A version is asked by those who pin it while it is the candidate, which it soon ceases to be."""
        shell, owner, guardian = self._shell(model), self.scene.roles.owner, self.scene.roles.guardian
        if not shell.live:
            return
        live, before = shell.versions[shell.live - 1], shell.live
        entry = Version(live.royalty_bps // 2, live.min_bond + (far == 0), live.window)
        self._govern(model, "publish", owner, lambda: shell.publish(owner, entry), self.scene.words_of(entry))
        new = len(shell.versions)
        for share in (1, 100 * far):
            self._canary(model, owner, new, share)
        self.open_by_value(replace(wish, model=model, version=new, fault=""), short=50)
        verbs: dict[int, Callable[[], object]] = {
            2: lambda: shell.promote(owner, new, self.market.now),
            3: lambda: shell.rollback(guardian, 1),
            4: lambda: shell.revoke(owner, before),
            5: lambda: shell.revoke(guardian, new),
        }
        if far in verbs:
            verb = ("promote", "rollback", "revoke", "revoke")[far - 2]
            caller = owner if far in (2, 4) else guardian
            self._govern(model, verb, caller, verbs[far], {3: 1, 4: before}.get(far, new))
        if far == 6:
            self._govern(model, "pause", owner, lambda: shell.pause(owner, self.market.now))
        self._govern(model, "withdraw", guardian, lambda: shell.withdraw(guardian))

    def _canary(self, model: int, caller: str, number: int, share: int) -> None:
        """Its terms and those of the live version are frozen with it, as the network has them now."""
        shell = self._shell(model)

        def expected() -> None:
            if shell.canary(caller, number, share, self.market.now):
                self.market.freeze(shell.address, shell.live)
                self.market.freeze(shell.address, number)

        self._govern(model, "canary", caller, expected, number, share)

    @rule(second=st.booleans())
    def change_hands(self, second: bool) -> None:
        """An operator goes and comes back."""
        roles = self.scene.roles
        operator = roles.second_executor if second else roles.executor
        if operator in self.vault.active:
            self.revoke(roles.staker, operator)
        self.propose(roles.staker, operator)
        self.accept(operator, roles.staker)

    @precondition(when(Status.OPEN, Status.CLAIMED, Status.POSTED))
    @rule(pick=PICK, offset=st.sampled_from((-1, 0, 0, 1)), early_first=st.booleans(), who=PICK)
    def meet_deadline(self, pick: int, offset: int, early_first: bool, who: int) -> None:
        """What may happen until a deadline and what may happen from then on, both tried at it."""
        running = (Status.OPEN, Status.CLAIMED, Status.POSTED)
        requests = [request for request in self.market.requests if request.status in running]
        request = chosen(requests, [one for one in requests if one.status == Status.POSTED], pick)
        moves, deadline = self._around_deadline(request, who)
        self.pass_time(max(self.now, deadline + offset - 1))
        for move in moves if early_first else reversed(moves):
            move()

    def _around_deadline(self, request: Request, who: int) -> tuple[list[Callable[[], None]], int]:
        """A move that is for before, one that is for after, and the time between them."""
        if request.status == Status.OPEN:
            claim = partial(self.take, self.operator(who % 4), [request])
            return [claim, partial(self.expire_request, request)], request.deadline
        if request.status == Status.CLAIMED:
            post = partial(self.publish, request.executor, [request], who)
            return [post, partial(self.expire_request, request)], request.deadline
        result = request.result
        assert result is not None
        silent = [
            game for game in self.market.games if game.result is result and game.status == GameStatus.LIVE
        ]
        if silent and who % 2:
            rule_on = partial(self.decide, silent[0], 1 + who % 3 % 2)
            return [partial(self.end_silence, silent[0]), rule_on], silent[0].ruling_deadline
        doubt = partial(self.doubt, self.scene.roles.second_challenger, result)
        return [doubt, partial(self.end, [result], who)], result.posted_at + request.terms.window
