"""Random lives of a DAO, the same on OpenZeppelin's contracts and on ours: results, reverts, logs."""

from __future__ import annotations

from collections import Counter

from tests.governance.governor.house import House
from tests.governance.governor.walk import Walk

STEPS = 1_050
# Over OpenZeppelin's token, and over ours by both its clocks. Who casts votes whole cannot even tell our
# Governor from the one that knows no parts.
LIVES: tuple[dict[str, bool], ...] = (
    {},
    {"own_token": True},
    {"own_token": True, "by_timestamp": True},
    {"simple": True},
)
# Whatever changes something, but what only a proposal may do: see `test_settings__by_a_vote__change`.
VOTES = ("castVote", "castVoteWithReason", "castVoteWithReasonAndParams", "castVoteBySig")
RECEIVED = ("onERC721Received", "onERC1155Received", "onERC1155BatchReceived")
ROLES = ("grantRole", "revokeRole", "renounceRole")
GOVERNOR = ("propose", *VOTES, "castVoteWithReasonAndParamsBySig", "queue", "execute", "cancel")
TIMELOCK = ("schedule", "scheduleBatch", "execute", "executeBatch", "cancel", *ROLES, *RECEIVED)
FUNCTIONS = {*(f"Governor.{name}" for name in GOVERNOR), *(f"Timelock.{name}" for name in TIMELOCK)}
REFUSED = {f"Governor.{name}" for name in ("propose", "castVote", "queue", "execute", "cancel")}


def test_lives__of_random_steps__are_the_same_on_both(built_house, operations):
    both, project = built_house.both, built_house.project
    tried: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for seed, votes in enumerate(LIVES):
        with both.twins.rewound():
            walk = Walk(House(both, project, **votes), seed)
            for _ in range(STEPS):
                walk.step()
        assert walk.done.total() > walk.tried.total() * 0.6
        assert bool(walk.divided) != walk.whole
        tried += walk.tried
        done += walk.done
    operations.update(tried=tried.total(), done=done.total())
    assert tried.total() >= 3_800  # 6,000 with those of test_token_random
    assert set(done) >= FUNCTIONS
    assert {name for name in tried if tried[name] > done[name]} >= REFUSED
