"""No answer is longer than a model can afford: 2k tokens concise, 10k detailed, at four characters to a token."""

from typing import Any, Final

import pytest
from mcp import Client

from aura_mcp.app import Application
from tests.aura_mcp.tools._asking import Reply, talk, to_reply

CONCISE: Final = 8_000
DETAILED: Final = 40_000
BUSY: Final = "NULLioEUhd89Jo5Acm9sX88bwjNjrsAVy6KWkXD7qZh"
TRADED: Final = "8Xa1jqBhrxEFX4HgMd9NNRVjK5ap7tBrr5aebCGKpump"

QUESTIONS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("top_wallets", {"limit": 100}),
    ("wallet_report", {"wallets": [BUSY]}),
    ("find_trades", {"limit": 100}),
    ("find_trades", {"limit": 100, "order": "best_pct", "window": "7d"}),
    ("explain_pnl", {"wallet": BUSY, "mint": TRADED, "limit": 50}),
    ("token_report", {"mint": TRADED, "window": "7d"}),
    ("token_flows", {"window": "30d", "whose": "all", "limit": 100}),
    ("query_sql", {"sql": "SELECT * FROM trade", "limit": 200}),
]


@pytest.mark.parametrize(("tool", "arguments"), QUESTIONS)
def test_answers_stay_within_their_tokens(demo: Application, tool: str, arguments: dict[str, Any]) -> None:
    """Spec: every concise result ≤ 2k tokens, detailed ≤ 10k; what does not fit follows with the cursor."""

    async def call(client: Client) -> tuple[Reply, Reply]:
        concise = to_reply(await client.call_tool(tool, arguments))
        return concise, to_reply(await client.call_tool(tool, {**arguments, "detail": True}))

    concise, detailed = talk(demo, call)
    assert not concise.is_error, concise.text
    assert concise.size <= CONCISE
    assert not detailed.is_error, detailed.text
    assert detailed.size <= DETAILED


def test_five_reports_side_by_side_stay_concise(demo: Application) -> None:
    """Spec: up to five wallets in one concise answer."""

    async def call(client: Client) -> tuple[Reply, Reply]:
        top = to_reply(await client.call_tool("top_wallets", {"limit": 5}))
        wallets = [line["wallet"]["address"] for line in top.content["wallets"]]
        concise = to_reply(await client.call_tool("wallet_report", {"wallets": wallets}))
        return concise, to_reply(await client.call_tool("wallet_report", {"wallets": wallets, "detail": True}))

    concise, detailed = talk(demo, call)
    assert len(concise.content["wallets"]) == len(detailed.content["wallets"]) == 5
    assert concise.size <= CONCISE
    assert detailed.size <= DETAILED


def test_pages_that_were_cut_go_on_where_they_ended(demo: Application) -> None:
    """Our rule: a page that is shortened to fit loses nothing: the pages together are the whole list, once each."""

    async def pages(client: Client) -> list[str]:
        refs: list[str] = []
        cursor: str | None = None
        while True:
            arguments = {"wallet": BUSY, "limit": 100, "cursor": cursor}
            found = to_reply(await client.call_tool("find_trades", arguments)).content
            refs += [trade.get("ref") or trade["signature"] for trade in found["trades"]]
            cursor = found["next_cursor"]
            if cursor is None:
                return refs

    refs = talk(demo, pages)
    assert len(refs) == len(set(refs)) == 64
