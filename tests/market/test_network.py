"""Network: the parameters of requests to come, within bounds that are fixed for ever."""

from __future__ import annotations

import pytest

from tests.words import BPS, LIVE, Parameters, pack_frozen
from tests.world import MIN_BOND, PARAMETERS

DAY = 86_400
OWED = PARAMETERS.bounty + PARAMETERS.compensation + PARAMETERS.pot + PARAMETERS.defence_cost

OUT_OF_BOUNDS = {
    "network: fee too high": [{"fee_bps": 1_001}, {"fee_bps": 2**256 - 1}],
    "network: delay share too high": [{"delay_bps": BPS + 1}],
    "network: amount too large": [
        {name: amount}
        for name in ("penalty", "bounty", "compensation", "pot", "deposit", "defence_cost")
        for amount in (2**80, 2**256 - 1)
    ],
    "network: deposit below the defence": [
        {"defence_cost": PARAMETERS.deposit},
        {"deposit": 0},
        {"delay_bps": BPS},
    ],
    "network: window out of bounds": [{"min_window": 0}, {"min_window": 30 * DAY + 1}],
    "network: result time out of bounds": [{"min_result_seconds": 0}, {"min_result_seconds": 30 * DAY + 1}],
    "network: ruling time out of bounds": [{"ruling_seconds": 0}, {"ruling_seconds": 60 * DAY + 1}],
    "network: attempts out of bounds": [{"max_attempts": 0}, {"max_attempts": 101}],
}


@pytest.mark.parametrize(
    ("reason", "changes"), [(reason, changes) for reason, cases in OUT_OF_BOUNDS.items() for changes in cases]
)
def test_set_parameters__out_of_bounds__is_refused(world, roles, refuses, reason, changes):
    parameters = PARAMETERS._replace(**changes)
    refuses(reason, world.network.set_parameters, parameters, sender=roles.network_owner)


def test_set_parameters__at_the_bounds__is_taken(world, roles):
    lowest = Parameters(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1)
    highest = Parameters(
        fee_bps=1_000,
        penalty=2**80 - 1,
        bounty=2**80 - 1,
        compensation=2**80 - 1,
        pot=2**80 - 1,
        deposit=2**80 - 1,
        delay_bps=BPS,
        defence_cost=0,
        min_window=30 * DAY,
        min_result_seconds=30 * DAY,
        ruling_seconds=60 * DAY,
        max_attempts=100,
    )
    for parameters in (lowest, highest):
        receipt = world.network.set_parameters(parameters, sender=roles.network_owner)
        (event,) = world.network.events(receipt, "ParametersSet")
        assert event.parameters == parameters
        assert world.network.parameters() == parameters


def test_set_parameters__by_anybody_else__is_refused(world, roles, refuses):
    for actor in (roles.attacker, roles.owner, roles.deployer, world.market.address):
        refuses("ownable: caller is not the owner", world.network.set_parameters, PARAMETERS, sender=actor)


def test_network__ownership__moves_in_two_steps(world, roles, refuses):
    world.network.transfer_ownership(roles.idle, sender=roles.network_owner)
    assert world.network.owner() == roles.network_owner
    assert world.network.pending_owner() == roles.idle
    refuses(
        "ownable_2step: caller is not the new owner", world.network.accept_ownership, sender=roles.attacker
    )
    world.network.accept_ownership(sender=roles.idle)
    assert world.network.owner() == roles.idle
    refuses(
        "ownable: caller is not the owner",
        world.network.set_parameters,
        PARAMETERS,
        sender=roles.network_owner,
    )


def test_network__market__is_the_one(world):
    assert world.network.market() == world.market.address


# --- draft: what a version and the network promise together ---


def test_draft__fitting_terms__are_packed(world, roles):
    hook = world.deploy("MockHook")
    for terms in (
        world.terms(),
        world.terms(hook=hook.address, unwatchable=True, royalty_bps=5_000, input_size=2**32 - 1),
        world.terms(window=30 * DAY, min_bond=2**80 - 1, royalty_bps=0, input_size=1),
    ):
        assert world.network.draft(1, terms) == pack_frozen(terms, PARAMETERS)


UNFIT = {
    "network: royalty too high": [{"royalty_bps": 5_001}, {"royalty_bps": 2**256 - 1}],
    "network: window out of bounds": [
        {"window": PARAMETERS.min_window - 1},
        {"window": 0},
        {"window": 30 * DAY + 1},
        {"window": 2**256 - 1},
    ],
    "network: bond too large": [{"min_bond": 2**80}, {"min_bond": 2**256 - 1}],
    "network: bond too small": [{"min_bond": 2 * OWED - 1}, {"min_bond": 0}],
    "network: input size out of bounds": [{"input_size": 0}, {"input_size": 2**32}],
    "network: arbiter has no code": [{"arbiter": "0x" + "11" * 20}],
}


@pytest.mark.parametrize(
    ("reason", "changes"), [(reason, changes) for reason, cases in UNFIT.items() for changes in cases]
)
def test_draft__terms_out_of_bounds__are_refused(world, roles, refuses, reason, changes):
    refuses(reason, world.network.draft, 1, world.terms(**changes), sender=roles.stranger)


def test_draft__smallest_bond__is_twice_what_is_owed(world):
    assert world.network.draft(1, world.terms(min_bond=2 * OWED))


def test_draft__bond_below_the_penalty__is_refused(world, roles, refuses):
    parameters = PARAMETERS._replace(penalty=2 * MIN_BOND)
    world.network.set_parameters(parameters, sender=roles.network_owner)
    refuses("network: bond too small", world.network.draft, 1, world.terms(), sender=roles.stranger)
    assert world.network.draft(1, world.terms(min_bond=2 * MIN_BOND))


def test_draft__no_bond_at_all__is_refused(world, roles, refuses):
    """Also where nothing is owed to anybody: a claim has to cost its executor a stake."""
    free = PARAMETERS._replace(penalty=0, bounty=0, compensation=0, pot=0, defence_cost=0)
    world.network.set_parameters(free, sender=roles.network_owner)
    refuses("network: bond too small", world.network.draft, 1, world.terms(min_bond=0), sender=roles.stranger)
    assert world.network.draft(1, world.terms(min_bond=1))


def test_draft__version_out_of_bounds__is_refused(world, roles, refuses):
    for version in (0, LIVE, 2**32, 2**256 - 1):
        refuses(
            "network: version out of bounds",
            world.network.draft,
            version,
            world.terms(),
            sender=roles.stranger,
        )


def test_draft__hostile_models_terms__are_refused_at_open(world, roles, refuses):
    model = world.deploy("MockModel", world.market, world.terms(window=10 * 365 * DAY))
    offer = world.offer(max_window=2**256 - 1)
    refuses(
        "network: window out of bounds",
        world.market.open,
        model,
        offer,
        b"",
        sender=roles.requester,
        value=offer.max_price,
    )
