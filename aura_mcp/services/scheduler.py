"""Start each job when it is due: on time, never over itself, and once after a time in which nothing could run.

Not responsible for running jobs (`services.jobs`) or for what they do.
"""

import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import anyio
import anyio.to_thread

from aura_mcp.services.jobs import Cause, Job, Jobs
from data.clock import Clock
from data.errors import StoreError

SLICE_S: Final = 15.0
"""A machine that slept does not count the time; the wall clock is looked at this often."""

JITTER: Final = 0.1
"""The part of an interval by which a run comes later, at most: not everybody asks at the full minute."""


logger = logging.getLogger(__name__)


class Scheduler:
    """The timetable of the jobs of one process."""

    def __init__(
        self,
        jobs: Jobs,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._jobs = jobs
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter

    async def run(self) -> None:
        """Start jobs for ever."""
        async with anyio.create_task_group() as group:
            for job in self._jobs.jobs:
                if job.interval_s is not None:
                    group.start_soon(self._repeat, job, job.interval_s)

    async def _repeat(self, job: Job, interval_s: float) -> None:
        last = await anyio.to_thread.run_sync(self._jobs.last_started, job.name)
        now = self._clock.now()
        at = now if last is None else max(now, self._after(last, interval_s))
        while True:
            await self._await_time(job, at, interval_s)
            began = self._clock.now()
            try:
                if await anyio.to_thread.run_sync(job.is_due):
                    run = await self._jobs.start(job.name, Cause.SCHEDULE)
                    await self._jobs.wait([run.number])
            except StoreError as error:
                # As on a full disk: the next time may find room.
                logger.warning("job_not_started", extra={"fields": {"job": job.name, "reason": str(error)}})
            # What was missed meanwhile is made up for by one run, not by as many as were missed.
            at = max(self._clock.now(), self._after(began, interval_s))

    async def _await_time(self, job: Job, at: datetime, interval_s: float) -> None:
        self._jobs.note_next(job.name, at)
        while (left_s := (at - self._clock.now()).total_seconds()) > 0:
            if left_s > interval_s * (1 + JITTER) + 1:
                # The clock was set back; nobody waits for it to come round again.
                return
            await self._sleep(min(left_s, SLICE_S))

    def _after(self, moment: datetime, interval_s: float) -> datetime:
        return moment + timedelta(seconds=interval_s * (1 + JITTER * self._jitter()))
