"""Tools that bring facts up to date and tell how far that is."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from aura_mcp.errors import AuraError
from aura_mcp.services.jobs import Cause, JobState, Run, RunState
from aura_mcp.services.questions import What
from aura_mcp.services.refresh import run_document, start_refresh
from aura_mcp.tools._reply import Answer, Moment, Part, ask, counted, reply
from aura_mcp.tools.toolbox import Toolbox, ToolContext, ToolSpec

WAIT_S: Final = 50.0
"""Clients give up a call after a minute or more."""

STEP_S: Final = 1.0
LISTED: Final = 10

WaitArgument = Annotated[
    float, Field(ge=0, le=WAIT_S, description="Seconds to wait for the end, with progress; 0: answer at once.")
]


class RunRow(Part):
    """One run of a job."""

    id: int = Field(description="For job_status.")
    job: str
    state: RunState
    cause: Cause
    started_at: Moment
    finished_at: Moment | None = None
    step: str | None = Field(default=None, description="What it is at, while it is running.")
    done: int | None = None
    total: int | None = None
    summary: dict[str, Any] | None = Field(default=None, description="What it did.")
    failures: list[str] | None = Field(default=None, description="What could not be done, and why.")


class JobRow(Part):
    """A job and its timetable."""

    name: str
    title: str
    interval_s: float | None = Field(default=None, description="None: runs only when asked for.")
    next_run_at: Moment | None = None
    last_run: RunRow | None = None


class RefreshAnswer(Answer):
    """The runs that bring facts up to date."""

    runs: list[RunRow]


class JobsAnswer(Answer):
    """One run, or the jobs and their newest runs."""

    runs: list[RunRow]
    jobs: list[JobRow] | None = None


async def refresh(
    context: ToolContext,
    what: Annotated[
        What, Field(description="Trades of followed wallets, prices of what they hold, or both.")
    ] = What.ALL,
    since: Annotated[
        str | None,
        Field(description="Also fetch older trades, back to an age (7d) or a time (2026-01-31).", max_length=40),
    ] = None,
    wait_s: WaitArgument = 0,
) -> Annotated[CallToolResult, RefreshAnswer]:
    """Fetch what is new from the chain and from price providers, now; it starts a job and returns its id at once.

    The hub does so by itself every few minutes: use this when the user wants the latest, or when facts look old.
    The job goes on when this call ends; ask job_status with the id. A job that is running is not started again.
    """
    services = context.request_context.lifespan_context
    runs = await _started(services, what, since)
    runs = await _awaited(context, services, runs, wait_s)
    return reply(_told(runs), RefreshAnswer(**await _header(services), runs=[_row(run) for run in runs]))


async def job_status(
    context: ToolContext,
    id: Annotated[  # noqa: A002 - the name that models expect
        int | None, Field(ge=1, description="A run, from refresh; default: all jobs and the newest runs.")
    ] = None,
    wait_s: WaitArgument = 0,
) -> Annotated[CallToolResult, JobsAnswer]:
    """Tell how far a refresh is and what it did, or which jobs there are, when they run next and what failed last.

    For the age of the facts and the health of providers use system_status.
    """
    services = context.request_context.lifespan_context
    if id is None:
        states = await ask(services.jobs.states)
        runs = await ask(lambda: services.jobs.newest(LISTED))
        answer = JobsAnswer(
            **await _header(services), runs=[_row(run) for run in runs], jobs=[_job_row(state) for state in states]
        )
        return reply(_overview(states), answer)
    runs = await _awaited(context, services, [await ask(lambda: services.jobs.find(id))], wait_s)
    return reply(_told(runs), JobsAnswer(**await _header(services), runs=[_row(run) for run in runs]))


async def _header(services: Toolbox) -> dict[str, Any]:
    status = await ask(services.system.status)
    return {"as_of": status.as_of, "last_fact_at": status.database.last_fact_at, "notes": []}


async def _started(services: Toolbox, what: What, since: str | None) -> list[Run]:
    try:
        return await start_refresh(services.jobs, what, Cause.TOOL, since)
    except AuraError as error:
        raise ToolError(str(error)) from error


async def _awaited(context: ToolContext, services: Toolbox, runs: Sequence[Run], wait_s: float) -> list[Run]:
    """Return the runs as they are after `wait_s`, or when all have ended; progress is told meanwhile."""
    current = list(runs)
    left_s = wait_s
    while left_s > 0 and any(run.is_running for run in current):
        current = await services.jobs.wait([run.number for run in runs], min(STEP_S, left_s))
        left_s -= STEP_S
        done, total = sum(run.done for run in current), sum(run.total for run in current)
        await context.report_progress(done, total or None, _told(current))
    return current


def _row(run: Run) -> RunRow:
    return RunRow(**run_document(run))


def _job_row(state: JobState) -> JobRow:
    values: dict[str, Any] = {}
    if state.interval_s is not None:
        values["interval_s"] = state.interval_s
    if state.next_run_at is not None:
        values["next_run_at"] = state.next_run_at
    if state.last_run is not None:
        values["last_run"] = _row(state.last_run)
    return JobRow(name=state.name, title=state.title, **values)


def _told(runs: Sequence[Run]) -> str:
    return " ".join(_line(run) for run in runs)


def _line(run: Run) -> str:
    if run.is_running:
        how_far = f": {run.step} {run.done} of {run.total}" if run.step else ""
        return f"{run.job}: run {run.number} is under way{how_far}; job_status tells when it has ended."
    if run.failures:
        first, *others = run.failures
        more = f" and {counted(len(others), 'other reason')}" if others else ""
        return f"{run.job}: run {run.number} {run.state.value}: {first}{more}."
    figures = ", ".join(f"{name} {value}" for name, value in run.summary.items() if isinstance(value, int))
    return f"{run.job}: run {run.number} {run.state.value}" + (f": {figures}." if figures else ".")


def _overview(states: Sequence[JobState]) -> str:
    if not states:
        return "No job runs here, and none ever has."
    return " ".join(
        f"{state.name}: never run." if state.last_run is None else _line(state.last_run) for state in states
    )


TOOLS: Final = (
    ToolSpec(function=refresh, title="Refresh from the chain", is_read_only=False, is_open_world=True),
    ToolSpec(function=job_status, title="Job status"),
)
