"""Random lives of a DAO, the same on OpenZeppelin's contracts and on ours: results, reverts, logs."""

from __future__ import annotations

from collections import Counter

from tests.governance.governor.walk import Walk

STEPS = 900
LIVES = 3
# Whatever changes something, but what only a proposal may do: see `test_settings__by_a_vote__change`.
VOTES = ("castVote", "castVoteWithReason", "castVoteWithReasonAndParams", "castVoteBySig")
RECEIVED = ("onERC721Received", "onERC1155Received", "onERC1155BatchReceived")
ROLES = ("grantRole", "revokeRole", "renounceRole")
GOVERNOR = ("propose", *VOTES, "castVoteWithReasonAndParamsBySig", "queue", "execute", "cancel")
TIMELOCK = ("schedule", "scheduleBatch", "execute", "executeBatch", "cancel", *ROLES, *RECEIVED)
FUNCTIONS = {*(f"Governor.{name}" for name in GOVERNOR), *(f"Timelock.{name}" for name in TIMELOCK)}
REFUSED = {f"Governor.{name}" for name in ("propose", "castVote", "queue", "execute", "cancel")}


def test_lives__of_random_steps__are_the_same_on_both(house):
    tried: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for seed in range(LIVES):
        with house.both.twins.rewound():
            walk = Walk(house, seed)
            for _ in range(STEPS):
                walk.step()
        tried += walk.tried
        done += walk.done
    assert tried.total() >= 2_500
    assert done.total() > tried.total() * 0.6
    assert set(done) >= FUNCTIONS
    assert {name for name in tried if tried[name] > done[name]} >= REFUSED
