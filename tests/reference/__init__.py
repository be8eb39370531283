"""The market, its orders and challenges, models and the stake vault once more, in plain Python.

Written from the rules and the interfaces, without a look at the contracts' code, so that the two can
disagree. Nothing is packed, hashed or optimised here. Amounts are wei, times unix seconds, accounts address
strings. A call that the contracts must refuse raises `Refusal` with their very reason; every other happens.
"""
