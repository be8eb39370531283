"""Market.claim: prices are fixed, bonds locked, and one bad item stops nobody."""

from __future__ import annotations

from tests.words import Request, Status
from tests.world import MIN_BOND, STAKE


def skipped(world, receipt):
    return [(event.id, event.reason) for event in world.market.events(receipt, "Skipped")]


def test_claim__during_the_ramp__fixes_the_price_of_that_second(world, roles):
    offer = world.offer(ramp=100)
    for elapsed in (1, 50, 99, 100, 101, 500):
        request = world.open(offer)
        opened_at = world.now()
        world.at(opened_at + elapsed)
        (claimed,) = world.market.events(world.claim(request), "Claimed")
        assert claimed.id == world.id(request)
        assert (claimed.executor, claimed.price) == (roles.executor, offer.price_after(elapsed))


def test_claim__without_ramp__costs_the_maximum(world):
    offer = world.offer(ramp=0, min_price=1)
    (claimed,) = world.market.events(world.claim(world.open(offer)), "Claimed")
    assert claimed.price == offer.max_price


def test_claim__batch__locks_the_bonds_of_the_account(world, roles):
    batch = [world.open(world.offer(bond=MIN_BOND + extra)) for extra in range(3)]
    assert world.market.claim.asked(batch, sender=roles.executor) == 3
    world.claim(*batch)
    assert world.stakes(roles.staker) == (STAKE - 3 * MIN_BOND - 3, 3 * MIN_BOND + 3, 0)
    assert all(world.status(request) == Status.CLAIMED for request in batch)


def test_claim__two_operators_of_one_account__share_its_stake(world, roles):
    world.claim(world.open(), sender=roles.executor)
    world.claim(world.open(), sender=roles.second_executor)
    assert world.stakes(roles.staker)[1] == 2 * MIN_BOND


def test_claim__batch_with_bad_items__takes_the_good(world, roles):
    taken, gone, late, good, last = (world.open() for _ in range(5))
    hurried = world.open(world.offer(claim_seconds=10))
    model = world.create_model()
    orphan = world.open(model=model)
    model.revoke(1, sender=roles.guardian)
    world.claim(taken, sender=roles.rival_executor)
    world.market.cancel(gone, sender=roles.requester)
    forged = late._replace(prices=late.prices + 1)
    world.warp(10)

    receipt = world.claim(taken, gone, forged, hurried, orphan, good, good, last)
    assert skipped(world, receipt) == [
        (world.id(taken), "market: not open"),
        (world.id(gone), "market: not open"),
        (world.id(forged), "market: not open"),
        (world.id(hurried), "market: claim deadline passed"),
        (world.id(orphan), "market: version revoked"),
        (world.id(good), "market: not open"),
    ]
    assert world.stakes(roles.staker)[1] == 2 * MIN_BOND


def test_claim__more_than_the_stake_covers__is_refused(world, roles, refuses):
    world.vault.begin_unbonding(STAKE - 2 * MIN_BOND, sender=roles.staker)
    batch = [world.open() for _ in range(3)]
    refuses("vault: not enough free stake", world.market.claim, batch, sender=roles.executor)
    world.claim(*batch[:2])
    refuses("vault: not enough free stake", world.market.claim, batch[2:], sender=roles.second_executor)


def test_claim__not_an_operator__is_refused(world, roles, refuses):
    request = world.open()
    for nobody in (roles.stranger, roles.idle):
        refuses("vault: not an operator", world.market.claim, [request], sender=nobody)
    world.vault.revoke_operator(roles.executor, sender=roles.staker)
    refuses("vault: not an operator", world.market.claim, [request], sender=roles.executor)


def test_claim__nothing_claimable__reverts_with_the_last_reason(world, roles, refuses):
    cancelled, late = world.open(), world.open(world.offer(claim_seconds=10))
    world.market.cancel(cancelled, sender=roles.requester)
    world.warp(10)
    refuses("market: empty batch", world.market.claim, [], sender=roles.executor)
    refuses("market: not open", world.market.claim, [late, cancelled], sender=roles.executor)
    refuses("market: claim deadline passed", world.market.claim, [cancelled, late], sender=roles.executor)


def test_claim__unknown_request__is_refused(world, roles, refuses):
    nothing = Request(bytes(32), 0, 0, 0, 0, 0, bytes(32))
    refuses("market: not open", world.market.claim, [nothing], sender=roles.executor)


def test_claim__last_second__is_in_time(world, roles, refuses):
    request = world.open(world.offer(claim_seconds=600))
    opened_at = world.now()
    world.at(opened_at + 600)
    refuses("market: claim deadline passed", world.market.claim, [request], sender=roles.executor)
    world.at(opened_at + 599)
    world.claim(request)
    assert world.status(request) == Status.CLAIMED


def test_claim__full_batch_of_32__is_taken(world, roles):
    batch = [world.open() for _ in range(32)]
    world.claim(*batch)
    assert world.stakes(roles.staker)[1] == 32 * MIN_BOND
