"""Moves of those who ask: by value, through a model, from a balance, with an ERC-20, or with a signature."""

from __future__ import annotations

from dataclasses import dataclass

from eth_utils.crypto import keccak
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.invariant.pair import Pair, chosen, when
from tests.reference.requests import Request
from tests.words import LIVE, NATIVE, Flags, Offer, Order, Status
from tests.world import ETHER, INPUT

PICK = st.integers(0, 99)
AMOUNT = st.integers(1, 2 * ETHER)
FAULTS = ("bond", "window", "result", "claim", "prices", "consumer")


@dataclass(frozen=True)
class Wish:
    """What an offer asks for, before addresses and bounds are filled in."""

    model: int
    version: int
    flags: int
    consumer: int
    low: int
    spread: int
    ramp: int
    claim_seconds: int
    result_seconds: int
    extra_bond: int
    fault: str


WISH = st.builds(
    Wish,
    model=st.sampled_from((0, 0, 1)),
    version=st.sampled_from((LIVE, LIVE, LIVE, LIVE, 1, 1, 2, 3)),
    flags=st.integers(0, Flags.AT_POST | Flags.AT_FINAL),
    consumer=st.integers(0, 1),
    low=AMOUNT,
    spread=AMOUNT,
    ramp=st.sampled_from((0, 7, 61, 2_000)),
    claim_seconds=st.sampled_from((600, 9_000, 7)),
    result_seconds=st.sampled_from((50, 4_000, 600, 30)),
    extra_bond=st.sampled_from((0, 0, 7, 11 * ETHER, 45 * ETHER)),
    fault=st.sampled_from(("",) * 14 + FAULTS),
)


