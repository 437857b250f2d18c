"""Run jobs: one at a time of each name, remembered, with its progress and its failures in sight.

Whoever asks for a job that is running is told of that run. Not responsible for what jobs do (`aura_mcp.jobs`) or for
when they are due (`scheduler`).
"""

import logging
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup

from aura_mcp.errors import AuraError, NotFoundError
from aura_mcp.services.boundary import reported
from aura_mcp.services.events import EventKind, Events
from aura_mcp.services.keeping import background
from aura_mcp.services.results import to_moment, to_moment_or_none
from aura_mcp.services.steps import Progress
from data.clock import Clock
from data.errors import StoreError
from data.store import Store
from data.store.jobs import JobRuns, StoredRun

FAILURES: Final = 20
"""Reasons that are remembered of a run."""

logger = logging.getLogger(__name__)


class Cause(StrEnum):
    """Who asked for a run."""

    SCHEDULE = "schedule"
    TOOL = "tool"
    HTTP = "http"
    COMMAND = "command"


class RunState(StrEnum):
    """Where a run is. A failed one may have done a part: its summary says which."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a run is asked for; `since` asks for facts from that moment on, None for what is new."""

    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a job did, and what of it could not be done: one line for each reason."""

    summary: Mapping[str, object]
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something that is done again and again; `interval_s` None: only when asked for.

    `is_due` says whether there is anything to do at all, such as wallets that are followed.
    """

    name: str
    title: str
    interval_s: float | None
    run: Callable[[Request, Progress], Awaitable[Outcome]]
    is_due: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a job; `step`, `done` and `total` tell how far it is while it is running."""

    number: int
    job: str
    cause: Cause
    state: RunState
    started_at: datetime
    finished_at: datetime | None = None
    step: str = ""
    done: int = 0
    total: int = 0
    summary: Mapping[str, Any] = field(default_factory=dict[str, Any])
    failures: tuple[str, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.state is RunState.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """How a job is doing: its last run, and when the next is due; None: not by itself."""

    name: str
    title: str
    interval_s: float | None
    last_run: Run | None
    next_run_at: datetime | None


class _Running:
    """A run that is under way."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.has_ended = anyio.Event()


