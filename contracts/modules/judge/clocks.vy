# pragma version 0.4.3
"""
@title Clocks: whose time runs in a game, in one word
@notice From the top: challenger 160 | since 40 | defender's clock 24 | challenger's clock 24 | extension 6 |
        status 2. `since` is when the challenger moved last, or the game was opened; clocks are the seconds left;
        the extension is a power of two, its logarithm stored. A mover has what its clock shows, at least the
        extension, and what it took is off its clock.

        Of the time until the ruling deadline each clock gets 3 / 10 and the extension at most 1 / 160; no side
        moves more than 30 times. So a game in which every silence is claimed at once is over before.
"""

UNKNOWN: constant(uint256) = 0
LIVE: constant(uint256) = 1
OVER: constant(uint256) = 2

MASK8: constant(uint256) = 2**8 - 1
MASK24: constant(uint256) = 2**24 - 1
MASK40: constant(uint256) = 2**40 - 1


@internal
@pure
def _start(challenger: address, now: uint256, total: uint256) -> uint256:
    """
    @notice A game that has to be over in `total` seconds.
    """
    clock: uint256 = min(total * 3 // 10, MASK24)
    exponent: uint256 = 0
    for _: uint256 in range(40):
        if 2 << exponent > total // 160:
            break
        exponent += 1
    return (
        (convert(challenger, uint256) << 96)
        | (now << 56)
        | (clock << 32)
        | (clock << 8)
        | (exponent << 2)
        | LIVE
    )


@internal
@pure
def _challenger(game: uint256) -> address:
    return convert(game >> 96, address)


@internal
@pure
def _since(game: uint256) -> uint256:
    return (game >> 56) & MASK40


@internal
@pure
def _defenders(game: uint256) -> uint256:
    """
    @notice Seconds on the defender's clock.
    """
    return (game >> 32) & MASK24


@internal
@pure
def _challengers(game: uint256) -> uint256:
    return (game >> 8) & MASK24


@internal
@pure
def _extension(game: uint256) -> uint256:
    return 1 << ((game >> 2) & 63)


@internal
@pure
def _status(game: uint256) -> uint256:
    return game & 3


@internal
@pure
def _over(game: uint256) -> uint256:
    """
    @notice The word of a game that has been ruled upon.
    """
    return (game >> 2 << 2) | OVER


@internal
@pure
def _defenders_deadline(game: uint256) -> uint256:
    """
    @notice From when a cursor is revealed too late.
    """
    return self._since(game) + max(self._defenders(game), self._extension(game))


@internal
@pure
def _challengers_deadline(game: uint256, revealed_at: uint256) -> uint256:
    """
    @notice From when the pick, or the proof, after a reveal is late.
    """
    start: uint256 = max(self._since(game), revealed_at)
    return start + max(self._challengers(game), self._extension(game))


@internal
@pure
def _after_pick(game: uint256, revealed_at: uint256, now: uint256) -> uint256:
    """
    @notice The word after a pick: both have paid for their move, and the defender's time begins.
    """
    start: uint256 = max(self._since(game), revealed_at)
    defenders: uint256 = self._defenders(game)
    defenders -= min(defenders, start - self._since(game))
    challengers: uint256 = self._challengers(game)
    challengers -= min(challengers, now - start)
    return (game >> 96 << 96) | (now << 56) | (defenders << 32) | (challengers << 8) | (game & MASK8)
