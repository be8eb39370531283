# pragma version 0.4.3
"""
@title Deadlines: when a time is over
@notice With an optional feed that tells when a rollup's sequencer was down (`latestRoundData`, as Chainlink's
        uptime feeds).
"""

from contracts.modules.market import outcalls

UPTIME_GRACE: constant(uint256) = 3_600  # seconds after a sequencer came back
FEED_GAS: constant(uint256) = 100_000

UPTIME_FEED: immutable(address)
FED: immutable(bool)  # there is a feed


@deploy
def __init__(uptime_feed: address):
    UPTIME_FEED = uptime_feed
    FED = uptime_feed != empty(address)


@internal
@view
def _passed(deadline: uint256) -> bool:
    """
    @notice Whether a deadline is over. While the sequencer is down, and for an hour after, none is. A feed
            that fails counts as up: nothing waits for ever.
    """
    if block.timestamp < deadline:
        return False
    if not FED:
        return True
    outcalls._require_gas(FEED_GAS)
    success: bool = False
    round: Bytes[160] = b""
    success, round = raw_call(
        UPTIME_FEED,
        method_id("latestRoundData()"),
        max_outsize=160,
        gas=FEED_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(round) != 160:
        return True
    answer: uint256 = convert(slice(round, 32, 32), uint256)  # 0 is up
    since: uint256 = convert(slice(round, 64, 32), uint256)
    return answer == 0 and (since > block.timestamp or block.timestamp - since >= UPTIME_GRACE)
