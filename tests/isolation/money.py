"""Hostile fee assets: tokens that keep a part, say nothing, lie, come back, take all gas, or are gone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.isolation.creature import HEEDED, Conduct, call_of, mayfly
from tests.isolation.rogue import Rogue
from tests.words import Flags
from tests.world import INPUT

BALANCE = "balanceOf(address)"
PULL, PUSH = "transferFrom(address,address,uint256)", "transfer(address,uint256)"
REFUSED = (Conduct.SHORT, Conduct.BOMB, Conduct.BURN)  # a token that says nothing may well have moved
MOST = 2**128 - 1  # that one account can have of an asset


class Money(Rogue):
    """What a token does to who takes it stays among those who take it."""

    @property
    def acts(self) -> dict[str, Callable[[], None]]:
        """By name, what this can do."""
        conducts = {f"asset: {conduct.name.lower()}": partial(self.misbehave, conduct) for conduct in Conduct}
        return conducts | {
            "asset keeps a part": self.keep_a_part,
            "asset returns nothing": self.return_nothing,
            "asset lies about what arrived": self.lie,
            "asset stays where it is": self.stay,
            "asset comes back": self.come_back,
            "asset without code": self.vanish,
        }

    def misbehave(self, conduct: Conduct) -> None:
        """One of the three functions that the Market asks a token."""
        token, market, requester = self.creatures.asset, self.world.market, self.villains.requester
        odd = self.rng.choice((BALANCE, PULL, PUSH))
        for function in (BALANCE, PULL, PUSH):
            token.teach(function, Conduct.ANSWER)
        token.arm(self.reentry())
        token.teach(odd, conduct)
        if odd == PUSH:
            refusal = self.refusal(market.withdraw, token, requester, 0, sender=requester)
        else:
            refusal = self.refusal(market.deposit, token, requester, 5, sender=requester)
        assert refusal or conduct not in REFUSED
        assert not refusal or conduct not in HEEDED

    def keep_a_part(self) -> None:
        """A request is not paid with less than its price; a balance is what arrived."""
        self.promote()
        token, market, requester = self.tokens.taxing, self.world.market, self.villains.requester
        assert self.refusal(self.ask_in, token) == "market: short transfer"
        offer = self.offer(version=self.scene.shell.live(), asset=token, flags=Flags.PREPAID)
        market.deposit(token, requester, 2 * offer.max_price, sender=requester)
        self.answer(self.opened(market.open(self.scene.shell, offer, INPUT, sender=requester)))

    def return_nothing(self) -> None:
        """Such a token pays as any other."""
        self.promote()
        token, executor = self.tokens.silent, self.villains.executor
        self.answer(self.ask_in(token))
        earned = self.world.balance(executor, token)
        self.world.market.withdraw(token, executor, earned, sender=executor)

    def lie(self) -> None:
        """Money that never came pays for an answer, and fills somebody's balance to its brim."""
        self.promote()
        token, market, master = self.tokens.lying, self.world.market, self.villains.master
        self.answer(self.ask_in(token))
        for gain, refusal in ((MOST + 1, "market: amount too large"), (self.rng.randint(1, MOST), None)):
            token.forget(market, sender=master)
            token.claim_gain(gain, sender=master)
            victim = self.rng.choice((self.world.roles.requester, self.world.roles.staker))
            said = self.refusal(market.deposit, token, victim, 1, sender=master)
            assert said == refusal or self.world.balance(victim, token) + gain > MOST

    def stay(self) -> None:
        """What a token does not give away stays credited."""
        token, market, requester = self.tokens.lying, self.world.market, self.villains.requester
        token.forget(market, sender=self.villains.master)
        token.claim_gain(7, sender=self.villains.master)
        market.deposit(token, requester, 7, sender=requester)
        before = self.world.balance(requester, token)
        token.refuse(True, sender=self.villains.master)
        refusal = self.refusal(market.withdraw, token, requester, 7, sender=requester)
        token.refuse(False, sender=self.villains.master)
        assert refusal == "transfers: token reverted"
        assert self.world.balance(requester, token) == before

    def come_back(self) -> None:
        """A token calls into the network while it is moved, in and out."""
        token, market, requester = self.tokens.reentrant, self.world.market, self.villains.requester
        target, payload, _ = self.reentry()
        token.arm(target, payload, sender=self.villains.master)
        market.deposit(token, requester, 10, sender=requester)
        target, payload, _ = self.reentry()
        token.arm(target, payload, sender=self.villains.master)
        market.withdraw(token, requester, 10, sender=requester)
        self.promote()
        self.answer(self.ask_in(token))

    def vanish(self) -> None:
        """It had code when it was deposited."""
        where, market, requester = self.next_mayfly([1]), self.world.market, self.villains.requester
        self.scene.disown(where)
        self.scene.assets.add(where)
        self.creatures.thug.stage(mayfly([1]), call_of(market.deposit, where, requester, 5))
        refusal = self.refusal(market.withdraw, where, requester, 0, sender=requester)
        assert refusal == "transfers: not a token"
