"""Gas of our Governor beside OpenZeppelin's, over the same token, as receipts of one proposal's life say.

`gov/<row>` and `oz/<row>` in tests/snapshots/gas.json, where OpenZeppelin's is the cheaper Governor, which
counts no parts of votes. Ours counts them and costs no more than that one, nor than the one that does.
"""

from __future__ import annotations

import pytest

from tests.governance.governor.ballots import PARTS, parts, sign
from tests.governance.governor.both import Both
from tests.governance.governor.house import ETHER, NAME, SIGNER, House, Proposal, Support
from tests.governance.twins import running_twins

MARGIN = 256  # bytes of code left for the next correction
LIMIT = 24_576  # bytes of code that a contract may have (EIP-170)


@pytest.fixture(scope="module")
def table(project) -> dict[str, tuple[int, int]]:
    """Row -> ours, and that of OpenZeppelin's which counts whole votes; addresses are always the same."""
    with running_twins() as twins:
        return life(House(Both(twins), project, simple=True))


def life(house: House) -> dict[str, tuple[int, int]]:
    """Row -> ours, theirs: one action, that mints a token, and a description of two lines."""
    governor, roles = house.governor, house.roles
    rows: dict[str, tuple[int, int]] = {}
    house.token.transferOwnership(house.timelock.address, sender=roles.stranger)
    action = house.call(house.token.mint, roles.stranger, 7)
    proposal = Proposal((action,), "# Publish the second version\n\nIt answers better; see the report.")

    def measure(row: str, method, *arguments, sender: str) -> None:
        method(*arguments, sender=sender)
        rows[row] = house.both.gas

    measure("propose", governor.propose, *proposal.calls, proposal.description, sender=roles.proposer)
    house.begin(proposal)
    measure("cast_vote_first", governor.castVote, proposal.id, Support.FOR, sender=roles.voter)
    measure("cast_vote_second", governor.castVote, proposal.id, Support.FOR, sender=roles.second_voter)
    message = {"proposalId": proposal.id, "support": 1, "voter": SIGNER.address, "nonce": 0}
    signature = sign(governor, NAME, SIGNER, **message)
    by_signature = (proposal.id, 1, SIGNER.address, signature)
    measure("cast_vote_by_sig", governor.castVoteBySig, *by_signature, sender=roles.stranger)
    house.end(proposal)
    measure("queue", governor.queue, *proposal.steps, sender=roles.stranger)
    house.wait()
    measure("execute", governor.execute, *proposal.steps, sender=roles.stranger)
    return rows


def test_gas__every_row__is_no_more_than_openzeppelins(table):
    ratios = {row: ours / theirs for row, (ours, theirs) in table.items()}
    assert max(ratios.values()) <= 1.0, ratios
    assert min(ours for ours, _ in table.values()) > 21_000


def test_gas__beside_a_governor_that_counts_parts__is_no_more(house):
    for row, (ours, theirs) in life(house).items():
        assert ours <= theirs, row
    proposal = house.propose(description="Divided")
    house.begin(proposal)
    vote, voter = house.governor.castVoteWithReasonAndParams, house.roles.voter
    for _ in range(3):
        vote(proposal.id, PARTS, "", parts(ETHER, 2 * ETHER, 3 * ETHER), sender=voter)
        ours, theirs = house.both.gas
        assert 21_000 < ours <= theirs


@pytest.mark.snapshot
def test_gas__every_row__is_as_committed(table, snapshot):
    for row, (ours, theirs) in table.items():
        snapshot("gas", f"gov/{row}", ours)
        snapshot("gas", f"oz/{row}", theirs)


def test_size__as_deployed__leaves_a_margin(house):
    for contract in (house.governor, house.timelock):
        code = house.both.ours.request("eth_getCode", contract.address, "latest")
        assert 0 < len(code) // 2 - 1 <= LIMIT - MARGIN
