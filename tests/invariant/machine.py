"""The machine that makes all moves in any order, and at the end shows that nothing is stuck."""

from __future__ import annotations

from tests.invariant.books import Books
from tests.invariant.strides import Strides
from tests.reference.requests import Request
from tests.words import GameStatus, Status

LONG = 31 * 86_400  # longer than any deadline
FORGED = 48  # with a forged item in front, of another model
OVER = (Status.FINAL, Status.REFUNDED)


class Machine(Strides, Books):
    """Everybody's moves."""

    def teardown(self) -> None:
        """Time passes, strangers move on what anybody can: all ends, is paid out, and nothing is left."""
        if not self.broken:
            self.wind_down()
            self.pay_out()

    def wind_down(self) -> None:
        """Every request becomes FINAL or REFUNDED and every lock is released, by nobody in particular."""
        attempts = max((request.terms.network.max_attempts for request in self.market.requests), default=0)
        for _ in range(2 * attempts + 2):
            self.pass_time(self.now + LONG)
            for request in self.market.requests:
                self._move_on(request)
            for game in sorted(self.market.games, key=lambda game: game.status != GameStatus.WON):
                if game.status != GameStatus.SETTLED:
                    self.settle_game(game)
        for operator in list(self.market.pledges):
            self.end_pledge(operator, operator)
        stuck = [request.status.name for request in self.market.requests if request.status not in OVER]
        self.same("stuck", stuck, [])
        self.same("locked for ever", [amount for amount in self.vault.locked.values() if amount], [])
        self.books_are_right()

    def _move_on(self, request: Request) -> None:
        if request.status in (Status.OPEN, Status.CLAIMED):
            self.expire_request(request)
        elif request.status == Status.POSTED and request.result and request.games == 0:
            self.end([request.result], wrong=FORGED)
        elif request.status == Status.POSTED:
            games = [game for game in self.market.games if game.result is request.result]
            self.end_silence(next(game for game in games if game.status == GameStatus.LIVE))

    def pay_out(self) -> None:
        """Everybody takes what is theirs, and the Market and the vault are empty."""
        for asset in self.scene.assets:
            for at, model in enumerate(self.scene.models):
                if self.market.royalties[asset, model.address]:
                    self.take_royalties(at, asset, self.scene.roles.owner)
            self.take_fees(asset)
        for account in self.scene.everybody:
            for asset in self.scene.assets:
                if amount := self.market.balances[asset, account]:
                    self.take_balance(account, asset, amount)
            if self.vault.rewards[account]:
                self.take_rewards(account)
            if amount := self.vault.free[account]:
                self.unbond(account, amount)
        self.pass_time(self.now + LONG)
        for account in list(self.vault.unbonding):
            self.take_stake(account)
        left = [
            self.market.purses.holdings[asset, holder]
            for asset in self.scene.assets
            for holder in (self.market.address, self.vault.address)
        ]
        self.same("left behind", left, [0] * len(left))
        self.books_are_right()
