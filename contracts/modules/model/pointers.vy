# pragma version 0.4.3
"""
@title Pointers: all that a request reads of a model, in one word
@notice From the lowest bits: live version 32 | candidate 32 | its share 16 | fallback 32 | 0 64 | guardian rests
        until 40 | paused until 40. A version's number is 0 where there is none; a share is in basis points;
        times are unix seconds, FOREVER means until somebody says otherwise.
"""

MASK16: constant(uint256) = 2**16 - 1
MASK32: constant(uint256) = 2**32 - 1
MASK40: constant(uint256) = 2**40 - 1
FOREVER: constant(uint256) = MASK40

CHOICE: constant(uint256) = 2**80 - 1  # live version, candidate and its share
CANDIDATE: constant(uint256) = MASK32 << 32
SHARE: constant(uint256) = MASK16 << 64
FALLBACK: constant(uint256) = MASK32 << 80
TIMES: constant(uint256) = (2**80 - 1) << 176


@internal
@pure
def _live(pointer: uint256) -> uint256:
    return pointer & MASK32


@internal
@pure
def _with_live(pointer: uint256, version: uint256, fallback: uint256) -> uint256:
    return (pointer & ~(MASK32 | FALLBACK)) | version | (fallback << 80)


# --- canary ---


@internal
@pure
def _candidate(pointer: uint256) -> uint256:
    return (pointer >> 32) & MASK32


@internal
@pure
def _share(pointer: uint256) -> uint256:
    return (pointer >> 64) & MASK16


@internal
@pure
def _with_canary(pointer: uint256, candidate: uint256, share: uint256) -> uint256:
    return (pointer & ~(CANDIDATE | SHARE)) | (candidate << 32) | (share << 64)


# --- pause ---


@internal
@pure
def _paused_until(pointer: uint256) -> uint256:
    return pointer >> 216


@internal
@view
def _paused(pointer: uint256) -> bool:
    return block.timestamp < self._paused_until(pointer)


@internal
@pure
def _rests_until(pointer: uint256) -> uint256:
    return (pointer >> 176) & MASK40


@internal
@pure
def _with_pause(pointer: uint256, until: uint256, rests_until: uint256) -> uint256:
    return (pointer & ~TIMES) | (until << 216) | (rests_until << 176)


# --- fallback: where the breaker turns to ---


@internal
@pure
def _fallback(pointer: uint256) -> uint256:
    return (pointer >> 80) & MASK32


@internal
@pure
def _without_fallback(pointer: uint256) -> uint256:
    return pointer & ~FALLBACK
