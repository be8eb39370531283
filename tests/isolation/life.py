"""The good side: two models and everything that happens to their requests, drawn by lot.

One step is one verb of the protocol on whatever is there to do it with. A verb that the contracts refuse is
as good as any other: the refusal, too, is the same on both chains.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from tests.contract import Contract
from tests.isolation.book import Book, Entry
from tests.isolation.scene import Scene
from tests.wire import Refused
from tests.words import CHALLENGER, DEFENDER, LIVE, NATIVE, Flags, Offer, Order, Status
from tests.world import ETHER, INPUT, INPUT_SIZE, OUTPUT, PARAMETERS, UNBONDING, WINDOW, WRONG_OUTPUT

OWNING = ("publish", "rollback", "pause", "advise", "freeze", "revoke", "canary", "withdraw", "breaker")

NONE = Flags(0)

Verb = Callable[[], None]
Thing = TypeVar("Thing")


class NothingToDo(Exception):
    """The verb has no object at the moment."""


class Life:
    """Draws verbs and counts those that were done."""

    def __init__(self, scene: Scene, rng: Random) -> None:
        self.scene, self.rng = scene, rng
        self.world = scene.good
        self.book = Book(self.world, scene.is_good)
        scene.chains.listeners.append(self.book.read)
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._nonce = 0
        roles = self.world.roles
        self.executors = (roles.executor, roles.second_executor, roles.rival_executor)
        self.requesters = (roles.requester, roles.second_requester)
        self.verbs: dict[str, tuple[int, Verb]] = {
            "open": (16, self.open),
            "open uploaded": (4, self.open_uploaded),
            "answer": (10, self.answer),
            "claim": (10, self.claim),
            "post": (10, self.post),
            "post ids": (4, self.post_ids),
            "claim orders": (4, self.claim_orders),
            "answer orders": (4, self.answer_orders),
            "finalize": (12, self.finalize),
            "cancel": (2, self.cancel),
            "expire": (3, self.expire),
            "challenge": (6, self.challenge),
            "rule": (5, self.rule),
            "settle": (6, self.settle),
            "expire game": (1, self.expire_game),
            "redeliver": (3, self.redeliver),
            "redeliver retraction": (2, self.redeliver_retraction),
            "deposit": (2, self.deposit),
            "withdraw": (2, self.withdraw),
            "stake": (2, self.stake),
            "collect": (2, self.collect),
            "own": (4, self.own),
        }

    def step(self) -> str:
        """Do one verb that has an object; its name."""
        names = list(self.verbs)
        weights = [weight for weight, _ in self.verbs.values()]
        while True:
            (name,) = self.rng.choices(names, weights)
            try:
                self.verbs[name][1]()
            except NothingToDo:
                continue
            except Refused:
                self.refused[name] += 1
            else:
                self.done[name] += 1
            return name

    # --- asking ---

    def offer(self, model: Contract, prepaid: bool = False) -> Offer:
        """One of many that anybody would accept; each model has a consumer.

        Where there is a candidate the version is named: the draw hangs on the block's `prevrandao`, which is
        another one as soon as there is any other transaction, whosever.
        """
        candidate = model.candidate()
        told = self.rng.choice((Flags(0), Flags.AT_POST, Flags.AT_FINAL, Flags.AT_POST | Flags.AT_FINAL))
        return self.world.offer(
            consumer=self.scene.consumers[self.scene.models.index(model)],
            flags=told | (Flags.PREPAID if prepaid else 0),
            callback_gas=200_000 if told else 0,
            ramp=self.rng.choice((0, 50, 400)),
            version=self.rng.choice((model.live(), candidate)) if candidate else LIVE,
            claim_seconds=2_000,
            result_seconds=1_000,
        )

    def open(self) -> None:
        """Through the model, or at the Market by value or from a balance."""
        model, requester = self.rng.choice(self.scene.models), self.rng.choice(self.requesters)
        way = self.rng.choice(("model", "market", "prepaid"))
        offer = self.offer(model, way == "prepaid")
        if way == "model":
            model.request(offer, INPUT, sender=requester, value=offer.max_price)
        else:
            value = 0 if way == "prepaid" else offer.max_price
            self.world.market.open(model, offer, INPUT, sender=requester, value=value)

    def open_uploaded(self) -> None:
        """With an input that is in `Inputs` before, as nobody else's is."""
        model, requester = self.rng.choice(self.scene.models), self.rng.choice(self.requesters)
        data, inputs = self.rng.randbytes(INPUT_SIZE), self.world.inputs
        run = inputs.upload.asked(data, sender=requester)
        inputs.upload(data, sender=requester)
        root = inputs.seal.asked([run], INPUT_SIZE, sender=requester)
        inputs.seal([run], INPUT_SIZE, sender=requester)
        self.scene.uploaded.append(data)
        offer = self.offer(model)
        offer = offer._replace(flags=offer.flags | Flags.UPLOADED)
        model.request(offer, root, sender=requester, value=offer.max_price)

    def orders(self, most: int) -> list[tuple[Order, bytes]]:
        """Signed orders with their signatures."""
        batch = []
        for _ in range(self.rng.randint(1, most)):
            self._nonce += 1
            model = self.rng.choice(self.scene.models)
            order = self.world.order(self.offer(model), model=model, nonce=self._nonce)
            batch.append((order, self.world.sign(order)))
        return batch

    def claim_orders(self) -> None:
        words = self.world.order_words(*self.orders(3))
        self.world.orders.claim(*words, sender=self.rng.choice(self.executors))

    def answer_orders(self) -> None:
        batch = self.orders(3)
        words = self.world.order_words(*batch, outputs=[self.output() for _ in batch])
        self.world.orders.answer(*words, sender=self.rng.choice(self.executors))

    # --- serving ---

    def claim(self) -> None:
        batch = self.some(self.waiting(Status.OPEN), 4)
        self.world.claim(*(entry.request for entry in batch), sender=self.rng.choice(self.executors))

    def answer(self) -> None:
        batch = self.some(self.waiting(Status.OPEN), 4)
        requests = [entry.request for entry in batch]
        outputs = [self.output() for _ in batch]
        words = self.world.post_words(*requests, outputs=outputs)
        self.world.market.answer(*words, sender=self.rng.choice(self.executors))

    def post(self) -> None:
        executor, batch = self.claimed()
        outputs = [self.output() for _ in batch]
        words = self.world.post_words(*(entry.request for entry in batch), outputs=outputs)
        self.world.market.post(*words, sender=executor)

    def post_ids(self) -> None:
        executor, batch = self.claimed(without=Flags.HOOKED | Flags.AT_POST)
        outputs = b"".join(self.output() for _ in batch)
        self.world.market.post_ids([entry.id for entry in batch], outputs, sender=executor)

    def claimed(self, without: Flags = NONE) -> tuple[str, list[Entry]]:
        """One executor and some of what it has claimed."""
        claimed = [
            entry
            for entry in self.waiting(Status.CLAIMED)
            if not entry.flags & without and entry.executor in self.executors
        ]
        executor = self.one(claimed).executor
        return executor, self.some([entry for entry in claimed if entry.executor == executor], 4)

    def waiting(self, status: Status) -> list[Entry]:
        """Open or claimed requests: those in time, now and then with those that are late."""
        late = self.late(status) if self.rng.random() < 0.9 else []
        return [entry for entry in self.book.listing(status) if entry not in late]

    def late(self, *states: Status) -> list[Entry]:
        """Open or claimed requests whose deadline has passed."""
        now = self.world.now()
        return [entry for entry in self.book.listing(*states) if now >= entry.deadline]

    def output(self) -> bytes:
        """What an executor says it is, mostly right."""
        return OUTPUT if self.rng.random() < 0.8 else WRONG_OUTPUT

    def finalize(self) -> None:
        now = self.world.now()
        closed = [entry for entry in self.book.listing(Status.POSTED) if now >= entry.posted_at + WINDOW]
        batch = self.some([entry for entry in closed if not entry.doubted or self.rng.random() < 0.1], 4)
        results = [entry.result for entry in batch if entry.result]
        self.world.finalize(*results, outputs=[entry.output for entry in batch])

    # --- deadlines and second thoughts ---

    def cancel(self) -> None:
        entry = self.one(self.book.listing(Status.OPEN))
        self.world.market.cancel(entry.request, sender=entry.requester)

    def expire(self) -> None:
        late = self.one(self.late(Status.OPEN, Status.CLAIMED))
        self.world.market.expire(late.request, sender=self.world.roles.stranger)

    # --- challenges ---

    def challenge(self) -> None:
        now, roles = self.world.now(), self.world.roles
        entry = self.one(
            [entry for entry in self.book.listing(Status.POSTED) if now < entry.posted_at + WINDOW - 1]
        )
        assert entry.result
        challenger = self.rng.choice((roles.challenger, roles.second_challenger))
        question = b"" if entry.flags & Flags.UPLOADED else INPUT
        self.world.challenges.challenge(entry.result, question, entry.output, sender=challenger)

    def rule(self) -> None:
        live = [game for _, game in self.book.games() if not game.verdict]
        game = self.one(live)
        verdict = self.rng.choice((DEFENDER, CHALLENGER))
        self.world.arbiter.order(game.number, verdict, sender=self.world.roles.stranger)

    def settle(self) -> None:
        """A game that was ruled, or whose result fell or ended without it."""
        over = (Status.FINAL, Status.REFUNDED)
        ready = [
            game
            for entry, game in self.book.games()
            if not game.settled and (game.verdict or entry.status in over or game.attempt in entry.fallen)
        ]
        game = self.one(ready)
        self.world.settle(game.result, game.number, game.attempt)

    def expire_game(self) -> None:
        since = self.world.now() - PARAMETERS.ruling_seconds
        late = [
            game
            for entry, game in self.book.games()
            if not game.verdict and game.opened_at <= since and entry.result == game.result
            if entry.status == Status.POSTED
        ]
        game = self.one(late)
        self.world.challenges.expire(game.result, game.number, sender=self.world.roles.stranger)

    # --- afterwards ---

    def redeliver(self) -> None:
        both = Flags.AT_POST | Flags.AT_FINAL
        told = [entry for entry in self.book.listing(Status.POSTED, Status.FINAL) if entry.flags & both]
        entry = self.one(told)
        self.world.market.redeliver(entry.result, entry.output, sender=self.world.roles.stranger)

    def redeliver_retraction(self) -> None:
        fallen = [
            entry for entry in self.book.entries.values() if entry.fallen and entry.flags & Flags.AT_POST
        ]
        entry = self.one(fallen)
        self.world.market.redeliver_retraction(
            entry.request, entry.fallen[-1], sender=self.world.roles.stranger
        )

    # --- money ---

    def deposit(self) -> None:
        requester, amount = self.rng.choice(self.requesters), self.rng.randint(1, ETHER)
        self.world.market.deposit(NATIVE, requester, amount, sender=requester, value=amount)

    def withdraw(self) -> None:
        holder = self.rng.choice((*self.requesters, self.world.roles.staker, self.world.roles.rival_executor))
        balance = self.world.balance(holder)
        self.world.market.withdraw(NATIVE, holder, self.rng.randint(0, balance // 4), sender=holder)

    def stake(self) -> None:
        roles = self.world.roles
        account = self.rng.choice((roles.staker, roles.rival_executor, roles.challenger))
        if self.rng.random() < 0.5:
            self.world.stake(account, self.rng.randint(1, ETHER))
        else:
            self.world.vault.begin_unbonding(self.rng.randint(1, ETHER // 10), sender=account)

    def collect(self) -> None:
        roles = self.world.roles
        if self.rng.random() < 0.5:
            self.rng.choice(self.scene.models).collect(NATIVE, roles.owner, sender=roles.owner)
        else:
            self.world.network.collect(
                NATIVE, self.scene.models, roles.network_owner, sender=roles.network_owner
            )

    # --- owning ---

    def own(self) -> None:
        """What owner and guardian do with a model that is well."""
        roles, model = self.world.roles, self.rng.choice(self.scene.models)
        chosen = self.rng.choice(OWNING)
        versions, live = model.versions(), model.live()
        match chosen:
            case "publish":
                hook = self.scene.hook if model is self.scene.models[1] else None
                changes = {"hook": hook.address} if hook else {}
                model.publish(self.world.version(**changes), sender=roles.owner)
                model.promote(versions + 1, sender=roles.owner)
            case "rollback":
                model.rollback(self.rng.randint(1, versions), sender=roles.guardian)
            case "pause":
                model.pause(sender=self.rng.choice((roles.owner, roles.guardian)))
                model.unpause(sender=roles.owner)
            case "canary":
                model.publish(self.world.version(), sender=roles.owner)
                model.canary(versions + 1, self.rng.randint(1, 5_000), sender=roles.owner)
            case "withdraw":
                model.withdraw(sender=roles.guardian)
            case "breaker":
                model.set_breaker(self.rng.randint(0, 8), ETHER, 0, sender=roles.owner)
            case "advise":
                model.advise_price(1, self.rng.randint(1, ETHER), sender=roles.owner)
            case "freeze":
                self.world.market.freeze(model, live, sender=roles.stranger)
            case "revoke" if versions > 2 and live != 2:
                model.revoke(2, sender=roles.guardian)
            case _:
                raise NothingToDo

    # --- the end ---

    def end(self) -> None:
        """Every request comes to its end, and everybody takes out what is his."""
        chains = self.scene.chains
        chains.warp(PARAMETERS.ruling_seconds)
        self.exhaust("expire game", "settle")
        chains.warp(WINDOW)
        self.exhaust("finalize", "expire")
        chains.warp(WINDOW)
        self.exhaust("expire")
        roles = self.world.roles
        for holder in (
            *self.requesters,
            roles.staker,
            roles.rival_executor,
            roles.owner,
            roles.network_owner,
        ):
            self.world.market.withdraw(NATIVE, holder, self.world.balance(holder), sender=holder)
        for account in (roles.staker, roles.rival_executor, roles.challenger, roles.second_challenger):
            if self.world.vault.rewards(account):
                self.world.vault.withdraw_rewards(account, sender=account)
            self.world.vault.begin_unbonding(self.world.vault.free(account), sender=account)
            chains.warp(UNBONDING)
            self.world.vault.withdraw(account, sender=account)

    def exhaust(self, *names: str) -> None:
        """These verbs until there is nothing left for them."""
        for name in names:
            for _ in range(1_000):
                try:
                    self.verbs[name][1]()
                except NothingToDo:
                    break
                except Refused:
                    self.refused[name] += 1
                else:
                    self.done[name] += 1

    # --- drawing ---

    def one(self, things: Sequence[Thing]) -> Thing:
        """One of them, if there are any."""
        if not things:
            raise NothingToDo
        return self.rng.choice(things)

    def some(self, things: Sequence[Thing], most: int) -> list[Thing]:
        """A few of them, if there are any."""
        if not things:
            raise NothingToDo
        return self.rng.sample(things, min(len(things), self.rng.randint(1, most)))
