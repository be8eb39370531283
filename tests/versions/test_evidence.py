"""The evidence that anybody finds on the chain is what the breaker takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eth_utils import keccak

from executor.chain.contracts import Contracts
from executor.chain.deployment import Contract, Deployment
from executor.chain.evidence import Breaker, Evidence, Exhibit, enough, evidence_against
from executor.chain.requests import NATIVE, Offer, Request, pack
from executor.chain.rpc import Rpc
from tests.versions.stage import NEEDED, PRICE, SPAN, VOLUME, Stage
from tests.words import Flags, HookConduct
from tests.world import INPUT, OUTPUT, WRONG_OUTPUT

MODEL = "0x" + "22" * 20
BREAKER = Breaker(rejections=3, volume=30, span=5)


def exhibit(counter: int, requester: int, paid: int = 10, fails: bool = False) -> Exhibit:
    caller = "0x" + requester.to_bytes(20, "big").hex()
    offer = Offer(2, 60, MODEL, 0, 0, NATIVE, paid, paid, 0, 60, 60, 1)
    return Exhibit(pack(bytes(32), MODEL, caller, offer, counter, bytes(32)), b"", fails)


def counters(chosen: list[Exhibit] | None) -> list[int] | None:
    return None if chosen is None else [each.request.counter for each in chosen]


# --- enough ---


def test_enough__as_many_as_needed__by_ascending_requester():
    assert counters(enough([exhibit(1, 9), exhibit(2, 5), exhibit(3, 7)], BREAKER)) == [2, 3, 1]


def test_enough__one_less_or_one_wei_less_or_nothing__is_none():
    three = [exhibit(1, 1), exhibit(2, 2), exhibit(3, 3)]
    assert enough(three[1:], BREAKER) is None
    assert enough([*three[1:], exhibit(1, 1, paid=9)], BREAKER) is None
    assert enough([], BREAKER) is None


def test_enough__one_requester_often__counts_once_with_its_dearest():
    often = [exhibit(number, 1, paid=number) for number in range(1, 5)]
    assert enough(often, BREAKER) is None
    assert counters(enough([*often, exhibit(2, 2, paid=26), exhibit(3, 3, paid=0)], BREAKER)) == [4, 2, 3]


def test_enough__beyond_the_span__does_not_count():
    near = [exhibit(0, 1), exhibit(5, 2), exhibit(3, 3)]
    far = [exhibit(0, 1), exhibit(6, 2), exhibit(3, 3)]
    assert counters(enough(near, BREAKER)) == [0, 5, 3]
    assert enough(far, BREAKER) is None
    assert counters(enough(far, Breaker(3, 30, 0))) == [0, 6, 3]


def test_enough__the_newest_are_too_few__older_ones_do():
    older = [exhibit(0, 1), exhibit(1, 2), exhibit(2, 3)]
    assert counters(enough([*older, exhibit(100, 4)], BREAKER)) == [0, 1, 2]


def test_enough__more_than_a_call_takes__are_the_dearest_eight():
    many = [exhibit(number, number, paid=number) for number in range(1, 21)]
    breaker = Breaker(8, sum(range(13, 21)), 0)
    assert counters(enough(many, breaker)) == list(range(13, 21))
    assert enough(many, Breaker(8, breaker.volume + 1, 0)) is None


def test_enough__a_failed_probe__takes_the_volume_alone():
    assert counters(enough([exhibit(1, 1, paid=30, fails=True)], BREAKER)) == [1]
    assert enough([exhibit(1, 1, paid=29, fails=True)], BREAKER) is None
    both = [exhibit(1, 1, paid=1, fails=True), exhibit(2, 2, paid=29)]
    assert counters(enough(both, BREAKER)) == [1, 2]


def test_enough__a_cheap_failed_probe_among_many__is_brought():
    """Too few rejections are needed here for eight; the dearest eight would leave the probe out."""
    many = [exhibit(number, number, paid=10) for number in range(1, 11)]
    breaker = Breaker(9, 71, 0)
    chosen = enough([*many, exhibit(11, 11, paid=1, fails=True)], breaker)
    assert chosen is not None
    assert len(chosen) == 8
    assert any(each.fails for each in chosen)


def test_enough__no_breaker__is_none():
    assert enough([exhibit(n, n) for n in range(1, 9)], Breaker(0, 0, 0)) is None


# --- evidence_against ---


@pytest.fixture
def contracts(stage: Stage) -> Contracts:
    """The stage's network as its manifest would name it."""
    world = stage.world
    named = {
        "Market": world.market,
        "Orders": world.orders,
        "Challenges": world.challenges,
        "Network": world.network,
        "Inputs": world.inputs,
        "StakeVault": world.vault,
        "Registry": world.registry,
    }
    word = "0x" + "00" * 32
    return Contracts(
        Deployment(
            network="local",
            chain_id=world.chain_id,
            contracts={
                name: Contract(address=str(at), code_hash=word, block=0, transaction=word)
                for name, at in named.items()
            },
            bond_asset=str(world.bond_asset),
        )
    )


