"""The longest answers that a history can be made to give: still what a model can afford, at every tool and resource."""

from collections.abc import Generator
from typing import Any, Final

import pytest
from mcp import Client
from mcp_types import TextResourceContents

from aura_mcp.app import Application, open_application
from aura_mcp.services.editing import NICKNAME_LENGTH
from aura_mcp.settings import Settings
from aura_mcp.tools import list_tools
from data.clock import FixedClock
from engine.address import parse_address
from tests.aura_mcp._facts import HOUR, START, address, mint, signature, write_prices, write_rows, write_wallets
from tests.aura_mcp.tools._asking import Reply, talk, to_reply
from tests.aura_mcp.tools.test_sizes import CONCISE, DETAILED

BRIEF: Final = 2_000
LOTS: Final = 250
WALLETS: Final = 120
TOKENS: Final = 40
MEMBERS: Final = 400

WIDE: Final = "FROM range(1000) SELECT " + ", ".join(f"string_agg('x') AS {'c' * 40}{n}" for n in range(100))
"""Not even one row of it fits into a concise answer."""

QUESTIONS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("top_wallets", {"limit": 100}),
    ("wallet_report", {"wallets": [address("whale")]}),
    ("wallet_report", {"wallets": [address(f"w{number}") for number in range(5)]}),
    ("find_trades", {"limit": 100}),
    ("find_trades", {"limit": 100, "order": "best_pnl"}),
    ("explain_pnl", {"wallet": address("whale"), "mint": mint("MEME"), "limit": 50}),
    ("explain_pnl", {"wallet": address("whale"), "signature": signature("end")}),
    ("edit_wallet", {"wallet": address("m1"), "action": "track"}),
    ("token_report", {"mint": mint("MEME"), "window": "30d"}),
    ("token_flows", {"window": "30d", "whose": "all", "limit": 100}),
    ("search", {"query": "Nick", "limit": 50}),
    ("search", {"query": address("w1")[:3], "limit": 50}),
    ("query_sql", {"sql": "SELECT * FROM trade", "limit": 200}),
    ("query_sql", {"sql": "SELECT nickname FROM wallet", "limit": 200}),
    ("query_sql", {"sql": WIDE}),
    ("system_status", {}),
    ("refresh", {}),
    ("job_status", {}),
]


def nickname(number: int) -> str:
    """Return a nickname as long as one may be."""
    return f"Nick {number} ".ljust(NICKNAME_LENGTH, "W")


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """Return the application over one sale of many lots, many wallets with the longest names, and a large group."""
    folder = tmp_path_factory.mktemp("crowd")
    whale = [f"whale buys 1.000001 MEME for 0.012345678 at {at} as lot{at}" for at in range(LOTS)]
    whale += [f"whale sells {LOTS} MEME for 9.87654321 at {LOTS + 1} as end"]
    crowd = [
        f"w{number} {verb} 12345.678901 {token} for {price} at {300 + 2 * number + place} as {verb[0]}{number}{token}"
        for number in range(WALLETS)
        for token in ("MEME", f"T{number % TOKENS}")
        for place, (verb, price) in enumerate((("buys", 1.234567891), ("sells", 2.345678912), ("buys", 0.5)))
    ]
    files = [
        write_rows(folder / "rows.jsonl", *whale, *crowd),
        write_prices(folder / "sol.json", 123.456789),
        write_wallets(folder / "wallets.csv", **{f"w{number}": nickname(number) for number in range(WALLETS)}),
    ]
    clock = FixedClock(START + HOUR)
    with open_application(folder / "x.duckdb", settings=Settings(home=folder), clock=clock) as application:
        assert application.imports.run(files).unreadable == ()
        for number in range(MEMBERS):
            application.store.wallets.assign(parse_address(address(f"m{number + 1}")), parse_address(address("m0")))
        yield application


def test_every_tool_is_asked() -> None:
    """Our rule: a new tool brings its worst case."""
    assert {tool for tool, _ in QUESTIONS} == {spec.function.__name__ for spec in list_tools()}


@pytest.mark.parametrize(("tool", "arguments"), QUESTIONS)
def test_longest_answer_stays_within_its_tokens(crowd: Application, tool: str, arguments: dict[str, Any]) -> None:
    """Spec: every concise result ≤ 2k tokens, detailed ≤ 10k; an answer that cannot fit is an error that says so."""

    async def replies(client: Client) -> list[Reply]:
        (schema,) = [found.input_schema for found in (await client.list_tools()).tools if found.name == tool]
        questions = [arguments, {**arguments, "detail": True}] if "detail" in schema["properties"] else [arguments]
        return [to_reply(await client.call_tool(tool, question)) for question in questions]

    concise, *detailed = talk(crowd, replies)
    assert concise.size <= CONCISE
    assert all(reply.size <= DETAILED for reply in detailed)
    # No jobs run beside a bare server.
    assert concise.is_error is (arguments.get("sql") == WIDE or tool == "refresh")
    reason = "no jobs run here" if tool == "refresh" else "ask for fewer columns"
    assert not concise.is_error or reason in concise.text
    assert not any(reply.is_error for reply in detailed)


@pytest.mark.parametrize(
    ("uri", "most"),
    [
        ("aura://brief", BRIEF),
        ("aura://schema", CONCISE),
        ("aura://wallets", DETAILED),
        (f"aura://wallet/{address('whale')}", CONCISE),
        (f"aura://wallet/{address('w1')}", CONCISE),
        (f"aura://token/{mint('MEME')}", CONCISE),
    ],
)
def test_longest_resource_stays_within_its_tokens(crowd: Application, uri: str, most: int) -> None:
    """Spec: aura://brief ≤ 500 tokens; our rule: the others as the tool that gives the same."""

    async def read(client: Client) -> str:
        (part,) = (await client.read_resource(uri)).contents
        assert isinstance(part, TextResourceContents)
        return part.text

    text = talk(crowd, read)
    assert len(text) <= most
