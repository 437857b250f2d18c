"""Play the demo: the recording in a home of its own, and questions through `aura-mcp`, asked as an MCP client asks.

Not responsible for showing it (`demo_view`).
"""

import asyncio
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TextIO

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation

from aura_mcp.app import open_application
from aura_mcp.bridge import START_TIMEOUT_S, STOPPED, VERSION, HubError, Places, dismiss_hub
from aura_mcp.cli.console import PipeClosedError
from aura_mcp.clients import find_command
from aura_mcp.errors import AuraError
from aura_mcp.hub.remote import application_of_hub
from aura_mcp.services.demo import import_recording
from aura_mcp.services.steps import Progress
from aura_mcp.services.verification import Verified

RECORDED_SINCE: Final = "2026-06-01T00:00:00Z"
LIST_LENGTH: Final = 3
TIMEOUT_S: Final = 2 * START_TIMEOUT_S
"""For one answer; the first waits for the hub's start."""

_SETTINGS: Final = "AURA_"
"""Settings of the user's own AURA are not the demo's: their database, or a port that is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What stands ready when the first question is asked."""

    facts: int
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A question in words, the tool call that answers it, and the answer as the tool gave it."""

    question: str
    tool: str
    arguments: dict[str, Any]
    text: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The demo as a whole."""

    opening: Opening
    exchanges: tuple[Exchange, ...]
    verified: Verified


Listener = Callable[[Opening | Exchange], None]


def play(listener: Listener, progress: Progress | None = None) -> Story:
    """Play the demo, tell each part as it comes, and leave no process and no file behind.

    Raises:
        AuraError: the temporary folder cannot be used, or the hub does not start or answer.
    """
    with TemporaryDirectory(prefix="aura-demo-") as folder, _home(Path(folder)) as places:
        with open_application(Path(places.database)) as application:
            facts = import_recording(application.imports, progress).new
        log = Path(folder, "aura-mcp.log")
        try:
            with log.open("w", encoding="utf-8") as stderr:
                opening, exchanges = asyncio.run(_talk(places, stderr, facts, listener))
                return Story(opening=opening, exchanges=exchanges, verified=_verify(places))
        except* MCPError as errors:
            said = log.read_text("utf-8").strip().splitlines() or [str(_first(errors))]
            raise AuraError(f"the demo's aura-mcp does not answer: {said[-1].removeprefix('aura-mcp: ')}") from errors
        except* (AuraError, OSError, PipeClosedError) as errors:
            raise _first(errors) from None


def _first(errors: BaseExceptionGroup[Exception]) -> Exception:
    """Return the error itself: the client's task groups wrap it, one in the other."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


@contextmanager
def _home(folder: Path) -> Generator[Places]:
    places = Places(str(folder))
    try:
        yield places
    finally:
        try:
            dismiss_hub(places, STOPPED)
        except HubError as error:
            raise AuraError(str(error)) from error


def _verify(places: Places) -> Verified:
    """Return what `aura verify` says beside a running hub."""
    application = application_of_hub(places)
    if application is None:
        raise AuraError("the demo's hub left before its end; try again")
    return application.verification.run()


async def _talk(places: Places, stderr: TextIO, facts: int, listener: Listener) -> tuple[Opening, tuple[Exchange, ...]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    server = StdioServerParameters(command=str(find_command()), env={**environment, "AURA_HOME": places.home})
    me = Implementation(name="aura-demo", version=VERSION)
    async with Client(stdio_client(server, stderr), client_info=me, read_timeout_seconds=TIMEOUT_S) as client:
        tools = (await client.list_tools()).tools
        opening = Opening(facts=facts, tools=tuple(sorted(tool.name for tool in tools)))
        listener(opening)
        conversation = Conversation(client, listener)
        await conversation.hold()
    return opening, tuple(conversation.exchanges)


class Conversation:
    """The questions, one after the other: an answer leads to the next question."""

    def __init__(self, client: Client, listener: Listener) -> None:
        self._client = client
        self._listener = listener
        self.exchanges: list[Exchange] = []

    async def hold(self) -> None:
        """Ask everything."""
        board = await self._ask("Who did best, and how sure is that?", "top_wallets", limit=LIST_LENGTH)
        leader = board["wallets"][0]["wallet"]["address"]
        await self._ask("What did the first of them really earn?", "wallet_report", wallets=[leader])
        found = await self._ask("Which single sales earned most?", "find_trades", order="best_pnl", limit=LIST_LENGTH)
        sale = next(trade for trade in found["trades"] if "signature" in trade)
        await self._ask(
            f"Where does the profit of ${sale['net_usd']:,.2f} come from, down to its transactions?",
            "explain_pnl",
            wallet=sale["wallet"]["address"],
            signature=sale["signature"],
        )
        await self._ask("Where did the money go?", "token_flows", whose="all", since=RECORDED_SINCE, limit=LIST_LENGTH)
        await self._ask("And how is AURA itself?", "system_status")

    async def _ask(self, question: str, tool: str, **arguments: object) -> dict[str, Any]:
        result = await self._client.call_tool(tool, arguments)
        text = "\n".join(part.text for part in result.content if part.type == "text")
        if result.is_error:
            raise AuraError(f"the demo's {tool} refuses: {text}")
        content: dict[str, Any] = result.structured_content or {}
        exchange = Exchange(question=question, tool=tool, arguments=arguments, text=text, content=content)
        self.exchanges.append(exchange)
        self._listener(exchange)
        return content
