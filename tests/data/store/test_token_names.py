"""Names of tokens: what was said last is kept, and read anew after it changed."""

from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from data.store import Store
from engine.market import TokenInfo
from engine.units import Address, Mint
from tests.aura_mcp._facts import START, address, mint

CAT: Final = TokenInfo(
    mint=Mint(mint("CAT")),
    untrusted_name="A Cat",
    untrusted_symbol="CAT",
    decimals=6,
    total_supply=Decimal(10**9),
    market_cap_usd=None,
    holders=3,
    creator=Address(address("alice")),
    created_at=START,
    launchpad="pump.fun",
    observed_at=START,
    source="jupiter",
)


@pytest.fixture
def store() -> Generator[Store]:
    """Return an empty database in memory."""
    with Store.open(None) as opened:
        yield opened


def test_last_name_is_kept(store: Store) -> None:
    """Our rule: one for a token, the last that was told."""
    store.token_names.keep([replace(CAT, holders=1)])
    store.token_names.keep([CAT])
    assert store.token_names.infos([CAT.mint, mint("DOG")]) == {CAT.mint: CAT}


def test_symbols_follow_what_is_kept(store: Store) -> None:
    """Our rule: what is read once is not told after it changed; who has no symbol is left out."""
    assert store.token_names.symbols() == {}
    store.token_names.keep([CAT, replace(CAT, mint=Mint(mint("DOG")), untrusted_symbol=None)])
    assert store.token_names.symbols() == {CAT.mint: "CAT"}
    store.token_names.keep([replace(CAT, untrusted_symbol="KITTY")])
    assert store.token_names.symbols() == {CAT.mint: "KITTY"}