@pytest.fixture
def found(stage: Stage, contracts: Contracts, chain: Any) -> Callable[..., Evidence | None]:
    """`found(version)`: what the chain says against it."""
    endpoint = Rpc(chain.provider.http_uri)

    def find(version: int, blocks: int = 3) -> Evidence | None:
        return evidence_against(endpoint, contracts, str(stage.model), version, blocks=blocks)

    return find


def trips(stage: Stage, evidence: Evidence | None) -> bool:
    assert evidence is not None
    words = evidence.version, list(evidence.requests), evidence.outputs
    stage.model.trip(*words, sender=stage.roles.stranger)
    return stage.model.state_of(evidence.version) not in (2, 4)


def test_evidence__answers_that_the_hook_rejects__trip_the_live_version(stage, found):
    stage.arm()
    stage.final(stage.asked(stage.callers[9]))  # a good one among them
    stage.reject_outputs()
    assert found(2) is None
    stage.evidence()
    evidence = found(2)
    assert len(evidence.requests) == NEEDED
    assert trips(stage, evidence)
    assert stage.model.live() == 1
    assert found(1) is None


def test_evidence__answers_that_can_still_be_challenged__are_none(stage, found):
    stage.arm()
    stage.reject_outputs()
    results = stage.answered(*(stage.asked(caller) for caller in stage.callers[:NEEDED]))
    assert found(2) is None
    stage.world.warp(3_600)
    stage.world.finalize(*results)
    assert trips(stage, found(2))


def test_evidence__a_failed_probe__trips_a_candidate(stage, found):
    owner = stage.roles.owner
    stage.arm()
    stage.model.declare_probe(3, keccak(INPUT), keccak(OUTPUT), sender=owner)
    stage.model.canary(3, 1, sender=owner)
    for output in (OUTPUT, WRONG_OUTPUT):
        assert found(3) is None
        stage.final(stage.asked(stage.callers[0], version=3, price=VOLUME), output=output)
    evidence = found(3)
    assert evidence.outputs == WRONG_OUTPUT
    assert trips(stage, evidence)
    assert stage.model.candidate() == 0


def test_evidence__a_probe_taken_back__is_none(stage, found):
    owner = stage.roles.owner
    stage.arm()
    for right in (keccak(OUTPUT), bytes(32)):
        stage.model.declare_probe(3, keccak(INPUT), right, sender=owner)
    stage.model.canary(3, 1, sender=owner)
    stage.final(stage.asked(stage.callers[0], version=3, price=VOLUME), output=WRONG_OUTPUT)
    assert found(3) is None


def test_evidence__old_dear_in_a_token_or_of_odd_length__is_left_out(stage, found):
    """Only what the breaker takes is brought: it refuses everything if one item is wrong."""
    stage.arm()
    stage.reject_outputs()
    stage.evidence()
    stage.model.promote(1, sender=stage.roles.owner)
    stage.model.promote(2, sender=stage.roles.owner)
    assert found(2) is None
    token, caller = stage.world.deploy("MockToken"), stage.callers[8]
    token.mint(caller, 100 * VOLUME, sender=caller)
    token.approve(stage.world.market, 100 * VOLUME, sender=caller)
    offer = stage.world.offer(asset=token.address, min_price=VOLUME, max_price=VOLUME)
    receipt = stage.world.market.open(stage.model, offer, INPUT, sender=caller)
    stage.final(stage.world.opened(receipt))
    stage.final(stage.asked(stage.callers[7], price=VOLUME), output=OUTPUT + b"more")
    stage.evidence(count=NEEDED - 1)
    assert found(2) is None
    stage.final(stage.asked(stage.callers[NEEDED]))
    assert trips(stage, found(2))


def test_evidence__on_inputs_that_nobody_can_read__is_left_out(stage, found):
    """Somebody could answer himself, dearly, to spoil what honest requesters bring."""
    number = stage.publish(unwatchable=True)
    stage.model.promote(number, sender=stage.roles.owner)
    stage.arm()
    stage.reject_outputs()
    hidden = {"question": keccak(INPUT) + b"nowhere", "flags": Flags.UNWATCHABLE}
    stage.final(*(stage.asked(caller, price=VOLUME, **hidden) for caller in stage.callers[:NEEDED]))
    assert found(number) is None
    stage.evidence()
    assert trips(stage, found(number))


def test_evidence__too_far_apart__waits_for_newer_ones(stage, found):
    stage.arm()
    stage.reject_outputs()
    stage.final(stage.asked(stage.callers[0]))
    for _ in range(SPAN):
        stage.asked(stage.callers[9])
    stage.final(*(stage.asked(caller) for caller in stage.callers[1:NEEDED]))
    assert found(2) is None
    stage.final(stage.asked(stage.callers[NEEDED]))
    assert trips(stage, found(2))


def test_evidence__no_breaker__is_none(stage, found):
    stage.reject_outputs(HookConduct.REVERT)
    stage.evidence()
    assert found(2) is None
    stage.arm(rejections=NEEDED, volume=NEEDED * PRICE)
    assert trips(stage, found(2, blocks=10_000))


def test_evidence__requests_by_the_same_words__are_the_executor_s(stage):
    """Both write the request's seven words alike."""
    request = stage.asked(stage.callers[0])
    assert Request(*request).id(stage.world.chain_id, stage.world.market.address) == stage.world.id(request)
