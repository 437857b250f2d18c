"""Tools about AURA itself."""

from datetime import datetime
from typing import Annotated, Final

import anyio.to_thread
from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, ConfigDict

from aura_mcp.services.system import DatabaseState, HubState, SystemStatus
from aura_mcp.tools.toolbox import ToolContext, ToolSpec


class StatusAnswer(BaseModel):
    """How AURA itself is doing."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    version: str
    as_of: datetime
    database: DatabaseState
    hub: HubState | None


async def system_status(context: ToolContext) -> Annotated[CallToolResult, StatusAnswer]:
    """Tell how AURA itself is doing: version, uptime, database size and the last slot it holds facts of.

    Use it when answers look empty or old, before doubting a wallet or a token. It says nothing about either.
    Times are UTC, sizes bytes.
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
    return f"AURA {status.version}: database {reach}, {status.database.size_bytes} bytes; {hub}."


TOOLS: Final = (ToolSpec(function=system_status, title="System status"),)
