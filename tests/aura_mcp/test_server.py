"""The server as an SDK client in memory sees it, without any door."""

import asyncio
from collections.abc import Generator
from pathlib import Path

import pytest
from mcp import Client

from aura_mcp.app import Application, open_application
from aura_mcp.bridge import VERSION
from aura_mcp.server import build_server
from aura_mcp.tools import list_tools


@pytest.fixture
def application(own_home: Path) -> Generator[Application]:
    """Return the application over a new database."""
    assert not own_home.exists()
    with open_application() as found:
        yield found


@pytest.mark.parametrize("era", ["legacy", "2026-07-28"])
def test_status_says_what_is_there(application: Application, era: str) -> None:
    """Spec: what is unknown is null; nothing is shown that is not there."""

    async def ask() -> None:
        async with Client(build_server(application), mode=era) as client:
            result = await client.call_tool("system_status", {})
        assert result.structured_content is not None
        as_of = result.structured_content.pop("as_of")
        size = result.structured_content["database"].pop("size_bytes")
        assert as_of.endswith("Z")
        assert size > 0
        missing = result.structured_content["live"].pop("missing_keys")
        assert [key["name"] for key in missing] == ["BIRDEYE_API_KEY", "HELIUS_API_KEY", "JUPITER_API_KEY"]
        assert result.structured_content == {
            "last_fact_at": None,
            "notes": ["no facts are stored yet: `aura import` brings some"],
            "version": VERSION,
            "database": {"path": str(application.database), "last_slot": None, "last_fact_at": None},
            "hub": None,
            "live": {
                "is_offline": True,
                "followed": 0,
                "histories": {},
                "gaps_being_closed": 0,
                "gaps_unclosable": 0,
                "unfinalized": 0,
                "taken_back": 0,
                "jobs": [],
                "providers": [],
                "pending": 0,
                "oldest_pending_at": None,
                "failing": 0,
                "last_event": 0,
            },
        }
        (content,) = result.content
        assert content.type == "text"
        state = f"AURA {VERSION}: database holds no facts, {size} bytes; no hub."
        assert content.text == f"{state} AURA_OFFLINE is set: nothing is fetched."

    asyncio.run(ask())


def test_tool_is_described_for_models_and_clients(application: Application) -> None:
    """Spec: title, annotations, output schema, a description of at most six lines."""

    async def ask() -> None:
        async with Client(build_server(application)) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools.keys() == {spec.function.__name__ for spec in list_tools()}
        for tool in tools.values():
            assert tool.title
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint is not None
            assert tool.output_schema is not None
            assert 1 <= len((tool.description or "").splitlines()) <= 6

    asyncio.run(ask())


def test_descriptions_are_sent_without_the_indentation_of_the_source(application: Application) -> None:
    """Our rule: clients show the text as it comes."""

    async def ask() -> None:
        async with Client(build_server(application)) as client:
            texts = [tool.description or "" for tool in (await client.list_tools()).tools]
            texts += [prompt.description or "" for prompt in (await client.list_prompts()).prompts]
        assert all(texts)
        assert [line for text in texts for line in text.split("\n") if line != line.strip()] == []

    asyncio.run(ask())
