"""Registry: models from a blueprint, for anybody."""

import ape
import pytest
from ape.utils import ZERO_ADDRESS

from tests.unit.test_model import version_of


@pytest.fixture(scope="module")
def market(project, deployer):
    return project.MockMarket.deploy(sender=deployer)


@pytest.fixture(scope="module")
def arbiter(project, deployer):
    return project.MockArbiter.deploy(sender=deployer)


@pytest.fixture(scope="module")
def blueprint(project, deployer):
    return deployer.declare(project.Model).contract_address


@pytest.fixture(scope="module")
def registry(project, deployer, market, blueprint):
    return project.Registry.deploy(market, blueprint, sender=deployer)


def test_init__valid__states_its_parameters(registry, market, blueprint):
    assert registry.market() == market
    assert registry.blueprint() == blueprint
    assert registry.count() == 0


def test_init__without_code__reverts(project, deployer, market, blueprint, stranger):
    with ape.reverts("registry: market has no code"):
        project.Registry.deploy(stranger, blueprint, sender=deployer)
    with ape.reverts("registry: blueprint has no code"):
        project.Registry.deploy(market, stranger, sender=deployer)


def test_create_model__anybody__is_live_at_once(
    project, registry, market, arbiter, owner, guardian, stranger
):
    receipt = registry.create_model("digits", owner, guardian, version_of(arbiter), sender=stranger)
    model = project.Model.at(receipt.return_value)

    (log,) = receipt.decode_logs(registry.ModelCreated)
    assert (log.model, log.owner, log.number, log.name) == (model, owner, 0, "digits")
    assert (model.market(), model.name(), model.owner(), model.guardian()) == (
        market,
        "digits",
        owner,
        guardian,
    )
    assert model.live() == 1
    assert model.version(1).location == "ipfs://program"
    assert registry.count() == 1
    assert registry.models(0) == model
    assert registry.number_of(model) == 1


def test_create_model__again__is_a_model_of_its_own(registry, arbiter, owner, guardian, stranger):
    first, second = (
        registry.create_model("digits", owner, guardian, version_of(arbiter), sender=stranger).return_value
        for _ in range(2)
    )
    assert first != second
    assert (registry.models(0), registry.models(1)) == (first, second)
    assert (registry.number_of(first), registry.number_of(second)) == (1, 2)


def test_create_model__longest_names__fit(project, registry, arbiter, owner, guardian):
    version = version_of(arbiter, location="x" * 256)
    model = registry.create_model("n" * 64, owner, guardian, version, sender=owner).return_value
    assert project.Model.at(model).name() == "n" * 64
    assert project.Model.at(model).version(1).location == "x" * 256


def test_create_model__bad_version__reverts_with_the_models_reason(
    registry, arbiter, owner, guardian, refuses
):
    create = registry.create_model
    refuses(
        "model: no challenge window",
        create,
        "m",
        owner,
        guardian,
        version_of(arbiter, window=0),
        sender=owner,
    )
    refuses("model: no owner", create, "m", ZERO_ADDRESS, guardian, version_of(arbiter), sender=owner)
    assert registry.count() == 0


def test_models__never_created__is_nobody(registry, stranger):
    assert registry.models(0) == ZERO_ADDRESS
    assert registry.number_of(stranger) == 0
