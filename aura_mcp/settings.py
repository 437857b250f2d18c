"""Say what the user can set, from the environment: the one place that reads it.

Not responsible for acting on settings: `app` hands each part its own small share.
"""

from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from aura_mcp.errors import SettingsError
from engine.text import quote_text

PREFIX: Final = "AURA_"
DATABASE_NAME: Final = "aura.duckdb"


def _user_data_folder() -> Path:
    return platformdirs.user_data_path("aura", appauthor=False)


def _interval(default_s: float, what: str) -> Any:  # noqa: ANN401 - as pydantic's own Field
    return Field(default=default_s, ge=0, le=86_400, description=f"Seconds between {what} (up to 86400; 0: never).")


class Settings(BaseSettings):
    """Everything that can be set; each field is `AURA_` and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, validate_default=True
    )

    home: Path = Field(
        default_factory=_user_data_folder,
        description="Folder of the state. Default: the platform's folder for user data.",
    )
    db: Path | None = Field(
        default=None,
        description=f"Database file. Default: {DATABASE_NAME} in the home folder.",
    )
    memory_limit_mb: int = Field(
        default=2048,
        ge=128,
        le=1_048_576,
        description="Memory that the database may use, in megabytes (128 to 1048576); it spills to disk beyond.",
    )
    idle_limit_mb: int | None = Field(
        default=None,
        ge=32,
        le=1_048_576,
        description="Memory that the database keeps between bookings, in megabytes (32 to 1048576). "
        "Default: 32 in the hub, which stays; all of memory_limit_mb in a command.",
    )
    threads: int = Field(
        default=2,
        ge=1,
        le=256,
        description="Threads of the database (1 to 256).",
    )
    offline: bool = Field(
        default=False,
        description="Ask no provider: nothing is followed, refreshed or looked up beyond this machine.",
    )
    wallets_interval_s: float = _interval(300, "sweeps of the followed wallets")
    prices_interval_s: float = _interval(30, "refreshes of the prices of what followed wallets hold")
    finality_interval_s: float = _interval(60, "looks at transactions that are not final yet")
    reconcile_interval_s: float = _interval(900, "comparisons of a few wallets with the chain")
    backfill_days: int = Field(
        default=30, ge=0, le=3_650, description="Days of history of a newly followed wallet (0 to 3650)."
    )
    backfill_transactions: int = Field(
        default=500, ge=0, le=1_000_000, description="Transactions of that history at most (0 to 1000000)."
    )
    retry_longest_s: int = Field(
        default=600,
        ge=2,
        le=86_400,
        description="Longest wait before a transaction that could not be had is tried again, in seconds (2 to 86400).",
    )
    vanished_wait_s: int = Field(
        default=30,
        ge=0,
        le=3_600,
        description="Seconds between the two looks for a trade that the chain forgot, before it is taken back "
        "(0 to 3600).",
    )
    logs: bool = Field(
        default=False,
        description="Listen to the node's WebSocket for followed wallets: trades are known seconds after they happen.",
    )
    whale_usd: Decimal = Field(
        default=Decimal(10_000),
        ge=0,
        le=1_000_000_000,
        description="Value in USD from which a trade of a followed wallet is an event of its own (0 to 1000000000).",
    )
    event_age_s: int = Field(
        default=3_600,
        ge=60,
        le=315_360_000,
        description="Age in seconds up to which a trade is news; a back-fill brings older ones (60 to 315360000).",
    )

    @classmethod
    def load(cls) -> Self:
        """Return the settings of this process's environment.

        Raises:
            SettingsError: a variable is out of its range.
        """
        try:
            return cls()
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
            found = quote_text(str(first["input"]))
            raise SettingsError(f"{name}={found}: {first['msg']}; mend the variable or unset it") from error

    @cached_property
    def database(self) -> Path:
        """The database file that is meant when none is named."""
        return (self.db or self.home / DATABASE_NAME).expanduser()
