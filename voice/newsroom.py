"""Know what happens at AURA while nobody asks: names to expect, trades that are news, jobs that end.

Not responsible for when news is told (`voice.turns`).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from voice.background import Background
from voice.jobs import end_of, under_way
from voice.manners import critical, news_of
from voice.names import Names
from voice.tools import Library, ToolInfo, ToolResult, arguments_about
from voice.turns import Event, News

WALLETS: Final = "aura://wallets"
FLOWS: Final = "token_flows"
REPORT: Final = "token_report"

logger = logging.getLogger(__name__)


class Newsroom:
    """Who reads the hub's events, and puts what is worth a word."""

    def __init__(self, library: Library, names: Names, news_usd: float) -> None:
        self._library = library
        self._names = names
        self._news_usd = news_usd
        self._put: Callable[[Event], None] | None = None
        self._nameless: set[str] = set()
        self._background = Background()

    def report_to(self, put: Callable[[Event], None]) -> None:
        """Put news from now on."""
        self._put = put

    async def learn_names(self) -> None:
        """Learn how followed wallets and the tokens that they trade are called."""
        self._names.learn_wallets(await self._library.read(WALLETS))
        if any(tool.name == FLOWS for tool in self._library.tools):
            self._names.learn_tokens((await self._library.call(FLOWS, {})).data)

    def hear_of(self, event: Mapping[str, Any]) -> None:
        """Take in an event of the hub."""
        self._background.start(self._tell(event))

    def answered(self, tool: ToolInfo, result: ToolResult) -> None:
        """Learn names from what a tool said, and follow what it has started."""
        self._names.learn_wallets(result.data)
        self._names.learn_tokens(result.data)
        numbers = [] if tool.is_read_only else under_way(result.data)
        if numbers:
            self._background.start(self._follow(numbers))

    async def aclose(self) -> None:
        """Follow nothing any more."""
        await self._background.aclose()

    async def _tell(self, event: Mapping[str, Any]) -> None:
        known, mint = self._names.by_address, event.get("mint")
        if news_of(event, known, self._news_usd) is None:
            return
        unknown = {str(address) for address in (event.get("wallet"), mint) if address not in known} - self._nameless
        # What has no name once it was asked for is not asked for at every trade.
        self._nameless |= unknown
        if event.get("wallet") in unknown:
            await self.learn_names()
        if mint in unknown:
            await self._learn_token(str(mint))
        line = news_of(event, known, self._news_usd)
        if line is not None:
            self._say(line, is_critical=critical(event))

    async def _learn_token(self, mint: str) -> None:
        report = next((tool for tool in self._library.tools if tool.name == REPORT), None)
        arguments = None if report is None else arguments_about(report, mint)
        if arguments is not None:
            self._names.learn_tokens((await self._library.call(REPORT, arguments)).data)

    async def _follow(self, numbers: Sequence[int]) -> None:
        line = await end_of(self._library, numbers)
        if line is not None:
            self._say(line)

    def _say(self, line: str, *, is_critical: bool = False) -> None:
        if self._put is not None:
            logger.info("news", extra={"fields": {"is_critical": is_critical}})
            self._put(News(line, is_critical))
