# pragma version 0.4.3
"""
@title Commitments: what a program, a step and an output are hashed to
@notice Those of `executor/program/commitments.py`.
"""
from contracts.interfaces import IReferee
from contracts.modules.judge import positions

TENSOR_TAG: constant(Bytes[1]) = x"02"
OPERATION_TAG: constant(Bytes[1]) = x"03"
STEP_TAG: constant(Bytes[1]) = x"04"
PROGRAM_TAG: constant(Bytes[1]) = x"05"


@internal
@pure
def _check_program(case: IReferee.Case, program: IReferee.Program):
    root: bytes32 = keccak256(concat(PROGRAM_TAG, abi_encode(program)))
    assert root == case.program_root, "dispute: wrong program"


@internal
@pure
def _operations(program: IReferee.Program) -> uint256:
    """
    @notice How many operations the header states.
    """
    return (convert(program.header0, uint256) >> 160) & positions.MASK32


@internal
@pure
def _hash_operation(record: Bytes[2496]) -> bytes32:
    return keccak256(concat(OPERATION_TAG, record))


@internal
@pure
def _hash_output(record: Bytes[2496], size: uint256, root: bytes32) -> bytes32:
    """
    @notice Tensor root of an operation's output from its record and the root of the tree over its tiles.
    """
    # Dimensions are 8 x u32 in a record and rank x u64 in a header.
    packed: uint256 = convert(extract32(record, 32), uint256)
    wide: uint256[2] = [0, 0]
    for axis: uint256 in range(8):
        dimension: uint256 = (packed >> (224 - 32 * axis)) & positions.MASK32
        wide[axis // 4] |= dimension << (192 - 64 * (axis % 4))
    rank: uint256 = convert(slice(record, 3, 1), uint256)
    return keccak256(
        concat(
            TENSOR_TAG,
            slice(record, 2, 2),
            slice(abi_encode(wide), 0, 8 * rank),
            convert(convert(size, uint64), bytes8),
            root,
        )
    )


@internal
@pure
def _ends_with(header: Bytes[74], size: uint256) -> bool:
    """
    @notice Whether a tensor header states this length.
    """
    if len(header) < 8:
        return False
    return convert(slice(header, len(header) - 8, 8), uint256) == size


@internal
@pure
def _hash_step(outputs: bytes32) -> bytes32:
    return keccak256(concat(STEP_TAG, outputs))
