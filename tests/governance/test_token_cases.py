"""Cases that tokens of votes get wrong, by name: compared with OpenZeppelin's, and with what is right."""

from __future__ import annotations

import pytest
from eth_abi import decode, encode
from eth_utils import keccak

from tests.governance.electorate import HALF_ORDER, NAME, NEVER, SUPPLY, SYMBOL, Electorate
from tests.governance.twins import Outcome
from tests.words import DEAD, NOBODY

CAP = 2**208 - 1


@pytest.fixture(params=[False, True], ids=["blocks", "timestamps"])
def electorate(request, twins, project) -> Electorate:
    return Electorate.found(twins, project.Token, by_timestamp=request.param)


@pytest.fixture
def token(electorate):
    return electorate.token


@pytest.fixture
def founder(electorate) -> str:
    """Holds everything and may mint."""
    return electorate.voters[0]


@pytest.fixture
def voter(electorate) -> str:
    return electorate.voters[1]


@pytest.fixture
def stranger(electorate) -> str:
    return electorate.voters[5]


def refused(outcome: Outcome, error: str, *arguments: object) -> bool:
    """Whether it reverted with exactly this custom error."""
    kinds = error[error.index("(") + 1 : -1].split(",") if arguments else []
    return outcome == Outcome(False, keccak(text=error)[:4] + encode(kinds, arguments))


def number(outcome: Outcome) -> int:
    assert outcome.done
    return int.from_bytes(outcome.data, "big")


# --- votes and time ---


def test_getVotes__before_delegation__is_nothing(token, founder):
    assert number(token.getVotes(founder)) == 0
    assert number(token.balanceOf(founder)) == SUPPLY


def test_delegate__to_oneself__counts_what_one_holds(token, founder, voter):
    assert token.delegate(founder, sender=founder).done
    assert number(token.getVotes(founder)) == SUPPLY
    assert token.transfer(voter, 5, sender=founder).done
    assert number(token.getVotes(founder)) == SUPPLY - 5
    assert token.delegate(NOBODY, sender=founder).done
    assert number(token.getVotes(founder)) == 0


def test_delegate__to_the_same_again__leaves_no_checkpoint(token, founder, voter):
    assert token.delegate(voter, sender=founder).done
    assert token.delegate(voter, sender=founder).done
    assert number(token.numCheckpoints(voter)) == 1


def test_transfer__to_oneself__moves_nothing(token, founder):
    token.delegate(founder, sender=founder)
    assert token.transfer(founder, SUPPLY, sender=founder).done
    assert number(token.balanceOf(founder)) == number(token.getVotes(founder)) == SUPPLY
    assert number(token.numCheckpoints(founder)) == 1
    missing = token.transfer(founder, SUPPLY + 1, sender=founder)
    error = "ERC20InsufficientBalance(address,uint256,uint256)"
    assert refused(missing, error, founder, SUPPLY, SUPPLY + 1)


def test_getPastVotes__after_everything_changed__is_what_it_was(electorate, token, founder, voter):
    token.delegate(founder, sender=founder)
    at = electorate.now() - 1
    electorate.twins.mine()
    token.transfer(voter, SUPPLY, sender=founder)
    token.delegate(NOBODY, sender=founder)
    assert number(token.getVotes(founder)) == 0
    assert number(token.getPastVotes(founder, at)) == SUPPLY
    assert number(token.getPastVotes(founder, at - 1)) == 0


def test_getPastVotes__now_or_later__is_refused(electorate, token, founder):
    token.delegate(founder, sender=founder)
    now = electorate.now()
    assert token.getPastVotes(founder, now - 1).done
    for timepoint in (now, now + 1, 2**48, 2**256 - 1):
        for outcome in (token.getPastVotes(founder, timepoint), token.getPastTotalSupply(timepoint)):
            assert refused(outcome, "ERC5805FutureLookup(uint256,uint48)", timepoint, now)


