"""Prices of what is held and candles of SOL, asked of providers that stand on this machine."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import anyio

from aura_mcp.services.prices import SOL_POOL, Prices, PriceSummary
from data.clock import FixedClock, SystemClock
from data.providers import Http, ProviderSpec
from data.providers.serving import Serving
from data.store import Store
from data.store.market import MarketStore
from data.store.readings import Source
from data.store.wallets import Wallet
from engine.units import WSOL
from tests.builders.facts import HOUR_S, SOL, START, address, mint, trade
from tests.fakes.chain import Chain
from tests.fakes.faults import Fault, Faults
from tests.fakes.market import Market, Token
from tests.fakes.stand import Stand, stand

NOW = START + 2 * HOUR_S
MEME, CAT, GONE = mint("MEME"), mint("CAT"), mint("GONE")


@contextmanager
def following(*tokens: Token, faults: Faults | None = None) -> Generator[tuple[Store, Stand]]:
    """Yield a store in which a followed wallet holds MEME, CAT and GONE, and a market of these tokens."""
    market = Market(now=lambda: NOW)
    for token in tokens:
        market.list_token(token)
    with Store.open(None) as store, stand(Chain(), market=market, faults=faults) as everything:
        store.wallets.add([Wallet(address("alice"), None, "user", is_tracked=True, is_program_derived=False)])
        bought = [trade(name, "buy", 1_000, SOL, of=name) for name in ("MEME", "CAT", "GONE")]
        store.facts.add_readings(bought, Source.RPC)
        store.booking.book()
        yield store, everything


def refresh(store: Store, everything: Stand, *, times: Sequence[int] = (NOW,), attempts: int = 1) -> list[PriceSummary]:
    """Return what refreshes at these times did, in one process."""

    async def run() -> list[PriceSummary]:
        done: list[PriceSummary] = []
        clock = _Moving(times[0])
        async with Http(clock) as http:

            def api_of(spec: ProviderSpec) -> Any:  # noqa: ANN401 - a way to a provider
                return http.api(spec, everything.config(spec.name, attempts=attempts))

            prices = Prices(store, Serving.open(api_of), clock)
            for at in times:
                clock.at = at
                done.append(await prices.refresh())
        return done

    return anyio.run(run)


class _Moving:
    """A clock that is set by the test; pauses and paces pass in real time."""

    def __init__(self, at: int) -> None:
        self.at = at
        self._real = SystemClock()

    def now(self) -> Any:  # noqa: ANN401 - an aware time
        """Return the moment set."""
        return FixedClock(self.at).now()

    def epoch_s(self) -> int:
        """Return the moment set."""
        return self.at

    def monotonic_s(self) -> float:
        """Return real seconds."""
        return self._real.monotonic_s()


def meme(**changes: Any) -> Token:  # noqa: ANN401 - fields of a token
    """Return MEME at two cents, with a pool of 50M MEME and 350 SOL."""
    return Token(mint=changes.pop("mint", MEME), price_usd=Decimal("0.00105"), **changes)


def test_refresh_brings_prices_pools_names_and_candles() -> None:
    """Our rule: what is held, in as few calls as it takes; what nobody knows is counted."""
    with following(meme(), meme(mint=CAT, symbol="CAT")) as (store, everything):
        (done,) = refresh(store, everything)
        assert (done.held, done.asked, done.priced, done.unpriced, done.failures) == (3, 3, 2, 1, ())
        assert done.sources == {"dexscreener": 3}
        assert everything.upstream.count(provider="dexscreener") == 1
        found = MarketStore(store.database).observed([MEME, GONE, WSOL], NOW)
        assert set(found) == {MEME, WSOL}
        seen = found[MEME].price
        assert seen is not None
        assert seen.price_usd == Decimal("0.00105")
        assert found[MEME].pools[0].quote_reserve == 350
        assert store.token_names.infos([CAT])[CAT].untrusted_symbol == "CAT"
        assert done.names == 2


def test_candles_of_sol_are_complete_and_price_the_trades() -> None:
    """DOMAIN §3: the last candle completed before the block time; minutes up to now, hours around trades."""
    with following() as (store, everything):
        (done,) = refresh(store, everything)
        opened = dict(
            store.database.rows("SELECT interval_s, max(opened_at + interval_s) FROM candle GROUP BY interval_s")
        )
        assert opened == {60: (NOW - 60) // 60 * 60, HOUR_S: START // HOUR_S * HOUR_S + HOUR_S}
        assert done.candles == store.database.rows("SELECT count(*) FROM candle")[0][0] > 100
        assert {row[0] for row in store.database.rows("SELECT DISTINCT pool FROM candle")} == {SOL_POOL}
        ((usd, age),) = store.database.rows("SELECT value_usd_micro, price_age_s FROM trade WHERE mint = ?", [MEME])
        assert 140_000_000 < usd < 160_000_000
        assert 0 <= age < 60
        assert not store.booking.is_pending()


def test_second_refresh_asks_only_for_what_is_due() -> None:
    """Our rule: nothing twice within a cycle, one minute of candles at a time, unknown tokens an hour later."""
    with following(meme(), meme(mint=CAT)) as (store, everything):
        first, again, later, much_later = refresh(store, everything, times=(NOW, NOW + 5, NOW + 60, NOW + HOUR_S))
        assert (first.asked, again.asked, later.asked, much_later.asked) == (3, 0, 2, 3)
        assert (again.candles, again.names) == (0, 0)
        assert everything.upstream.count(provider="dexscreener") == 4
        assert everything.upstream.count(provider="jupiter") == 3


def test_next_provider_tells_when_the_first_fails_and_it_is_noted() -> None:
    """Our rule: fallback; what somebody else told is no failure."""
    faults = Faults()
    with following(meme(), meme(mint=CAT), meme(mint=GONE), faults=faults) as (store, everything):
        faults.plan(Fault.SERVER_ERROR, provider="dexscreener", times=2)
        faults.plan(Fault.SERVER_ERROR, provider="geckoterminal")
        (done,) = refresh(store, everything)
        assert done.failures == ()
        assert (done.priced, done.sources) == (3, {"jupiter": 4})
        assert any("DexScreener" in line for line in done.notes)


def test_everybody_failing_is_a_failure_and_changes_nothing() -> None:
    """Our rule: failures name who and why; a token is not taken for unknown because nobody answered."""
    faults = Faults()
    with following(meme(), faults=faults) as (store, everything):
        for provider in ("dexscreener", "geckoterminal", "jupiter", "birdeye", "rugcheck"):
            faults.plan(Fault.SERVER_ERROR, provider=provider, times=20)
        (failed,) = refresh(store, everything)
        assert failed.unpriced == 0
        assert len(failed.failures) == 2
        assert all("\n" not in line for line in failed.failures)
        assert store.database.rows("SELECT * FROM market_ask") == []


def test_token_without_usable_pool_is_quoted() -> None:
    """DOMAIN §3: reserves, or a quote: here for the largest holding."""
    with following(meme(dex="meteora", base=Decimal(100_000), quote=Decimal(10))) as (store, everything):
        (done,) = refresh(store, everything)
        assert done.quotes == 1
        quote = MarketStore(store.database).observed([MEME], NOW)[MEME].quote
        assert quote is not None
        assert (quote.in_raw, quote.out_mint) == (1_000 * 10**6, WSOL)
        assert 0 < quote.out_raw < 10**9


def test_token_whose_price_is_unknown_stays_unknown() -> None:
    """Our rule: unknown is never 0: no row is written."""
    with following(meme(is_priced=False)) as (store, everything):
        (done,) = refresh(store, everything)
        assert (done.priced, done.unpriced) == (0, 3)
        found = MarketStore(store.database).observed([MEME], NOW)
        assert found[MEME].price is None
        assert store.database.rows("SELECT count(*) FROM market_price WHERE mint = ?", [MEME]) == [(0,)]


def test_progress_names_every_step() -> None:
    """Our rule: work that takes time says where it is."""
    seen: list[tuple[str, int, int]] = []

    def tell(name: str, done: int, total: int) -> None:
        seen.append((name, done, total))

    with following() as (store, everything):

        async def run() -> None:
            async with Http(_Moving(NOW)) as http:
                serving = Serving.open(lambda spec: http.api(spec, everything.config(spec.name)))
                await Prices(store, serving, FixedClock(NOW)).refresh(tell)

        anyio.run(run)
    assert seen == [("prices", 0, 4), ("quotes", 1, 4), ("names", 2, 4), ("SOL candles", 3, 4)]
