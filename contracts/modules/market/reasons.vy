# pragma version 0.4.3
"""
@title Reasons: why the Market refuses, in words
@notice Checks answer with a number, 0 for "go ahead"; the words are needed only when something is refused.
"""

FINE: constant(uint256) = 0
EMPTY_BATCH: constant(uint256) = 1
OUTPUTS_DIFFER: constant(uint256) = 2
TOO_LITTLE_GAS: constant(uint256) = 3
WRONG_CALLER: constant(uint256) = 4

WRONG_VALUE: constant(uint256) = 10
SHORT_TRANSFER: constant(uint256) = 11
BALANCE_TOO_SMALL: constant(uint256) = 12
NO_RECIPIENT: constant(uint256) = 13
PAYMENT_REFUSED: constant(uint256) = 14
MODEL_PAYS_BY_VALUE: constant(uint256) = 15
AMOUNT_TOO_LARGE: constant(uint256) = 16

VERSION_REVOKED: constant(uint256) = 20
TERMS_NOT_FROZEN: constant(uint256) = 21
BOND_TOO_SMALL: constant(uint256) = 22
BOND_TOO_LARGE: constant(uint256) = 23
WINDOW_TOO_LONG: constant(uint256) = 24
RESULT_TIME_TOO_SHORT: constant(uint256) = 25
DEADLINES: constant(uint256) = 26
PRICES: constant(uint256) = 27
CALLBACK_GAS_TOO_HIGH: constant(uint256) = 28
NO_CONSUMER: constant(uint256) = 29
UNKNOWN_FLAGS: constant(uint256) = 30
UNWATCHABLE: constant(uint256) = 31
NO_INPUT_ROOT: constant(uint256) = 32
NOT_UPLOADED: constant(uint256) = 33
INPUT_TOO_LONG: constant(uint256) = 34
INPUT_REFUSED: constant(uint256) = 35
WRONG_VERSION: constant(uint256) = 36

NOT_OPEN: constant(uint256) = 40
CLAIM_TOO_LATE: constant(uint256) = 41
NOT_CLAIMED: constant(uint256) = 42
NOT_THE_EXECUTOR: constant(uint256) = 43
RESULT_TOO_LATE: constant(uint256) = 44
ATTENDED: constant(uint256) = 57
NOT_POSTED: constant(uint256) = 45
NOT_THIS_RESULT: constant(uint256) = 46
GAME_OPEN: constant(uint256) = 47
WINDOW_OPEN: constant(uint256) = 48
WINDOW_CLOSED: constant(uint256) = 49
WRONG_OUTPUT: constant(uint256) = 50
ALREADY_CLAIMED: constant(uint256) = 51
NOT_THE_REQUESTER: constant(uint256) = 52
NOTHING_EXPIRED: constant(uint256) = 53
NOTHING_TO_DELIVER: constant(uint256) = 55
NOTHING_TO_RETRACT: constant(uint256) = 56

ORDER_EXPIRED: constant(uint256) = 60
NONCE_SPENT: constant(uint256) = 61
WRONG_INPUT: constant(uint256) = 62
WRONG_SIGNATURE: constant(uint256) = 63
MODEL_REFUSES: constant(uint256) = 64
OTHER_TERMS: constant(uint256) = 65


@internal
@pure
def _text(reason: uint256) -> String[40]:
    if reason == EMPTY_BATCH:
        return "market: empty batch"
    if reason == OUTPUTS_DIFFER:
        return "market: outputs differ in length"
    if reason == TOO_LITTLE_GAS:
        return "market: too little gas"
    if reason == WRONG_CALLER:
        return "market: wrong caller"
    if reason == WRONG_VALUE:
        return "market: wrong value"
    if reason == SHORT_TRANSFER:
        return "market: short transfer"
    if reason == BALANCE_TOO_SMALL:
        return "market: balance too small"
    if reason == NO_RECIPIENT:
        return "market: no recipient"
    if reason == PAYMENT_REFUSED:
        return "market: payment refused"
    if reason == MODEL_PAYS_BY_VALUE:
        return "market: a model pays by value"
    if reason == AMOUNT_TOO_LARGE:
        return "market: amount too large"
    if reason == VERSION_REVOKED:
        return "market: version revoked"
    if reason == TERMS_NOT_FROZEN:
        return "market: terms not frozen"
    if reason == BOND_TOO_SMALL:
        return "market: bond too small"
    if reason == BOND_TOO_LARGE:
        return "market: bond too large"
    if reason == WINDOW_TOO_LONG:
        return "market: window too long"
    if reason == RESULT_TIME_TOO_SHORT:
        return "market: result time too short"
    if reason == DEADLINES:
        return "market: deadlines out of bounds"
    if reason == PRICES:
        return "market: prices out of order"
    if reason == CALLBACK_GAS_TOO_HIGH:
        return "market: callback gas too high"
    if reason == NO_CONSUMER:
        return "market: no consumer"
    if reason == UNKNOWN_FLAGS:
        return "market: unknown flags"
    if reason == UNWATCHABLE:
        return "market: unwatchable input"
    if reason == NO_INPUT_ROOT:
        return "market: no input root"
    if reason == NOT_UPLOADED:
        return "market: input not uploaded"
    if reason == INPUT_TOO_LONG:
        return "market: input too long"
    if reason == INPUT_REFUSED:
        return "market: input refused"
    if reason == WRONG_VERSION:
        return "market: another version answers"
    if reason == ATTENDED:
        return "market: takes the whole request"
    if reason == NOT_OPEN:
        return "market: not open"
    if reason == CLAIM_TOO_LATE:
        return "market: claim deadline passed"
    if reason == NOT_CLAIMED:
        return "market: not claimed"
    if reason == NOT_THE_EXECUTOR:
        return "market: not the executor"
    if reason == RESULT_TOO_LATE:
        return "market: result too late"
    if reason == NOT_POSTED:
        return "market: not posted"
    if reason == NOT_THIS_RESULT:
        return "market: not this result"
    if reason == GAME_OPEN:
        return "market: game open"
    if reason == WINDOW_OPEN:
        return "market: window open"
    if reason == WINDOW_CLOSED:
        return "market: window closed"
    if reason == WRONG_OUTPUT:
        return "market: wrong output"
    if reason == ALREADY_CLAIMED:
        return "market: already claimed"
    if reason == NOT_THE_REQUESTER:
        return "market: not the requester"
    if reason == NOTHING_EXPIRED:
        return "market: nothing expired"
    if reason == NOTHING_TO_DELIVER:
        return "market: nothing to deliver"
    if reason == NOTHING_TO_RETRACT:
        return "market: nothing to retract"
    if reason == ORDER_EXPIRED:
        return "orders: expired"
    if reason == NONCE_SPENT:
        return "orders: nonce spent"
    if reason == WRONG_INPUT:
        return "orders: wrong input"
    if reason == WRONG_SIGNATURE:
        return "orders: wrong signature"
    if reason == MODEL_REFUSES:
        return "orders: model refuses"
    return "orders: other terms"


@internal
@pure
def _refuse(reason: uint256):
    """
    @notice Reverts with the reason's words.
    """
    raise self._text(reason)
