# pragma version 0.4.3
"""
@title Challenges
@notice Documentation and trust assumptions: `interfaces/IChallenges.vyi`.
@custom:kill Nobody can stop it.
"""
from contracts.interfaces import IArbiter
from contracts.interfaces import IChallenges
from contracts.interfaces import IInputs
from contracts.interfaces import IMarket
from contracts.interfaces import IStakeVault
from contracts.modules.market import games
from contracts.modules.market import requests
from contracts.modules.market import slots
from contracts.modules.market import terms

implements: IChallenges

MARKET: immutable(IMarket)
VAULT: immutable(IStakeVault)
INPUTS: immutable(IInputs)

game_of: HashMap[bytes32, games.Game]  # by arbiter, request, attempt and number
pots: HashMap[
    bytes32, uint256
]  # by request and attempt: gas money of each other challenger of a refuted result


@deploy
def __init__(market: IMarket, vault: IStakeVault, inputs: IInputs):
    MARKET = market
    VAULT = vault
    INPUTS = inputs


@external
def challenge(result: IMarket.Result, input: Bytes[4096], output: Bytes[4096]) -> uint256:
    assert keccak256(output) == result.output_hash, "challenges: wrong output"
    id: bytes32 = empty(bytes32)
    attempt: uint256 = 0
    id, attempt = extcall MARKET.begin_game(result)
    frozen: IMarket.Frozen = staticcall MARKET.frozen_terms(result.request.terms)
    deposit: uint256 = terms._deposit(frozen.deposits)
    arbiter: address = terms._arbiter(frozen.arbiter)
    executor: address = slots._work_executor(result.work)
    deadline: uint256 = block.timestamp + terms._ruling_seconds(frozen.arbiter)
    extcall VAULT.lock(msg.sender, deposit)
    game: uint256 = extcall IArbiter(arbiter).open(
        id,
        attempt,
        result.output_hash,
        frozen.program_root,
        self._input_root(result.request, terms._input_size(frozen.scope), input),
        staticcall INPUTS.data_root(output, len(output)),
        executor,
        msg.sender,
        deadline,
    )
    key: bytes32 = games._key(arbiter, id, attempt, game)
    assert self.game_of[key].challenge == 0, "challenges: game taken"
    self.game_of[key] = games._pack(msg.sender, deadline, executor, deposit)
    log IChallenges.Challenged(id=id, challenger=msg.sender, attempt=attempt, game=game)
    return game


@internal
@view
def _input_root(request: IMarket.Request, size: uint256, input: Bytes[4096]) -> bytes32:
    if requests._flags(request.callback) & (requests.UPLOADED | requests.UNWATCHABLE) == 0:
        assert keccak256(input) == request.input, "challenges: wrong input"
        return staticcall INPUTS.data_root(input, size)
    # A root that somebody merely claims is never used: the bytes have to have been uploaded.
    assert staticcall INPUTS.sealed_size(request.input) == size, "challenges: input not uploaded"
    return request.input


@external
def rule(id: bytes32, attempt: uint256, game: uint256, verdict: uint256):
    key: bytes32 = games._key(msg.sender, id, attempt, game)
    played: games.Game = self.game_of[key]
    assert games._status(played) == games.LIVE, "challenges: no such game"
    assert verdict == games.DEFENDER or verdict == games.CHALLENGER, "challenges: unknown verdict"
    assert not staticcall MARKET.passed(games._deadline(played)), "challenges: ruled too late"
    refuted: bool = verdict == games.CHALLENGER
    status: uint256 = games.VOID
    if extcall MARKET.end_game(id, attempt, refuted):
        status = games.WON if refuted else games.LOST
    self.game_of[key].challenge = games._with_status(played, status)
    log IChallenges.Ruled(id=id, attempt=attempt, game=game, verdict=verdict)


@external
@nonreentrant
def settle(result: IMarket.Result, attempt: uint256, game: uint256):
    request: IMarket.Request = result.request
    id: bytes32 = requests._id(MARKET.address, request)
    frozen: IMarket.Frozen = staticcall MARKET.frozen_terms(request.terms)
    key: bytes32 = games._key(terms._arbiter(frozen.arbiter), id, attempt, game)
    played: games.Game = self.game_of[key]
    status: uint256 = games._status(played)
    assert status != games.UNKNOWN and status != games.SETTLED, "challenges: no such game"
    challenger: address = games._challenger(played)
    defender: address = games._defender(played)
    deposit: uint256 = games._deposit(played)
    self.game_of[key].challenge = games._with_status(played, games.SETTLED)
    log IChallenges.Settled(id=id, attempt=attempt, game=game)
    if status == games.LOST:
        delay: uint256 = deposit * terms._delay_bps(frozen.deposits) // terms.BPS
        requester: address = requests._requester(request.payer)
        extcall VAULT.slash(challenger, requester, delay, defender, deposit - delay, 0)
    elif status == games.WON:
        others: uint256 = extcall MARKET.reopen(result)
        self._punish(id, attempt, others, request, frozen, defender, challenger)
        extcall VAULT.release(challenger, deposit)
    else:
        slot: uint256 = staticcall MARKET.slot_of(id)
        over: bool = slots._attempt(slot) != attempt or slots._status(slot) >= slots.FINAL
        assert over, "challenges: result still stands"
        extcall VAULT.release(challenger, deposit)
        share: uint256 = self.pots[keccak256(abi_encode(id, attempt))]
        if share != 0:
            extcall VAULT.slash(defender, empty(address), 0, challenger, share, 0)


@internal
def _punish(
    id: bytes32,
    attempt: uint256,
    others: uint256,
    request: IMarket.Request,
    frozen: IMarket.Frozen,
    defender: address,
    challenger: address,
):
    compensation: uint256 = terms._compensation(frozen.penalties)
    bounty: uint256 = terms._bounty(frozen.penalties)
    kept: uint256 = 0
    if others != 0:
        share: uint256 = terms._pot(frozen.deposits) // others
        self.pots[keccak256(abi_encode(id, attempt))] = share
        kept = share * others  # stays locked until each of them settles
    burned: uint256 = requests._bond(request.payer) - bounty - compensation - kept
    requester: address = requests._requester(request.payer)
    extcall VAULT.slash(defender, requester, compensation, challenger, bounty, burned)


@external
def expire(result: IMarket.Result, game: uint256):
    id: bytes32 = requests._id(MARKET.address, result.request)
    frozen: IMarket.Frozen = staticcall MARKET.frozen_terms(result.request.terms)
    attempt: uint256 = slots._attempt(staticcall MARKET.slot_of(id))
    played: games.Game = self.game_of[games._key(terms._arbiter(frozen.arbiter), id, attempt, game)]
    assert games._status(played) == games.LIVE, "challenges: no such game"
    assert staticcall MARKET.passed(games._deadline(played)), "challenges: ruling still due"
    extcall MARKET.abandon(result)


@external
@view
def status_of(arbiter: address, id: bytes32, attempt: uint256, game: uint256) -> uint256:
    return games._status(self.game_of[games._key(arbiter, id, attempt, game)])


@external
@view
def market() -> address:
    return MARKET.address
