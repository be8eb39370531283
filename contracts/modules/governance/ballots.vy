# pragma version 0.4.3
"""
@title Ballots: votes that somebody signed and anybody may send
@notice EIP-712, with one nonce a voter that each ballot spends. A voter without code signs with its key (65 bytes,
        the lower s); one with code is asked by ERC-1271.
"""
from contracts.modules.governance import nonces
from snekmate.utils import eip712_domain_separator as domain

initializes: domain
initializes: nonces

BALLOT_TYPEHASH: public(constant(bytes32)) = keccak256(
    "Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"
)
EXTENDED_BALLOT_TYPEHASH: public(constant(bytes32)) = keccak256(
    "ExtendedBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce,string reason,bytes params)"
)
MAGIC: constant(bytes32) = 0x1626ba7e00000000000000000000000000000000000000000000000000000000
HALF_ORDER: constant(uint256) = 57896044618658097711785492504343953926418782139537452191302581570759080747168
MAX_SIGNATURE: constant(uint256) = 1_024


@deploy
def __init__(name: String[50], version: String[20]):
    domain.__init__(name, version)


@internal
def _check_ballot(id: uint256, support: uint8, voter: address, signature: Bytes[MAX_SIGNATURE]):
    self._check(
        voter, keccak256(abi_encode(BALLOT_TYPEHASH, id, support, voter, nonces._use(voter))), signature
    )


@internal
def _check_extended_ballot(
    id: uint256,
    support: uint8,
    voter: address,
    reason: bytes32,
    params: bytes32,
    signature: Bytes[MAX_SIGNATURE],
):
    """
    @param reason Hash of the reason; `params` likewise.
    """
    self._check(
        voter,
        keccak256(
            abi_encode(EXTENDED_BALLOT_TYPEHASH, id, support, voter, nonces._use(voter), reason, params)
        ),
        signature,
    )


@internal
@view
def _check(voter: address, ballot: bytes32, signature: Bytes[MAX_SIGNATURE]):
    digest: bytes32 = domain._hash_typed_data_v4(ballot)
    valid: bool = False
    if voter.is_contract:
        valid = self._accepts(voter, digest, signature)
    else:
        valid = self._signed(voter, digest, signature)
    if not valid:
        raw_revert(abi_encode(voter, method_id=method_id("GovernorInvalidSignature(address)")))


@internal
@pure
def _signed(voter: address, digest: bytes32, signature: Bytes[MAX_SIGNATURE]) -> bool:
    if len(signature) != 65:
        return False
    s: uint256 = extract32(signature, 32, output_type=uint256)
    if s > HALF_ORDER:
        return False
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    signer: address = ecrecover(digest, v, extract32(signature, 0, output_type=uint256), s)
    return signer != empty(address) and signer == voter


@internal
@view
def _accepts(voter: address, digest: bytes32, signature: Bytes[MAX_SIGNATURE]) -> bool:
    success: bool = False
    answer: Bytes[32] = b""
    success, answer = raw_call(
        voter,
        abi_encode(digest, signature, method_id=method_id("isValidSignature(bytes32,bytes)")),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    return success and len(answer) == 32 and convert(answer, bytes32) == MAGIC
