"""The Guestbook on a real Market, with real digits: drawing in, entry out, money where it belongs."""

import json
from pathlib import Path

import pytest
from ape.utils import ZERO_ADDRESS
from eth_utils import keccak

from executor.program import data_root, load, run
from scripts.deploy import deploy_contracts
from tests.unit.test_model import version_of

COIN = 10**18
BOND = 2 * COIN
PRICE = COIN // 100
WINDOW = 600
CLAIM_SECONDS = 3_600
COMPENSATION = COIN // 10
MIN_MARGIN = 6_549
CHALLENGER_WON = 2
FIRST_ATTEMPT, FIRST_GAME = 1, 1
PARAMETERS = {
    "fee_bps": 200,
    "penalty": COIN // 10,
    "bounty": COIN // 10,
    "compensation": COMPENSATION,
    "pot": COIN // 20,
    "deposit": COIN // 10,
    "delay_bps": 2_000,
    "defence_cost": COIN // 20,
    "min_window": WINDOW,
    "min_result_seconds": 60,
    "ruling_seconds": 86_400,
    "max_attempts": 4,
}
ARTIFACTS = Path(__file__).parents[2] / "executor" / "artifacts"


@pytest.fixture(scope="module")
def program():
    return load(ARTIFACTS / "digits.program")


@pytest.fixture(scope="module")
def digit():
    """A drawing that no training has seen, and the digit it shows."""
    sample = json.loads((ARTIFACTS / "digits_heldout.json").read_text())[0]
    return bytes(int(pixel, 17) for pixel in sample["pixels"]), sample["label"]


@pytest.fixture(scope="module")
def arbiter(project, deployer):
    return project.MockArbiter.deploy(sender=deployer)


@pytest.fixture(scope="module")
def network(project, deployer, executor, challenger):
    coin = project.WrappedNative.deploy(sender=deployer)
    network = deploy_contracts(
        project,
        deployer,
        owner=str(deployer),
        bond_asset=coin,
        parameters=tuple(PARAMETERS.values()),
        unbonding_seconds=30 * 86_400,
    )
    for staker in (executor, challenger):
        coin.deposit(value=10 * BOND, sender=staker)
        coin.approve(network.vault, 10 * BOND, sender=staker)
        network.vault.deposit(staker, 10 * BOND, sender=staker)
    return network


@pytest.fixture(scope="module")
def model(project, deployer, owner, guardian, network, arbiter, program):
    version = version_of(
        arbiter,
        program_root=program.root,
        hook=str(project.DigitHook.deploy(sender=deployer)),
        min_bond=BOND,
        window=WINDOW,
        input_size=program.input_size,
        output_size=program.output_size,
    )
    created = network.registry.create_model("digits", owner, guardian, version, sender=owner)
    return project.Model.at(created.return_value)


@pytest.fixture(scope="module")
def guestbook(project, deployer, owner, model):
    return project.Guestbook.deploy(model, BOND, MIN_MARGIN, owner, sender=deployer)


@pytest.fixture
def post(network, executor):
    """Claim the request that was opened in a receipt and post an output; the posted `IMarket.Result`."""

    def send(opening, output):
        (opened,) = opening.decode_logs(network.market.Opened)
        network.market.claim([opened.request], sender=executor)
        receipt = network.market.post([opened.request], output, sender=executor)
        (posted,) = receipt.decode_logs(network.market.Posted)
        assert posted.work >> 8 & 255 == 0, "the hook found it implausible"
        assert not receipt.decode_logs(network.market.Undelivered)
        return opened.id, (tuple(opened.request), posted.work, keccak(output))

    return send


def entry_of(guestbook, id_):
    entry, sealed = guestbook.entry(id_)
    return entry.visitor, entry.digit, sealed


def test_sign__real_digit__is_entered_then_sealed(
    network, guestbook, post, program, digit, visitor, executor, chain
):
    drawing, label = digit
    output = run(program, drawing)
    id_, result = post(guestbook.sign(drawing, value=PRICE, sender=visitor), output)
    assert entry_of(guestbook, id_) == (visitor, label, False)

    chain.mine(deltatime=WINDOW + 1)
    finality = network.market.finalize([result], output, sender=executor)
    assert not finality.decode_logs(network.market.Undelivered)
    assert entry_of(guestbook, id_) == (visitor, label, True)
    # The price was fixed: nothing is left that would belong to the visitor.
    assert network.market.balance_of(ZERO_ADDRESS, guestbook) == 0


def test_request__visitor_asks_the_model__is_entered_too(model, guestbook, post, program, digit, visitor):
    drawing, label = digit
    offer = (2**32 - 1, WINDOW, guestbook, 3, 150_000, ZERO_ADDRESS, 0, PRICE, 60, CLAIM_SECONDS, 600, BOND)
    id_, _ = post(model.request(offer, drawing, value=PRICE, sender=visitor), run(program, drawing))
    assert entry_of(guestbook, id_) == (visitor, label, False)


def test_sign__blank_paper__is_no_entry(guestbook, post, program, visitor):
    id_, _ = post(guestbook.sign(bytes(64), value=PRICE, sender=visitor), run(program, bytes(64)))
    assert entry_of(guestbook, id_) == (ZERO_ADDRESS, 0, False)


def test_sign__answer_refuted__is_erased_and_the_price_comes_back(
    network, guestbook, arbiter, post, program, digit, visitor, challenger, stranger, owner, deployer, chain
):
    drawing, label = digit
    lie = bytes([0, 0, 0, (label + 1) % 10]) + run(program, drawing)[4:]
    opening = guestbook.sign(drawing, value=PRICE, sender=visitor)
    id_, result = post(opening, lie)
    assert entry_of(guestbook, id_)[1] == (label + 1) % 10

    network.challenges.challenge(result, drawing, lie, sender=challenger)
    game = arbiter.game(FIRST_GAME)
    assert (game.input_root, game.output_root) == (data_root(drawing, 64), data_root(lie, 32))
    arbiter.order(FIRST_GAME, CHALLENGER_WON, sender=deployer)
    network.challenges.settle(result, FIRST_ATTEMPT, FIRST_GAME, sender=challenger)
    assert entry_of(guestbook, id_) == (ZERO_ADDRESS, 0, False)

    guestbook.collect_rewards(sender=stranger)
    assert network.bond_asset.balanceOf(owner) == COMPENSATION

    # Nobody takes the second attempt: the visitor gets back what he paid, to the wei.
    chain.mine(deltatime=CLAIM_SECONDS + 1)
    network.market.expire(result[0], sender=stranger)
    before = visitor.balance
    guestbook.reclaim(id_, sender=stranger)
    assert visitor.balance == before + PRICE


def test_sign__no_drawing__is_refused_by_the_hook(guestbook, visitor, refuses):
    refuses("market: input refused", guestbook.sign, b"\x11", sender=visitor, value=PRICE)
