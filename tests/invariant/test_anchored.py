"""Sequences that told contracts and model apart, written out; each winds down and pays out, too."""

from __future__ import annotations

from tests.invariant.machine import Machine
from tests.invariant.requesters import Wish
from tests.reference.requests import Game, Result
from tests.words import LIVE, GameStatus, Status
from tests.world import ETHER

WISH = Wish(
    model=0,
    version=LIVE,
    flags=3,
    consumer=0,
    low=ETHER // 3,
    spread=ETHER // 7,
    ramp=61,
    claim_seconds=600,
    result_seconds=600,
    extra_bond=7,
    fault="",
)


def posted(pair: Machine) -> Result:
    """A request answered by the executor."""
    pair.open_by_value(WISH, short=50)
    request = pair.market.requests[-1]
    pair.take(pair.scene.roles.executor, [request])
    pair.publish(request.executor, [request], what=0)
    assert request.result is not None
    return request.result


def challenged(pair: Machine, result: Result) -> list[Game]:
    """Games of three challengers."""
    roles = pair.scene.roles
    for challenger in (roles.challenger, roles.second_challenger, roles.attacker):
        pair.doubt(challenger, result)
    return pair.market.games[-3:]


def revoke_live(pair: Machine) -> None:
    """The owner ends the version that answers."""
    shell, owner = pair._shell(0), pair.scene.roles.owner
    pair._govern(0, "revoke", owner, lambda: shell.revoke(owner, 1), 1)


def test_expire__claim_of_a_revoked_version__costs_the_executor_nothing(pair: Machine) -> None:
    pair.open_by_value(WISH, short=50)
    (request,) = pair.market.requests
    pair.take(pair.scene.roles.executor, [request])
    revoke_live(pair)
    pair.pass_time(request.deadline)
    burned = pair.scene.burned()
    pair.expire_request(request)
    assert request.status == Status.REFUNDED
    assert pair.scene.burned() == burned


def test_collect_fees__after_a_price_was_paid__reach_the_network(pair: Machine) -> None:
    result = posted(pair)
    pair.pass_time(result.posted_at + result.request.terms.window)
    pair.end([result])
    fees = pair.market.fees[pair.scene.assets[0], pair.scene.model.address]
    assert fees > 0
    pair.take_fees(pair.scene.assets[0])
    assert pair.scene.balance(pair.scene.roles.network_owner) == fees


def test_settle__others_before_the_refuting_game__has_to_wait_and_then_pays_shares(pair: Machine) -> None:
    result = posted(pair)
    first, second, third = challenged(pair, result)
    pair.decide(second, 2)
    pair.decide(third, 1)
    assert third.status == GameStatus.VOID
    for game in (first, third):
        pair.settle_game(game)  # refused
        assert game.status != GameStatus.SETTLED
    for game in (second, first, third):
        pair.settle_game(game)
    share = result.request.terms.network.pot // 2
    assert pair.scene.stakes(first.challenger)[2] == share
    assert pair.scene.stakes(third.challenger)[2] == share


def test_settle__refuted_after_revocation__reopens_and_anybody_refunds(pair: Machine) -> None:
    result = posted(pair)
    revoke_live(pair)
    game = challenged(pair, result)[0]
    pair.decide(game, 2)
    pair.settle_game(game)
    assert result.request.attempt == 2
    pair.take(pair.scene.roles.executor, [result.request])  # refused
    pair.withdraw_request(pair.scene.roles.stranger, result.request)
    assert result.request.status == Status.REFUNDED


def test_settle__lost_game_after_its_result_fell_by_another__still_pays_the_defender(pair: Machine) -> None:
    result = posted(pair)
    first, second, _ = challenged(pair, result)
    pair.decide(first, 1)
    pair.decide(second, 2)
    pair.settle_game(first)
    network = result.request.terms.network
    paid = network.deposit - network.deposit * network.delay_bps // 10_000
    assert pair.scene.stakes(pair.scene.roles.staker)[2] == paid


def test_expire_game__one_of_three__returns_all_deposits_when_settled(pair: Machine) -> None:
    result = posted(pair)
    games = challenged(pair, result)
    pair.end_silence(games[1])  # refused: the arbiter has time
    pair.pass_time(games[1].ruling_deadline)
    pair.end_silence(games[1])
    assert result.request.status == Status.REFUNDED
    pair.decide(games[0], 2)  # refused: too late
    assert games[0].status == GameStatus.LIVE
    for game in games:
        pair.settle_game(game)
        assert pair.scene.stakes(game.challenger)[1:] == (0, 0)


def test_claim__request_missed_after_its_ramp__reopens_at_the_price_that_was_claimed(pair: Machine) -> None:
    pair.open_by_value(WISH, short=50)
    (request,) = pair.market.requests
    pair.pass_time(pair.now + 200)
    pair.take(pair.scene.roles.executor, [request])
    pair.pass_time(request.deadline)
    pair.expire_request(request)
    assert (request.status, request.attempt) == (Status.OPEN, 2)
    pair.take(pair.scene.roles.rival_executor, [request])
    (claimed,) = pair.said("Claimed")
    assert claimed.price == request.offer.max_price


def test_claim_signed__version_that_had_a_candidate__has_its_terms_frozen(pair: Machine) -> None:
    shell, owner = pair._shell(0), pair.scene.roles.owner
    pair.publish_next(0)
    new = len(shell.versions)
    pair._govern(0, "promote", owner, lambda: shell.promote(owner, new, pair.market.now), new)
    assert shell.versions[new - 1].frozen is None
    pair.try_candidate(model=0, far=1, wish=WISH)
    pair.sign_and_serve(wish=WISH, asset=0, who=0, posting=False)
    assert pair.market.requests[-1].status == Status.CLAIMED