def test_getPastTotalSupply__after_mint_and_burn__is_what_it_was(electorate, token, founder, voter):
    supplies = {electorate.now() - 1: SUPPLY}
    for change, expected in ((7, SUPPLY + 7), (0, SUPPLY + 7), (-9, SUPPLY - 2)):
        if change < 0:
            assert token.burn(-change, sender=founder).done
        else:
            assert token.mint(voter, change, sender=founder).done
        supplies[electorate.now() - 1] = expected
    electorate.twins.mine()
    assert {at: number(token.getPastTotalSupply(at)) for at in supplies} == supplies
    assert number(token.getPastTotalSupply(min(supplies) - 1)) == 0


def test_transfer__thrice_in_one_block__leaves_one_checkpoint_an_account(electorate, token, founder, voter):
    token.delegate(founder, sender=founder)
    token.delegate(voter, sender=voter)
    calls = [
        (founder, token.address, token.transfer.data(voter, 10)),
        (voter, token.address, token.transfer.data(founder, 4)),
        (founder, token.address, token.transfer.data(voter, 1)),
    ]
    assert all(outcome.done for outcome in electorate.twins.act_together(calls))
    assert number(token.numCheckpoints(founder)) == 2
    at, votes = decode(["uint48", "uint208"], token.checkpoints(voter, 0).data)
    assert (at, votes) == (electorate.now() - 1, 7)
    assert refused(token.checkpoints(voter, 1), "Panic(uint256)", 0x32)


def test_getPastVotes__long_history__every_timepoint_is_found(electorate, token, founder, voter):
    token.delegate(founder, sender=founder)
    first = electorate.now() - 1
    for step in range(40):
        assert token.transfer(voter, step + 1, sender=founder).done
        if step % 3 == 0:
            electorate.twins.mine(2)
    votes = [number(token.getPastVotes(founder, at)) for at in range(first, electorate.now())]
    assert votes[0] == SUPPLY
    assert votes[-1] == SUPPLY - 820
    assert votes == sorted(votes, reverse=True)
    assert len(set(votes)) == 41


def test_clock__either_kind__names_itself(electorate, token):
    height, timestamp = electorate.twins.block()
    mode = decode(["string"], token.CLOCK_MODE().data)[0]
    expected = {"mode=blocknumber&from=default": height + 1, "mode=timestamp": timestamp + 1}
    assert number(token.clock()) == expected[mode]


# --- signatures ---


def test_delegateBySig__good__delegates_for_its_signer(electorate, token, founder, voter, stranger):
    signature = electorate.delegation(founder, voter, 0, NEVER)
    assert token.delegateBySig(voter, 0, NEVER, *signature, sender=stranger).done
    assert number(token.getVotes(voter)) == SUPPLY
    assert number(token.nonces(founder)) == 1


def test_delegateBySig__replayed__is_refused(electorate, token, founder, voter, stranger):
    signature = electorate.delegation(founder, voter, 0, NEVER)
    assert token.delegateBySig(voter, 0, NEVER, *signature, sender=stranger).done
    again = token.delegateBySig(voter, 0, NEVER, *signature, sender=stranger)
    assert refused(again, "InvalidAccountNonce(address,uint256)", founder, 1)


def test_delegateBySig__high_s__is_refused(electorate, token, founder, voter, stranger):
    mirrored = electorate.delegation(founder, voter, 0, NEVER).mirrored
    outcome = token.delegateBySig(voter, 0, NEVER, *mirrored, sender=stranger)
    assert refused(outcome, "ECDSAInvalidSignatureS(bytes32)", mirrored.s)


def test_delegateBySig__s_around_half_the_order__is_refused_from_there_on(token, voter):
    lowest = (HALF_ORDER + 1).to_bytes(32, "big")
    outcome = token.delegateBySig(voter, 0, NEVER, 27, bytes(31) + b"\x01", lowest)
    assert refused(outcome, "ECDSAInvalidSignatureS(bytes32)", lowest)
    # The highest good s: it recovers to some account, which holds nothing.
    highest = HALF_ORDER.to_bytes(32, "big")
    assert token.delegateBySig(voter, 0, NEVER, 27, bytes(31) + b"\x01", highest).done


