# pragma version 0.4.3
"""
@title StakeVault
@notice Documented in `interfaces/IStakeVault.vyi`.
@custom:kill Nobody can pause it or move stake that is not locked; it has no owner.
"""
from contracts.interfaces import IStakeVault
from contracts.modules.market import transfers

implements: IStakeVault

DEAD: constant(address) = 0x000000000000000000000000000000000000dEaD
HALF: constant(uint256) = 2**128 - 1
ACTIVE: constant(uint256) = 1 << 160

ASSET: immutable(address)
MARKET: immutable(address)
CHALLENGES: immutable(address)
UNBONDING_SECONDS: immutable(uint256)

stakes: HashMap[address, uint256]  # account -> free 128 (low) | locked 128: a lock is one read and one write
operators: HashMap[address, uint256]  # operator -> account 160 (low) | ACTIVE
proposals: HashMap[address, HashMap[address, bool]]  # account -> operator
unbondings: HashMap[address, uint256]  # account -> amount 128 (low) | release time 128
rewards: public(HashMap[address, uint256])


@deploy
def __init__(asset: address, market: address, challenges: address, unbonding_seconds: uint256):
    assert asset.is_contract, "vault: asset has no code"
    # Both are deployed after the vault, at addresses known beforehand: they have no code yet.
    assert market != empty(address), "vault: no market"
    assert challenges != empty(address), "vault: no challenges"
    assert unbonding_seconds > 0, "vault: no unbonding time"
    ASSET = asset
    MARKET = market
    CHALLENGES = challenges
    UNBONDING_SECONDS = unbonding_seconds


# --- for stakers ---


@external
@nonreentrant
def deposit(account: address, amount: uint256):
    assert account != empty(address), "vault: no account"

    # What arrives is known only after the transfer, so here the interaction comes first, under the lock.
    received: uint256 = transfers._pull(ASSET, msg.sender, amount)
    assert received > 0, "vault: nothing deposited"
    stake: uint256 = self.stakes[account]
    # The sum is bounded, so that neither half ever overflows into the other.
    assert (stake & HALF) + (stake >> 128) + received <= HALF, "vault: stake too large"

    self.stakes[account] = stake + received
    log IStakeVault.Deposited(account=account, sender=msg.sender, amount=received)
    if msg.sender == account and self.operators[account] == 0:
        self._activate(account, account)


@external
def propose_operator(operator: address):
    assert operator != empty(address), "vault: no operator"
    entry: uint256 = self.operators[operator]
    assert entry == 0 or self._account(entry) == msg.sender, "vault: operator of another account"
    assert entry & ACTIVE == 0, "vault: already an operator"

    self.proposals[msg.sender][operator] = True
    log IStakeVault.OperatorProposed(account=msg.sender, operator=operator)


@external
def accept_operator(account: address):
    entry: uint256 = self.operators[msg.sender]
    assert entry == 0 or self._account(entry) == account, "vault: operator of another account"
    assert self.proposals[account][msg.sender], "vault: not proposed"

    self.proposals[account][msg.sender] = False
    self._activate(account, msg.sender)


@external
def revoke_operator(operator: address):
    entry: uint256 = self.operators[operator]
    proposed: bool = self.proposals[msg.sender][operator]
    active: bool = entry & ACTIVE != 0 and self._account(entry) == msg.sender
    assert proposed or active, "vault: not your operator"

    self.proposals[msg.sender][operator] = False
    if active:
        self.operators[operator] = entry ^ ACTIVE
    log IStakeVault.OperatorRevoked(account=msg.sender, operator=operator)


@external
def begin_unbonding(amount: uint256):
    stake: uint256 = self.stakes[msg.sender]
    assert amount > 0, "vault: nothing to unbond"
    assert amount <= stake & HALF, "vault: not enough free stake"

    joined: uint256 = (self.unbondings[msg.sender] & HALF) + amount
    release_at: uint256 = block.timestamp + UNBONDING_SECONDS
    self.stakes[msg.sender] = stake - amount
    self.unbondings[msg.sender] = joined | (release_at << 128)
    log IStakeVault.UnbondingBegun(account=msg.sender, amount=amount, release_at=release_at)


