"""Parameters of a network as a person writes them, in `deployments/params/<network>.yaml`.

Amounts say "0.05 ether", times "10 minutes", shares "2.5 %". An unknown key, a missing one or a number
without its unit is an error: a network keeps its mistakes. Bounds that the contracts check themselves are not
repeated here; the script asks their constructors.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml  # type: ignore[import-untyped]
from eth_utils.address import to_checksum_address
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

WEI = {"wei": 1, "gwei": 10**9, "ether": 10**18}
SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
ZERO_ADDRESS = "0x" + "00" * 20
CLOCK = Fraction(3, 10)  # of the ruling time, for all moves of one side: `contracts/Dispute.vy`


class ParametersError(Exception):
    """The parameters cannot be used; the message names the file, the key and what to write."""


def wei(text: Any) -> int:
    """Wei of "0.05 ether", "3 gwei" or "1 wei"; ValueError for anything else."""
    number, unit = _quantity(text, "(wei|gwei|ether)", "an amount, such as '0.05 ether'")
    return _whole(number * WEI[unit], text, "wei")


def seconds(text: Any) -> int:
    """Seconds of "10 minutes", "1 hour", "2 days" or "0 seconds"; ValueError for anything else."""
    number, unit = _quantity(text, "(second|minute|hour|day)s?", "a time, such as '10 minutes'")
    return _whole(number * SECONDS[unit], text, "seconds")


def basis_points(text: Any) -> int:
    """Hundredths of a percent of "2.5 %"; ValueError for anything else."""
    number, _ = _quantity(text, "(%)", "a share, such as '2.5 %'")
    points = _whole(number * 100, text, "hundredths of a percent")
    if points > 10_000:
        raise ValueError(f"{text!r} is more than the whole")
    return points


def address(text: Any) -> str:
    """The checksummed address; ValueError for anything else. YAML reads one without quotes as a number."""
    if not isinstance(text, str) or not re.fullmatch("0x[0-9a-fA-F]{40}", text):
        raise ValueError(f"{text!r} is no address: write '0x...' in quotes")
    checksummed = to_checksum_address(text)
    if text not in (checksummed, text.lower()):
        raise ValueError(f"{text} has a wrong checksum")
    if checksummed == ZERO_ADDRESS:
        raise ValueError("is the zero address")
    return checksummed


def _quantity(text: Any, units: str, what: str) -> tuple[Decimal, str]:
    found = re.fullmatch(rf"(\d+(?:\.\d+)?) {units}", text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is not {what}")
    return Decimal(found[1]), found[2]


def _whole(number: Decimal, text: str, unit: str) -> int:
    if number != int(number):
        raise ValueError(f"{text!r} is no whole number of {unit}")
    return int(number)


Amount = Annotated[int, BeforeValidator(wei)]
Time = Annotated[int, BeforeValidator(seconds)]
Share = Annotated[int, BeforeValidator(basis_points)]
Address = Annotated[str, BeforeValidator(address)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NetworkParameters(_Strict):
    """`INetwork.Parameters`, field by field in its order: basis points, wei of the bond asset, seconds."""

    fee: Share
    penalty: Amount
    bounty: Amount
    compensation: Amount
    pot: Amount
    deposit: Amount
    delay_share: Share
    defence_cost: Amount
    min_window: Time
    min_result_time: Time
    ruling_time: Time
    max_attempts: int

    def encoded(self) -> tuple[int, ...]:
        """The struct's fields, as the constructor takes them."""
        return tuple(getattr(self, field) for field in type(self).model_fields)


class Parameters(_Strict):
    """Everything that has to be decided before a network exists.

    owner: of the network's parameters and fees; `deployer` on local networks only. bond_asset: an ERC-20, or
    `new` on local networks only. wraps_native: whether it is the chain's own coin, wrapped. uptime_feed: a
    Chainlink sequencer-uptime feed, or `none`. force_inclusion: how long a sequencer can keep a transaction
    out of the chain. unbonding: how long stake takes to leave. Of an arbiter's ruling time each side has
    `CLOCK` for its moves.
    """

    owner: Address | Literal["deployer"]
    bond_asset: Address | Literal["new"]
    wraps_native: bool
    uptime_feed: Address | Literal["none"]
    force_inclusion: Time
    unbonding: Time
    network: NetworkParameters

    @model_validator(mode="after")
    def _outlasts_censorship(self) -> Parameters:
        least = 2 * self.force_inclusion
        for window in ("min_window", "min_result_time"):
            lasts = getattr(self.network, window)
            if lasts < least:
                raise ValueError(
                    f"network.{window} is {lasts} seconds; twice the force-inclusion delay is {least}: "
                    "a sequencer could keep out every answer to it"
                )
        clock = int(self.network.ruling_time * CLOCK)
        if clock < least:
            raise ValueError(
                f"network.ruling_time leaves each side of a dispute {clock} seconds for its moves; twice the "
                f"force-inclusion delay is {least}: a sequencer could let the honest side's clock run out"
            )
        return self

    @model_validator(mode="after")
    def _unbonds_after_disputes(self) -> Parameters:
        longest = self.network.min_window + self.network.ruling_time
        if self.unbonding < longest:
            raise ValueError(
                f"unbonding is {self.unbonding} seconds; a window and its dispute last {longest}: "
                "a challenger could leave before his deposit is due"
            )
        return self

    @classmethod
    def read(cls, path: Path) -> Parameters:
        """The parameters in a YAML file; ParametersError lists all that is wrong with it."""
        try:
            content = yaml.safe_load(path.read_text())
        except OSError as error:
            raise ParametersError(f"parameters: cannot read {path}: {error.strerror}") from None
        except yaml.YAMLError as error:
            raise ParametersError(f"parameters: {path} is no YAML: {error}") from None
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            wrong = "".join(f"\n  {line}" for line in dict.fromkeys(map(_line, error.errors())))
            raise ParametersError(f"parameters: {path}:{wrong}") from None

    def require_public(self) -> None:
        """ParametersError if something here is for local networks only."""
        for key, value in (("owner", "deployer"), ("bond_asset", "new")):
            if getattr(self, key) == value:
                raise ParametersError(f"parameters: {key}: {value!r} is for local networks, name an address")


def _line(error: Any) -> str:
    """One mistake: its key and what is wrong."""
    key = ".".join(str(part) for part in error["loc"] if not str(part).startswith(("function-", "literal")))
    return f"{key or 'the file'}: {error['msg'].removeprefix('Value error, ')}"
