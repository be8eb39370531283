"""Which requests are worth claiming, and when: pure decisions over numbers.

A request is weighed by what is known when it is seen: its terms, its deadlines, what it pays at this second
of its ramp, and what it costs in gas. The answer is to take it, to wait, or to leave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from executor.chain.requests import MAX_BATCH, NATIVE, NOBODY, Flags, Offer, Request, Slot, price_after
from executor.chain.terms import Frozen

# Gas that claim, post and finalize cost together: once for every three transactions, and for each job in them
# (tests/snapshots/gas.json: 140,000 alone, 41,000 in a batch of 32). What a callback takes comes on top.
GAS_A_BATCH = 102_000
GAS_A_JOB = 38_000
GAS_A_BYTE = 60  # of output: posted as calldata and as a log, and once more if delivered when final


CLOCK = 0.3  # of the ruling time, a defender's in the Dispute contract


@dataclass(frozen=True)
class Defence:
    """What a result of a program takes to be defended. seconds: for the trace. input_size: the program's."""

    seconds: float
    input_size: int


@dataclass(frozen=True)
class Policy:
    """What an operator accepts.

    floors: least earnings for a job above its gas, by fee asset (wei of that asset); other assets are not
    taken. arbiters: those whose ruling is accepted. max_window: longest time a bond may be locked, seconds.
    margin: seconds that have to be left of a deadline after the work is expected to be done. defences: by
    program root, what is known of the programs held.
    """

    floors: Mapping[str, int] = field(default_factory=lambda: {NATIVE: 0})
    arbiters: frozenset[str] = frozenset()
    max_window: int = 7 * 86_400
    margin: int = 10
    defences: Mapping[bytes, Defence] = field(default_factory=dict)


@dataclass(frozen=True)
class Conditions:
    """What the world is like.

    now: chain time. gas_price: wei. seconds: to infer and post a job. together: jobs that share transactions.
    """

    now: int
    gas_price: int
    seconds: float
    together: int = 1


@dataclass(frozen=True)
class Take:
    """Claim it now. earned: what it leaves above its gas, in the fee asset; in native coin net of gas."""

    earned: int


@dataclass(frozen=True)
class Wait:
    """Look again at chain time `until`."""

    until: int
    why: str


@dataclass(frozen=True)
class Leave:
    """Not for this executor, however long it waits."""

    why: str


Verdict = Take | Wait | Leave

ORDER_GAS = 60_000  # more, for opening a signed order
EXPIRE_GAS = 120_000  # for opening a request again

HOOK_GAS = 200_000  # what an output hook may take when a result is posted

LOOK_AGAIN = 5  # seconds, where only the price of gas or other jobs can change the verdict


def weigh(
    request: Request, slot: Slot, terms: Frozen, output_size: int, policy: Policy, conditions: Conditions
) -> Verdict:
    """What to do about an open request whose program is held."""
    refusal = refuse(request.flags, request.asset, request.result_seconds, terms, policy, conditions)
    if refusal:
        return Leave(refusal)
    last = slot.opened_at + request.claim_seconds
    if conditions.now + 1 >= last:
        return Leave("its claim deadline has passed")
    cost = gas_cost(
        _flags(request.flags, terms), request.callback_gas, output_size, request.asset, conditions
    )
    needed = policy.floors[request.asset] + cost
    earned = terms.earned(request.price(conditions.now - slot.ramp_start)) - cost
    if earned >= policy.floors[request.asset]:
        return Take(earned)
    reached = next_price(request, terms, needed)
    if reached is None:
        return Wait(conditions.now + LOOK_AGAIN, f"it pays at most {request.max_price}, {needed} is needed")
    until = max(conditions.now + 1, slot.ramp_start + reached)
    if until + 1 >= last:
        return Leave("its price rises too late")
    return Wait(until, f"its price has not reached {needed}")


