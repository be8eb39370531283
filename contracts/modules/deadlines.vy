# pragma version 0.4.3
"""
@title Deadlines: when a time is over
@notice With an optional feed that tells when a rollup's sequencer was down (`latestRoundData`, as Chainlink's
        uptime feeds).
"""


interface UptimeFeed:
    def latestRoundData() -> (uint80, int256, uint256, uint256, uint80): view


UPTIME_GRACE: constant(uint256) = 3_600  # seconds after a sequencer came back

UPTIME_FEED: immutable(UptimeFeed)
FED: immutable(bool)  # there is a feed


@deploy
def __init__(uptime_feed: UptimeFeed):
    UPTIME_FEED = uptime_feed
    FED = uptime_feed.address != empty(address)


@internal
@view
def _passed(deadline: uint256) -> bool:
    """
    Whether a deadline is over. While the sequencer is down, and for an hour after, none is.
    """
    if block.timestamp < deadline:
        return False
    if not FED:
        return True
    round: uint80 = 0
    answer: int256 = 0
    since: uint256 = 0
    updated: uint256 = 0
    answered: uint80 = 0
    round, answer, since, updated, answered = staticcall UPTIME_FEED.latestRoundData()
    return answer == 0 and block.timestamp >= since + UPTIME_GRACE
