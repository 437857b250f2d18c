"""`aura refresh`: bring followed wallets and prices up to date once, through a running hub or alone."""

# ruff: noqa: PLC0415 - what follows imports the database: `aura --help` and a mistyped option answer without it.

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import anyio
import typer

from aura_mcp.cli.console import FAILED, progress, show, show_json
from aura_mcp.cli.options import AsJson, DatabaseFile
from aura_mcp.cli.refresh_view import runs_view
from aura_mcp.cli.session import own_session
from aura_mcp.services.questions import What

if TYPE_CHECKING:
    from aura_mcp.app import Application
    from aura_mcp.hub import HubSettings
    from aura_mcp.services.steps import Progress

LOOK_AGAIN_S: Final = 1.0

Row = Mapping[str, Any]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(refresh)


def refresh(
    what: Annotated[What, typer.Argument(help="What to bring up to date.")] = What.ALL,
    *,
    since: Annotated[
        str | None, typer.Option("--since", help="Fetch older trades too: back to an age (7d) or a day (2026-01-31).")
    ] = None,
    database: DatabaseFile = None,
    as_json: AsJson = False,
) -> int:
    """Fetch what is new about followed wallets, and prices of what they hold, once.

    Exit code 0 only when everything that could be fetched was; 1 otherwise, with the reasons.
    """
    from aura_mcp.hub import HubSettings

    settings = HubSettings.load()
    if database is not None:
        settings = settings.model_copy(update={"db": database})
    with progress() as report:
        rows = _through_hub(settings, what, since, report)
        if rows is None:
            rows = _alone(database, what, since, report)
    is_complete = all(row["state"] == "done" and not row.get("failures") for row in rows)
    if as_json:
        show_json({"is_complete": is_complete, "runs": rows})
    else:
        show(*runs_view(rows))
    return 0 if is_complete else FAILED


def _through_hub(
    settings: "HubSettings", what: What, since: str | None, report: "Progress | None"
) -> Sequence[Row] | None:
    """Return the runs of the hub when they have ended, None when no hub runs."""
    from aura_mcp.hub import call_tool, find_hub

    places = settings.places()
    info = find_hub(places)
    if info is None:
        return None
    arguments: dict[str, object] = {"what": what.value}
    if since is not None:
        arguments["since"] = since
    rows: list[Row] = call_tool(places, info, "refresh", arguments)["runs"]
    while running := [row for row in rows if row["state"] == "running"]:
        _report(rows, report)
        question = {"id": running[0]["id"], "wait_s": LOOK_AGAIN_S}
        (fresh,) = call_tool(places, info, "job_status", question)["runs"]
        rows = [fresh if row["id"] == fresh["id"] else row for row in rows]
    return rows


def _alone(database: Path | None, what: What, since: str | None, report: "Progress | None") -> Sequence[Row]:
    with own_session(database) as application:
        return anyio.run(_run, application, what, since, report)


async def _run(application: "Application", what: What, since: str | None, report: "Progress | None") -> Sequence[Row]:
    from aura_mcp.jobs import opened_live
    from aura_mcp.services.jobs import Cause
    from aura_mcp.services.refresh import run_document, start_refresh

    async with opened_live(application):
        runs = await start_refresh(application.jobs, what, Cause.COMMAND, since)
        while any(run.is_running for run in runs):
            _report([run_document(run) for run in runs], report)
            runs = await application.jobs.wait([run.number for run in runs], LOOK_AGAIN_S)
        return [run_document(run) for run in runs]


def _report(rows: Sequence[Row], report: "Progress | None") -> None:
    if report is not None:
        for row in rows:
            if row.get("step"):
                report(row["step"], row["done"], row["total"])
