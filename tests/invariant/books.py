"""What has to hold after every move: each number on the chain is the model's, and money in is money out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import cache

from hypothesis.stateful import invariant

from tests.contract import Contract
from tests.invariant.pair import Pair
from tests.invariant.reads import Read, read
from tests.words import DEAD, NATIVE, GameStatus, Status


class Books(Pair):
    """Reads everything after every move."""

    @invariant()
    def books_are_right(self) -> None:
        """One request reads some two hundred numbers."""
        if self.broken:
            return
        expected = {
            **self._holdings(),
            **self._balances(),
            **self._stake(),
            **self._statuses(),
            **self._callbacks(),
        }
        now, numbers = read(self.scene.wire, [where for where, _ in expected.values()])
        self.same("time", now, self.now)
        got = dict(zip(expected, numbers, strict=True))
        wrong = {name: (got[name], want) for name, (_, want) in expected.items() if got[name] != want}
        self.same("numbers", wrong, {})
        self._check_money(got)
        self._check_locks(got)

    # --- every number, by name: where it stands and what it should be ---

    def _holdings(self) -> dict[str, tuple[Read, int]]:
        scene, expected = self.scene, {}
        for holder in (*scene.everybody, scene.market.address, scene.vault.address, DEAD):
            held = self.market.purses.holdings
            expected[f"coins of {holder}"] = Read(holder), held[NATIVE, holder]
            for token in (scene.fee_asset, scene.bond_asset):
                where = _view(token, "balanceOf", holder)
                expected[f"{token.address} of {holder}"] = where, held[token.address, holder]
        return expected

    def _balances(self) -> dict[str, tuple[Read, int]]:
        scene, expected = self.scene, {}
        models = [model.address for model in scene.models]
        for asset in scene.assets:
            for holder in (*scene.everybody, *models, scene.network.address, scene.market.address):
                where = _view(scene.market, "balance_of", asset, holder)
                expected[f"balance {asset} of {holder}"] = where, self.market.balances[asset, holder]
            for model in models:
                shares = self.market.royalties[asset, model], self.market.fees[asset, model] << 128
                expected[f"shares {asset} of {model}"] = (
                    _view(scene.market, "shares_of", asset, model),
                    sum(shares),
                )
        return expected

    def _stake(self) -> dict[str, tuple[Read, int]]:
        vault, expected = self.scene.vault, {}
        for account in self.scene.everybody:
            amount, release_at = self.vault.unbonding.get(account, (0, 0))
            expected[f"free of {account}"] = _view(vault, "free", account), self.vault.free[account]
            expected[f"locked of {account}"] = _view(vault, "locked", account), self.vault.locked[account]
            expected[f"rewards of {account}"] = _view(vault, "rewards", account), self.vault.rewards[account]
            expected[f"unbonding of {account}"] = _view(vault, "unbonding", account), amount
            if amount:
                expected[f"release of {account}"] = _view(vault, "unbonding", account, word=1), release_at
            pledge = replace(_view(self.scene.market, "pledge_of", account), bits=96)
            expected[f"idle pledge of {account}"] = pledge, self.market.pledges.get(account, 0)
            capacity = self.vault.capacity(account)
            expected[f"capacity of {account}"] = _view(vault, "capacity", account), capacity
        return expected

    def _statuses(self) -> dict[str, tuple[Read, int]]:
        """Of requests with attempt and, where there can be some, open games; of games."""
        scene, expected = self.scene, {}
        for at, request in enumerate(self.market.requests):
            slot = _view(scene.market, "slot_of", request.id)
            posted = request.status == Status.POSTED
            parts = int(request.status), request.attempt << 8, posted * request.games << 16
            where = replace(slot, bits=48 if posted else 16)
            expected[f"status of request {at}"] = where, sum(parts)
        for at, game in enumerate(self.market.games):
            where = _view(
                scene.challenges,
                "status_of",
                scene.arbiter.address,
                game.result.request.id,
                game.result.attempt,
                game.number,
            )
            expected[f"status of game {at}"] = where, int(game.status)
        return expected

    def _callbacks(self) -> dict[str, tuple[Read, int]]:
        return {
            f"{counter} of {consumer.address}": (
                _view(consumer, counter),
                self.heard[consumer.address, counter],
            )
            for consumer in self.scene.consumers
            for counter in ("results", "retractions")
        }

    # --- sums, from the chain's numbers ---

    def _check_money(self, got: dict[str, int]) -> None:
        """The Market holds balances and the escrow of unfinished requests, the vault holds stake."""
        scene = self.scene
        for asset in scene.assets:
            held = got[f"coins of {scene.market}" if asset == NATIVE else f"{asset} of {scene.market}"]
            owed = sum(number for name, number in got.items() if name.startswith(f"balance {asset} of "))
            shares = [number for name, number in got.items() if name.startswith(f"shares {asset} of ")]
            owed += sum(number % 2**128 + (number >> 128) for number in shares)
            escrow = sum(request.escrow for request in self.market.requests if request.offer.asset == asset)
            self.same(f"money in the Market, {asset}", held, owed + escrow)
        stake = sum(
            number
            for name, number in got.items()
            if name.split(" of ")[0] in ("free", "locked", "rewards", "unbonding")
        )
        self.same("money in the vault", got[f"{scene.bond_asset} of {scene.vault}"], stake)

    def _check_locks(self, got: dict[str, int]) -> None:
        """Locked is what stands behind work and games that are not over, and nothing else."""
        locks: dict[str, int] = defaultdict(int)
        for operator, idle in self.market.pledges.items():
            locks[self.vault.account_of[operator]] += idle
        for request in self.market.requests:
            if request.status in (Status.CLAIMED, Status.POSTED, Status.REFUTED):
                locks[self.vault.account_of[request.executor]] += request.offer.bond
        for game in self.market.games:
            result, network = game.result, game.result.request.terms.network
            if game.status != GameStatus.SETTLED:
                locks[self.vault.account_of[game.challenger]] += network.deposit
            # Of a bond that was slashed, the others' shares of the pot stay locked until they are paid.
            if result.punished and game.status in (GameStatus.LIVE, GameStatus.VOID):
                locks[self.vault.account_of[result.executor]] += network.pot // result.others
        for account in self.scene.everybody:
            self.same(f"locks of {account}", got[f"locked of {account}"], locks[account])


@cache
def _view(contract: Contract, name: str, *args: object, word: int = 0) -> Read:
    """The same few hundred again and again."""
    return Read(contract.address, getattr(contract, name).encode_input(*args), word)
