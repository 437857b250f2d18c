"""Tools that the real hub serves only to tests, by AURA_FIXTURES: one does nothing, one repeats, one waits."""

import asyncio
from pathlib import Path

from mcp.server.mcpserver import MCPServer

from aura_mcp.tools import Toolbox


async def noop() -> str:
    """Return at once."""
    return "ok"


async def echo(text: str) -> str:
    """Return the text."""
    return text


async def hold(fifo: str) -> str:
    """Return what is written to a named pipe: whoever opens it to write knows that this call is running."""
    return await asyncio.to_thread(Path(fifo).read_text, "utf-8")


def register(server: MCPServer[Toolbox]) -> None:
    """Add the tools."""
    for tool in (noop, echo, hold):
        server.add_tool(tool, structured_output=False)
