"""The chain as the executor sees it, and the only package that touches web3.

`rpc` talks to an endpoint, `follower` reads what happened, `outbox` makes things happen, `keys` signs.
"""
