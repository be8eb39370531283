# pragma version 0.4.3
"""
@title Breakers: what convicts a version
@notice Its evidence is final answers, given and weighed in one transaction; between two transactions nothing
        is counted. Documented at `IModel.trip`.
"""
from contracts.interfaces import IMarket
from contracts.interfaces import IModel
from contracts.modules.market import outcalls
from contracts.modules.market import requests

MAX_EVIDENCE: constant(uint256) = 8
MAX_OUTPUTS: constant(uint256) = 8 * 4096
MASK64: constant(uint256) = 2**64 - 1

thresholds: uint256  # volume 128 | span 64 | rejections 8 (low); 0 while there is no breaker
# version -> the Market's counter when it last became live or candidate
since: HashMap[uint256, uint256]
# version -> input reference -> hash of the only right output
probes: HashMap[uint256, HashMap[bytes32, bytes32]]


@internal
def _set(rejections: uint256, volume: uint256, span: uint256):
    in_bounds: bool = rejections <= MAX_EVIDENCE and volume <= requests.MASK128 and span <= MASK64
    assert in_bounds, "model: breaker out of bounds"
    assert rejections == 0 or volume != 0, "model: breaker without volume"

    self.thresholds = (volume << 128) | (span << 64) | rejections


@internal
@view
def _thresholds() -> IModel.Breaker:
    word: uint256 = self.thresholds
    return IModel.Breaker(rejections=word & 255, volume=word >> 128, span=(word >> 64) & MASK64)


@internal
@view
def _check(
    market: IMarket,
    version: uint256,
    hook: address,
    output_size: uint256,
    evidence: DynArray[IMarket.Request, MAX_EVIDENCE],
    outputs: Bytes[MAX_OUTPUTS],
):
    """
    @notice Reverts unless all of the evidence holds and is enough.
    """
    needed: IModel.Breaker = self._thresholds()
    assert needed.rejections != 0, "model: no breaker"
    assert len(outputs) == len(evidence) * output_size, "model: outputs of other lengths"
    last: uint256 = 0  # requester
    oldest: uint256 = max_value(uint256)
    newest: uint256 = 0
    volume: uint256 = 0
    failed: bool = False
    for i: uint256 in range(len(evidence), bound=MAX_EVIDENCE):
        request: IMarket.Request = evidence[i]
        output: Bytes[4096] = convert(slice(outputs, i * output_size, output_size), Bytes[4096])
        counter: uint256 = request.origin & MASK64
        assert (
            request.origin >> 64 == (convert(self, uint256) << 32) | version
        ), "model: evidence of another version"
        assert staticcall market.verify_output(
            requests._id(market.address, request), output
        ), "model: not a final output"
        assert requests._asset(request.timing) == requests.NATIVE, "model: not paid in the native coin"
        assert request.payer >> 96 > last, "model: requesters out of order"
        assert counter >= self.since[version], "model: evidence too old"
        # What nobody can check, nobody challenges: an answer to it costs a liar nothing.
        assert (
            requests._flags(request.callback) & requests.UNWATCHABLE == 0
        ), "model: evidence on an unwatchable input"
        last = request.payer >> 96
        oldest = min(oldest, counter)
        newest = max(newest, counter)
        volume += requests._price(request.prices, request.timing, 0)
        if self._fails_probe(version, request.input, output):
            failed = True
        else:
            assert self._rejected(hook, request.input, output), "model: neither rejected nor failed"
    assert failed or len(evidence) >= needed.rejections, "model: too little evidence"
    assert volume >= needed.volume, "model: too little volume"
    assert needed.span == 0 or newest - oldest <= needed.span, "model: evidence too far apart"


@internal
@view
def _fails_probe(version: uint256, input: bytes32, output: Bytes[4096]) -> bool:
    right: bytes32 = self.probes[version][input]
    return right != empty(bytes32) and keccak256(output) != right


@internal
@view
def _rejected(hook: address, input: bytes32, output: Bytes[4096]) -> bool:
    """
    @notice Asked exactly as the Market asks it, with gas that is certain to be there.
    """
    if hook == empty(address):
        return False
    assert (msg.gas * 63 // 64 >= outcalls.HOOK_GAS + outcalls.GAS_MARGIN), "model: too little gas"
    return not outcalls._plausible(hook, input, output)
