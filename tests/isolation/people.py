"""Hostile people: owner, guardian and requester use every power they have, and try those that they lack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tests.contract import Contract, Method
from tests.isolation.creature import CHECK_INPUT, CHECK_OUTPUT, FAILING, TERMS, Conduct, words_of
from tests.isolation.rogue import Rogue
from tests.wire import Refused
from tests.words import CHALLENGER, DEFENDER, LIVE, NATIVE, Status
from tests.world import INPUT, OUTPUT, PARAMETERS, WINDOW


class People(Rogue):
    """What people do to their own model, to requests of their own, and would do to others."""

    @property
    def acts(self) -> dict[str, Callable[[], None]]:
        """By name, what this can do."""
        return {
            "owner publishes": self.publish,
            "owner promotes": self.promote_any,
            "owner or guardian rolls back": self.roll_back,
            "owner or guardian revokes": self.revoke,
            "owner or guardian pauses": self.pause,
            "owner unpauses": self.unpause,
            "owner changes guardian": self.change_guardian,
            "owner advises prices": self.advise,
            "owner collects": self.collect,
            "owner gives the model to code": self.give_away,
            "owner makes another model": self.another,
            "owner starts a canary": self.canary,
            "owner or guardian withdraws a canary": self.withdraw,
            "owner sets a breaker": self.set_breaker,
            "anybody trips a breaker": self.trip,
            "owner revokes what is in flight": self.revoke_in_flight,
            "model revokes for itself": self.revoke_as_model,
            "model names others as requesters": self.name_others,
            "requester names others as consumer": self.call_others,
            "trespass on another model": self.trespass,
            "trespass on the network": self.break_in,
            "own requests go on": self.go_on,
        }

    # --- with what is theirs ---

    def any_version(self) -> int:
        """One that there is, or is not."""
        return self.rng.randint(0, self.scene.shell.versions() + 1)

    def someone(self) -> str:
        """Owner or guardian."""
        return self.rng.choice((self.villains.master, self.villains.guardian))

    def publish(self) -> None:
        version = self.world.version(
            hook=self.creatures.hook.address,
            arbiter=self.creatures.arbiter.address,
            royalty_bps=5_000,
            output_size=4_096,
        )
        long = version._replace(location="x" * 256)
        self.scene.shell.publish(long, sender=self.villains.master)

    def promote_any(self) -> None:
        self.scene.shell.promote(self.any_version(), sender=self.villains.master)

    def roll_back(self) -> None:
        self.scene.shell.rollback(self.any_version(), sender=self.someone())

    def revoke(self) -> None:
        self.scene.shell.revoke(self.any_version(), sender=self.someone())

    def pause(self) -> None:
        self.scene.shell.pause(sender=self.someone())

    def unpause(self) -> None:
        self.scene.shell.unpause(sender=self.villains.master)

    def change_guardian(self) -> None:
        guardian = self.rng.choice((self.villains.guardian, self.creatures.thug.address))
        self.scene.shell.set_guardian(guardian, sender=self.villains.master)

    def advise(self) -> None:
        self.scene.shell.advise_price(0, 2**256 - 1, sender=self.villains.master)

    def collect(self) -> None:
        self.scene.shell.collect(NATIVE, self.villains.master, sender=self.villains.master)

    def give_away(self) -> None:
        """Code owns the model now, and revokes everything; its people go on with another."""
        shell, thug = self.scene.shell, self.creatures.thug
        shell.transfer_ownership(thug, sender=self.villains.master)
        thug.order(shell.accept_ownership)
        thug.order(shell.publish, self.world.version())
        thug.order(shell.promote, shell.versions())
        for version in range(1, min(shell.versions(), 4) + 1):
            try:
                thug.order(shell.revoke, version)
            except Refused:
                continue
        self.another()

    def another(self) -> None:
        self.scene.new_shell("\u00a0" * 32)  # 64 bytes of nothing to see

    def canary(self) -> None:
        """A candidate, so that its requests go to one version or the other."""
        shell, master = self.scene.shell, self.villains.master
        shell.publish(self.world.version(), sender=master)
        shell.canary(shell.versions(), self.rng.randint(1, 5_000), sender=master)

    def withdraw(self) -> None:
        self.scene.shell.withdraw(sender=self.someone())

    def set_breaker(self) -> None:
        breaker = self.rng.choice(((0, 0, 0), (1, 1, 0), (8, 2**128, 1)))
        self.scene.shell.set_breaker(*breaker, sender=self.villains.master)

    def trip(self) -> None:
        """A version whose hook fails on its own answers falls back, in one transaction."""
        shell, master, hook = self.scene.shell, self.villains.master, self.creatures.hook
        self.promote()
        before = shell.live()
        hook.teach(CHECK_INPUT, Conduct.ANSWER)
        hook.teach(CHECK_OUTPUT, self.rng.choice(FAILING))
        self.promote(hook=hook.address)
        version = shell.live()
        shell.set_breaker(1, 1, 0, sender=master)
        entry = self.ask()
        self.answer(entry)
        self.scene.chains.warp(WINDOW)
        assert entry.result
        self.world.finalize(entry.result, outputs=[entry.output], sender=master)
        shell.trip(version, [entry.request], entry.output, sender=self.villains.requester)
        assert shell.live() == before

    def revoke_in_flight(self) -> None:
        """Open, claimed and posted requests of one version, which is then revoked."""
        self.promote()
        kept, claimed, posted = self.ask(), self.ask(), self.ask()
        self.world.claim(claimed.request, sender=self.villains.executor)
        self.answer(posted)
        shell = self.scene.shell
        shell.revoke(shell.live(), sender=self.someone())
        self.world.market.cancel(kept.request, sender=self.villains.master)
        self.world.market.cancel(claimed.request, sender=self.villains.executor)
        assert (kept.status, claimed.status) == (Status.REFUNDED, Status.REFUNDED)
        assert posted.status == Status.POSTED

    # --- as a model of their own making ---

    def revoke_as_model(self) -> None:
        """Versions that there are elsewhere, and that there never will be."""
        version = self.rng.choice((0, 1, 2, LIVE, 2**256 - 1))
        self.creatures.model.order(self.world.market.revoke, version)
        self.creatures.model.order(self.world.market.collect, NATIVE, self.villains.master)

    def name_others(self) -> None:
        """A request in the name of somebody who never asked, paid for by who names him."""
        model, version = self.creatures.model, self.rng.randint(1, LIVE - 1)
        model.teach(TERMS, Conduct.ANSWER, words_of(self.world.terms()))
        offer = self.offer(version=version)
        victim = self.world.roles.requester
        before = len(self.book.entries)
        model.order(self.world.market.open_for, victim, offer, INPUT, value=offer.max_price)
        entry = list(self.book.entries.values())[before]
        assert entry.requester == victim
        self.answer(entry)

    def call_others(self) -> None:
        """A request that names the consumer of another model, which is called and takes no notice."""
        self.promote()
        echo = self.scene.consumers[0]
        entry = self.ask(consumer=echo, flags=3, callback_gas=1_000_000)
        self.answer(entry)

    def ask_in_passing(self) -> None:
        """A request of whatever version is live, whose number nobody waits for."""
        offer, requester = self.offer(), self.villains.requester
        self.scene.shell.request(offer, INPUT, sender=requester, value=offer.max_price)

    # --- with what is others' ---

    def trespass(self) -> None:
        """The owner's and the guardian's powers over a model that is not theirs."""
        model = self.rng.choice([self.bad(model) for model in self.scene.models])
        villain = self.villains.master
        attempts = [
            (model.pause, ()),
            (model.unpause, ()),
            (model.rollback, (1,)),
            (model.revoke, (1,)),
            (model.promote, (1,)),
            (model.publish, (self.world.version(),)),
            (model.set_guardian, (villain,)),
            (model.advise_price, (0, 0)),
            (model.collect, (NATIVE, villain)),
            (model.transfer_ownership, (villain,)),
            (model.accept_ownership, ()),
        ]
        self.in_vain(attempts)

    def break_in(self) -> None:
        """What only parts of the network may do."""
        world, villain = self.world, self.villains.master
        entries = [entry for entry in self.good_book.entries.values() if entry.result]
        if not entries:
            return
        entry = self.rng.choice(entries)
        live = [game.number for _, game in self.good_book.games() if not game.verdict] or [1]
        offer = self.offer()
        attempts = [
            (world.market.open_signed, (villain, entry.requester, entry.model, offer, INPUT)),
            (world.market.post_signed, (entry.id, entry.request, villain, OUTPUT)),
            (world.market.begin_game, (entry.result,)),
            (world.market.end_game, (entry.id, 1, True)),
            (world.market.reopen, (entry.result,)),
            (world.market.abandon, (entry.result,)),
            (world.market.collect_fees, (NATIVE, entry.model, villain)),
            (world.vault.lock, (entry.executor, 1)),
            (world.vault.release, (entry.executor, 1)),
            (world.vault.slash, (entry.executor, villain, 1, villain, 1, 1)),
            (world.network.set_parameters, (PARAMETERS,)),
            (world.challenges.rule, (entry.id, 1, self.rng.choice(live), CHALLENGER)),
            (world.market.cancel, (entry.request,)),
        ]
        self.in_vain(attempts)

    def in_vain(self, attempts: Sequence[tuple[Method, tuple[Any, ...]]]) -> None:
        """One of these, by a person or by code."""
        method, arguments = self.rng.choice(attempts)
        try:
            if self.rng.random() < 0.5:
                method(*arguments, sender=self.someone())
            else:
                code = self.rng.choice((self.creatures.thug, self.creatures.model, self.creatures.arbiter))
                code.order(method, *arguments)
        except Refused:
            return
        raise AssertionError("nobody stopped it")

    def bad(self, model: Contract) -> Contract:
        """A good model as the hostile side calls it."""
        return self.world.existing("Model", model.address)

    # --- what else happens to their requests ---

    def go_on(self) -> None:
        """One of their requests takes its next step."""
        world, villains = self.world, self.villains
        entry = self.rng.choice(list(self.book.entries.values()))
        master, executor, own = villains.master, villains.executor, entry.requester == villains.requester
        match entry.status:
            case Status.OPEN if own and self.rng.random() < 0.3:
                world.market.cancel(entry.request, sender=entry.requester)
            case Status.OPEN if self.rng.random() < 0.3:
                world.claim(entry.request, sender=executor)
            case Status.OPEN:
                self.answer(entry)
            case Status.CLAIMED if entry.executor == executor:
                world.market.post([entry.request], OUTPUT, sender=executor)
            case Status.POSTED if entry.doubted:
                game = next(game for game in entry.games if not game.verdict)
                world.arbiter.order(game.number, self.rng.choice((DEFENDER, CHALLENGER)), sender=master)
            case Status.POSTED if own and self.rng.random() < 0.4:
                self.challenge(entry)
            case Status.POSTED:
                world.finalize(entry.result, outputs=[entry.output], sender=master)
            case Status.FINAL:
                world.market.redeliver(entry.result, entry.output, sender=master)
            case _:
                for game in entry.games:
                    if game.verdict and not game.settled:
                        world.settle(game.result, game.number, game.attempt)
