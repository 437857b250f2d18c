"""What can be read without asking, in both eras: contents, completion, and news when something changed."""

import asyncio
import json
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot
from mcp import Client, MCPError
from mcp.client.subscriptions import ResourceUpdated
from mcp_types import (
    PromptReference,
    ResourceTemplateReference,
    ResourceUpdatedNotification,
    TextResourceContents,
)

from aura_mcp.app import Application, open_application
from aura_mcp.server import build_server
from aura_mcp.services.editing import WalletAction
from aura_mcp.services.search import LABELLED
from aura_mcp.settings import Settings
from aura_mcp.updates import MAX_SUBSCRIPTIONS
from data.clock import FixedClock
from tests.aura_mcp._facts import HOUR, START, address, mint, signature, write_prices, write_rows, write_wallets
from tests.aura_mcp.tools._asking import Era, talk

ERAS: tuple[Era, ...] = ("legacy", "2026-07-28")
BOUND_S = 5.0


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    """Return the application over a few trades of two followed wallets and one other."""
    rows = (
        "alice buys 100 MEME for 1 at 0 as a1",
        "alice sells 100 MEME for 3 at 60 as a2",
        "bob buys 10 MEME for 1 at 90 as b1",
        "carol buys 10 MEME for 5 at 95 as c1",
    )
    files = [
        write_rows(tmp_path / "rows.jsonl", *rows),
        write_prices(tmp_path / "sol.json"),
        write_wallets(tmp_path / "wallets.csv", alice="Alice in Chains", bob="Bob", bert="Bob Jr"),
    ]
    clock = FixedClock(START + HOUR)
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=clock) as opened:
        assert opened.imports.run(files).unreadable == ()
        yield opened


def read(application: Application, uri: str, era: Era = "auto") -> str:
    """Return the text of a resource."""

    async def reading(client: Client) -> str:
        (part,) = (await client.read_resource(uri)).contents
        assert isinstance(part, TextResourceContents)
        return part.text

    return talk(application, reading, era)


async def subscribe(client: Client, uri: str) -> None:
    """Subscribe as clients of the handshake era do: the SDK discourages it, and they still do it."""
    with warnings.catch_warnings(action="ignore"):
        await client.subscribe_resource(uri)  # pyright: ignore[reportDeprecated]


async def unsubscribe(client: Client, uri: str) -> None:
    """Take a subscription back."""
    with warnings.catch_warnings(action="ignore"):
        await client.unsubscribe_resource(uri)  # pyright: ignore[reportDeprecated]


@pytest.mark.parametrize("era", ERAS)
def test_resources_are_listed(application: Application, era: Era) -> None:
    """Spec: the resources and templates, each described."""

    async def listing(client: Client) -> list[list[str]]:
        resources = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        assert all(each.title and each.description and each.mime_type for each in (*resources, *templates))
        return [[str(each.uri) for each in resources], [each.uri_template for each in templates]]

    assert talk(application, listing, era) == [
        ["aura://brief", "aura://wallets", "aura://schema", "aura://events"],
        ["aura://wallet/{address}", "aura://token/{mint}", "aura://events{?kind,wallet,mint,after,limit}"],
    ]


@pytest.mark.parametrize("era", ERAS)
def test_brief_says_since_when_what_changed(application: Application, era: Era) -> None:
    """Spec: the situation in at most 500 tokens: what changed since when, and what is not known."""
    text = read(application, "aura://brief", era)
    assert len(text) <= 2_000
    assert text.splitlines() == snapshot(
        [
            "AURA brief as of 2026-05-28 21:26 UTC; 3 followed entities.",
            "2026-05-27 21:26 to 2026-05-28 21:26 UTC: 3 trades by 2 followed wallets.",
            "Sold: 6Cdgehg77C4FwK4w8Gk1k35k2Fp6tX2oJfBcLc1upump net -1.0000 SOL, 1 buyers, 1 sellers",
            "Realized: Alice in Chains (7ZJRjoNm7DjokzybCnaMqJ9bNQWTPkW4BuackD6zr9Y3) +2.0000 SOL in 1 sales",
            "Stored histories: 3 never fetched.",
            "Not told here: prices of today, liquidity, unrealized P&L, risk. Names are labels, addresses identities.",
        ]
    )


