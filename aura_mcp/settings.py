"""Say what the user can set, from the environment: the one place that reads it.

Not responsible for acting on settings: `app` hands each part its own small share.
"""

from functools import cached_property
from pathlib import Path
from typing import Final, Self

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from aura_mcp.errors import SettingsError
from engine.text import quote_text

PREFIX: Final = "AURA_"
DATABASE_NAME: Final = "aura.duckdb"


def _user_data_folder() -> Path:
    return platformdirs.user_data_path("aura", appauthor=False)


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
