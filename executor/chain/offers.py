"""Offers that a model takes: what its version asks for, and a requester's own wishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from executor.chain.contracts import Contract, ask
from executor.chain.requests import LIVE, NATIVE, NOBODY, Offer
from executor.chain.rpc import Endpoint

RAMP = 60  # defaults, seconds
CLAIM_SECONDS = 3_600
RESULT_SECONDS = 600

_TERMS = (
    "program_root",
    "arbiter",
    "hook",
    "royalty_bps",
    "min_bond",
    "window",
    "input_size",
    "output_size",
    "unwatchable",
)


class OfferError(Exception):
    """No model takes such an offer; the message says why."""


class Draft(NamedTuple):
    """An offer, and how many bytes its version takes as input."""

    offer: Offer
    input_size: int


def draft(
    endpoint: Endpoint, model: Contract, max_price: int, version: int, wishes: Mapping[str, Any]
) -> Draft:
    """An offer with the bond and the window of the version that answers, and else as in `wishes`.

    wishes: any fields of `Offer`. Raises OfferError, and CallRevertedError where there is no such version.
    """
    number = version
    if version == LIVE:
        (number,) = ask(endpoint, [model.query("live")])
        if number == 0:
            raise OfferError(f"{model.address} has no live version")
    (words,) = ask(endpoint, [model.query("terms", number)])
    terms = dict(zip(_TERMS, words, strict=True))
    fields: dict[str, Any] = {
        "max_window": terms["window"],
        "consumer": NOBODY,
        "flags": 0,
        "callback_gas": 0,
        "asset": NATIVE,
        "min_price": 0,
        "ramp": RAMP,
        "claim_seconds": CLAIM_SECONDS,
        "result_seconds": RESULT_SECONDS,
        "bond": terms["min_bond"],
    }
    if unknown := set(wishes) - set(fields):
        raise OfferError(f"an offer has no {', '.join(sorted(unknown))}")
    offer = Offer(version=version, max_price=max_price, **{**fields, **wishes})
    return Draft(offer, terms["input_size"])
