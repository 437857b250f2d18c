"""Runs of jobs: one at a time, remembered, with their failures in sight."""

import asyncio
from collections.abc import Generator
from pathlib import Path

import anyio
import pytest

from aura_mcp.app import Application, open_application
from aura_mcp.errors import AuraError, NotFoundError
from aura_mcp.services.events import EventKind, EventQuestion
from aura_mcp.services.jobs import Cause, Job, Outcome, Request, RunState
from aura_mcp.services.steps import Progress
from aura_mcp.settings import Settings
from data.clock import FixedClock
from data.errors import DataError
from tests.aura_mcp._facts import START

BOUND_S = 5.0


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    """Return an application over an empty database."""
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=FixedClock(START)) as opened:
        yield opened


def job(*outcomes: Outcome | Exception) -> Job:
    """Return a job whose runs end like this, one after the other."""
    left = list(outcomes)

    async def work(_request: Request, progress: Progress) -> Outcome:
        progress("wallets", 1, 2)
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return Job(name="wallets", title="Wallets", interval_s=300, run=work)


async def run_once(application: Application) -> RunState:
    """Run the job to its end."""
    run = await application.jobs.start("wallets", Cause.TOOL)
    (ended,) = await application.jobs.wait([run.number], BOUND_S)
    return ended.state


def test_run_is_remembered_with_its_summary(application: Application) -> None:
    """Spec: durable rows; another process reads what this one ran."""

    async def run() -> None:
        async with application.jobs.opened([job(Outcome(summary={"signatures": 7}))]):
            assert await run_once(application) is RunState.DONE

    asyncio.run(run())

    (found,) = application.jobs.newest(5)
    assert (found.number, found.job, found.cause, found.state) == (1, "wallets", Cause.TOOL, RunState.DONE)
    assert (found.summary, found.failures) == ({"signatures": 7}, ())
    assert application.jobs.find(1) == found
    with pytest.raises(NotFoundError, match="no run 2"):
        application.jobs.find(2)


def test_job_that_runs_is_not_started_again(application: Application) -> None:
    """Spec: whoever asks for a job that is running gets that run, with its progress."""

    async def run() -> None:
        release = anyio.Event()

        async def work(_request: Request, progress: Progress) -> Outcome:
            progress("signatures", 3, 9)
            await release.wait()
            return Outcome(summary={})

        async with application.jobs.opened([Job(name="wallets", title="", interval_s=None, run=work)]):
            first, second = [await application.jobs.start("wallets", cause) for cause in (Cause.SCHEDULE, Cause.TOOL)]
            assert first.number == second.number
            (under_way,) = await application.jobs.wait([first.number], 0.01)
            assert (under_way.state, under_way.step, under_way.done, under_way.total) == (
                RunState.RUNNING,
                "signatures",
                3,
                9,
            )
            assert application.jobs.newest(1) == [under_way]
            release.set()
            (ended,) = await application.jobs.wait([first.number], BOUND_S)
            assert ended.state is RunState.DONE
            third = await application.jobs.start("wallets", Cause.TOOL)
            assert third.number == 2

    asyncio.run(run())


def test_failures_are_lines_and_a_crash_stops_nobody(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    """Our rule: what providers refuse is one line; a defect is logged with its trace and is one line too."""
    refused = DataError("helius: credits of this month are used up; the public RPC goes on")
    ends = job(refused, ValueError("secret detail"), Outcome(summary={"wallets": 3}, failures=("solana_rpc: 429",)))

    async def run() -> list[RunState]:
        async with application.jobs.opened([ends]):
            return [await run_once(application) for _ in range(3)]

    assert asyncio.run(run()) == [RunState.FAILED] * 3
    partial, crash, refusal = application.jobs.newest(3)
    assert refusal.failures == (str(refused),)
    assert crash.failures == ("wallets: stopped by ValueError, a defect of AURA; the log has its trace",)
    assert (partial.failures, partial.summary) == (("solana_rpc: 429",), {"wallets": 3})
    assert [record.getMessage() for record in caplog.records] == ["job_failed", "job_crashed", "job_incomplete"]


def test_trouble_is_told_when_it_comes_and_when_it_goes(application: Application) -> None:
    """Our rule: a provider that is down for an hour is one event, not one for each run."""
    trouble = DataError("solana_rpc: down")
    ends = job(Outcome(summary={}), trouble, trouble, Outcome(summary={}), Outcome(summary={}))

    async def run() -> None:
        async with application.jobs.opened([ends]):
            for _ in range(5):
                await run_once(application)

    asyncio.run(run())

    told = application.events.page(EventQuestion(kind=EventKind.JOB), 10).events
    assert [(event.body["run"], event.body["state"]) for event in told] == [(2, "failed"), (4, "done")]


def test_run_that_the_process_leaves_is_interrupted(application: Application) -> None:
    """Our rule: nothing is running that no process runs, after leaving and after a crash."""

    async def work(_request: Request, _progress: Progress) -> Outcome:
        await anyio.sleep_forever()
        raise AssertionError

    async def run() -> None:
        async with application.jobs.opened([Job(name="wallets", title="", interval_s=None, run=work)]):
            await application.jobs.start("wallets", Cause.HTTP)

    asyncio.run(run())

    (left,) = application.jobs.newest(5)
    assert left.state is RunState.INTERRUPTED
    with application.store.database.write() as cursor:
        cursor.execute("UPDATE job_run SET state = 'running'")
    asyncio.run(run())
    assert [found.state for found in application.jobs.newest(5)] == [RunState.INTERRUPTED] * 2


def test_process_without_jobs_says_why(application: Application) -> None:
    """Our rule: what cannot be done is said with the reason and the way out."""

    async def run() -> None:
        with pytest.raises(AuraError, match="no jobs run here"):
            await application.jobs.start("wallets", Cause.TOOL)
        async with application.jobs.opened([job()]):
            with pytest.raises(AuraError, match="no job 'walets'; there are wallets"):
                await application.jobs.start("walets", Cause.TOOL)
        application.jobs.refuse("AURA_OFFLINE is set")
        with pytest.raises(AuraError, match="'wallets' cannot run: AURA_OFFLINE is set"):
            await application.jobs.start("wallets", Cause.TOOL)

    asyncio.run(run())
