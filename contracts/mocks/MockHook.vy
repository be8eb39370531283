# pragma version 0.4.3
"""
@title MockHook
@notice A hook (`interfaces/IHook.vyi`) that misbehaves as a test orders; it returns raw bytes so that it can
        return anything.
"""

# BOMB returns far more data than anybody wants to copy.
# TWO returns a number that is no bool.
# NOTHING returns no data.
flag Conduct:
    REFUSE
    REVERT
    EAT_GAS
    BOMB
    TWO
    NOTHING

on_input: Conduct
on_output: Conduct


@external
def misbehave(on_input: Conduct, on_output: Conduct):
    self.on_input = on_input
    self.on_output = on_output


@external
@view
@raw_return
def check_input(input: Bytes[4096]) -> Bytes[9600]:
    return self._act(self.on_input)


@external
@view
@raw_return
def check_output(input: bytes32, output: Bytes[4096]) -> Bytes[9600]:
    return self._act(self.on_output)


@internal
@view
def _act(conduct: Conduct) -> Bytes[9600]:
    if conduct == Conduct.REVERT:
        raise "hook: reverting"
    elif conduct == Conduct.EAT_GAS:
        sink: uint256 = 0
        for i: uint256 in range(2**64):
            sink = unsafe_add(sink, i)
    elif conduct == Conduct.BOMB:
        return abi_encode(empty(bytes32[300]))
    elif conduct == Conduct.TWO:
        return abi_encode(convert(2, uint256))
    elif conduct == Conduct.NOTHING:
        return b""
    return abi_encode(conduct != Conduct.REFUSE)
