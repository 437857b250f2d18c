"""Pages of every tool that has them: together they are the whole, once each, whatever arrives in between."""

import logging
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Generator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
from mcp import Client

from aura_mcp.app import Application, open_application
from aura_mcp.settings import Settings
from data.clock import FixedClock
from tests.aura_mcp._facts import HOUR, START, address, mint, write_prices, write_rows, write_wallets
from tests.aura_mcp.tools._asking import Reply, talk, to_reply

WALLETS: Final = 7
PAGED: Final[list[tuple[str, dict[str, Any], str]]] = [
    ("top_wallets", {}, "wallets"),
    ("top_wallets", {"sort_by": "pnl", "currency": "sol"}, "wallets"),
    ("find_trades", {"window": "1d"}, "trades"),
    ("find_trades", {"order": "oldest"}, "trades"),
    ("find_trades", {"order": "best_pnl"}, "trades"),
    ("find_trades", {"order": "worst_pct", "mint": mint("MEME")}, "trades"),
    ("explain_pnl", {"wallet": address("w1"), "mint": mint("MEME")}, "sales"),
    ("token_flows", {"whose": "all"}, "tokens"),
    ("token_flows", {"whose": "all", "order": "volume"}, "tokens"),
    ("search", {"query": "Nick"}, "matches"),
]
ROWS: Final = [
    f"w{number} {verb} 10 {token} for {price + number / 10} at {100 * number + 7 * place}"
    for number in range(WALLETS)
    for token in ("MEME", f"T{number}")
    for place, (verb, price) in enumerate(
        (("buys", 1), ("sells", 2), ("buys", 1), ("sells", 3), ("buys", 2), ("sells", 1))
    )
]
NEWER: Final = [row.replace(" at ", " at 3700").replace("w1 ", "w9 ") for row in ROWS]
"""The same once more, later than the moment at which the first page is asked for, and of one more wallet."""


class SteppedClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, at_s: int) -> None:
        self.at_s = at_s

    def now(self) -> datetime:
        """Return the moment."""
        return FixedClock(self.at_s).now()

    def epoch_s(self) -> int:
        """Return the moment in seconds since 1970."""
        return self.at_s

    def monotonic_s(self) -> float:
        """Return the moment as seconds."""
        return float(self.at_s)


@pytest.fixture
def clock() -> SteppedClock:
    """Return a clock at one hour after the first fact."""
    return SteppedClock(START + HOUR)


@pytest.fixture
def growing(tmp_path: Path, clock: SteppedClock) -> Generator[Application]:
    """Return the application over a history of the test's own that can grow."""
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=clock) as application:
        names = {f"w{number}": f"Nick {number}" for number in range(WALLETS)}
        files = [write_rows(tmp_path / "rows.jsonl", *ROWS), write_prices(tmp_path / "sol.json")]
        application.imports.run([*files, write_wallets(tmp_path / "wallets.csv", **names)])
        yield application


@pytest.mark.parametrize("limit", [1, 5])
@pytest.mark.parametrize(("tool", "arguments", "name"), PAGED)
def test_pages_are_the_whole_while_facts_arrive(
    growing: Application,
    clock: SteppedClock,
    tmp_path: Path,
    tool: str,
    arguments: dict[str, Any],
    name: str,
    limit: int,
) -> None:
    """Spec: cursor pagination: no gap, nothing twice; what is newer than the first page is on none."""

    def grow() -> None:
        clock.at_s += 100 * HOUR
        report = growing.imports.run([write_rows(tmp_path / "newer.jsonl", *NEWER)])
        assert (report.unreadable, report.rejected) == ((), 0)

    async def ask(client: Client) -> tuple[list[str], list[str]]:
        whole = await pages(client, tool, {**arguments, "limit": 50}, name)
        return whole, await pages(client, tool, {**arguments, "limit": limit}, name, between=grow)

    whole, parts = talk(growing, ask)
    assert len(whole) >= 3
    assert parts == whole
    assert len(set(whole)) == len(whole)


async def pages(
    client: Client, tool: str, question: dict[str, Any], name: str, between: Callable[[], None] | None = None
) -> list[str]:
    """Return what all items of all pages are, with something happening after the first page."""
    found: list[str] = []
    moments: set[str] = set()
    cursor: str | None = None
    while cursor is not None or not moments:
        page = to_reply(await client.call_tool(tool, {**question, "cursor": cursor}))
        assert not page.is_error, page.text
        assert len(page.content[name]) <= question["limit"]
        found += [identity(item) for item in page.content[name]]
        moments.add(page.content["as_of"])
        if between is not None and cursor is None:
            between()
        cursor = page.content["next_cursor"]
    # Sales of a token and names are not of a span: only their number may grow.
    assert len(moments) == 1 or tool in {"explain_pnl", "search"}
    return found


def identity(item: dict[str, Any]) -> str:
    """Return what tells an item of a list from the others."""
    keys = ("wallet", "mint", "at", "ref", "side", "sold_in", "address")
    return str([item.get(key) for key in keys])


def test_cursor_of_another_question_is_refused_by_every_tool(growing: Application) -> None:
    """Spec: foreign cursors: an error that says what to do, never the rest of another list."""

    async def ask(client: Client) -> list[tuple[str, str, Reply]]:
        cursors: dict[str, str] = {}
        for tool, arguments, _ in PAGED:
            page = to_reply(await client.call_tool(tool, {**arguments, "limit": 1}))
            cursors[f"{tool} {arguments}"] = page.content["next_cursor"]
        return [
            (question, other, to_reply(await client.call_tool(tool, {**arguments, "cursor": cursor})))
            for tool, arguments, _ in PAGED
            for question in (f"{tool} {arguments}",)
            for other, cursor in cursors.items()
        ]

    for question, other, reply in talk(growing, ask):
        assert reply.is_error is (question != other), (question, other)
        assert not reply.is_error or "; ask without one to start from the first page" in reply.text


def test_forged_cursor_is_an_error(growing: Application, caplog: pytest.LogCaptureFixture) -> None:
    """Our rule: a cursor is not secret, so anybody can write one: no crash, whatever numbers stand in it."""
    caplog.set_level(logging.ERROR)

    async def ask(client: Client) -> list[tuple[str, int, Reply]]:
        found: list[tuple[str, int, Reply]] = []
        for tool, arguments, _ in PAGED:
            page = to_reply(await client.call_tool(tool, {**arguments, "limit": 1}))
            text = urlsafe_b64decode(page.content["next_cursor"] + "==").decode()
            for number in (-1, 10**15, 2**63 - 1, 2**63, 10**40):
                forged = re.sub(r"([\[,])\d+(?=[\],])", rf"\g<1>{number}", text)
                assert forged != text
                cursor = urlsafe_b64encode(forged.encode()).decode().rstrip("=")
                reply = to_reply(await client.call_tool(tool, {**arguments, "limit": 1, "cursor": cursor}))
                found.append((tool, number, reply))
        return found

    for tool, number, reply in talk(growing, ask):
        if reply.is_error:
            assert "the cursor is damaged; ask without one" in reply.text, (tool, number)
        else:
            assert tool in {"explain_pnl", "search"}, (tool, number)
    assert caplog.records == []