def test_brief_of_an_empty_database_says_what_to_do(tmp_path: Path) -> None:
    """Our rule: nothing known is said as such."""
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=FixedClock(START)) as empty:
        assert read(empty, "aura://brief").splitlines() == snapshot(
            [
                "AURA brief as of 2026-05-28 20:26 UTC; 0 followed entities.",
                "No facts are stored yet: `aura import` brings some, `aura demo` shows what they give.",
            ]
        )
        assert json.loads(read(empty, "aura://wallets"))["wallets"] == []


def test_brief_of_old_facts_says_how_old(tmp_path: Path) -> None:
    """Our rule: where nothing is new, the last day that has facts is told as such."""
    clock = FixedClock(START + 40 * 24 * HOUR)
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=clock) as old:
        old.imports.run([write_rows(tmp_path / "rows.jsonl", "alice buys 1 MEME for 1 at 0")])
        text = read(old, "aura://brief")
    assert "the last day that has facts: nothing newer is stored" in text


def test_wallets_are_the_followed_ones(application: Application) -> None:
    """Our rule: followed wallets, the last active first."""
    found = json.loads(read(application, "aura://wallets"))
    assert found["tracked_total"] == 3
    assert [wallet["nickname"] for wallet in found["wallets"]] == ["Bob", "Alice in Chains", "Bob Jr"]


def test_wallets_that_only_have_a_nickname_come_beside_the_followed_ones(application: Application) -> None:
    """Our rule: whom the user knows by name, the most active first, and no more than can be read."""
    edit = application.answers.editing.edit
    for name, nickname in (("quiet", "Quiet"), ("carol", "Carol")):
        edit(address(name), WalletAction.LABEL, nickname=nickname)
    edit(address("alice"), WalletAction.UNTRACK)
    found = json.loads(read(application, "aura://wallets"))
    assert [wallet["nickname"] for wallet in found["wallets"]] == ["Bob", "Bob Jr"]
    assert found["labelled"] == [
        {"address": address("alice"), "nickname": "Alice in Chains"},
        {"address": address("carol"), "nickname": "Carol"},
        {"address": address("quiet"), "nickname": "Quiet"},
    ]
    for number in range(LABELLED):
        edit(address(f"other {number}"), WalletAction.LABEL, nickname=f"Other {number}")
    crowded = json.loads(read(application, "aura://wallets"))["labelled"]
    assert len(crowded) == LABELLED
    assert crowded[:2] == found["labelled"][:2]


@pytest.mark.parametrize("name", ["Bob", "bob", address("bob")])
def test_wallet_is_read_by_nickname_or_address(application: Application, name: str) -> None:
    """Our rule: the figures of the report, with the address in full."""
    found = json.loads(read(application, f"aura://wallet/{name}"))
    assert found["wallet"] == {"address": address("bob"), "nickname": "Bob", "is_program_derived": False}
    assert found["positions"][0]["cost"] == {"sol": 1, "usd": 100}


def test_token_is_read_by_mint(application: Application) -> None:
    """Our rule: what the report on the token says."""
    found = json.loads(read(application, f"aura://token/{mint('MEME')}"))
    assert found["as_of"].startswith("2026-")
    assert found["token"]["flow_all"]["net"] == {"sol": 4, "usd": 400}


def test_schema_names_what_query_sql_may_read(application: Application) -> None:
    """Our rule: every relation and every column that is documented can be asked for."""
    schema = json.loads(read(application, "aura://schema"))
    names = {relation["name"] for relation in schema["relations"]}
    assert names >= {"trade", "realized_pnl", "episode", "wallet"}

    async def select_all(client: Client) -> None:
        for relation in schema["relations"]:
            columns = ", ".join(column["name"] for column in relation["columns"])
            result = await client.call_tool("query_sql", {"sql": f"SELECT {columns} FROM {relation['name']}"})  # noqa: S608
            assert not result.is_error, relation

    talk(application, select_all)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("aura://wallet/nobody", "neither an address nor a known nickname"),
        (f"aura://wallet/{address('nobody')}", "no transaction"),
        ("aura://token/short", "not a Solana address"),
        (f"aura://wallet/{signature('a1')}", "not a Solana address"),
        (f"aura://token/{mint('DOG')}", "nothing is known about the mint"),
        ("aura://wallet/..%2F..%2Fetc", "Unknown resource"),
        ("aura://nothing", "Unknown resource"),
    ],
)
def test_what_is_not_there_is_an_error(application: Application, era: Era, uri: str, says: str) -> None:
    """Our rule: invalid params, with the reason, and no traceback."""

    async def reading(client: Client) -> str:
        with pytest.raises(MCPError) as caught:
            await client.read_resource(uri)
        assert caught.value.code == -32602
        return str(caught.value)

    assert says in talk(application, reading, era)


