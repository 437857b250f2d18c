"""The timetable of jobs, in virtual time."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from aura_mcp.app import Application, open_application
from aura_mcp.services.jobs import Job, Outcome, Request
from aura_mcp.services.scheduler import JITTER, Scheduler
from aura_mcp.services.steps import Progress
from aura_mcp.settings import Settings
from tests.aura_mcp._facts import START
from tests.aura_mcp._time import VirtualTime

EVERY_S = 300


@pytest.fixture
def opened(tmp_path: Path) -> Generator[tuple[Application, VirtualTime]]:
    """Return an application over an empty database, and its time."""
    time = VirtualTime()
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=time) as application:
        yield application, time


def noting(
    time: VirtualTime, starts: list[float], takes_s: float = 0
) -> Callable[[Request, Progress], Awaitable[Outcome]]:
    """Return a job's work: note when it began, and take so long."""

    async def work(_request: Request, _progress: Progress) -> Outcome:
        starts.append(time.monotonic_s() - START)
        if takes_s:
            await time.sleep(takes_s)
        return Outcome(summary={})

    return work


@asynccontextmanager
async def scheduled(application: Application, time: VirtualTime, *jobs: Job, jitter: float = 0) -> AsyncGenerator[None]:
    """Let the scheduler run for the block."""
    async with application.jobs.opened(jobs), anyio.create_task_group() as group:
        group.start_soon(Scheduler(application.jobs, time, sleep=time.sleep, jitter=lambda: jitter).run)
        try:
            yield
        finally:
            group.cancel_scope.cancel()


def test_job_runs_at_its_interval_and_never_over_itself(opened: tuple[Application, VirtualTime]) -> None:
    """Spec: no overlaps; a run that takes longer than the interval is followed by the next at its end."""
    application, time = opened
    quick: list[float] = []
    slow: list[float] = []
    jobs = (
        Job(name="quick", title="Quick", interval_s=EVERY_S, run=noting(time, quick)),
        Job(name="slow", title="Slow", interval_s=EVERY_S, run=noting(time, slow, takes_s=400)),
        Job(name="asked", title="Only when asked", interval_s=None, run=noting(time, [])),
    )

    async def run() -> None:
        async with scheduled(application, time, *jobs):
            await time.advance(1_000, sleepers=2)

    asyncio.run(run())

    assert quick == [0, 300, 600, 900]
    assert slow == [0, 400, 800]


def test_jitter_delays_a_run_by_a_part_of_its_interval(opened: tuple[Application, VirtualTime]) -> None:
    """Our rule: a run comes up to a tenth of its interval late."""
    application, time = opened
    starts: list[float] = []
    job = Job(name="wallets", title="Wallets", interval_s=EVERY_S, run=noting(time, starts))

    async def run() -> None:
        async with scheduled(application, time, job, jitter=1):
            await time.advance(700)

    asyncio.run(run())

    assert starts == [0, EVERY_S * (1 + JITTER), 2 * EVERY_S * (1 + JITTER)]


def test_sleep_of_the_machine_is_made_up_for_by_one_run(opened: tuple[Application, VirtualTime]) -> None:
    """Spec: catch-up after sleep: ten intervals pass unseen, one run follows at once."""
    application, time = opened
    starts: list[float] = []
    job = Job(name="wallets", title="Wallets", interval_s=EVERY_S, run=noting(time, starts))

    async def run() -> None:
        async with scheduled(application, time, job):
            await time.advance(10)
            time.at += timedelta(seconds=10 * EVERY_S)
            await time.advance(EVERY_S)

    asyncio.run(run())

    assert starts == [0, 3_010, 3_310]


def test_new_process_goes_on_with_the_timetable_of_the_last(opened: tuple[Application, VirtualTime]) -> None:
    """Our rule: a start of the hub is no reason to ask providers again."""
    application, time = opened
    starts: list[float] = []
    job = Job(name="wallets", title="Wallets", interval_s=EVERY_S, run=noting(time, starts))

    async def run() -> None:
        for _ in range(3):
            async with scheduled(application, time, job):
                await time.advance(100)
        async with scheduled(application, time, job):
            await time.settle()
            (state,) = application.jobs.states()
            assert state.next_run_at is not None
            assert (state.next_run_at - time.now()).total_seconds() == EVERY_S
            await time.advance(100)

    asyncio.run(run())

    assert starts == [0, 300]


def test_clock_that_was_set_back_stops_no_job(opened: tuple[Application, VirtualTime]) -> None:
    """Our rule: nobody waits for the clock to come round again."""
    application, time = opened
    starts: list[float] = []
    job = Job(name="wallets", title="Wallets", interval_s=EVERY_S, run=noting(time, starts))

    async def run() -> None:
        async with scheduled(application, time, job):
            await time.settle()
            time.at -= timedelta(days=1)
            time.wake()
            await time.settle()

    asyncio.run(run())

    assert starts == [0, -86_400]


def test_job_without_anything_to_do_is_not_run(opened: tuple[Application, VirtualTime]) -> None:
    """Our rule: without followed wallets nothing is asked of anybody; the day somebody is followed it starts."""
    application, time = opened
    starts: list[float] = []
    wanted: list[str] = []
    job = Job(
        name="wallets", title="Wallets", interval_s=EVERY_S, run=noting(time, starts), is_due=lambda: bool(wanted)
    )

    async def run() -> None:
        async with scheduled(application, time, job):
            await time.advance(EVERY_S + 10)
            wanted.append("alice")
            await time.advance(EVERY_S)

    asyncio.run(run())

    assert starts == [600]
