"""Say how this AURA is doing: its version, its database, its jobs, its providers, what is still to be fetched.

Not responsible for judging it: a slot that does not advance is seen by whoever asks twice.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from aura_mcp.services.events import Events
from aura_mcp.services.jobs import Jobs, JobState, RunState
from aura_mcp.services.providers import Providers
from aura_mcp.services.results import to_moment_or_none
from aura_mcp.services.tracking import Completing, Coverage
from data.clock import Clock
from data.providers import Health
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
class JobHealth:
    """How a job is doing."""

    name: str
    interval_s: float | None
    """None: it runs only when asked for."""
    last_state: RunState | None
    """None: it never ran."""
    last_run_at: datetime | None
    next_run_at: datetime | None
    failure: str | None
    """Why the last run did not do everything, the first reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderHealth:
    """How a provider that was asked since the start, or has credits to count, is doing."""

    name: str
    state: str
    last_ok_at: datetime | None
    last_error: str | None
    calls: int
    credits_this_month: int | None
    credit_limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingKey:
    """A key that is not set, and what it would improve; nothing needs one."""

    name: str
    benefit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveState:
    """How wallets are followed."""

    is_offline: bool
    """AURA_OFFLINE is set: nobody is asked."""
    followed: int
    histories: Mapping[Coverage, int]
    """How many followed wallets are complete, catching up, back-filling, with gaps, never fetched."""
    gaps_being_closed: int
    gaps_unclosable: int
    """For these everything was tried: what they hide cannot be had."""
    unfinalized: int
    """Stored transactions that could still be dropped."""
    taken_back: int
    """Stored transactions that the chain dropped: they count in nothing."""
    jobs: tuple[JobHealth, ...]
    providers: tuple[ProviderHealth, ...]
    pending: int
    """Transactions that are known of and still to be fetched."""
    oldest_pending_at: datetime | None
    failing: int
    """Those of them that could not be fetched so far."""
    last_event: int
    """Number of the newest event."""
    missing_keys: tuple[MissingKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStatus:
    """How this AURA is doing."""

    version: str
    as_of: datetime
    database: DatabaseState
    hub: HubState | None
    """None where the tools are served without a hub, as over stdio."""
    live: LiveState


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What does not change while a process lives."""

    version: str
    database: Path
    is_offline: bool


class Host(Protocol):
    """The hub, as seen from inside."""

    def state(self) -> HubState:
        """Return what there is to know about the hub."""
        ...


class System:
    """Questions about AURA itself."""

    def __init__(
        self,
        store: Store,
        about: About,
        clock: Clock,
        *,
        jobs: Jobs,
        events: Events,
        providers: Providers,
        host: Host | None = None,
    ) -> None:
        self._store = store
        self._about = about
        self._clock = clock
        self._jobs = jobs
        self._events = events
        self._providers = providers
        self._host = host
        self._completing = Completing(store)

    def status(self) -> SystemStatus:
        """Return how this AURA is doing."""
        newest = self._store.facts.newest()
        return SystemStatus(
            version=self._about.version,
            as_of=self._clock.now(),
            database=DatabaseState(
                path=str(self._about.database),
                size_bytes=_size(self._about.database),
                last_slot=newest.slot,
                last_fact_at=to_moment_or_none(newest.block_time),
            ),
            hub=None if self._host is None else self._host.state(),
            live=self._live(),
        )

    def _live(self) -> LiveState:
        backlog = self._store.pending.backlog()
        histories = self._completing.all().values()
        return LiveState(
            is_offline=self._about.is_offline,
            followed=len(self._store.wallets.tracked()),
            histories=dict(Counter(found.coverage for found in histories)),
            gaps_being_closed=sum(found.being_closed for found in histories),
            gaps_unclosable=sum(found.unclosable for found in histories),
            unfinalized=self._store.finality.count_waiting(),
            taken_back=self._store.finality.count_reversed(),
            jobs=tuple(_job(state) for state in self._jobs.states()),
            providers=tuple(_provider(health) for health in self._providers.health() if _is_known(health)),
            pending=backlog.signatures,
            oldest_pending_at=to_moment_or_none(backlog.oldest_at),
            failing=backlog.failing,
            last_event=self._events.last_number(),
            missing_keys=tuple(MissingKey(name=name, benefit=why) for name, why in self._providers.missing_keys()),
        )


def _job(state: JobState) -> JobHealth:
    run = state.last_run
    return JobHealth(
        name=state.name,
        interval_s=state.interval_s,
        last_state=None if run is None else run.state,
        last_run_at=None if run is None else run.started_at,
        next_run_at=state.next_run_at,
        failure=None if run is None or not run.failures else run.failures[0],
    )


def _is_known(health: Health) -> bool:
    return health.calls > 0 or bool(health.credits_this_month) or health.last_error is not None


def _provider(health: Health) -> ProviderHealth:
    return ProviderHealth(
        name=health.name,
        state=health.state.value,
        last_ok_at=to_moment_or_none(health.last_ok_at),
        last_error=health.last_error,
        calls=health.calls,
        credits_this_month=health.credits_this_month,
        credit_limit=health.credit_limit,
    )


def _size(database: Path) -> int:
    wal = database.with_name(f"{database.name}.wal")
    return sum(file.stat().st_size for file in (database, wal) if file.exists())
