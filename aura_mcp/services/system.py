"""Say how this AURA is doing: which version, over which database, up to which slot, and behind which hub.

Not responsible for judging it: a slot that does not advance is seen by whoever asks twice.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from aura_mcp.services.results import to_moment_or_none
from data.clock import Clock
from data.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class HubState:
    """The process that owns the database and serves everybody else."""

    started_at: datetime
    uptime_s: int
    sessions: int
    """Open connections of bridges; a client of the HTTP door has none."""
    http_url: str | None
    is_auto_started: bool
    """Started by a bridge: it leaves when nobody has asked for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """The one file, and how far its facts reach."""

    path: str
    size_bytes: int
    last_slot: int | None
    """Slot of the newest fact; None while there is none, or none whose slot is known."""
    last_fact_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStatus:
    """How this AURA is doing."""

    version: str
    as_of: datetime
    database: DatabaseState
    hub: HubState | None
    """None where the tools are served without a hub, as over stdio."""


class Host(Protocol):
    """The hub, as seen from inside."""

    def state(self) -> HubState:
        """Return what there is to know about the hub."""
        ...


class System:
    """Questions about AURA itself."""

    def __init__(self, store: Store, database: Path, clock: Clock, *, version: str, host: Host | None = None) -> None:
        self._store = store
        self._database = database
        self._clock = clock
        self._version = version
        self._host = host

    def status(self) -> SystemStatus:
        """Return how this AURA is doing."""
        newest = self._store.facts.newest()
        return SystemStatus(
            version=self._version,
            as_of=self._clock.now(),
            database=DatabaseState(
                path=str(self._database),
                size_bytes=_size(self._database),
                last_slot=newest.slot,
                last_fact_at=to_moment_or_none(newest.block_time),
            ),
            hub=None if self._host is None else self._host.state(),
        )


def _size(database: Path) -> int:
    wal = database.with_name(f"{database.name}.wal")
    return sum(file.stat().st_size for file in (database, wal) if file.exists())