def weigh_order(
    offer: Offer,
    price: int,
    terms: Frozen,
    output_size: int,
    policy: Policy,
    conditions: Conditions,
    strangers_gas: int = 0,
) -> Verdict:
    """What to do about a signed order that pays `price` now.

    strangers_gas: what its signer, its model and its version's hook can take while it is opened.
    """
    refusal = refuse(Flags(offer.flags), offer.asset, offer.result_seconds, terms, policy, conditions)
    if refusal:
        return Leave(refusal)
    if offer.bond < terms.min_bond or offer.max_window < terms.window:
        return Leave("it asks for less bond or a shorter window than its version has")
    cost = gas_cost(
        _flags(Flags(offer.flags), terms), offer.callback_gas, output_size, offer.asset, conditions
    )
    cost += (ORDER_GAS + strangers_gas) * conditions.gas_price if offer.asset == NATIVE else 0
    earned = terms.earned(price) - cost
    if earned >= policy.floors[offer.asset]:
        return Take(earned)
    return Wait(conditions.now + LOOK_AGAIN, f"it pays {price} now")


def is_worth_opening(
    request: Request, slot: Slot, terms: Frozen, output_size: int, policy: Policy, conditions: Conditions
) -> bool:
    """Whether to pay for opening a request again whose claim somebody else has missed."""
    if refuse(request.flags, request.asset, request.result_seconds, terms, policy, conditions):
        return False
    cost = gas_cost(
        _flags(request.flags, terms), request.callback_gas, output_size, request.asset, conditions
    )
    if slot.attempt >= terms.max_attempts:
        return False  # it would be refunded
    cost += EXPIRE_GAS * conditions.gas_price if request.asset == NATIVE else 0
    return terms.earned(request.price(slot.elapsed)) >= policy.floors[request.asset] + cost


def refuse(
    flags: Flags, asset: str, result_seconds: int, terms: Frozen, policy: Policy, conditions: Conditions
) -> str:
    """Why a request is never taken, whatever it pays; or nothing."""
    if terms.arbiter not in policy.arbiters:
        return f"arbiter {terms.arbiter} is not accepted"
    if asset not in policy.floors:
        return f"fees in {asset} are not accepted"
    if flags & Flags.UNWATCHABLE:
        return "its input is kept elsewhere, where nobody could judge an answer to it"
    if terms.window > policy.max_window:
        return f"its window of {terms.window} s is longer than {policy.max_window} s"
    if refusal := _indefensible(policy.defences.get(terms.program_root), terms):
        return refusal
    if result_seconds < conditions.seconds + policy.margin:
        return f"{result_seconds} s are too short for a result"
    return ""


def _indefensible(defence: Defence | None, terms: Frozen) -> str:
    """Why a true answer might not stand up in a dispute, or nothing."""
    if defence is None:
        return ""
    if defence.input_size != terms.input_size:  # then no trace opens to the input that the Market derives
        return f"its version takes inputs of {terms.input_size} bytes, its program of {defence.input_size}"
    quarter = CLOCK * terms.ruling_seconds / 4
    if defence.seconds > quarter:
        return (
            f"a trace takes {defence.seconds:.1f} s, above {quarter:.1f} s, a quarter of a defender's clock"
        )
    return ""


def gas_cost(flags: Flags, callback_gas: int, output_size: int, asset: str, conditions: Conditions) -> int:
    """Wei of gas for one job from claim to finalize; 0 where the fee is in another asset than gas is.

    Whoever sets a floor in another asset sets it with the price of gas in mind.
    """
    if asset != NATIVE:
        return 0
    calls = bool(flags & Flags.AT_POST) + bool(flags & Flags.AT_FINAL)
    shared = GAS_A_BATCH // min(max(conditions.together, 1), MAX_BATCH)
    called = calls * callback_gas + (HOOK_GAS if flags & Flags.HOOKED else 0)
    return (shared + GAS_A_JOB + GAS_A_BYTE * output_size + called) * conditions.gas_price


def _flags(flags: Flags, terms: Frozen) -> Flags:
    """The flags that the request has or will have: an order's are not set by the Market yet."""
    return flags if terms.hook == NOBODY else flags | Flags.HOOKED


def next_price(request: Request, terms: Frozen, needed: int) -> int | None:
    """The first second of the ramp at which the executor earns `needed`; None if it never does."""
    if terms.earned(request.max_price) < needed:
        return None
    low, high = 0, request.ramp
    while low < high:
        middle = (low + high) // 2
        price = price_after(middle, request.min_price, request.max_price, request.ramp)
        low, high = (low, middle) if terms.earned(price) >= needed else (middle + 1, high)
    return low
