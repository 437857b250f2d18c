"""A look at a token that nobody holds: told by providers on this machine, once a minute."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeVar

import anyio
import pytest

from aura_mcp.app import open_application
from aura_mcp.services.looking import FRESH_S, Looking
from aura_mcp.services.prices import Prices
from aura_mcp.settings import Settings
from data.providers import Api, Http, ProviderSpec
from data.providers.serving import Serving
from data.store import Store
from data.store.market import MarketStore
from engine.errors import AddressError
from tests.aura_mcp.tools._asking import ask
from tests.builders.facts import mint
from tests.fakes.chain import Chain
from tests.fakes.faults import Fault, Faults
from tests.fakes.market import Market, Token
from tests.fakes.stand import Stand, stand
from tests.virtual_time import START_S, HandClock

MEME: Final = mint("MEME")
GONE: Final = mint("GONE")
T = TypeVar("T")


def looked(store: Store, everything: Stand, talk: Callable[[Looking, HandClock], Awaitable[T]]) -> T:
    """Let a conversation happen over providers that stand here."""

    async def main() -> T:
        clock = HandClock()
        async with Http(clock) as http:

            def api_of(spec: ProviderSpec) -> Api:
                return http.api(spec, everything.config(spec.name, attempts=1))

            prices = Prices(store, Serving.open(api_of), clock)
            return await talk(Looking(lambda: prices, clock), clock)

    return anyio.run(main)


def listed() -> Market:
    """Return a market in which MEME is traded."""
    market = Market(now=lambda: START_S)
    market.list_token(Token(mint=MEME, price_usd=Decimal("0.5"), symbol="WIF"))
    return market


def test_token_that_nobody_holds_is_looked_at_once_a_minute() -> None:
    """Our rule: whoever asks about a token gets its market; asking twice at once costs nothing."""
    with Store.open(None) as store, stand(Chain(), market=listed()) as everything:

        async def talk(looking: Looking, clock: HandClock) -> list[int]:
            counts: list[int] = []
            for at_s in (0, FRESH_S - 1, FRESH_S):
                clock.at_s = at_s
                assert await looking.look(MEME) == ()
                counts.append(everything.upstream.count(provider="dexscreener"))
            return counts

        first, again, later = looked(store, everything, talk)
        assert first == again
        assert later > again
        price = MarketStore(store.database).observed([MEME], START_S + FRESH_S)[MEME].price
        assert price is not None
        assert price.price_usd == Decimal("0.5")
        assert store.token_names.symbols() == {MEME: "WIF"}


def test_what_nobody_can_tell_is_said_and_asked_again() -> None:
    """Our rule: a provider's trouble is a note, not an answer."""
    faults = Faults()
    faults.set_rates({Fault.SERVER_ERROR: 1.0})
    with Store.open(None) as store, stand(Chain(), market=listed(), faults=faults) as everything:

        async def talk(looking: Looking, clock: HandClock) -> list[tuple[str, ...]]:
            first = await looking.look(MEME)
            faults.set_rates({})
            clock.at_s += 600
            return [first, await looking.look(MEME)]

        failed, again = looked(store, everything, talk)
        assert failed
        assert all("://" not in line and "\n" not in line for line in failed)
        assert again == ()
        assert MEME in MarketStore(store.database).observed([MEME], START_S)


def test_damaged_mint_is_asked_of_nobody(tmp_path: Path) -> None:
    """Our rule: bad input is an error before it costs a call; offline the answer says that nothing is known."""
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path, offline=True)) as application:
        reply = ask(application, "token_report", {"mint": GONE[:-1] + "0"})
        assert reply.is_error
        reply = ask(application, "token_report", {"mint": GONE})
        assert reply.is_error
        assert f"nothing is known about the mint {GONE}" in reply.text
        with pytest.raises(AddressError):
            anyio.run(application.answers.looking.look, "no mint")
