# pragma version 0.4.3
"""
@title NoopConsumer
@notice Takes every call and does nothing: the cheapest callback there is.
"""


@external
def __default__():
    pass
