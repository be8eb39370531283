"""Talking to a chain: the follower, the outbox, keys, fees and manifests, most of it on a real node."""
