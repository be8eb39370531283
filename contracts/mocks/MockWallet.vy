# pragma version 0.4.3
"""
@title MockWallet
@notice A contract account: signs by its owner's key (ERC-1271), executes its owner's calls, misbehaves as a
        test orders.
"""

# AGREE calls every signature valid.
flag Conduct:
    REVERT
    EAT_GAS
    WRONG_MAGIC
    AGREE

MAGIC: constant(bytes32) = 0x1626ba7e00000000000000000000000000000000000000000000000000000000

OWNER: immutable(address)

conduct: public(Conduct)


@deploy
def __init__(owner: address):
    OWNER = owner


@external
@payable
def __default__():
    pass


@external
def misbehave(conduct: Conduct):
    self.conduct = conduct


@external
@payable
def execute(target: address, payload: Bytes[8192]) -> Bytes[256]:
    assert msg.sender == OWNER, "wallet: not the owner"
    return raw_call(target, payload, max_outsize=256, value=msg.value)


@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[65]) -> bytes32:
    if self.conduct == Conduct.REVERT:
        raise "wallet: reverting"
    elif self.conduct == Conduct.EAT_GAS:
        sink: uint256 = 0
        for i: uint256 in range(2**64):
            sink = unsafe_add(sink, i)
    elif self.conduct == Conduct.WRONG_MAGIC:
        return keccak256(signature)
    elif self.conduct == Conduct.AGREE:
        return MAGIC
    assert len(signature) == 65, "wallet: signature malformed"
    r: uint256 = convert(slice(signature, 0, 32), uint256)
    s: uint256 = convert(slice(signature, 32, 32), uint256)
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    assert ecrecover(digest, v, r, s) == OWNER, "wallet: not signed by the owner"
    return MAGIC
