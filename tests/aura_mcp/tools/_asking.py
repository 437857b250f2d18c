"""Ask the server as an SDK client in memory does."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeVar

from mcp import Client
from mcp_types import CallToolResult

from aura_mcp.app import Application
from aura_mcp.server import build_server

T = TypeVar("T")

Era = Literal["legacy", "auto", "2026-07-28"]


class Reply(NamedTuple):
    """What a tool gave: its text, its structured content, or the text of its error."""

    text: str
    content: dict[str, Any]
    is_error: bool
    size: int


def talk(application: Application, talking: Callable[[Client], Awaitable[T]], era: Era = "auto") -> T:
    """Return what `talking` does with a client of a new server over the application."""

    async def run() -> T:
        async with Client(build_server(application), mode=era) as client:
            return await talking(client)

    return asyncio.run(run())


def ask(application: Application, tool: str, arguments: Mapping[str, Any] | None = None, era: Era = "auto") -> Reply:
    """Call one tool."""

    async def call(client: Client) -> CallToolResult:
        return await client.call_tool(tool, dict(arguments or {}))

    return to_reply(talk(application, call, era))


def answer(application: Application, tool: str, /, **arguments: object) -> dict[str, Any]:
    """Return the structured content of a call that succeeds."""
    reply = ask(application, tool, arguments)
    assert not reply.is_error, reply.text
    return reply.content


def to_reply(result: CallToolResult) -> Reply:
    """Return the parts of a result, with the size of all of it in characters."""
    (part,) = result.content
    assert part.type == "text"
    size = len(result.model_dump_json(by_alias=True, exclude_none=True))
    return Reply(part.text, result.structured_content or {}, bool(result.is_error), size)
