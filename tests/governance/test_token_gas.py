"""Gas of our token beside OpenZeppelin's, as receipts of the same calls in the same state say.

`gov/<row>` and `oz/<row>` in tests/snapshots/gas.json. Accounts hold units before and after; a signature is
sent by another account than its signer's.
"""

from __future__ import annotations

import pytest

from tests.governance.electorate import NEVER, Electorate
from tests.governance.twins import Outcome

MARGIN = 256  # bytes of code left for the next correction
LIMIT = 24_576  # bytes of code that a contract may have (EIP-170)


@pytest.fixture
def electorate(twins, project) -> Electorate:
    return Electorate.found(twins, project.Token)


@pytest.fixture
def table(electorate) -> dict[str, Outcome]:
    """One call a row, in a life of the token."""
    token = electorate.token
    founder, voter, delegate, second_delegate, spender = electorate.voters[:5]
    token.transfer(voter, 10**20, sender=founder)
    rows = {
        "transfer": token.transfer(voter, 10**20, sender=founder),
        "delegate": token.delegate(delegate, sender=founder),
    }
    token.delegate(second_delegate, sender=voter)
    rows["transfer_delegated"] = token.transfer(voter, 10**20, sender=founder)
    rows["delegate_again"] = token.delegate(second_delegate, sender=founder)
    permit = electorate.permit(founder, spender, 10**19, 0, NEVER)
    rows["permit"] = token.permit(founder, spender, 10**19, NEVER, *permit, sender=spender)
    delegation = electorate.delegation(founder, delegate, 1, NEVER)
    rows["delegate_by_sig"] = token.delegateBySig(delegate, 1, NEVER, *delegation, sender=spender)
    rows["mint"] = token.mint(voter, 10**20, sender=founder)
    assert all(row.done for row in rows.values())
    return rows


def test_gas__every_row__is_no_more_than_openzeppelins(table):
    ratios = {row: outcome.gas[0] / outcome.gas[1] for row, outcome in table.items()}
    assert max(ratios.values()) <= 1.0, ratios
    assert min(outcome.gas[0] for outcome in table.values()) > 21_000


@pytest.mark.snapshot
def test_gas__every_row__is_as_committed(table, snapshot):
    for row, outcome in table.items():
        ours, theirs = outcome.gas
        snapshot("gas", f"gov/{row}", ours)
        snapshot("gas", f"oz/{row}", theirs)


def test_size__as_deployed__leaves_a_margin(electorate):
    code = electorate.twins.ours.request("eth_getCode", electorate.token.address, "latest")
    assert 0 < len(code) // 2 - 1 <= LIMIT - MARGIN
