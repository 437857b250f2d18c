"""Reach AURA's tools as any MCP client does: start `aura-mcp`, list the tools, call them, hear of events.

The connection is kept for as long as the agent runs and is made anew when the bridge dies; the bridge itself outlives
a restart of the hub. Not responsible for which tools there are: whatever is listed can be asked.
"""

import asyncio
import json
import logging
import shlex
import shutil
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TextIO

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation, TextContent, TextResourceContents
from mcp_types import Tool as McpTool

from voice.errors import HubError
from voice.settings import environment_of_tools
from voice.tools import OnProgress, ToolInfo, ToolResult

EVENTS: Final = "aura://events"
START_S: Final = 30.0
"""The first answer waits for the hub's own start."""

RESTART_S: Final = 1.0

logger = logging.getLogger(__name__)


class Hub:
    """AURA's tools behind `aura-mcp`."""

    def __init__(self, command: str, stderr: TextIO, on_event: Callable[[Mapping[str, Any]], None]) -> None:
        program, *arguments = shlex.split(command)
        self._parameters = StdioServerParameters(command=_found(program), args=arguments, env=environment_of_tools())
        self._stderr = stderr
        self._on_event = on_event
        self._client: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._broken = asyncio.Event()
        self._tools: tuple[ToolInfo, ...] = ()
        self._last_event: int | None = None

    @property
    def tools(self) -> Sequence[ToolInfo]:
        """The tools that can be called now."""
        return self._tools

    async def call(self, name: str, arguments: Mapping[str, Any], on_progress: OnProgress | None = None) -> ToolResult:
        """Call a tool. Where the connection dies over one that changes nothing, it is asked again on a new one."""
        is_repeatable = any(tool.name == name and tool.is_read_only for tool in self._tools)
        result = await self._call(name, arguments, on_progress)
        if result is None and is_repeatable:
            result = await self._call(name, arguments, on_progress)
        return result or ToolResult(text=f"{name} could not be asked: the connection closed", data=None, is_error=True)

    async def _call(self, name: str, arguments: Mapping[str, Any], on_progress: OnProgress | None) -> ToolResult | None:
        """Return what a tool says; None where the connection died over it."""

        async def told(progress: float, total: float | None, message: str | None) -> None:
            if on_progress is not None:
                on_progress(message or (f"{progress:g} of {total:g}" if total else f"{progress:g}"))

        connected = self._client
        try:
            client = await asyncio.wait_for(asyncio.shield(connected), START_S)
            result = await client.call_tool(name, dict(arguments), progress_callback=told)
        except (MCPError, TimeoutError) as error:
            logger.warning("tool_failed", extra={"fields": {"tool": name, "reason": str(error)}})
            if isinstance(error, MCPError) and "closed" in str(error).lower():
                self._lose(connected)
                return None
            return ToolResult(
                text=f"{name} could not be asked: {error or 'no answer in time'}", data=None, is_error=True
            )
        texts = [block.text for block in result.content if isinstance(block, TextContent)]
        return ToolResult(text="\n".join(texts), data=result.structured_content, is_error=bool(result.is_error))

    async def read(self, uri: str) -> object:
        """Return what a resource holds; None where it cannot be read or is no document."""
        try:
            client = await asyncio.wait_for(asyncio.shield(self._client), START_S)
            result = await client.read_resource(uri)
            texts = [content.text for content in result.contents if isinstance(content, TextResourceContents)]
            return json.loads("".join(texts))
        except (MCPError, TimeoutError, ValueError) as error:
            logger.info("not_read", extra={"fields": {"uri": uri, "reason": str(error)}})
            return None

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Be connected until the end of the block.

        Raises:
            HubError: the tools cannot be reached at all.
        """
        running = asyncio.create_task(self._run())
        waiting = asyncio.ensure_future(asyncio.shield(self._client))
        try:
            await asyncio.wait((running, waiting), timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                # Nobody is connected: what kept us from it is the answer.
                running.result()
            if not waiting.done():
                raise HubError("AURA's tools do not answer. Run `aura doctor`.")
            yield
        finally:
            waiting.cancel()
            running.cancel()
            await asyncio.gather(running, waiting, return_exceptions=True)

    async def _run(self) -> None:
        """Keep a connection open, one after the other. One task enters and leaves them all, as the SDK needs it."""
        is_first = True
        while True:
            self._broken.clear()
            try:
                await self._serve()
            except (MCPError, OSError, BaseExceptionGroup) as error:
                if is_first:
                    raise HubError("I cannot start aura-mcp. Run `aura doctor`.") from error
                logger.warning("hub_away", extra={"fields": {"reason": str(error)}})
                await asyncio.sleep(RESTART_S)
            except Exception as error:
                # Whatever the connection breaks by, the next one is tried: the agent outlives the bridge.
                logger.exception("hub_broke")
                if is_first:
                    raise HubError("I cannot start aura-mcp. Run `aura doctor`.") from error
                await asyncio.sleep(RESTART_S)
            is_first = False
            self._lose(self._client)

    def _lose(self, connected: "asyncio.Future[Client]") -> None:
        """Let whoever asks from now on wait for the next connection."""
        if self._client is connected and connected.done():
            self._client = asyncio.get_running_loop().create_future()
            self._broken.set()

    async def _serve(self) -> None:
        me = Implementation(name="aura-voice", version="1")
        async with Client(stdio_client(self._parameters, self._stderr), client_info=me) as client:
            self._tools = tuple(_tool(tool) for tool in (await client.list_tools()).tools)
            self._client.set_result(client)
            listening = asyncio.create_task(self._listen(client))
            try:
                await self._broken.wait()
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, client: Client) -> None:
        """Hear of events for as long as the connection lives; a server without events has none to tell."""
        try:
            await self._read_events(client)
            async with client.listen(resource_subscriptions=[EVENTS]) as subscription:
                async for _ in subscription:
                    await self._read_events(client)
        except (MCPError, ListenNotSupportedError) as error:
            logger.info("no_events", extra={"fields": {"reason": str(error)}})
        except SubscriptionLost:
            self._lose(self._client)

    async def _read_events(self, client: Client) -> None:
        uri = EVENTS if self._last_event is None else f"{EVENTS}?after={self._last_event}"
        result = await client.read_resource(uri)
        page: dict[str, Any] = json.loads(
            next(content.text for content in result.contents if isinstance(content, TextResourceContents))
        )
        # What happened before the agent started is no news.
        fresh: list[Mapping[str, Any]] = [] if self._last_event is None else page["events"]
        self._last_event = max([self._last_event or 0, *(event["number"] for event in fresh)])
        if not fresh:
            self._last_event = max(self._last_event, page["last_number"])
        for event in fresh:
            self._on_event(event)


def _found(program: str) -> str:
    """Return where a program is: on the path, or else beside our own, where its virtual environment is not active."""
    beside = Path(sys.executable).parent
    return shutil.which(program) or shutil.which(program, path=str(beside)) or program


def _tool(tool: McpTool) -> ToolInfo:
    hints = tool.annotations
    return ToolInfo(
        name=tool.name,
        description=tool.description or "",
        input_schema=tool.input_schema,
        is_read_only=bool(hints and hints.read_only_hint),
    )
