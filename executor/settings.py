"""The executor's settings: one typed object, from `executor.toml` and ELENCHUS_* variables, in that order.

A variable wins over the file, an option of the command line over both. Names that do not exist are errors.
Amounts are wei, or words such as "0.05 ether" and "2 gwei".
"""

from __future__ import annotations

import os
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from executor.chain.deployment import Address

PREFIX = "ELENCHUS_"
FILE = Path("executor.toml")
UNITS = {"wei": 0, "gwei": 9, "ether": 18}


class SettingsError(Exception):
    """A setting is missing or impossible; the message names it."""


class MissingSettingError(SettingsError):
    """A setting without which this cannot be done was not given."""


def parse_amount(value: Any) -> Any:
    """Wei of "0.05 ether"; numbers pass. ValueError for what is no whole number of wei."""
    if not isinstance(value, str):
        return value
    number, _, unit = value.strip().partition(" ")
    try:
        wei = Decimal(number).scaleb(UNITS[unit.strip() or "wei"])
        if wei != wei.to_integral_value():
            raise ValueError(f"{value!r} is no whole number of wei")
    except (InvalidOperation, KeyError):
        raise ValueError(f"{value!r} is no amount: write wei, or for example '0.05 ether'") from None
    return int(wei)


Wei = Annotated[int, BeforeValidator(parse_amount), Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]


class Settings(BaseSettings):
    """Everything that an operator decides."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    rpc: str = Field(default="http://127.0.0.1:8545", description="JSON-RPC endpoint of the chain")
    deployment: Path = Field(description="manifest of the network, deployments/<network>.json")
    artifacts: tuple[Path, ...] = Field(default=(), description="program files to answer for")
    key: str = Field(default="", description="keystore file or ape:ALIAS; none for a dry run")
    password_file: Path | None = Field(default=None, description="its first line unlocks the key")
    account: Address | None = Field(default=None, description="whom a dry run acts for")
    journal: Path | None = Field(default=None, description="default: in state, by network and account")
    state: Path = Field(default=Path("~/.elenchus"), description="where journals lie")

    min_price: Wei = Field(default=0, description="least earnings for a job above its gas, native coin")
    assets: dict[Address, Wei] = Field(default={}, description="the same for other fee assets, in theirs")
    arbiters: tuple[Address, ...] | None = Field(
        default=None, description="accepted; default: the manifest's"
    )
    max_window: int = Field(default=7 * 86_400, gt=0, description="longest challenge window, seconds")
    margin: int = Field(default=10, ge=0, description="seconds to spare before a result's deadline")
    latency: Seconds = Field(default=24, description="seconds from a computed output to its block")
    claim: bool = Field(default=True, description="claim open requests; else only finish what was begun")
    watch: bool = Field(default=False, description="re-execute others' results and challenge wrong ones")
    watch_share: float = Field(default=1.0, ge=0, le=1, description="share of results to watch, drawn by lot")
    trip: bool = Field(
        default=False, description="take bad versions down with their own answers; costs gas, earns nothing"
    )
    traces: Path | None = Field(default=None, description="folder for long traces; default: the system's")
    most_jobs: int = Field(default=256, gt=0, description="claimed and not yet posted at a time")
    threads: int = Field(default=1, gt=0, description="programs run at a time, and parts of a large one")
    device: str | None = Field(default=None, description="torch device for large products, such as cuda")

    intake: bool = Field(default=True, description="take signed orders over HTTP")
    intake_host: str = Field(default="127.0.0.1", description="address to listen at")
    intake_port: int = Field(default=8645, ge=0, le=65_535, description="0 for any free one")
    most_orders: int = Field(default=1_000, gt=0, description="signed orders kept at a time")

    poll: Seconds = Field(default=0.5, description="seconds between looks at the chain")
    confirmations: int = Field(default=3, gt=0, description="blocks that make a transaction confirmed")
    patience: int = Field(default=3, ge=0, description="blocks before more is offered for a transaction")
    gas_cap: Wei = Field(default=200 * 10**9, description="most wei paid for a unit of gas")
    gas_tip: Wei = Field(default=10**9, description="first tip, wei for a unit of gas")
    drain_seconds: Seconds = Field(default=60, description="to finish what is owed after a stop signal")

    @classmethod
    def load(cls, file: Path | None = None, **options: Any) -> Settings:
        """Settings from `file` (default: executor.toml, if there is one), the environment, and `options`.

        Raises SettingsError.
        """
        if file is not None and not file.is_file():
            raise SettingsError(f"settings: there is no file {file}")
        _refuse_unknown_variables(cls)
        path = file or (FILE if FILE.is_file() else None)

        class WithFile(cls):  # type: ignore[misc, valid-type]  # the file is a value, not a constant
            @classmethod
            def settings_customise_sources(
                cls, settings_cls: type[BaseSettings], **named: PydanticBaseSettingsSource
            ) -> tuple[PydanticBaseSettingsSource, ...]:
                toml = [TomlConfigSettingsSource(settings_cls, path)] if path else []
                return (named["init_settings"], named["env_settings"], *toml)

        given = {name: value for name, value in options.items() if value is not None}
        try:
            return WithFile(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            if first["type"] == "missing":
                hint = f"set {PREFIX}{name.upper()} or {name} in {FILE}"
                raise MissingSettingError(f"settings: {name}: {first['msg']} ({hint})") from None
            raise SettingsError(f"settings: {name}: {first['msg']}") from None
        except ValueError as error:  # TOML that is none
            raise SettingsError(f"settings: {path}: {error}") from None


def _refuse_unknown_variables(settings: type[Settings]) -> None:
    known = {f"{PREFIX}{name}".upper() for name in settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise SettingsError(f"settings: there is no setting {', '.join(unknown)}")
