"""Rules of the Token: units, who votes with them and since when, signatures."""

from __future__ import annotations

from scripts._mutants.mutant import MODULES, Mutant

FILE = "contracts/Token.vy"
ERC20 = f"{MODULES}/erc20.vy"
VOTES = f"{MODULES}/votes.vy"
CHECKPOINTS = f"{MODULES}/checkpoints.vy"
NONCES = f"{MODULES}/nonces.vy"
ECDSA = f"{MODULES}/ecdsa.vy"

UNITS = (
    Mutant(
        "nobody transfers more than it has",
        ERC20,
        "    if balance < amount:",
        "    if False:",
        "test_transfer__to_oneself__moves_nothing",
    ),
    Mutant(
        "nothing is transferred to nobody",
        ERC20,
        "        self._refuse_receiver()\n    self._debit",
        "        pass\n    self._debit",
        "test_transfer__to_nobody__is_refused",
    ),
    Mutant(
        "nobody spends more than it is allowed",
        ERC20,
        "    if allowed < amount:",
        "    if False:",
        "test_permit__good__allows",
    ),
    Mutant(
        "spending uses up an allowance",
        FILE,
        "    erc20._spend(owner, msg.sender, amount)\n    self._transfer",
        "    self._transfer",
        "test_permit__good__allows",
    ),
    Mutant(
        "an unlimited allowance does not shrink",
        ERC20,
        "    if allowed == max_value(uint256):\n        return\n",
        "",
        "test_transferFrom__unlimited_allowance__does_not_shrink",
    ),
    Mutant(
        "only the owner mints",
        FILE,
        "    self._check_owner()\n    self._mint",
        "    self._mint",
        "test_mint__by_a_stranger_or_after_renouncing__is_refused",
    ),
    Mutant(
        "only the owner gives its right away",
        FILE,
        "    self._check_owner()\n    if newOwner",
        "    if newOwner",
        "test_token__a_crowd_at_random__does_as_openzeppelins",
    ),
    Mutant(
        "the right to mint is given up only by renouncing",
        FILE,
        "    if newOwner == empty(address):",
        "    if False:",
        "test_mint__by_a_stranger_or_after_renouncing__is_refused",
    ),
    Mutant(
        "a supply that checkpoints cannot hold is not minted",
        ERC20,
        "    if supply > cap:",
        "    if False:",
        "test_mint__beyond_what_checkpoints_hold__is_refused",
    ),
    Mutant(
        "a supply that checkpoints can just hold is minted",
        ERC20,
        "    if supply > cap:",
        "    if supply >= cap:",
        "test_mint__beyond_what_checkpoints_hold__is_refused",
    ),
)

