"""Moves of those who answer, in batches with bad items mixed in, and of anybody who ends a request."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.invariant.pair import Pair, chosen, when
from tests.invariant.requesters import PICK
from tests.reference.requests import Request, Result
from tests.words import Flags, Order, Status
from tests.words import Result as ResultWords
from tests.world import ETHER, INPUT

PICKS = st.lists(PICK, min_size=1, max_size=4)
OUTPUTS = (bytes(31) + b"\x07", bytes(31) + b"\x01")


class Executors(Pair):
    """Claim, post, answer, also of signed requests; finalize, expire and redeliver by a stranger."""

    def operator(self, pick: int) -> str:
        roles = self.scene.roles
        operators = roles.executor, roles.second_executor, roles.rival_executor, roles.rival_executor
        return str((*operators, roles.stranger)[pick % 5])

    def _claimable(self, picks: list[int]) -> list[Request]:
        requests = self.market.requests
        fitting = [request for request in requests if request.status == Status.OPEN and not request.revoked]
        return [chosen(requests, fitting, pick) for pick in picks]

    @precondition(when(Status.OPEN))
    @rule(who=PICK, picks=PICKS)
    def claim(self, who: int, picks: list[int]) -> None:
        self.take(self.operator(who), self._claimable(picks))

    def take(self, operator: str, batch: list[Request]) -> None:
        reasons = self.play(
            "claim",
            lambda: self.market.claim(operator, batch),
            operator,
            self.scene.market.claim,
            [self.words[request.id] for request in batch],
        )
        if reasons:
            self._check_claimed(batch, reasons)

    def _check_claimed(self, batch: list[Request], reasons: list[str]) -> None:
        claimed = [request for request, reason in zip(batch, reasons, strict=True) if not reason]
        prices = [(request.id, request.offer.price_after(request.elapsed)) for request in claimed]
        self.same("claimed", [(log.id, log.price) for log in self.said("Claimed")], prices)
        self.check_skips("id", [request.id for request in batch], reasons)

    @precondition(when(Status.CLAIMED))
    @rule(who=PICK, picks=PICKS, what=PICK, by_id=st.booleans())
    def post(self, who: int, picks: list[int], what: int, by_id: bool) -> None:
        requests = self.market.requests
        claimed = [request for request in requests if request.status == Status.CLAIMED]
        batch = [chosen(requests, claimed, pick) for pick in picks]
        operator = self.operator(who) if who < 10 else batch[0].executor or self.operator(who)
        self.publish(operator, batch, what, by_id)

    def publish(self, operator: str, batch: list[Request], what: int, by_id: bool = False) -> None:
        outputs = [OUTPUTS[(what + at) % 2] for at in range(len(batch))]
        post = self.market.post_ids if by_id else self.market.post
        reasons = self.play(
            "post by id" if by_id else "post",
            lambda: post(operator, batch, outputs),
            operator,
            self.scene.market.post_ids if by_id else self.scene.market.post,
            [request.id if by_id else self.words[request.id] for request in batch],
            b"".join(outputs),
        )
        if reasons:
            self.check_skips("id", [request.id for request in batch], reasons)
            self._remember(batch, reasons)

    @precondition(when(Status.OPEN))
    @rule(who=PICK, picks=PICKS, what=PICK)
    def answer(self, who: int, picks: list[int], what: int) -> None:
        operator, batch = self.operator(who), self._claimable(picks)
        outputs = [OUTPUTS[(what + at) % 2] for at in range(len(batch))]
        reasons = self.play(
            "answer",
            lambda: self.market.answer(operator, batch, outputs),
            operator,
            self.scene.market.answer,
            [self.words[request.id] for request in batch],
            b"".join(outputs),
        )
        if reasons:
            self.check_skips("id", [request.id for request in batch], reasons)
            self._remember(batch, reasons)

    def _remember(self, batch: list[Request], reasons: list[str]) -> None:
        """Keep the results of a batch, and compare what the Market says about them."""
        posted = [request.result for request, reason in zip(batch, reasons, strict=True) if not reason]
        logs = self.said("Posted")
        self.same("posted", len(logs), len(posted))
        for result, log in zip(posted, logs, strict=True):
            assert result is not None
            self.results.append(result)
            work = self.result_words(result).work
            said = log.id, log.work, log.output
            self.same("result", said, (result.request.id, work, result.output))

    # --- signed requests ---

    @precondition(lambda self: self.orders)
    @rule(who=PICK, picks=PICKS, posting=st.booleans(), what=PICK)
    def serve_signed(self, who: int, picks: list[int], posting: bool, what: int) -> None:
        operator = self.operator(who)
        spent = self.market.nonces
        fresh = [
            item
            for item in self.orders
            if self.now < item[0].expiry and not item[2] and (item[0].requester, item[0].nonce) not in spent
        ]
        self.serve(operator, [chosen(self.orders, fresh, pick) for pick in picks], posting, what)

    def serve(self, operator: str, batch: list[tuple[Order, bytes, bool]], posting: bool, what: int) -> None:
        outputs = [OUTPUTS[(what + at) % 2] for at in range(len(batch))] if posting else []
        before = len(self.market.requests)
        reasons = self.play(
            "answer signed" if posting else "claim signed",
            lambda: self.market.serve_signed(
                operator, [(order, forged) for order, _, forged in batch], outputs
            ),
            operator,
            self.scene.orders.answer if posting else self.scene.orders.claim,
            *self.scene.order_words(
                *[(order, signature) for order, signature, _ in batch],
                inputs=[INPUT] * len(batch),
                outputs=outputs,
            ),
        )
        if not reasons:
            return
        opened = self.market.requests[before:]
        self.opened(opened)
        digests = [self.scene.orders.digest(order) for order, _, _ in batch]
        self.check_skips("digest", digests, reasons)
        if posting:
            self._remember(opened, [""] * len(opened))

    # --- stake between jobs ---

    @rule(who=PICK, verb=st.sampled_from(("pledge", "unpledge")), pick=PICK)
    def move_pledge(self, who: int, verb: str, pick: int) -> None:
        operator = self.operator(who)
        if verb == "pledge":
            self.begin_pledge(operator, (0, 3, 20, 60)[pick % 4] * ETHER)
        else:
            account = self.vault.account_of.get(operator, operator)
            self.end_pledge((operator, account, self.scene.roles.stranger)[pick % 3], operator)

    def begin_pledge(self, operator: str, amount: int) -> None:
        self.play(
            "pledge",
            lambda: self.market.pledge(operator, amount),
            operator,
            self.scene.market.pledge,
            amount,
        )

    def end_pledge(self, caller: str, operator: str) -> None:
        self.play(
            "unpledge",
            lambda: self.market.unpledge(caller, operator),
            caller,
            self.scene.market.unpledge,
            operator,
        )

    # --- by anybody ---

    @precondition(when(Status.POSTED))
    @rule(picks=PICKS, wrong=PICK)
    def finalize(self, picks: list[int], wrong: int) -> None:
        ripe = [
            result
            for result in self.results
            if result.request.status == Status.POSTED
            and result.request.result is result
            and result.request.games == 0
            and self.now + 1 >= result.posted_at + result.request.terms.window
        ]
        self.end([chosen(self.results, ripe, pick) for pick in picks], wrong)

    def end(self, batch: list[Result], wrong: int = 50) -> None:
        """Finalize these, with their outputs where a consumer has to be told; now and then with others.

        Now and then a forged item goes before the first: alike, but of another model or another requester.
        """
        words = [self.result_words(result) for result in batch]
        if wrong % 4 == 0:
            batch = [replace(batch[0]), *batch]  # alike, and not the same: the model refuses it
            words = [self._forged(words[0], another_model=wrong % 8 == 0), *words]
            self.tally["forged result"] += 1
        told = any(result.request.offer.flags & Flags.AT_FINAL for result in batch)
        outputs = [result.output for result in batch] if told or wrong > 90 else []
        if wrong < 3:
            outputs = [] if outputs else [bytes(32)] * len(batch)
        reasons = self.play(
            "finalize",
            lambda: self.market.finalize(batch, outputs),
            self.scene.roles.stranger,
            self.scene.market.finalize,
            words,
            b"".join(outputs),
        )
        if reasons:
            self.check_skips("id", [self.scene.id(item.request) for item in words], reasons)

    def _forged(self, words: ResultWords, another_model: bool) -> ResultWords:
        """A result that was never posted, about a request that was never opened."""
        request, models = words.request, self.scene.models
        if another_model:
            other = next(model for model in models if int(model.address, 16) != request.origin >> 96)
            origin = int(other.address, 16) << 96 | request.origin % 2**96
            return words._replace(request=request._replace(origin=origin))
        payer = int(self.scene.roles.attacker, 16) << 96 | request.payer % 2**96
        return words._replace(request=request._replace(payer=payer))

    @precondition(when(Status.OPEN, Status.CLAIMED))
    @rule(pick=PICK)
    def expire(self, pick: int) -> None:
        requests = self.market.requests
        late = [request for request in requests if request.deadline and self.now + 1 >= request.deadline]
        if late or pick % 8 == 0:
            self.expire_request(chosen(requests, late, pick))

    def expire_request(self, request: Request) -> None:
        kind = "expire a claim" if request.status == Status.CLAIMED else "expire"
        self.play(
            kind,
            lambda: self.market.expire(request),
            self.scene.roles.stranger,
            self.scene.market.expire,
            self.words[request.id],
        )

    @precondition(lambda self: self.results)
    @rule(pick=PICK, wrong=PICK)
    def redeliver(self, pick: int, wrong: int) -> None:
        told = [result for result in self.results if result.request.offer.flags]
        taken_back = [result for result in told if result.fallen]
        result = chosen(self.results, taken_back if taken_back and wrong % 2 else told, pick)
        if result.fallen or wrong % 10 == 0:
            self.retract_again(result)
        else:
            self.tell_again(result, bytes(32) if wrong % 10 == 1 else result.output)

    def tell_again(self, result: Result, output: bytes) -> None:
        self.play(
            "redeliver",
            lambda: self.market.redeliver(result, output),
            self.scene.roles.stranger,
            self.scene.market.redeliver,
            self.result_words(result),
            output,
        )

    def retract_again(self, result: Result) -> None:
        self.play(
            "redeliver retraction",
            lambda: self.market.redeliver_retraction(result),
            self.scene.roles.stranger,
            self.scene.market.redeliver_retraction,
            self.words[result.request.id],
            result.attempt,
        )

    @rule(conduct=st.sampled_from((0, 1, 2, 4)))
    def misbehave(self, conduct: int) -> None:
        """The second consumer reverts, answers with a bomb, eats all gas, or behaves again."""
        consumer = self.scene.consumers[1]
        self.play(
            "misbehave",
            lambda: (self.misbehaving.add if conduct else self.misbehaving.discard)(consumer.address),
            self.scene.roles.stranger,
            consumer.misbehave,
            conduct,
        )
