# pragma version 0.4.3
"""
@title Checkpoints: what a number was at any time since it was first written
@notice OpenZeppelin's Trace208, many of them, each under a number of its caller's choice. A checkpoint is one
        word: its time above 208 bits of value, so that checkpoints compare as their times do.
@custom:limit 2^32 - 1 checkpoints a trace.
"""

VALUE_BITS: constant(uint256) = 208
VALUE_MASK: constant(uint256) = 2**208 - 1
MAX_CHECKPOINTS: constant(uint256) = 2**32 - 1
MAX_DOUBLINGS: constant(uint256) = 32
OUT_OF_BOUNDS: constant(uint256) = 50  # of Panic(uint256)


struct Trace:
    count: uint256
    words: uint256[MAX_CHECKPOINTS]


traces: HashMap[uint256, Trace]


@internal
@view
def _length(trace: uint256) -> uint256:
    return self.traces[trace].count


@internal
@view
def _at(trace: uint256, position: uint256) -> (uint256, uint256):
    """
    @notice Time and value of one checkpoint, 0 the oldest.
    """
    if position >= self.traces[trace].count:
        raw_revert(abi_encode(OUT_OF_BOUNDS, method_id=method_id("Panic(uint256)")))
    word: uint256 = self.traces[trace].words[position]
    return word >> VALUE_BITS, word & VALUE_MASK


@internal
@view
def _latest(trace: uint256) -> uint256:
    count: uint256 = self.traces[trace].count
    if count == 0:
        return 0
    return self.traces[trace].words[unsafe_sub(count, 1)] & VALUE_MASK


@internal
@view
def _value_at(trace: uint256, time: uint256) -> uint256:
    """
    @notice The value at the end of that time; zero before the first checkpoint.
    """
    later: uint256 = unsafe_add(time, 1) << VALUE_BITS  # words from here on are later
    low: uint256 = 0  # every checkpoint before `low` is in time, `found` the last of them
    high: uint256 = self.traces[trace].count  # every checkpoint from `high` on is later
    found: uint256 = 0

    # Questions are about recent times: look back from the end, twice as far each time.
    stride: uint256 = 1
    for _: uint256 in range(MAX_DOUBLINGS):
        if stride > high:
            break
        position: uint256 = unsafe_sub(high, stride)
        word: uint256 = self.traces[trace].words[position]
        if word < later:
            found = word
            low = unsafe_add(position, 1)
            break
        high = position
        stride = unsafe_add(stride, stride)

    for _: uint256 in range(MAX_DOUBLINGS):
        if low == high:
            break
        position: uint256 = unsafe_add(low, high) >> 1
        word: uint256 = self.traces[trace].words[position]
        if word < later:
            found = word
            low = unsafe_add(position, 1)
        else:
            high = position
    return found & VALUE_MASK


@internal
def _change(trace: uint256, time: uint256, added: uint256, removed: uint256) -> (uint256, uint256):
    """
    @notice Changes the value as of `time`, which is no earlier than the latest checkpoint's.
    @return The values before and after, which the caller keeps below 2^208.
    """
    count: uint256 = self.traces[trace].count
    position: uint256 = count
    before: uint256 = 0
    if count != 0:
        word: uint256 = self.traces[trace].words[unsafe_sub(count, 1)]
        before = word & VALUE_MASK
        if word >> VALUE_BITS == time:
            position = unsafe_sub(count, 1)
    after: uint256 = unsafe_sub(unsafe_add(before, added), removed)
    if position == count:
        self.traces[trace].count = unsafe_add(count, 1)
    self.traces[trace].words[position] = time << VALUE_BITS | after
    return before, after