VOTING = (
    Mutant(
        "votes move with units",
        FILE,
        "    votes._move(owner, to, amount)\n",
        "",
        "test_delegate__to_oneself__counts_what_one_holds",
    ),
    Mutant(
        "minted units vote",
        FILE,
        "    votes._move(empty(address), to, amount)\n",
        "",
        "test_mint__beyond_what_checkpoints_hold__is_refused",
    ),
    Mutant(
        "burnt units vote no more",
        FILE,
        "    votes._move(owner, empty(address), amount)\n",
        "",
        "test_token__a_crowd_at_random__does_as_openzeppelins",
    ),
    Mutant(
        "the past supply knows what was minted",
        FILE,
        "    votes._change_supply(amount, 0)\n",
        "",
        "test_getPastTotalSupply__after_mint_and_burn__is_what_it_was",
    ),
    Mutant(
        "the past supply knows what was burnt",
        FILE,
        "    votes._change_supply(0, amount)\n",
        "",
        "test_getPastTotalSupply__after_mint_and_burn__is_what_it_was",
    ),
    Mutant(
        "a delegation takes the votes from the delegatee before",
        VOTES,
        "    self._move_votes(previous, delegatee, units)\n",
        "    self._move_votes(empty(address), delegatee, units)\n",
        "test_delegate__to_oneself__counts_what_one_holds",
    ),
    Mutant(
        "a move within one delegatee's units is no change",
        VOTES,
        "    if previous == delegatee or units == 0:",
        "    if units == 0:",
        "test_delegate__to_the_same_again__leaves_no_checkpoint",
    ),
    Mutant(
        "moving nothing is no change",
        VOTES,
        "    if previous == delegatee or units == 0:",
        "    if previous == delegatee:",
        "test_token__a_crowd_at_random__does_as_openzeppelins",
    ),
    Mutant(
        "only what is over can be looked up",
        VOTES,
        "    if timepoint >= now:",
        "    if timepoint > now:",
        "test_getPastVotes__now_or_later__is_refused",
    ),
    Mutant(
        "a token by timestamps counts by timestamps",
        VOTES,
        "    return block.timestamp if BY_TIMESTAMP else block.number",
        "    return block.number",
        "test_clock__either_kind__names_itself",
    ),
    Mutant(
        "changes of one timepoint share a checkpoint",
        CHECKPOINTS,
        "        if word >> VALUE_BITS == time:",
        "        if False:",
        "test_transfer__thrice_in_one_block__leaves_one_checkpoint_an_account",
    ),
    Mutant(
        "a value holds from its own timepoint",
        CHECKPOINTS,
        "    later: uint256 = unsafe_add(time, 1) << VALUE_BITS",
        "    later: uint256 = time << VALUE_BITS",
        "test_getPastVotes__after_everything_changed__is_what_it_was",
    ),
    Mutant(
        "the last checkpoint in time is found among many",
        CHECKPOINTS,
        "            low = unsafe_add(position, 1)\n        else:",
        "            low = unsafe_add(position, 2)\n        else:",
        "test_getPastVotes__long_history__every_timepoint_is_found",
    ),
    Mutant(
        "a checkpoint that does not exist is not read",
        CHECKPOINTS,
        "    if position >= self.traces[trace].count:",
        "    if position > self.traces[trace].count:",
        "test_transfer__thrice_in_one_block__leaves_one_checkpoint_an_account",
    ),
)

SIGNATURES = (
    Mutant(
        "of two signatures with one meaning only the lower s is taken",
        ECDSA,
        "    if convert(s, uint256) > HALF_ORDER:",
        "    if False:",
        "test_delegateBySig__high_s__is_refused",
    ),
    Mutant(
        "half the order is still a lower s",
        ECDSA,
        "    if convert(s, uint256) > HALF_ORDER:",
        "    if convert(s, uint256) >= HALF_ORDER:",
        "test_delegateBySig__s_around_half_the_order__is_refused_from_there_on",
    ),
    Mutant(
        "what nobody signed is refused",
        ECDSA,
        "    if signer == empty(address):",
        "    if False:",
        "test_delegateBySig__no_signature__is_refused",
    ),
    Mutant(
        "a permit is its owner's",
        FILE,
        "    if signer != owner:",
        "    if False:",
        "test_permit__by_another__is_refused",
    ),
    Mutant(
        "a permit is good until its deadline, inclusive",
        FILE,
        "    if block.timestamp > deadline:",
        "    if block.timestamp >= deadline:",
        "test_permit__until_its_deadline__passes_then_no_more",
    ),
    Mutant(
        "a permit is not good after its deadline",
        FILE,
        "    if block.timestamp > deadline:",
        "    if False:",
        "test_permit__until_its_deadline__passes_then_no_more",
    ),
    Mutant(
        "a permit spends its nonce",
        FILE,
        "counters._use(owner), deadline",
        "counters.nonces[owner], deadline",
        "test_permit__replayed__is_refused",
    ),
    Mutant(
        "a signed delegation names its signer's next nonce",
        NONCES,
        "    if nonce != current:",
        "    if False:",
        "test_delegateBySig__replayed__is_refused",
    ),
    Mutant(
        "a signed delegation is good until its expiry, inclusive",
        VOTES,
        "    if block.timestamp > expiry:",
        "    if block.timestamp >= expiry:",
        "test_delegateBySig__until_its_expiry__passes_then_no_more",
    ),
    Mutant(
        "a signed delegation is not good after its expiry",
        VOTES,
        "    if block.timestamp > expiry:",
        "    if False:",
        "test_delegateBySig__until_its_expiry__passes_then_no_more",
    ),
)

TOKEN = (*UNITS, *VOTING, *SIGNATURES)