class Requesters(Pair):
    """Open, sign, invalidate, cancel, and money in and out of balances."""

    def offer(self, wish: Wish, asset: str, flags: int = 0) -> Offer:
        """The offer that a wish stands for."""
        shell = self.market.shells[self.scene.models[wish.model].address]
        number = shell.live if wish.version == LIVE else wish.version
        known = 0 < number <= len(shell.versions)
        least = shell.versions[number - 1].min_bond if known else ETHER
        offer = Offer(
            version=wish.version,
            max_window=7_200,
            consumer=self.scene.consumers[wish.consumer].address if wish.flags else NATIVE,
            flags=wish.flags | flags,
            callback_gas=300_000 if wish.flags else 0,
            asset=asset,
            min_price=wish.low,
            max_price=wish.low + wish.spread,
            ramp=wish.ramp,
            claim_seconds=wish.claim_seconds,
            result_seconds=wish.result_seconds,
            bond=least + wish.extra_bond,
        )
        match wish.fault:
            case "bond":
                return offer._replace(bond=least - 1)
            case "window":
                return offer._replace(max_window=1_799)
            case "result":
                return offer._replace(result_seconds=29)
            case "claim":
                return offer._replace(claim_seconds=0)
            case "prices":
                return offer._replace(min_price=offer.max_price + 1)
            case "consumer":
                return offer._replace(consumer=NATIVE, flags=Flags.AT_POST | flags)
        return offer

    @initialize(wishes=st.lists(WISH, min_size=2, max_size=4))
    def begin(self, wishes: list[Wish]) -> None:
        """A few requests, so that others have work."""
        for wish in wishes:
            self.open_by_value(wish, short=50)

    @rule(wish=WISH, short=PICK)
    def open_by_value(self, wish: Wish, short: int) -> None:
        offer = self.offer(wish, NATIVE)
        value = offer.max_price - (short == 0)
        self._open("open by value", wish, offer, value)

    @rule(wish=WISH)
    def open_through_model(self, wish: Wish) -> None:
        model = self.scene.models[wish.model]
        offer = self.offer(wish, NATIVE)
        requester = self.scene.roles.requester
        request = self.play(
            "open through model",
            lambda: self.market.open(requester, model.address, offer, INPUT, offer.max_price),
            requester,
            model.request,
            offer,
            INPUT,
            value=offer.max_price,
        )
        if request:
            self.opened([request])

    @rule(wish=WISH, asset=st.integers(0, 2))
    def open_prepaid(self, wish: Wish, asset: int) -> None:
        self._open("open prepaid", wish, self.offer(wish, self.scene.assets[asset], Flags.PREPAID), 0)

    @rule(wish=WISH, asset=st.integers(1, 2))
    def open_with_token(self, wish: Wish, asset: int) -> None:
        self._open("open with token", wish, self.offer(wish, self.scene.assets[asset]), 0)

    def _open(self, kind: str, wish: Wish, offer: Offer, value: int) -> None:
        model, requester = self.scene.models[wish.model].address, self.scene.roles.requester
        request = self.play(
            kind,
            lambda: self.market.open(requester, model, offer, INPUT, value),
            requester,
            self.scene.market.open,
            model,
            offer,
            INPUT,
            value=value,
        )
        if request:
            self.opened([request])

    @rule(wish=WISH, asset=st.integers(0, 1), wait=st.integers(-30, 3), life=st.integers(0, 900), forged=PICK)
    def sign_order(self, wish: Wish, asset: int, wait: int, life: int, forged: int) -> None:
        """Costs nothing and moves nothing: an executor brings it to the chain later, or never."""
        order = Order(
            model=self.scene.models[wish.model].address,
            requester=self.scene.roles.second_requester,
            offer=self.offer(wish, self.scene.assets[asset]),
            input=keccak(INPUT),
            start=self.now + wait,
            expiry=self.now + wait + life,
            nonce=len(self.orders) % 12,
        )
        is_forged = forged < 5
        signature = self.scene.sign(order, "stranger" if is_forged else "second_requester")
        self.orders.append((order, signature, is_forged))
        self.tally["sign order"] += 1

    @precondition(when(Status.OPEN, Status.CLAIMED))
    @rule(pick=PICK, by_stranger=st.booleans())
    def cancel(self, pick: int, by_stranger: bool) -> None:
        cancellable = [
            request
            for request in self.market.requests
            if request.status == Status.OPEN or (request.revoked and request.status == Status.CLAIMED)
        ]
        request = chosen(self.market.requests, cancellable, pick)
        claimed = request.status == Status.CLAIMED
        entitled = request.executor if claimed and request.revoked else request.requester
        self.withdraw_request(self.scene.roles.stranger if by_stranger else entitled, request)

    def withdraw_request(self, caller: str, request: Request) -> None:
        kind = "cancel revoked" if request.revoked else "cancel"
        self.play(
            kind,
            lambda: self.market.cancel(caller, request),
            caller,
            self.scene.market.cancel,
            self.words[request.id],
        )

    @rule(
        verb=st.sampled_from(("fund", "withdraw", "invalidate")),
        asset=st.integers(0, 2),
        amount=AMOUNT,
        pick=PICK,
    )
    def move_balance(self, verb: str, asset: int, amount: int, pick: int) -> None:
        """Also spends a nonce now and then, which is a signer's way to think twice."""
        roles, token = self.scene.roles, self.scene.assets[asset]
        match verb:
            case "fund":
                account = roles.second_requester if pick % 2 else roles.requester
                self.fund(token, account, amount, wrong=pick == 0)
            case "withdraw":
                everybody = self.scene.everybody
                rich = [who for who in everybody if self.market.balances[token, who]] or everybody
                account, part = rich[pick % len(rich)], pick % 6 + 1
                self.take_balance(
                    account, token, self.market.balances[token, account] * part // 5 + part // 6
                )
            case "invalidate":
                self.invalidate(roles.second_requester, pick % 12)

    def fund(self, token: str, account: str, amount: int, wrong: bool) -> None:
        payer = self.scene.roles.stranger
        value = (amount if token == NATIVE else 0) + wrong
        self.play(
            "fund balance",
            lambda: self.market.deposit(payer, token, account, amount, value),
            payer,
            self.scene.market.deposit,
            token,
            account,
            amount,
            value=value,
        )

    def take_balance(self, account: str, token: str, amount: int) -> None:
        self.play(
            "withdraw balance",
            lambda: self.market.withdraw(account, token, account, amount),
            account,
            self.scene.market.withdraw,
            token,
            account,
            amount,
        )

    def invalidate(self, signer: str, nonce: int) -> None:
        self.play(
            "invalidate nonce",
            lambda: self.market.invalidate(signer, nonce),
            signer,
            self.scene.orders.invalidate,
            0,
            1 << nonce,
        )
