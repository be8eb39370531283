"""Hostile code: hooks, consumers, arbiters and models that do their worst when they are called."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from eth_utils import keccak

from executor.chain.creation import contract_address
from tests.contract import Contract
from tests.isolation.creature import (
    CHECK_INPUT,
    CHECK_OUTPUT,
    FAILING,
    HEEDED,
    ON_RESULT,
    OPEN_GAME,
    RESOLVE,
    TERMS,
    Conduct,
    call_of,
    mayfly,
    words_of,
)
from tests.isolation.rogue import Rogue
from tests.words import CHALLENGER, DEFENDER, LIVE, NOBODY, Terms, Work
from tests.world import INPUT, WINDOW

BURN = keccak(text="burn()")[:4]


class Code(Rogue):
    """What is called does its worst; `acts` has one entry for each role and conduct."""

    @property
    def acts(self) -> dict[str, Callable[[], None]]:
        """By name, what this can do."""
        roles = {
            "input hook": self.input_hook,
            "output hook": self.output_hook,
            "consumer": self.consumer,
            "arbiter": self.arbiter,
            "model": self.model,
            "model in an order": self.model_in_an_order,
        }
        conducts = {
            f"{role}: {conduct.name.lower()}": partial(act, conduct)
            for role, act in roles.items()
            for conduct in Conduct
        }
        return conducts | {
            "model lies about its terms": self.lie,
            "model changes its terms": self.change_terms,
            "hook without code": self.hook_without_code,
            "arbiter without code": self.arbiter_without_code,
            "model without code": self.model_without_code,
            "consumer without code": self.consumer_without_code,
            "hook destroys itself": self.destroy,
        }

    def burn(self) -> None:
        """A whole transaction's gas."""
        self.creatures.model.teach("burn()", Conduct.BURN)
        self.world.wire.transact(self.villains.master, self.creatures.model.address, BURN)

    # --- hooks ---

    def input_hook(self, conduct: Conduct) -> None:
        """Nobody is refused by more than the version he asked."""
        hook = self.creatures.hook
        self.promote(hook=hook.address)
        hook.arm(call_of(self.scene.shell.publish, self.world.version()))
        hook.teach(CHECK_INPUT, conduct)
        refusal = self.refusal(self.ask)
        assert refusal in (None, "market: input refused")
        assert refusal or conduct not in FAILING
        assert not refusal or conduct not in HEEDED

    def output_hook(self, conduct: Conduct) -> None:
        """A hook that fails marks its own result."""
        hook = self.creatures.hook
        hook.teach(CHECK_INPUT, Conduct.ANSWER)
        self.promote(hook=hook.address)
        entry = self.ask()
        hook.arm(call_of(self.world.market.revoke, 1))
        hook.teach(CHECK_OUTPUT, conduct)
        self.answer(entry)
        assert entry.result
        implausible = Work.read(entry.result.work).implausible
        assert implausible if conduct in FAILING else not (implausible and conduct in HEEDED)

    # --- consumers ---

    def consumer(self, conduct: Conduct) -> None:
        """A consumer that fails is told nothing, and its executor is paid."""
        consumer = self.creatures.consumer
        self.promote()
        entry = self.ask_back()
        consumer.arm(self.reentry())
        consumer.teach(ON_RESULT, conduct)
        self.answer(entry)

    # --- arbiters ---

    def arbiter(self, conduct: Conduct) -> None:
        """Who names an arbiter that fails cannot be challenged; a game is the arbiter's own."""
        arbiter = self.creatures.arbiter
        self.promote(arbiter=arbiter.address)
        entry = self.answered()
        number = self.rng.getrandbits(200)
        games = [game.number for _, game in self.good_book.games() if not game.verdict] or [1]
        arbiter.arm(call_of(self.world.challenges.rule, entry.id, 1, self.rng.choice(games), CHALLENGER))
        arbiter.teach(OPEN_GAME, conduct, [number])
        refusal = self.refusal(self.challenge, entry)
        assert refusal or conduct not in FAILING
        assert not refusal or conduct not in HEEDED
        if refusal:
            return
        game = entry.games[-1].number
        verdict = self.rng.choice((DEFENDER, CHALLENGER))
        arbiter.order(self.world.challenges.rule, entry.id, 1, game, verdict)
        assert entry.result
        self.world.challenges.settle(entry.result, 1, game, sender=self.villains.master)

    # --- models ---

    def teach_model(self, conduct: Conduct, version: int, terms: Terms) -> None:
        """One of the two functions that the Market asks a model."""
        model = self.creatures.model
        odd = self.rng.choice((RESOLVE, TERMS))
        model.arm(call_of(self.world.market.revoke, version))
        model.teach(RESOLVE, conduct if odd == RESOLVE else Conduct.ANSWER, [version])
        model.teach(TERMS, conduct if odd == TERMS else Conduct.ANSWER, words_of(terms))

    def model(self, conduct: Conduct) -> None:
        """A model that fails cannot be asked."""
        version = self.rng.randint(1, LIVE - 1)
        self.teach_model(conduct, version, self.world.terms())
        offer, requester = self.offer(), self.villains.requester
        refusal = self.refusal(
            self.world.market.open,
            self.creatures.model,
            offer,
            INPUT,
            sender=requester,
            value=offer.max_price,
        )
        assert refusal or conduct not in FAILING
        assert not refusal or conduct not in HEEDED

    def model_in_an_order(self, conduct: Conduct) -> None:
        """An order at such a model is skipped."""
        version = self.rng.randint(1, LIVE - 1)
        self.teach_model(Conduct.ANSWER, version, self.world.terms())
        self.world.market.freeze(self.creatures.model, version, sender=self.villains.master)
        self.creatures.model.teach(RESOLVE, conduct, [version])
        words = self.world.order_words(
            self.scene.bad_order(self.creatures.model.address, self.offer()),
            terms=[self.world.market.terms_of(self.creatures.model, version)],
        )
        refusal = self.refusal(self.world.orders.claim, *words, sender=self.villains.executor)
        assert refusal in (None, "orders: model refuses", "orders: other terms")
        assert refusal or conduct not in FAILING
        assert not refusal or conduct not in HEEDED

    def lie(self) -> None:
        """Terms that no network allows are refused when they are frozen."""
        honest = self.world.terms()
        lies = [
            {"royalty_bps": 5_001},
            {"royalty_bps": 2**255},
            {"window": 0},
            {"window": 2**256 - 1},
            {"min_bond": 0},
            {"min_bond": 2**255},
            {"input_size": 0},
            {"input_size": 2**200},
            {"arbiter": NOBODY},
            {"arbiter": self.villains.master},
            {"arbiter": 2**256 - 1},
            {"hook": 2**161},
            {"unwatchable": 2},
        ]
        lie = self.rng.choice(lies)
        words = words_of(honest._replace(**lie))  # type: ignore[arg-type]
        self.creatures.model.teach(TERMS, Conduct.ANSWER, words)
        version = self.rng.randint(1, LIVE - 1)
        market, model = self.world.market, self.creatures.model
        assert self.refusal(market.freeze, model, version, sender=self.villains.master), lie

    def change_terms(self) -> None:
        """A request keeps the terms it was opened under."""
        version = self.rng.randint(1, LIVE - 1)
        keys = set()
        for window in (WINDOW, WINDOW + 1, WINDOW + 2):
            self.teach_model(Conduct.ANSWER, version, self.world.terms(window=window))
            offer, requester = self.offer(max_window=2 * WINDOW), self.villains.requester
            market = self.world.market
            market.freeze(self.creatures.model, version, sender=requester)
            receipt = market.open(self.creatures.model, offer, INPUT, sender=requester, value=offer.max_price)
            keys.add(self.opened(receipt).request.terms)
        assert len(keys) == 3

    # --- code that is gone ---

    def hook_without_code(self) -> None:
        """It had code when the version was published."""
        shell = self.staged_shell(hook=self.next_mayfly([1]))
        offer, requester = self.offer(), self.villains.requester
        refusal = self.refusal(shell.request, offer, INPUT, sender=requester, value=offer.max_price)
        assert refusal == "market: input refused"

    def arbiter_without_code(self) -> None:
        """It had code when the terms were frozen: nobody can challenge, and the result ends as any other."""
        shell = self.staged_shell(arbiter=self.next_mayfly([1]))
        offer = self.offer()
        asked = shell.request(offer, INPUT, sender=self.villains.requester, value=offer.max_price)
        entry = self.opened(asked)
        self.answer(entry)
        assert self.refusal(self.challenge, entry)

    def staged_shell(self, **parts: str) -> Contract:
        """A shell with a version whose hook or arbiter is gone, its terms frozen while they were there."""
        villains, registry, market = self.villains, self.world.registry, self.world.market
        nonce = int(self.world.wire.request("eth_getTransactionCount", registry.address, "latest"), 16)
        where = contract_address(registry.address, nonce)
        self.scene.disown(where)
        version = self.world.version(**parts)
        created = call_of(registry.create_model, "mayfly", villains.master, villains.guardian, version)
        self.creatures.thug.stage(mayfly([1]), created, call_of(market.freeze, where, 1))
        return self.world.existing("Model", where)

    def model_without_code(self) -> None:
        """It has open requests, and can neither be asked nor revoke."""
        words = words_of(self.world.terms(program_root=(1).to_bytes(32, "big")))
        where = self.next_mayfly(words)
        self.scene.disown(where)
        offer = self.offer()
        asked = call_of(self.world.market.open, where, offer, INPUT, value=offer.max_price)
        self.creatures.thug.stage(mayfly(words), asked)

    def consumer_without_code(self) -> None:
        self.promote()
        where = self.next_mayfly([1])
        offer = self.offer(consumer=where, flags=3, callback_gas=100_000)
        asked = call_of(self.scene.shell.request, offer, INPUT, value=offer.max_price)
        self.creatures.thug.stage(mayfly([1]), asked)
        self.answer(list(self.book.entries.values())[-1])

    def destroy(self) -> None:
        """Since Cancun the code of a contract that destroys itself later stays; its answers do too."""
        where = self.scene.chains.alone.create(self.villains.master, mayfly([1]))
        self.scene.disown(where)
        self.promote(hook=where)
        entry = self.ask()
        self.world.wire.transact(self.villains.master, where, b"")
        self.answer(entry)
