"""Tools about AURA itself."""

from datetime import datetime
from typing import Annotated, Final

import anyio.to_thread
from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, ConfigDict

from aura_mcp.services.system import DatabaseState, HubState, LiveState, SystemStatus
from aura_mcp.tools.toolbox import ToolContext, ToolSpec


class StatusAnswer(BaseModel):
    """How AURA itself is doing."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    version: str
    as_of: datetime
    database: DatabaseState
    hub: HubState | None
    live: LiveState


async def system_status(context: ToolContext) -> Annotated[CallToolResult, StatusAnswer]:
    """Tell how AURA itself is doing: version, database, newest slot, jobs, providers, and what is still to be fetched.

    Use it when answers look empty or old, before doubting a wallet or a token. It says nothing about either.
    Times are UTC, sizes bytes. For the runs of jobs use job_status.
    """
    services = context.request_context.lifespan_context
    status = await anyio.to_thread.run_sync(services.system.status)
    return CallToolResult(
        content=[TextContent(type="text", text=_summary(status))],
        structured_content=StatusAnswer.model_validate(status).model_dump(mode="json"),
    )


def _summary(status: SystemStatus) -> str:
    reach = "holds no facts" if status.database.last_slot is None else f"reaches slot {status.database.last_slot}"
    hub = "no hub" if status.hub is None else f"hub up for {status.hub.uptime_s} s, sessions: {status.hub.sessions}"
    lines = [f"AURA {status.version}: database {reach}, {status.database.size_bytes} bytes; {hub}."]
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
