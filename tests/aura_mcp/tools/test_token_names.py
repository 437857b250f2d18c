"""Names of tokens: they find candidates, stand beside the mints of an answer, and identify nothing."""

import json
from typing import Any, Final

import pytest
from mcp import Client
from mcp_types import ResourceTemplateReference

from aura_mcp.app import Application
from engine.market import TokenInfo
from engine.units import Mint
from tests.aura_mcp._facts import START, address, mint
from tests.aura_mcp.tools._asking import answer, ask, talk

MEME: Final = mint("MEME")
CAT: Final = mint("CAT")
STRANGER: Final = "Obey Me"


def name_token(application: Application, at: str, symbol: str | None, name: str) -> None:
    """Store what a token says of itself."""
    told = TokenInfo(
        mint=Mint(at),
        untrusted_name=name,
        untrusted_symbol=symbol,
        decimals=6,
        total_supply=None,
        market_cap_usd=None,
        holders=None,
        creator=None,
        created_at=None,
        launchpad=None,
        observed_at=START,
        source="jupiter",
    )
    application.store.token_names.keep([told])


@pytest.mark.parametrize(
    ("query", "why", "is_exact"),
    [
        ("wif", "symbol or name", True),
        ("$WIF", "symbol or name", True),
        ("dogwifhat", "symbol or name", True),
        ("dogw", "start of the symbol or name", False),
        ("hat", "part of the symbol or name", False),
    ],
)
def test_token_is_found_by_what_people_call_it(own_world: Application, query: str, why: str, *, is_exact: bool) -> None:
    """Spec: search finds tokens by name, symbol or address."""
    name_token(own_world, MEME, "WIF", "dogwifhat")
    name_token(own_world, CAT, None, "A Cat")
    found = answer(own_world, "search", query=query)
    (match,) = found["matches"]
    assert not found["is_ambiguous"]
    named = {key: match[key] for key in ("address", "why", "is_exact", "untrusted_symbol", "untrusted_name")}
    assert named == {
        "address": MEME,
        "why": why,
        "is_exact": is_exact,
        "untrusted_symbol": "WIF",
        "untrusted_name": "dogwifhat",
    }
    assert "the mint says which one it is" in "".join(found["notes"])


def test_of_two_tokens_with_a_symbol_none_is_picked(own_world: Application) -> None:
    """Spec: ambiguous → candidates, never a silent pick: anybody can take any symbol."""
    name_token(own_world, MEME, "WIF", "dogwifhat")
    name_token(own_world, CAT, "wif", "the other")
    found = answer(own_world, "search", query="WIF", kind="token")
    assert found["is_ambiguous"]
    assert {match["address"] for match in found["matches"]} == {MEME, CAT}


def test_search_by_a_mint_is_one_match_whatever_it_is_called(own_world: Application) -> None:
    """Our rule: a token that answers to a query twice is listed once, for its best reason."""
    name_token(own_world, MEME, MEME[:10], "named like its mint")
    (match,) = answer(own_world, "search", query=MEME)["matches"]
    assert (match["why"], match["is_exact"]) == ("address", True)
    (match,) = answer(own_world, "search", query=MEME[:10])["matches"]
    assert match["why"] == "symbol or name"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("find_trades", {}),
        ("find_trades", {"mint": MEME}),
        ("wallet_report", {"wallets": [address("alice")]}),
        ("token_flows", {"whose": "all", "window": "7d"}),
        ("explain_pnl", {"wallet": address("alice"), "mint": MEME}),
    ],
)
def test_answers_tell_symbols_apart_from_everything_else(
    own_world: Application, tool: str, arguments: dict[str, Any]
) -> None:
    """Our rule: a mint is hard to say, so its symbol stands by, once, in a field of its own and nowhere else."""
    before = ask(own_world, tool, arguments)
    assert "untrusted_symbols" not in before.content
    name_token(own_world, MEME, STRANGER, STRANGER)
    after = ask(own_world, tool, arguments)
    assert after.content.pop("untrusted_symbols") == {MEME: STRANGER}
    assert STRANGER not in after.text + json.dumps(after.content)
    assert after.content == before.content


def test_mint_is_completed_by_its_symbol(own_world: Application) -> None:
    """Spec: completion of nicknames and symbols; what is given is the mint."""
    name_token(own_world, MEME, "WIF", "dogwifhat")

    async def complete(client: Client) -> list[str]:
        reference = ResourceTemplateReference(uri="aura://token/{mint}")
        return (await client.complete(reference, {"name": "mint", "value": "wi"})).completion.values

    assert talk(own_world, complete) == [MEME]