@pytest.mark.parametrize("era", ERAS)
def test_names_are_completed(application: Application, era: Era) -> None:
    """Spec: nicknames and mints, for templates and prompt arguments."""

    async def completing(client: Client) -> list[list[str]]:
        wallet, token = (
            ResourceTemplateReference(uri=uri) for uri in ("aura://wallet/{address}", "aura://token/{mint}")
        )
        review = PromptReference(name="wallet_review")
        asked: list[tuple[Any, dict[str, str]]] = [
            (wallet, {"name": "address", "value": "bo"}),
            (wallet, {"name": "address", "value": address("alice")[:4]}),
            (wallet, {"name": "address", "value": "\u202e'; --"}),
            (token, {"name": "mint", "value": mint("MEME")[:3]}),
            (review, {"name": "wallet", "value": "Al"}),
            (review, {"name": "nothing", "value": ""}),
        ]
        return [(await client.complete(reference, argument)).completion.values for reference, argument in asked]

    assert talk(application, completing, era) == [
        ["Bob", "Bob Jr"],
        [address("alice")],
        [],
        [mint("MEME")],
        ["Alice in Chains"],
        [],
    ]


def test_listener_hears_of_an_edit(application: Application) -> None:
    """Spec: resources/updated since 2026-07-28: a stream of events for what was asked."""

    async def listening(client: Client) -> list[object]:
        uris = [f"aura://wallet/{address('bob')}"]
        heard: list[object] = []
        async with client.listen(resource_subscriptions=uris) as subscription:
            await client.call_tool("edit_wallet", {"wallet": "Alice in Chains", "action": "untrack"})
            await client.call_tool("edit_wallet", {"wallet": "Bob", "action": "label", "nickname": "Rob"})
            async with asyncio.timeout(BOUND_S):
                async for event in subscription:
                    heard.append(event)
                    break
        return heard

    assert talk(application, listening) == [ResourceUpdated(uri=f"aura://wallet/{address('bob')}")]


def test_subscriber_hears_of_edits_and_facts(application: Application, tmp_path: Path) -> None:
    """Spec: resources/updated of the handshake era; after an import the hub says what it touched."""

    async def run() -> list[str]:
        heard: asyncio.Queue[str] = asyncio.Queue()

        async def note(message: object) -> None:
            if isinstance(message, ResourceUpdatedNotification):
                await heard.put(str(message.params.uri))

        server = build_server(application)
        changes, updates = application.answers.changes, server.updates
        async with Client(server, mode="legacy", message_handler=note) as client:
            await subscribe(client, "aura://wallets")
            await subscribe(client, f"aura://token/{mint('CAT')}")
            await subscribe(client, "aura://brief")
            await unsubscribe(client, "aura://brief")
            with pytest.raises(MCPError, match="start with aura://"):
                await subscribe(client, "file:///etc/passwd")
            for number in range(MAX_SUBSCRIPTIONS - 2):
                await subscribe(client, f"aura://wallet/{number}")
            with pytest.raises(MCPError, match="may subscribe to"):
                await subscribe(client, "aura://wallet/one-more")
            await client.call_tool("edit_wallet", {"wallet": "Bob", "action": "untrack"})
            mark = changes.mark()
            application.imports.run([write_rows(tmp_path / "more.jsonl", "bob buys 5 CAT for 1 at 200 as b2")])
            touched = changes.since(mark)
            assert (touched.wallets, touched.mints) == ((address("bob"),), (mint("CAT"),))
            await updates.publish_facts(touched.wallets, touched.mints)
            async with asyncio.timeout(BOUND_S):
                got = [await heard.get() for _ in range(3)]
        # Nobody is left to tell.
        await updates.publish("aura://wallets")
        assert heard.empty()
        return got

    assert asyncio.run(run()) == ["aura://wallets", "aura://wallets", f"aura://token/{mint('CAT')}"]


def test_edit_that_changes_nothing_is_no_news(application: Application) -> None:
    """Our rule: news are of changes."""

    async def listening(client: Client) -> None:
        async with client.listen(resource_subscriptions=["aura://wallets"]) as subscription:
            await client.call_tool("edit_wallet", {"wallet": "Bob", "action": "track"})
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await anext(aiter(subscription))

    talk(application, listening)
