"""Whatever a crowd does to our token and to OpenZeppelin's, both do the same."""

from __future__ import annotations

from collections import Counter

import pytest
from eth_utils import keccak

from tests.governance.crowd import ACTS, VIEWS, Crowd, everything
from tests.governance.electorate import Electorate

STEPS = 1_250  # by either clock
# All that the token can raise, but ERC20InvalidSender: nobody sends as nobody.
ERRORS = (
    "ERC20InsufficientBalance(address,uint256,uint256)",
    "ERC20InsufficientAllowance(address,uint256,uint256)",
    "ERC20InvalidReceiver(address)",
    "ERC20InvalidApprover(address)",
    "ERC20InvalidSpender(address)",
    "ERC20ExceededSafeSupply(uint256,uint256)",
    "ERC2612ExpiredSignature(uint256)",
    "ERC2612InvalidSigner(address,address)",
    "ECDSAInvalidSignature()",
    "ECDSAInvalidSignatureS(bytes32)",
    "InvalidAccountNonce(address,uint256)",
    "VotesExpiredSignature(uint256)",
    "ERC5805FutureLookup(uint256,uint48)",
    "OwnableUnauthorizedAccount(address)",
    "OwnableInvalidOwner(address)",
    "Panic(uint256)",
)


def driven(electorate: Electorate, seed: int, steps: int) -> Crowd:
    """A crowd after so many steps, everything compared at the end."""
    crowd = Crowd(electorate, seed)
    for _ in range(steps):
        crowd.step()
    crowd.finish()
    everything(crowd, electorate.voters)
    return crowd


def successes(counts: Counter[tuple[str, bool]]) -> int:
    return sum(count for (_, done), count in counts.items() if done)


@pytest.mark.parametrize("by_timestamp", [False, True])
def test_token__a_crowd_at_random__does_as_openzeppelins(twins, project, by_timestamp, operations):
    electorate = Electorate.found(twins, project.Token, by_timestamp)
    crowd = driven(electorate, seed=2, steps=STEPS)

    counts = crowd.counts
    operations.update(tried=counts.total(), done=successes(counts))
    assert counts.total() >= 1_100  # 2,200 by both clocks, 5,100 with those of test_governor_random
    assert successes(counts) > counts.total() / 2
    unreached = [function for function in (*ACTS, *VIEWS) if not counts[function, True]]
    assert not unreached
    assert counts["garbled", True] > 5
    assert counts["garbled", False] > 5
    unheard = [error for error in ERRORS if not crowd.errors[keccak(text=error)[:4]]]
    assert not unheard


def test_crowd__knows__every_function_of_openzeppelins_token(twins, project):
    token = Electorate.found(twins, project.Token).token
    functions = {abi.name for abi in token.theirs._abi.abi if abi.type == "function"}
    assert {*ACTS, *VIEWS} == functions


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 120))
def test_token__more_crowds__do_as_openzeppelins(twins, project, seed):
    electorate = Electorate.found(twins, project.Token, by_timestamp=bool(seed % 2))
    driven(electorate, seed, steps=4_000)