def test_delegateBySig__until_its_expiry__passes_then_no_more(electorate, token, founder, voter, stranger):
    expiry = electorate.time() + 1
    first = electorate.delegation(founder, voter, 0, expiry)
    second = electorate.delegation(founder, stranger, 1, expiry)
    assert token.delegateBySig(voter, 0, expiry, *first, sender=stranger).done
    late = token.delegateBySig(stranger, 1, expiry, *second, sender=stranger)
    assert refused(late, "VotesExpiredSignature(uint256)", expiry)


def test_delegateBySig__other_delegatee_than_signed__is_somebody_elses(electorate, token, founder, voter):
    signature = electorate.delegation(founder, voter, 0, NEVER)
    outcome = token.delegateBySig(founder, 0, NEVER, *signature)
    assert outcome.done  # recovers to an account that holds nothing
    assert number(token.nonces(founder)) == number(token.getVotes(founder)) == 0


def test_delegateBySig__no_signature__is_refused(token, voter):
    outcome = token.delegateBySig(voter, 0, NEVER, 0, bytes(32), bytes(32))
    assert refused(outcome, "ECDSAInvalidSignature()")


def test_permit__good__allows(electorate, token, founder, voter, stranger):
    signature = electorate.permit(founder, voter, 9, 0, NEVER)
    assert token.permit(founder, voter, 9, NEVER, *signature, sender=stranger).done
    assert token.transferFrom(founder, stranger, 9, sender=voter).done
    missing = token.transferFrom(founder, stranger, 1, sender=voter)
    assert refused(missing, "ERC20InsufficientAllowance(address,uint256,uint256)", voter, 0, 1)


def test_permit__high_s__is_refused(electorate, token, founder, voter):
    mirrored = electorate.permit(founder, voter, 9, 0, NEVER).mirrored
    outcome = token.permit(founder, voter, 9, NEVER, *mirrored)
    assert refused(outcome, "ECDSAInvalidSignatureS(bytes32)", mirrored.s)


def test_permit__replayed__is_refused(electorate, token, founder, voter):
    signature = electorate.permit(founder, voter, 9, 0, NEVER)
    assert token.permit(founder, voter, 9, NEVER, *signature).done
    again = token.permit(founder, voter, 9, NEVER, *signature)
    assert not again.done
    assert again.data[:4] == keccak(text="ERC2612InvalidSigner(address,address)")[:4]
    assert again.data[36:] == encode(["address"], [founder])


def test_permit__until_its_deadline__passes_then_no_more(electorate, token, founder, voter):
    deadline = electorate.time() + 1
    first = electorate.permit(founder, voter, 9, 0, deadline)
    second = electorate.permit(founder, voter, 8, 1, deadline)
    assert token.permit(founder, voter, 9, deadline, *first).done
    late = token.permit(founder, voter, 8, deadline, *second)
    assert refused(late, "ERC2612ExpiredSignature(uint256)", deadline)


def test_permit__by_another__is_refused(electorate, token, founder, voter, stranger):
    signature = electorate.signed(stranger, "Permit", (founder, stranger, 9, 0, NEVER))
    outcome = token.permit(founder, stranger, 9, NEVER, *signature)
    assert refused(outcome, "ERC2612InvalidSigner(address,address)", stranger, founder)


def test_permit__between_delegations__shares_their_nonces(electorate, token, founder, voter):
    permit = electorate.permit(founder, voter, 9, 0, NEVER)
    early = electorate.delegation(founder, voter, 0, NEVER)
    assert token.permit(founder, voter, 9, NEVER, *permit).done
    outcome = token.delegateBySig(voter, 0, NEVER, *early)
    assert refused(outcome, "InvalidAccountNonce(address,uint256)", founder, 1)
    assert token.delegateBySig(voter, 1, NEVER, *electorate.delegation(founder, voter, 1, NEVER)).done


def test_permit__on_a_fork_with_another_chain_id__is_another_domain(electorate, token, founder, voter):
    signature = electorate.permit(founder, voter, 9, 0, NEVER)
    here = token.DOMAIN_SEPARATOR()
    try:
        for wire in electorate.twins.wires:
            wire.request("anvil_setChainId", 5)
        assert token.DOMAIN_SEPARATOR() != here
        assert not token.permit(founder, voter, 9, NEVER, *signature).done
    finally:
        for wire in electorate.twins.wires:
            wire.request("anvil_setChainId", electorate.chain_id)
    assert token.permit(founder, voter, 9, NEVER, *signature).done


