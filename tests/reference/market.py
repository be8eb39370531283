"""Requests from open to final, their money, and the games about their results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from eth_utils.crypto import keccak

from tests.reference.refusal import Refusal, require
from tests.reference.requests import Game, Request, Result
from tests.reference.shell import Promise, Shell, Version
from tests.reference.stake import Purses, Vault
from tests.words import BPS, NATIVE, Flags, GameStatus, Offer, Order, Parameters, Status

Item = TypeVar("Item")


class Market:
    """The Market with its Orders and Challenges. `now` is the time of the block that is being made."""

    def __init__(self, address: str, parameters: Parameters, vault: Vault, purses: Purses) -> None:
        self.address, self.parameters = address, parameters
        self.vault, self.purses = vault, purses
        self.now = 0
        self.balances: dict[tuple[str, str], int] = defaultdict(int)
        self.royalties: dict[tuple[str, str], int] = defaultdict(int)  # by asset and model
        self.fees: dict[tuple[str, str], int] = defaultdict(int)  # by asset and model
        self.pledges: dict[str, int] = {}  # of operators: locked, and idle
        self.shells: dict[str, Shell] = {}
        self.requests: list[Request] = []
        self.games: list[Game] = []
        self.nonces: set[tuple[str, int]] = set()
        self.delivered: list[tuple[str, bytes, int, bool]] = []  # consumer, request, attempt, final
        self.retracted: list[tuple[str, bytes, int]] = []

    def deadlines(self) -> list[int]:
        """Times at which something becomes possible or ceases to be."""
        times = [request.deadline for request in self.requests if request.deadline]
        times += [
            request.result.posted_at + request.terms.window
            for request in self.requests
            if request.result and request.status == Status.POSTED
        ]
        times += [game.ruling_deadline for game in self.games if game.status == GameStatus.LIVE]
        return sorted([*times, *(release_at for _, release_at in self.vault.unbonding.values())])

    # --- balances ---

    def deposit(self, caller: str, asset: str, account: str, amount: int, value: int) -> None:
        require(value == (amount if asset == NATIVE else 0), "market: wrong value")
        self.purses.move(asset, caller, self.address, amount)
        self.balances[asset, account] += amount

    def withdraw(self, caller: str, asset: str, to: str, amount: int) -> None:
        require(to != NATIVE, "market: no recipient")
        self._debit(asset, caller, amount)
        self.purses.move(asset, self.address, to, amount)

    def collect(self, caller: str, shell: Shell, asset: str, to: str) -> None:
        """A model's owner moves its royalties to a balance."""
        require(caller == shell.owner, "model: not the owner")
        self.balances[asset, to] += self.royalties.pop((asset, shell.address), 0)

    def collect_fees(self, caller: str, owner: str, asset: str, to: str) -> None:
        """The network's owner moves the fees of all models to a balance."""
        require(caller == owner, "ownable: caller is not the owner")
        for model in self.shells:
            self.balances[asset, to] += self.fees.pop((asset, model), 0)

    def set_parameters(self, caller: str, owner: str, parameters: Parameters) -> None:
        require(caller == owner, "ownable: caller is not the owner")
        self.parameters = parameters

    def _debit(self, asset: str, account: str, amount: int) -> None:
        require(self.balances[asset, account] >= amount, "market: balance too small")
        self.balances[asset, account] -= amount

    # --- stake ---

    def pledge(self, operator: str, amount: int) -> None:
        """Stake locked once for many jobs."""
        self.vault.lock(operator, amount)
        self.pledges[operator] = self.pledges.get(operator, 0) + amount

    def unpledge(self, caller: str, operator: str) -> None:
        permitted = caller in (
            operator,
            self.vault.account_of.get(operator) if operator in self.pledges else "",
        )
        require(permitted, "market: wrong caller")
        if operator in self.pledges:
            self.vault.release(operator, self.pledges.pop(operator))

    def _lock_all(self, operator: str, bonds: list[int]) -> None:
        """Each from what is pledged if that is enough, or else from the vault; or none at all."""
        idle, unpledged = self.pledges.get(operator, -1), 0
        for bond in bonds:
            if idle >= bond:
                idle -= bond
            else:
                unpledged += bond
                self.vault.require_free(operator, unpledged)
        if unpledged:
            self.vault.lock(operator, unpledged)
        if operator in self.pledges:
            self.pledges[operator] = idle

    def _release(self, operator: str, bond: int) -> None:
        if operator in self.pledges:
            self.pledges[operator] += bond
        else:
            self.vault.release(operator, bond)

    # --- open ---

    def open(self, caller: str, model: str, offer: Offer, question: bytes, value: int) -> Request:
        self.shells[model].resolve(offer.version, self.now)
        prepaid = offer.flags & Flags.PREPAID != 0
        by_value = offer.asset == NATIVE and not prepaid
        require(value == (offer.max_price if by_value else 0), "market: wrong value")
        if prepaid:
            require(self.balances[offer.asset, caller] >= offer.max_price, "market: balance too small")
        request = self._admit(self._register(model, caller, offer, keccak(question), self.now))
        if prepaid:
            self._debit(offer.asset, caller, offer.max_price)
        else:
            self.purses.move(offer.asset, caller, self.address, offer.max_price)
        return request

    def invalidate(self, requester: str, nonce: int) -> None:
        self.nonces.add((requester, nonce))

    def freeze(self, model: str, number: int) -> None:
        version = self.shells[model].versions[number - 1]
        require(not version.revoked, "market: version revoked")
        version.frozen = self._draft(version)

    def _draft(self, version: Version) -> Promise:
        return Promise(version.royalty_bps, version.min_bond, version.window, self.parameters)

    def _register(self, model: str, requester: str, offer: Offer, asked: bytes, ramp_start: int) -> Request:
        shell = self.shells[model]
        number = shell.resolve(offer.version, self.now)
        version = shell.versions[number - 1]
        terms = version.frozen or self._draft(version)
        require(offer.bond >= terms.min_bond, "market: bond too small")
        require(offer.max_window >= terms.window, "market: window too long")
        require(offer.result_seconds >= terms.network.min_result_seconds, "market: result time too short")
        require(offer.claim_seconds > 0, "market: deadlines out of bounds")
        require(offer.min_price <= offer.max_price, "market: prices out of order")
        require(
            offer.flags & (Flags.AT_POST | Flags.AT_FINAL) == 0 or offer.consumer != NATIVE,
            "market: no consumer",
        )
        bound = offer._replace(version=number)
        return Request(b"", shell, requester, bound, terms, asked, ramp_start, self.now)

    def _admit(self, request: Request) -> Request:
        request.model.versions[request.offer.version - 1].frozen = request.terms
        self.requests.append(request)
        return request

    # --- claim, post, finalize ---

    def claim(self, executor: str, batch: list[Request]) -> list[str]:
        taken, reasons = self._claimable(batch)
        self._lock_all(executor, [sum(request.offer.bond for request in taken)])
        for request in taken:
            self._take(executor, request)
        return reasons

    def _claimable(self, batch: list[Request]) -> tuple[list[Request], list[str]]:
        """Those of a batch that can be claimed, and of each why not."""
        taken: list[Request] = []

        def take(request: Request) -> None:
            require(request.status == Status.OPEN and request not in taken, "market: not open")
            require(self.now < request.deadline, "market: claim deadline passed")
            require(not request.revoked, "market: version revoked")
            taken.append(request)

        return taken, self._batch(take, batch)

    def post(self, executor: str, batch: list[Request], outputs: list[bytes]) -> list[str]:
        return self._batch(lambda item: self._post(executor, *item), list(zip(batch, outputs, strict=True)))

    def post_ids(self, executor: str, batch: list[Request], outputs: list[bytes]) -> list[str]:
        """As `post`, for requests whose consumer is not told when they are posted."""

        def post(item: tuple[Request, bytes]) -> None:
            told = item[0].offer.flags & Flags.AT_POST != 0
            self._post(executor, *item, unless=told)

        return self._batch(post, list(zip(batch, outputs, strict=True)))

    def answer(self, executor: str, batch: list[Request], outputs: list[bytes]) -> list[str]:
        """As claim and post. A bond that a consumer is told of is locked alone, the others together."""
        taken, reasons = self._claimable(batch)
        told = [request.offer.bond for request in taken if request.offer.flags & Flags.AT_POST]
        untold = [request.offer.bond for request in taken if not request.offer.flags & Flags.AT_POST]
        self._lock_all(executor, [*told, sum(untold)] if untold else told)
        for request, output, reason in zip(batch, outputs, reasons, strict=True):
            if not reason:
                self._take(executor, request)
                self._post(executor, request, output)
        return reasons

    def serve_signed(self, executor: str, batch: list[tuple[Order, bool]], outputs: list[bytes]) -> list[str]:
        """Open and claim signed requests, each with whether it is forged; with `outputs` post their results.

        What a signer escrows is the price of now.
        """
        spent: dict[tuple[str, str], int] = defaultdict(int)
        nonces: set[tuple[str, int]] = set()
        served: list[Request] = []

        def serve(item: tuple[Order, bool]) -> None:
            order, forged = item
            nonce = order.requester, order.nonce
            request = self._check_order(order, forged, nonce in self.nonces | nonces)
            purse = order.offer.asset, order.requester
            require(
                self.balances[purse] - spent[purse] >= request.offer.max_price, "market: balance too small"
            )
            spent[purse] += request.offer.max_price
            nonces.add(nonce)
            served.append(request)

        reasons = self._batch(serve, batch)
        self._lock_all(executor, [request.offer.bond for request in served])
        self.nonces |= nonces
        for request in served:
            self._debit(request.offer.asset, request.requester, request.offer.max_price)
            self._take(executor, self._admit(request))
        posted = [output for output, reason in zip(outputs, reasons, strict=False) if not reason]
        for request, output in zip(served, posted, strict=False):
            self._post(executor, request, output)
        return reasons

    def _check_order(self, order: Order, forged: bool, repeated: bool) -> Request:
        require(self.now <= order.expiry, "orders: expired")
        require(not repeated, "orders: nonce spent")
        require(order.offer.min_price <= order.offer.max_price, "market: prices out of order")
        require(not forged, "orders: wrong signature")
        shell = self.shells[order.model]
        try:
            version = shell.resolve(order.offer.version, self.now)
        except Refusal:
            raise Refusal("orders: model refuses") from None
        require(shell.versions[version - 1].frozen is not None, "market: terms not frozen")
        price = order.offer.price_after(max(0, self.now - order.start))
        offer = order.offer._replace(min_price=price, max_price=price, ramp=0)
        return self._register(order.model, order.requester, offer, order.input, order.start)

    def finalize(self, results: list[Result], outputs: list[bytes]) -> list[str]:
        """`outputs` may be empty where no consumer is told."""
        shown: list[bytes | None] = [*outputs] or [None] * len(results)
        return self._batch(lambda item: self._finalize(*item), list(zip(results, shown, strict=True)))

    def _batch(self, do: Callable[[Item], None], items: list[Item]) -> list[str]:
        """Why each item was skipped, "" if it was not; refuses if all were."""
        reasons = []
        for item in items:
            try:
                do(item)
                reasons.append("")
            except Refusal as refusal:
                reasons.append(refusal.reason)
        require("" in reasons, reasons[-1])
        return reasons

    def _take(self, executor: str, request: Request) -> None:
        request.status, request.executor, request.claimed_at = Status.CLAIMED, executor, self.now
        request.elapsed = min(max(0, self.now - request.ramp_start), request.offer.ramp)

    def _post(self, executor: str, request: Request, output: bytes, unless: bool = False) -> None:
        require(request.status == Status.CLAIMED, "market: not claimed")
        require(request.executor == executor, "market: not the executor")
        require(self.now < request.deadline, "market: result too late")
        require(not unless, "market: takes the whole request")
        request.result = Result(
            request, request.attempt, executor, request.elapsed, self.now, output, keccak(output)
        )
        request.status = Status.POSTED
        if request.offer.flags & Flags.AT_POST:
            self.delivered.append((request.offer.consumer, request.id, request.attempt, False))

    def _finalize(self, result: Result, output: bytes | None) -> None:
        request, terms = result.request, result.request.terms
        require(output in (None, result.output), "market: not this result")
        self._standing(result)
        require(request.games == 0, "market: game open")
        require(self.now >= result.posted_at + terms.window, "market: window open")
        if request.offer.flags & Flags.AT_FINAL:
            require(output is not None, "market: wrong output")
            self.delivered.append((request.offer.consumer, request.id, request.attempt, True))
        price = request.offer.price_after(result.elapsed)
        royalty, fee = price * terms.royalty_bps // BPS, price * terms.network.fee_bps // BPS
        self.royalties[request.offer.asset, request.model.address] += royalty
        self.fees[request.offer.asset, request.model.address] += fee
        for account, amount in (
            (self.vault.account_of[result.executor], price - royalty - fee),
            (request.requester, request.offer.max_price - price),
        ):
            self.balances[request.offer.asset, account] += amount
        self._release(result.executor, request.offer.bond)
        request.status = Status.FINAL

    def _standing(self, result: Result) -> None:
        stands = result.request.status == Status.POSTED and result.request.result is result
        require(stands, "market: not this result")

    # --- deadlines and second thoughts ---

    def cancel(self, caller: str, request: Request) -> None:
        require(request.status in (Status.OPEN, Status.CLAIMED), "market: not open")
        if request.status == Status.CLAIMED:
            returned = request.revoked and caller == request.executor
            require(returned, "market: already claimed")
            self._release(request.executor, request.offer.bond)
        else:
            require(request.revoked or caller == request.requester, "market: not the requester")
        self._refund(request)

    def expire(self, request: Request) -> None:
        require(request.deadline > 0 and self.now >= request.deadline, "market: nothing expired")
        if request.status == Status.OPEN:
            self._refund(request)
            return
        if request.revoked:  # no fault of the executor's
            self._release(request.executor, request.offer.bond)
            self._refund(request)
            return
        penalty = request.terms.network.penalty
        self.vault.slash(request.executor, {request.requester: penalty // 2}, penalty - penalty // 2)
        self._release(request.executor, request.offer.bond - penalty)
        self._reopen(request, request.elapsed)

    def _reopen(self, request: Request, elapsed: int) -> None:
        """Open for the next attempt at the price that was claimed last; refunded after the last attempt."""
        if request.attempt == request.terms.network.max_attempts:
            self._refund(request)
            return
        request.status, request.attempt = Status.OPEN, request.attempt + 1
        request.opened_at, request.ramp_start = self.now, self.now - elapsed

    def _refund(self, request: Request) -> None:
        self.balances[request.offer.asset, request.requester] += request.escrow
        request.status = Status.REFUNDED

    def redeliver(self, result: Result, output: bytes) -> None:
        """An answer that is final, or that was delivered when it was posted and still stands."""
        request, offer = result.request, result.request.offer
        posted = (
            request.result is result and request.status == Status.POSTED and offer.flags & Flags.AT_POST != 0
        )
        final = request.status == Status.FINAL and offer.flags & (Flags.AT_POST | Flags.AT_FINAL) != 0
        right = request.result is not None and output == request.result.output
        require((posted or final) and right, "market: nothing to deliver")
        self.delivered.append((offer.consumer, request.id, request.attempt, final))

    def redeliver_retraction(self, result: Result) -> None:
        offer = result.request.offer
        require(result.over and offer.flags & Flags.AT_POST != 0, "market: nothing to retract")
        self._retract(result)

    # --- games ---

    def challenge(self, challenger: str, result: Result, question: bytes, output: bytes, number: int) -> Game:
        """`number` is the arbiter's."""
        request = result.request
        require(output == result.output, "challenges: wrong output")
        require(request.status == Status.POSTED, "market: not posted")
        self._standing(result)
        require(self.now < result.posted_at + request.terms.window, "market: window closed")
        self.vault.require_free(challenger, request.terms.network.deposit)
        require(keccak(question) == request.input, "challenges: wrong input")
        self.vault.lock(challenger, request.terms.network.deposit)
        request.games += 1
        game = Game(number, result, challenger, self.now)
        self.games.append(game)
        return game

    def rule(self, game: Game, verdict: int) -> None:
        """By the arbiter that opened the game: 1 the defender was right, 2 the challenger."""
        require(game.status == GameStatus.LIVE, "challenges: no such game")
        require(verdict in (1, 2), "challenges: unknown verdict")
        require(self.now < game.ruling_deadline, "challenges: ruled too late")
        request = game.result.request
        if game.result.fallen:
            game.status = GameStatus.VOID
            return
        request.games -= 1
        game.status = GameStatus.LOST if verdict == 1 else GameStatus.WON
        if verdict == 2:
            request.status = Status.REFUTED
            game.result.fallen, game.result.others = "refuted", request.games

    def settle(self, game: Game) -> None:
        request, network = game.result.request, game.result.request.terms.network
        require(game.status != GameStatus.SETTLED, "challenges: no such game")
        ruled = game.status in (GameStatus.WON, GameStatus.LOST)
        require(ruled or game.result.over, "challenges: result still stands")
        if game.status == GameStatus.LOST:
            delay = network.deposit * network.delay_bps // BPS
            paid = {request.requester: delay}
            paid[game.result.executor] = paid.get(game.result.executor, 0) + network.deposit - delay
            self.vault.slash(game.challenger, paid, 0)
        else:
            self.vault.release(game.challenger, network.deposit)
            if game.status == GameStatus.WON:
                self._punish(game)
            elif game.result.punished:
                share = network.pot // game.result.others
                self.vault.slash(game.result.executor, {game.challenger: share}, 0)
        game.status = GameStatus.SETTLED

    def _punish(self, game: Game) -> None:
        """Slash the refuted bond but for the pot shares of the other games, which their own settling pays."""
        result, request, network = game.result, game.result.request, game.result.request.terms.network
        paid = {request.requester: network.compensation}
        paid[game.challenger] = paid.get(game.challenger, 0) + network.bounty
        reserved = network.pot // result.others * result.others if result.others else 0
        burned = request.offer.bond - network.compensation - network.bounty - reserved
        self.vault.slash(result.executor, paid, burned)
        result.punished = True
        self._retract(result)
        request.games = 0
        self._reopen(request, result.elapsed)

    def expire_game(self, game: Game) -> None:
        """The arbiter has not ruled in time: nobody is right, the requester is refunded. Settling follows."""
        result, request = game.result, game.result.request
        current = request.attempt == result.attempt
        require(current and game.status == GameStatus.LIVE, "challenges: no such game")
        require(self.now >= game.ruling_deadline, "challenges: ruling still due")
        require(request.status == Status.POSTED, "market: not posted")
        self._standing(result)
        result.fallen = "abandoned"
        self._release(result.executor, request.offer.bond)
        self._retract(result)
        request.games = 0
        self._refund(request)

    def _retract(self, result: Result) -> None:
        if result.request.offer.flags & Flags.AT_POST:
            self.retracted.append((result.request.offer.consumer, result.request.id, result.attempt))
