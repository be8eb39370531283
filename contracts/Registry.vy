# pragma version 0.4.3
"""
@title Registry
@notice Documented in `interfaces/IRegistry.vyi`.
@custom:kill Nobody can stop it; it has no owner, and models do not depend on it once created.
"""
from contracts.interfaces import IModel
from contracts.interfaces import IRegistry

implements: IRegistry

MARKET: immutable(address)
BLUEPRINT: immutable(address)

count: public(uint256)
models: public(HashMap[uint256, address])
number_of: public(HashMap[address, uint256])


@deploy
def __init__(market: address, blueprint: address):
    assert market.is_contract, "registry: market has no code"
    assert blueprint.is_contract, "registry: blueprint has no code"
    MARKET = market
    BLUEPRINT = blueprint


@external
def create_model(name: String[64], owner: address, guardian: address, version: IModel.Version) -> address:
    number: uint256 = self.count

    # The constructor of our own blueprint calls nobody, so nothing can re-enter before the model is listed.
    model: address = create_from_blueprint(BLUEPRINT, MARKET, name, owner, guardian, version)

    self.count = number + 1
    self.models[number] = model
    self.number_of[model] = number + 1
    log IRegistry.ModelCreated(model=model, owner=owner, number=number, name=name)
    return model


@external
@view
def blueprint() -> address:
    return BLUEPRINT


@external
@view
def market() -> address:
    return MARKET
