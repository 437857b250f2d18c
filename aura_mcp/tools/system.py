"""Tools about AURA itself."""

from typing import Annotated, Final

from mcp_types import CallToolResult

from aura_mcp.services.system import DatabaseState, HubState, LiveState, SystemStatus
from aura_mcp.tools._reply import Answer, ask, reply
from aura_mcp.tools.toolbox import ToolContext, ToolSpec


class StatusAnswer(Answer):
    """How AURA itself is doing."""

    version: str
    database: DatabaseState
    hub: HubState | None
    live: LiveState


async def system_status(context: ToolContext) -> Annotated[CallToolResult, StatusAnswer]:
    """Tell how AURA itself is doing: version, database, newest slot, jobs, providers, and what is still to be fetched.

    Use it when answers look empty or old, before doubting a wallet or a token. It says nothing about either.
    Times are UTC, sizes bytes. For the runs of jobs use job_status.
    """
    status = await ask(context.request_context.lifespan_context.system.status)
    answer = StatusAnswer(
        as_of=status.as_of,
        last_fact_at=status.database.last_fact_at,
        notes=_notes(status),
        version=status.version,
        database=status.database,
        hub=status.hub,
        live=status.live,
    )
    return reply(_summary(status), answer)


def _notes(status: SystemStatus) -> list[str]:
    if status.database.last_fact_at is None:
        return ["no facts are stored yet: `aura import` brings some"]
    return [] if status.database.last_slot is not None else ["the facts came without slots: the last one is unknown"]


def _summary(status: SystemStatus) -> str:
    database = status.database
    if database.last_slot is not None:
        reach = f"reaches slot {database.last_slot}"
    elif database.last_fact_at is not None:
        reach = f"holds facts up to {database.last_fact_at:%Y-%m-%d %H:%M} UTC"
    else:
        reach = "holds no facts"
    hub = "no hub" if status.hub is None else f"hub up for {status.hub.uptime_s} s, sessions: {status.hub.sessions}"
    lines = [f"AURA {status.version}: database {reach}, {database.size_bytes} bytes; {hub}."]
    live = status.live
    if live.is_offline:
        lines.append("AURA_OFFLINE is set: nothing is fetched.")
    if live.pending:
        lines.append(f"{live.pending} transactions are still to be fetched.")
    lines += [f"Job {job.name}: {job.failure}." for job in live.jobs if job.failure is not None]
    lines += [
        f"Provider {provider.name} is {provider.state}: {provider.last_error}."
        for provider in live.providers
        if provider.state not in {"ok", "idle"} and provider.last_error is not None
    ]
    return " ".join(lines)


TOOLS: Final = (ToolSpec(function=system_status, title="System status"),)