# --- units ---


def test_transfer__to_nobody__is_refused(token, founder):
    assert refused(token.transfer(NOBODY, 1, sender=founder), "ERC20InvalidReceiver(address)", NOBODY)


def test_transfer__by_nobody__is_refused(token, voter):
    for outcome in (token.transfer.asked(voter, 0, sender=NOBODY), token.burn.asked(0, sender=NOBODY)):
        assert refused(outcome, "ERC20InvalidSender(address)", NOBODY)
    assert refused(token.approve.asked(voter, 0, sender=NOBODY), "ERC20InvalidApprover(address)", NOBODY)


def test_transferFrom__of_nobodys_nothing__is_refused(token, voter):
    outcome = token.transferFrom(NOBODY, voter, 0, sender=voter)
    assert refused(outcome, "ERC20InvalidApprover(address)", NOBODY)


def test_transferFrom__unlimited_allowance__does_not_shrink(token, founder, voter):
    assert token.approve(voter, NEVER, sender=founder).done
    assert token.transferFrom(founder, voter, 5, sender=voter).done
    assert token.burnFrom(founder, 5, sender=voter).done
    assert number(token.allowance(founder, voter)) == NEVER


def test_mint__beyond_what_checkpoints_hold__is_refused(token, founder, voter):
    over = token.mint(voter, CAP - SUPPLY + 1, sender=founder)
    assert refused(over, "ERC20ExceededSafeSupply(uint256,uint256)", CAP + 1, CAP)
    assert refused(token.mint(voter, NEVER, sender=founder), "Panic(uint256)", 0x11)
    token.delegate(voter, sender=voter)
    assert token.mint(voter, CAP - SUPPLY, sender=founder).done
    assert number(token.getVotes(voter)) == CAP - SUPPLY


def test_mint__by_a_stranger_or_after_renouncing__is_refused(token, founder, stranger):
    outcome = token.mint(stranger, 1, sender=stranger)
    assert refused(outcome, "OwnableUnauthorizedAccount(address)", stranger)
    assert refused(token.transferOwnership(NOBODY, sender=founder), "OwnableInvalidOwner(address)", NOBODY)
    assert token.renounceOwnership(sender=founder).done
    outcome = token.mint(founder, 1, sender=founder)
    assert refused(outcome, "OwnableUnauthorizedAccount(address)", founder)


# --- deployment ---


def test_deploy__without_an_owner__fixes_the_supply(project, accounts):
    token = accounts[1].deploy(project.Token, NAME, SYMBOL, False, NOBODY, accounts[2], SUPPLY)
    assert token.owner() == NOBODY
    assert token.totalSupply() == token.balanceOf(accounts[2]) == SUPPLY
    assert not token.OwnershipTransferred.query("*").size


def test_deploy__no_holder_or_too_much__is_refused(twins, project):
    for holder, supply in ((NOBODY, 1), (DEAD, CAP + 1)):
        code = bytes(project.Token(NAME, SYMBOL, False, NOBODY, holder, supply).data)
        with pytest.raises(AssertionError, match="constructor"):
            twins.deploy(code, code, (None, None))


def test_abi__functions_and_events__are_openzeppelins(project, token):
    ours, theirs = ({_entry(abi) for abi in side._abi.abi} for side in (token.ours, token.theirs))
    ours, theirs = ours - {None}, theirs - {None}
    assert len(theirs) > 30
    # OpenZeppelin's EIP712 declares an event for a domain that changes. Neither token's ever does.
    assert theirs - ours == {("event", "EIP712DomainChanged()", ())}
    assert not ours - theirs


def _entry(abi: object) -> tuple[object, ...] | None:
    """What a caller depends on."""
    if abi.type == "function":
        outputs = tuple(output.canonical_type for output in abi.outputs)
        return "function", abi.selector, outputs, abi.stateMutability in ("view", "pure")
    if abi.type == "event":
        return "event", abi.selector, tuple(field.indexed for field in abi.inputs)
    return None
