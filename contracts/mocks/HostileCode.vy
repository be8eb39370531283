# pragma version 0.4.3
"""
@title HostileCode
@notice A hook, model, arbiter, consumer, owner or requester that does at each of its functions the worst that
        its master has thought of. What it was not taught it answers with true.
"""

# ANSWER says the words it was taught.
# FLOOD says them, and zeros up to 24 kB.
# FICKLE says them, or another number first, as the gas falls.
# SHORT says 31 bytes, NOTHING none.
# BOMB reverts with 24 kB.
# BURN takes all gas.
# CALL makes the call it was armed with, and then says its words.
flag Conduct:
    ANSWER
    FLOOD
    FICKLE
    SHORT
    NOTHING
    BOMB
    BURN
    CALL


struct Lesson:
    conduct: Conduct
    words: DynArray[uint256, 9]


struct Call:
    target: address
    payload: Bytes[2048]
    payment: uint256


WORDS: constant(uint256) = 768  # 24 kB

lessons: HashMap[bytes4, Lesson]
armed: Call


@external
@payable
@raw_return
def __default__() -> Bytes[24576]:
    if len(msg.data) < 4:
        return b""  # a payment
    lesson: Lesson = self.lessons[convert(slice(msg.data, 0, 4), bytes4)]
    if lesson.conduct == Conduct.NOTHING:
        return b""
    elif lesson.conduct == Conduct.BOMB:
        raw_revert(abi_encode(empty(uint256[WORDS])))
    elif lesson.conduct == Conduct.BURN:
        sink: uint256 = 0
        for i: uint256 in range(2**64):
            sink = unsafe_add(sink, i)
    elif lesson.conduct == Conduct.CALL:
        # Whether that works is its master's concern; under STATICCALL nothing that changes anything does.
        success: bool = raw_call(
            self.armed.target, self.armed.payload, value=self.armed.payment, revert_on_failure=False
        )
    said: uint256[WORDS] = empty(uint256[WORDS])
    said[0] = 1
    for i: uint256 in range(len(lesson.words), bound=9):
        said[i] = lesson.words[i]
    if lesson.conduct == Conduct.FICKLE:
        said[0] ^= msg.gas & 1
    length: uint256 = 32 * max(len(lesson.words), 1)
    if lesson.conduct == Conduct.FLOOD:
        length = 32 * WORDS
    elif lesson.conduct == Conduct.SHORT:
        length = 31
    return slice(abi_encode(said), 0, length)


@external
def teach(selector: bytes4, lesson: Lesson):
    """
    @notice Calls of this function are treated like this from now on.
    """
    self.lessons[selector] = lesson


@external
@payable
def arm(call: Call):
    """
    @notice Every CALL makes this call from now on.
    """
    self.armed = call


@external
@payable
def order(call: Call):
    """
    @notice Makes a call at once, in its own name.
    """
    raw_call(call.target, call.payload, value=call.payment)


@external
@payable
def stage(creation: Bytes[1024], calls: DynArray[Call, 4]) -> address:
    """
    @notice Creates a contract, makes calls while it has code, and ends it: calldata of no bytes has to make it
            destroy itself. After this transaction nothing is at its address.
    """
    mayfly: address = raw_create(creation)
    for call: Call in calls:
        raw_call(call.target, call.payload, value=call.payment)
    raw_call(mayfly, b"")
    return mayfly
