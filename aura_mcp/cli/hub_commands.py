"""`aura serve`, `aura status`, `aura stop`, `aura doctor`: the hub and its health."""

# ruff: noqa: PLC0415 - the hub's settings import pydantic: `aura --help` and a mistyped option answer without it.

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from aura_mcp.bridge import STOPPED, HubError, dismiss_hub
from aura_mcp.cli.console import FAILED, show, show_json, tell
from aura_mcp.cli.options import AsJson
from aura_mcp.errors import AuraError

if TYPE_CHECKING:
    from aura_mcp.hub import Visit
    from aura_mcp.hub.run_info import RunInfo


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (serve, status, stop, doctor):
        app.command()(command)


def serve(
    *,
    stdio: Annotated[
        bool,
        typer.Option("--stdio", help="Serve one client on stdin and stdout in this one process, as in a container."),
    ] = False,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65_535, help="Loopback port for HTTP. Default: $AURA_HTTP_PORT, else any."),
    ] = None,
) -> None:
    """Run the hub in the foreground, until interrupted; clients start one by themselves where none runs."""
    if stdio and port is not None:
        raise typer.BadParameter("there is no HTTP with --stdio", param_hint="--port")
    from aura_mcp.hub import HubSettings
    from aura_mcp.hub.process import run_stdio, take_over

    settings = HubSettings.load()
    if stdio:
        run_stdio(settings)
    else:
        take_over(settings if port is None else settings.model_copy(update={"http_port": port}), _announce)


def status(*, as_json: AsJson = False) -> int:
    """Show the running hub. Exit code 1 when none runs."""
    from aura_mcp.cli.hub_view import status_view
    from aura_mcp.hub import HubSettings, visit

    settings = HubSettings.load()
    found = visit(settings.places())
    if as_json:
        show_json(_document(found))
    elif found is None:
        tell("no hub runs; the next MCP client starts one, or `aura serve` does")
    else:
        show(status_view(found))
    return FAILED if found is None else 0


def stop(*, as_json: AsJson = False) -> None:
    """Let the hub finish its calls and leave. A client that asks again starts another."""
    from aura_mcp.hub import HubSettings

    try:
        was_running = dismiss_hub(HubSettings.load().places(), STOPPED)
    except HubError as error:
        raise AuraError(str(error)) from error
    if as_json:
        show_json({"was_running": was_running})
    else:
        tell("the hub has left" if was_running else "no hub was running")


def doctor(*, as_json: AsJson = False) -> int:
    """Check folders, hub, database, keys and client configurations, each with the fix. Exit code 1 on a problem."""
    from aura_mcp.cli.doctor import examine
    from aura_mcp.cli.hub_view import findings_view
    from aura_mcp.hub import HubSettings

    findings = examine(HubSettings.load())
    if as_json:
        show_json(findings)
    else:
        show(findings_view(findings))
    return FAILED if any(finding.is_problem for finding in findings) else 0


def _announce(info: "RunInfo") -> None:
    tell(f"hub {info.version} over {info.database}; HTTP at {info.http_url}; Ctrl-C to end it")


def _document(found: "Visit | None") -> dict[str, object]:
    if found is None:
        return {"is_running": False}
    info = asdict(found.info)
    http = {"url": info.pop("http_url"), "token_file": info.pop("token_file")}
    return {"is_running": True, **info, **found.status, "http": http}