@external
@nonreentrant
def withdraw(to: address):
    entry: uint256 = self.unbondings[msg.sender]
    amount: uint256 = entry & HALF
    assert to != empty(address), "vault: no recipient"
    assert amount > 0, "vault: nothing unbonds"
    assert block.timestamp >= entry >> 128, "vault: still unbonding"

    self.unbondings[msg.sender] = 0
    log IStakeVault.Withdrawn(account=msg.sender, to=to, amount=amount)
    transfers._push(ASSET, to, amount)


@external
@nonreentrant
def withdraw_rewards(to: address):
    amount: uint256 = self.rewards[msg.sender]
    assert to != empty(address), "vault: no recipient"
    assert amount > 0, "vault: no rewards"

    self.rewards[msg.sender] = 0
    log IStakeVault.RewardsWithdrawn(account=msg.sender, to=to, amount=amount)
    transfers._push(ASSET, to, amount)


# --- for the Market and its Challenges ---


@external
def lock(operator: address, amount: uint256) -> address:
    self._check_market()
    entry: uint256 = self.operators[operator]
    assert entry & ACTIVE != 0, "vault: not an operator"
    account: address = self._account(entry)
    stake: uint256 = self.stakes[account]
    assert amount <= stake & HALF, "vault: not enough free stake"

    self.stakes[account] = unsafe_add(unsafe_sub(stake, amount), amount << 128)
    return account


@external
def release(operator: address, amount: uint256) -> address:
    self._check_market()
    account: address = self._account(self.operators[operator])
    stake: uint256 = self.stakes[account]
    assert amount <= stake >> 128, "vault: not so much locked"

    self.stakes[account] = unsafe_sub(unsafe_add(stake, amount), amount << 128)
    return account


@external
@nonreentrant
def slash(
    operator: address,
    victim: address,
    compensation: uint256,
    winner: address,
    bounty: uint256,
    burned: uint256,
):
    self._check_market()
    assert winner != empty(address) or bounty == 0, "vault: no winner"
    account: address = self._account(self.operators[operator])
    stake: uint256 = self.stakes[account]
    # What is due to nobody burns: a requester of no address may not keep a slash from happening.
    paid: uint256 = compensation if victim != empty(address) else 0
    lost: uint256 = burned + compensation - paid
    total: uint256 = paid + bounty + lost
    assert total <= stake >> 128, "vault: not so much locked"

    self.stakes[account] = unsafe_sub(stake, total << 128)
    if paid != 0:
        self.rewards[victim] += paid
    if bounty != 0:
        employer: address = self._account(self.operators[winner])
        self.rewards[employer if employer != empty(address) else winner] += bounty
    log IStakeVault.Slashed(
        account=account, victim=victim, winner=winner, compensation=paid, bounty=bounty, burned=lost
    )
    if lost != 0:
        transfers._push(ASSET, DEAD, lost)


# --- views ---


@external
@view
def asset() -> address:
    return ASSET


@external
@view
def market() -> address:
    return MARKET


@external
@view
def challenges() -> address:
    return CHALLENGES


@external
@view
def unbonding_seconds() -> uint256:
    return UNBONDING_SECONDS


@external
@view
def account_of(operator: address) -> address:
    return self._account(self.operators[operator])


@external
@view
def free(account: address) -> uint256:
    return self.stakes[account] & HALF


@external
@view
def locked(account: address) -> uint256:
    return self.stakes[account] >> 128


@external
@view
def unbonding(account: address) -> (uint256, uint256):
    entry: uint256 = self.unbondings[account]
    return entry & HALF, entry >> 128


@external
@view
def capacity(operator: address) -> uint256:
    entry: uint256 = self.operators[operator]
    if entry & ACTIVE == 0:
        return 0
    return self.stakes[self._account(entry)] & HALF


# --- operators ---


@internal
@pure
def _account(entry: uint256) -> address:
    return convert(entry & convert(max_value(uint160), uint256), address)


@internal
def _activate(account: address, operator: address):
    self.operators[operator] = convert(account, uint256) | ACTIVE
    log IStakeVault.OperatorAccepted(account=account, operator=operator)


# --- rights ---


@internal
@view
def _check_market():
    assert msg.sender == MARKET or msg.sender == CHALLENGES, "vault: not the market"
