# pragma version 0.4.3
"""
@title Games: what the Market keeps of one challenge
@notice Two words: challenger 160 | ruling deadline 40 | status 8 | 0 48, and defender 160 | deposit 96. Kept under
        the hash of (arbiter, request, attempt, number), so that an arbiter reaches only its own games.
"""

# An arbiter's verdict: who was right
DEFENDER: constant(uint256) = 1
CHALLENGER: constant(uint256) = 2

# Status, as the challenger sees it
UNKNOWN: constant(uint256) = 0
LIVE: constant(uint256) = 1  # the arbiter has not ruled
WON: constant(uint256) = 2  # by the challenger; to be settled
LOST: constant(uint256) = 3  # by the challenger; to be settled
VOID: constant(uint256) = 4  # ruled upon after its result had fallen; the deposit is to be returned
SETTLED: constant(uint256) = 5

MASK40: constant(uint256) = 2**40 - 1
MASK96: constant(uint256) = 2**96 - 1


struct Game:
    challenge: uint256
    defence: uint256


@internal
@pure
def _key(arbiter: address, id: bytes32, attempt: uint256, number: uint256) -> bytes32:
    return keccak256(abi_encode(arbiter, id, attempt, number))


@internal
@pure
def _pack(challenger: address, deadline: uint256, defender: address, deposit: uint256) -> Game:
    return Game(
        challenge=(convert(challenger, uint256) << 96) | (deadline << 56) | (LIVE << 48),
        defence=(convert(defender, uint256) << 96) | deposit,
    )


@internal
@pure
def _status(game: Game) -> uint256:
    return (game.challenge >> 48) & 255


@internal
@pure
def _with_status(game: Game, status: uint256) -> uint256:
    """
    @notice The first word with another status.
    """
    return (game.challenge >> 56 << 56) | (status << 48)


@internal
@pure
def _deadline(game: Game) -> uint256:
    return (game.challenge >> 56) & MASK40


@internal
@pure
def _challenger(game: Game) -> address:
    return convert(game.challenge >> 96, address)


@internal
@pure
def _defender(game: Game) -> address:
    return convert(game.defence >> 96, address)


@internal
@pure
def _deposit(game: Game) -> uint256:
    return game.defence & MASK96
