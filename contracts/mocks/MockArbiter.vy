# pragma version 0.4.3
"""
@title MockArbiter
@notice Opens games and rules as a test orders. Anybody may order.
"""
from contracts.interfaces import IArbiter

implements: IArbiter


interface Market:
    def rule(id: bytes32, attempt: uint256, game: uint256, verdict: uint256): nonpayable


struct Game:
    market: address
    id: bytes32
    attempt: uint256
    output_hash: bytes32
    program_root: bytes32
    input_root: bytes32
    output_root: bytes32
    defender: address
    challenger: address
    deadline: uint256


games: public(uint256)
game: public(HashMap[uint256, Game])  # from 1
refusing: public(bool)


@external
def open(
    id: bytes32,
    attempt: uint256,
    output_hash: bytes32,
    program_root: bytes32,
    input_root: bytes32,
    output_root: bytes32,
    defender: address,
    challenger: address,
    deadline: uint256,
) -> uint256:
    assert not self.refusing, "arbiter: refusing"
    self.games += 1
    self.game[self.games] = Game(
        market=msg.sender,
        id=id,
        attempt=attempt,
        output_hash=output_hash,
        program_root=program_root,
        input_root=input_root,
        output_root=output_root,
        defender=defender,
        challenger=challenger,
        deadline=deadline,
    )
    return self.games


@external
def refuse(refusing: bool):
    """
    @notice From now on `open` reverts, or no longer.
    """
    self.refusing = refusing


@external
def order(number: uint256, verdict: uint256):
    """
    @notice Rules game `number`.
    """
    game: Game = self.game[number]
    extcall Market(game.market).rule(game.id, game.attempt, number, verdict)


@external
def order_as(market: address, id: bytes32, attempt: uint256, number: uint256, verdict: uint256):
    """
    @notice Rules what was perhaps never opened.
    """
    extcall Market(market).rule(id, attempt, number, verdict)
