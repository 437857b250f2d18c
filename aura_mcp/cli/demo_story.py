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
from mcp_types import Implementation

from aura_mcp.app import open_application
from aura_mcp.bridge import STOPPED, VERSION, HubError, Places, dismiss_hub
from aura_mcp.clients import find_command
from aura_mcp.errors import AuraError
from aura_mcp.services.demo import import_recording
from aura_mcp.services.steps import Progress

RECORDED_SINCE: Final = "2026-06-01T00:00:00Z"
LIST_LENGTH: Final = 3

_HOMES_OWN: Final = "AURA_"
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
                return asyncio.run(_talk(places, stderr, facts, listener))
        except* AuraError as errors:
            raise errors.exceptions[0] from None
        except* Exception as errors:
            said = log.read_text("utf-8").strip().splitlines() or [str(errors.exceptions[0])]
            raise AuraError(f"the demo's aura-mcp does not answer: {said[-1].removeprefix('aura-mcp: ')}") from errors


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


async def _talk(places: Places, stderr: TextIO, facts: int, listener: Listener) -> Story:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_HOMES_OWN)}
    server = StdioServerParameters(command=str(find_command()), env={**environment, "AURA_HOME": places.home})
    me = Implementation(name="aura-demo", version=VERSION)
    async with Client(stdio_client(server, stderr), client_info=me) as client:
        tools = (await client.list_tools()).tools
        opening = Opening(facts=facts, tools=tuple(sorted(tool.name for tool in tools)))
        listener(opening)
        conversation = Conversation(client, listener)
        await conversation.hold()
    return Story(opening=opening, exchanges=tuple(conversation.exchanges))


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
