# pragma version 0.4.3
"""
@title MockTarget
@notice Called by operations. Does as a test orders: makes a call of its own, answers, fails. Keeps what it was told.
"""

fails: bool
answer: Bytes[4096]
target: address
payload: Bytes[4096]
last_call: public(Bytes[4096])
count: public(uint256)


@external
@payable
def __default__():
    self.last_call = slice(msg.data, 0, 4) if len(msg.data) >= 4 else b""
    self.count += 1
    if self.target != empty(address):
        raw_call(self.target, self.payload)
    if self.fails:
        raw_revert(self.answer)


@external
def order_call(target: address, payload: Bytes[4096]):
    self.target = target
    self.payload = payload


@external
def order_failure(answer: Bytes[4096]):
    self.fails = True
    self.answer = answer