class Jobs:
    """The jobs of one process and the runs of all."""

    def __init__(self, store: Store, events: Events, clock: Clock) -> None:
        self._runs = JobRuns(store.database)
        self._events = events
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._refusal = "no jobs run here"
        self._group: TaskGroup | None = None
        self._running: dict[str, _Running] = {}
        self._unwritten: dict[int, Run] = {}
        self._writing = threading.Lock()
        self._next: dict[str, datetime] = {}
        self._starting: anyio.Lock | None = None

    @asynccontextmanager
    async def opened(self, jobs: Iterable[Job]) -> AsyncGenerator[None]:
        """Let jobs run for the block; those that run at its end are interrupted."""
        await anyio.to_thread.run_sync(self._runs.interrupt)
        self._jobs = {job.name: job for job in jobs}
        self._starting = anyio.Lock()
        async with background() as group:
            self._group = group
            try:
                yield
            finally:
                self._group = None

    def refuse(self, reason: str) -> None:
        """Say why no job can run in this process."""
        self._refusal = reason

    @property
    def jobs(self) -> Sequence[Job]:
        """The jobs that can run here."""
        return tuple(self._jobs.values())

    def now(self) -> datetime:
        """Return the present."""
        return self._clock.now()

    def note_next(self, name: str, at: datetime) -> None:
        """Remember when a job is due next."""
        self._next[name] = at

    async def start(self, name: str, cause: Cause, request: Request | None = None) -> Run:
        """Start a job and return its run, at once; of a job that is running, return the run that is under way.

        Raises:
            AuraError: no jobs run in this process, or none of that name.
        """
        if self._group is None or self._starting is None:
            raise AuraError(f"job {name!r} cannot run: {self._refusal}")
        job = self._jobs.get(name)
        if job is None:
            raise AuraError(f"there is no job {name!r}; there are {', '.join(self._jobs)}")
        async with self._starting:
            if name in self._running:
                return self._running[name].run
            started_at = self._clock.epoch_s()
            number = await anyio.to_thread.run_sync(self._runs.start, name, cause.value, started_at)
            run = Run(number=number, job=name, cause=cause, state=RunState.RUNNING, started_at=to_moment(started_at))
            running = self._running[name] = _Running(run)
            self._group.start_soon(self._execute, job, running, request or Request())
            return run

    async def wait(self, numbers: Sequence[int], timeout_s: float | None = None) -> list[Run]:
        """Return runs as they are when all have ended, or after `timeout_s`."""
        under_way = [running for running in self._running.values() if running.run.number in numbers]
        with anyio.move_on_after(timeout_s):
            for running in under_way:
                await running.has_ended.wait()
        return [await anyio.to_thread.run_sync(self.find, number) for number in numbers]

    def find(self, number: int) -> Run:
        """Return a run.

        Raises:
            NotFoundError: there is none of that number, or none any more.
        """
        for running in list(self._running.values()):
            if running.run.number == number:
                return running.run
        if (ended := self._unwritten.get(number)) is not None:
            return ended
        stored = self._runs.find(number)
        if stored is None:
            raise NotFoundError(f"there is no run {number}; job_status without an id lists those that are remembered")
        return _read(stored)

    def newest(self, limit: int) -> list[Run]:
        """Return the newest runs, newest first."""
        return [self._current(row) for row in self._runs.newest(limit)]

    def states(self) -> list[JobState]:
        """Return how each job is doing that runs here or has ever run."""
        latest = {name: self._current(row) for name, row in self._runs.latest_of_each().items()}
        return [
            JobState(
                name=name,
                title=self._jobs[name].title if name in self._jobs else name,
                interval_s=self._jobs[name].interval_s if name in self._jobs else None,
                last_run=latest.get(name),
                next_run_at=self._next.get(name),
            )
            for name in dict.fromkeys((*self._jobs, *latest))
        ]

    def last_started(self, name: str) -> datetime | None:
        """Return when a job began last, in this process or an earlier one."""
        found = self._runs.latest_of_each().get(name)
        return None if found is None else to_moment(found.started_at)

    def _current(self, row: StoredRun) -> Run:
        running = self._running.get(row.job)
        if running is not None and running.run.number == row.number:
            return running.run
        return self._unwritten.get(row.number) or _read(row)

    async def _execute(self, job: Job, running: _Running, request: Request) -> None:
        def note(step: str, done: int, total: int) -> None:
            running.run = replace(running.run, step=step, done=done, total=total)

        state, outcome = RunState.INTERRUPTED, Outcome(summary={}, failures=("the process was told to leave",))
        try:
            state, outcome = await _attempt(job, request, note)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._finish, running, state, outcome)
            del self._running[job.name]
            running.has_ended.set()

    def _finish(self, running: _Running, state: RunState, outcome: Outcome) -> None:
        """Write down how a run ended; where that cannot be written, as on a full disk, it is with the next that can."""
        running.run = run = replace(
            running.run,
            state=state,
            finished_at=self._clock.now().replace(microsecond=0),
            summary=outcome.summary,
            failures=outcome.failures[:FAILURES],
        )
        self._unwritten[run.number] = run
        try:
            with self._writing:
                for ended in list(self._unwritten.values()):
                    self._write(ended)
                    del self._unwritten[ended.number]
        except StoreError as error:
            logger.warning("job_not_recorded", extra={"fields": {"job": run.job, "reason": str(error)}})

    def _write(self, run: Run) -> None:
        before = self._runs.latest_of_each(before=run.number).get(run.job)
        self._runs.finish(
            run.number,
            run.state.value,
            int((run.finished_at or self._clock.now()).timestamp()),
            summary=msgspec.json.encode(run.summary).decode(),
            failures=msgspec.json.encode(run.failures).decode(),
        )
        was_failed = before is not None and before.state == RunState.FAILED
        if run.state is not RunState.INTERRUPTED and was_failed != (run.state is RunState.FAILED):
            # Trouble is told when it comes and when it goes, not with every run in between.
            body = {"job": run.job, "run": run.number, "state": run.state.value, "failures": run.failures[:3]}
            self._events.record(EventKind.JOB, f"{run.number}:{run.state}", body)


async def _attempt(job: Job, request: Request, note: Progress) -> tuple[RunState, Outcome]:
    try:
        with reported():
            outcome = await job.run(request, note)
    except AuraError as error:
        logger.warning("job_failed", extra={"fields": {"job": job.name, "reason": str(error)}})
        return RunState.FAILED, Outcome(summary={}, failures=(str(error),))
    except Exception as error:
        logger.exception("job_crashed", extra={"fields": {"job": job.name}})
        line = f"{job.name}: stopped by {type(error).__name__}, a defect of AURA; the log has its trace"
        return RunState.FAILED, Outcome(summary={}, failures=(line,))
    if outcome.failures:
        reason = {"job": job.name, "reason": outcome.failures[0], "failures": len(outcome.failures)}
        logger.warning("job_incomplete", extra={"fields": reason})
    return RunState.FAILED if outcome.failures else RunState.DONE, outcome


def _read(row: StoredRun) -> Run:
    return Run(
        number=row.number,
        job=row.job,
        cause=Cause(row.cause),
        state=RunState(row.state),
        started_at=to_moment(row.started_at),
        finished_at=to_moment_or_none(row.finished_at),
        summary=msgspec.json.decode(row.summary),
        failures=tuple(msgspec.json.decode(row.failures)),
    )
