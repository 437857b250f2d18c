"""Say what the user can set about the hub, beside what every command knows."""

import os
from typing import Final, Literal

from pydantic import Field, SecretStr

from aura_mcp.bridge import Places
from aura_mcp.settings import Settings

HAS_UNIX_SOCKETS: Final = os.name == "posix"


class HubSettings(Settings):
    """The settings of a process that is a hub."""

    idle_limit_mb: int | None = Field(
        default=32,
        ge=32,
        le=1_048_576,
        description="Memory that the database keeps between bookings, in megabytes (32 to 1048576).",
    )
    transport: Literal["unix", "tcp"] = Field(
        default="unix" if HAS_UNIX_SOCKETS else "tcp",
        description="How bridges reach the hub: a Unix socket, or loopback TCP with a token (the default on Windows).",
    )
    http_port: int = Field(
        default=0, ge=0, le=65_535, description="Loopback port of the HTTP door (0 to 65535). Default 0: a free one."
    )
    idle_exit_s: float = Field(
        default=900.0,
        gt=0,
        le=31_536_000,
        description="Seconds without a client after which a hub that a bridge started leaves (up to a year).",
    )
    drain_s: float = Field(
        default=30.0, ge=0, le=300, description="Seconds that running calls get when the hub leaves (0 to 300)."
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        max_length=1_000,
        description="What pushes of Helius carry as their Authorization header. Default: one that the hub makes.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least severe events that the hub logs."
    )
    fixtures: str = Field(
        default="",
        description="For tests only: a module whose `register(server)` adds tools. Default: none.",
    )

    def places(self) -> Places:
        """Return where the hub of these settings is found."""
        return Places(str(self.home), None if self.db is None else str(self.db))
