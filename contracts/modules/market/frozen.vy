# pragma version 0.4.3
"""
@title Frozen: the terms of versions, as they were when somebody first needed them
@notice Requests name them by key, so that neither a model nor the network changes what a request was promised.
"""
from contracts.interfaces import IMarket
from contracts.interfaces import IModel
from contracts.interfaces import INetwork
from contracts.modules.market import reasons
from contracts.modules.market import requests

# in `terms_of`; no hash that anybody finds
REVOKED: constant(bytes32) = 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff

NETWORK: immutable(INetwork)

frozen_terms: public(HashMap[bytes32, IMarket.Frozen])
# model -> version -> key of its terms, or REVOKED
terms_of: public(HashMap[address, HashMap[uint256, bytes32]])


@deploy
def __init__(network: INetwork):
    NETWORK = network


@external
def freeze(model: address, version: uint256) -> bytes32:
    if self.terms_of[model][version] == REVOKED:
        reasons._refuse(reasons.VERSION_REVOKED)
    return self._freeze(model, version)


@external
def revoke(version: uint256):
    self.terms_of[msg.sender][version] = REVOKED
    log IMarket.Revoked(model=msg.sender, version=version)


@external
@view
def network() -> address:
    return NETWORK.address


@internal
def _freeze(model: address, version: uint256) -> bytes32:
    """
    @notice Ask the model and the network; the key of what they said.
    """
    frozen: IMarket.Frozen = staticcall NETWORK.draft(version, staticcall IModel(model).terms(version))
    key: bytes32 = keccak256(abi_encode(model, version, frozen))
    self.frozen_terms[key] = frozen
    self.terms_of[model][version] = key
    log IMarket.TermsFrozen(terms=key, model=model, version=version, frozen=frozen)
    return key


@internal
@view
def _is_revoked(origin: uint256) -> bool:
    """
    @notice Whether the version that a request with this origin is pinned to was taken away.
    """
    return self.terms_of[requests._model(origin)][requests._version(origin)] == REVOKED
