"""What was observed of markets, kept and told as of a moment."""

from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal

import pytest

from data.store import Store
from data.store.facts import Candle
from data.store.market import KEPT_S, POOLS_KEPT, MarketStore
from data.store.market_work import MarketWork
from data.store.readings import Source
from data.store.wallets import Wallet
from engine.market import Activity, Asked, SwapQuote
from engine.units import WSOL
from tests.builders.facts import HOUR_S, SOL, START, TOKEN, address, mint, trade
from tests.builders.market import MEME, SEEN_AT, pool, price

ALICE, BOB = address("alice"), address("bob")


@pytest.fixture
def store() -> Generator[Store]:
    """Return an empty store in memory."""
    with Store.open(None) as found:
        yield found


@pytest.fixture
def market(store: Store) -> MarketStore:
    """Return its markets."""
    return MarketStore(store.database)


def quote(in_raw: int, at: int = SEEN_AT) -> SwapQuote:
    """Return a quote for MEME."""
    return SwapQuote(
        in_mint=MEME,
        in_raw=in_raw,
        out_mint=WSOL,
        out_raw=5,
        price_impact_pct=None,
        observed_at=at,
        source="jupiter",
    )


def test_price_comes_back_as_it_was_observed(market: MarketStore) -> None:
    """Our rule: with every digit, its source, liquidity and what is known of trades."""
    found = price("0.000000123456789012345678", liquidity="20000.25", activity=Activity(traded_at=5, idle_since=7))
    market.keep_prices([found])
    assert market.observed([MEME], SEEN_AT)[MEME].price == found


def test_last_price_before_the_moment_counts(store: Store, market: MarketStore) -> None:
    """Our rule: as of a moment; one price an hour is kept, the last, whatever order they come in."""
    market.keep_prices([price("3", at=SEEN_AT + HOUR_S)])
    market.keep_prices([price("2", at=SEEN_AT + 60)])
    market.keep_prices([price("1", at=SEEN_AT - HOUR_S), price("9", at=SEEN_AT)])
    kept = store.database.rows("SELECT price_usd::INTEGER FROM market_price ORDER BY observed_at")
    assert kept == [(1,), (2,), (3,)]
    values = {at: market.observed([MEME], at)[MEME].price for at in (SEEN_AT, SEEN_AT + 60, SEEN_AT + 2 * HOUR_S)}
    assert [found and found.price_usd for found in values.values()] == [1, 2, 3]
    assert market.observed([MEME], SEEN_AT + 3 * 86_400) == {}


def test_candle_that_completed_later_is_the_price(store: Store, market: MarketStore) -> None:
    """DOMAIN §3: the last price; a candle counts from its completion."""
    market.keep_prices([price("1", liquidity="500")])
    candle = Candle(SEEN_AT, MEME, 60, "geckoterminal", "", None, None, None, Decimal(2), None)
    store.facts.add_candles([candle])
    early, late = (market.observed([MEME], at)[MEME].price for at in (SEEN_AT + 59, SEEN_AT + 60))
    assert early is not None
    assert late is not None
    assert (early.price_usd, early.source) == (1, "dexscreener")
    assert (late.price_usd, late.source, late.observed_at) == (2, "candle:geckoterminal", SEEN_AT + 60)
    assert late.liquidity_usd == 500


def test_deepest_pools_replace_those_before(market: MarketStore) -> None:
    """Our rule: the last observation of the deepest pools of a token."""
    pools = [pool("1000", "10", name=f"p{depth}", liquidity=str(depth)) for depth in range(POOLS_KEPT + 2)]
    market.keep_pools({MEME: [*pools, pool(None, None, name="unknown")]})
    kept = market.observed([MEME], SEEN_AT)[MEME].pools
    assert kept == tuple(reversed(pools[2:]))
    market.keep_pools({MEME: pools[:1]})
    assert market.observed([MEME], SEEN_AT)[MEME].pools == (pools[0],)


def test_last_quote_is_kept(market: MarketStore) -> None:
    """Our rule: one for a token."""
    market.keep_quote(quote(10))
    market.keep_quote(quote(20))
    assert market.observed([MEME], SEEN_AT)[MEME].quote == quote(20)


def test_what_is_too_old_is_forgotten(store: Store, market: MarketStore) -> None:
    """Our rule: a week of prices, pools and quotes."""
    market.keep_prices([price("1"), price("2", at=SEEN_AT + 2 * HOUR_S)])
    market.keep_pools({MEME: [pool("1", "1")]})
    market.keep_quote(quote(1))
    market.forget_before(SEEN_AT + KEPT_S + HOUR_S)
    tables = ("market_price", "market_pool", "market_quote")
    assert [len(store.database.rows(f"FROM {table}")) for table in tables] == [1, 0, 0]


def test_only_what_followed_wallets_hold_is_asked_for(store: Store) -> None:
    """Our rule: the largest holding of a followed entity, what was never asked for first."""
    store.wallets.add([Wallet(ALICE, None, "user", is_tracked=True, is_program_derived=False)])
    store.wallets.add([Wallet(BOB, None, "user", is_tracked=False, is_program_derived=False)])
    store.facts.add_readings(
        [
            trade("a", "buy", 10, SOL, of="HELD"),
            trade("b", "buy", 10, SOL, of="SOLD"),
            trade("c", "sell", 10, SOL, of="SOLD", at=5),
            trade("d", "buy", 10, SOL, of="ASKED"),
            trade("e", "buy", 10, SOL, of="BOBS", wallet="bob"),
        ],
        Source.RPC,
    )
    store.booking.book()
    work = MarketWork(store.database)
    work.note_asked([], [mint("ASKED")], START)
    work.note_asked([], [mint("ASKED")], START + 5)
    held = work.held()
    assert [token.mint for token in held] == [mint("HELD"), mint("ASKED")]
    assert [token.largest_raw for token in held] == [10 * TOKEN, 10 * TOKEN]
    assert [token.asked for token in held] == [Asked(), Asked(START + 5, 2, None)]
    MarketStore(store.database).keep_prices([replace(price("1", activity=Activity(idle_since=7)), mint=mint("ASKED"))])
    work.note_asked([mint("ASKED")], [], START + 9)
    assert work.held()[1].asked == Asked(START + 9, 0, 7)


def test_hours_around_trades_need_a_candle_until_nobody_has_one(store: Store) -> None:
    """DOMAIN §3: a trade is valued by the last candle completed before it; a miss is asked for again after days."""
    work = MarketWork(store.database)
    now = START + 5 * HOUR_S
    assert work.hours_without_candle(now) == []
    store.facts.add_readings([trade("a", "buy", 10, SOL)], Source.RPC)
    hour = START // HOUR_S * HOUR_S
    assert work.hours_without_candle(now) == [hour, hour - HOUR_S, hour - 2 * HOUR_S]
    candle = Candle(hour - HOUR_S, WSOL, HOUR_S, "geckoterminal", "", None, None, None, Decimal(2), None)
    store.facts.add_candles([candle])
    work.note_missed_hours([hour - 2 * HOUR_S], now)
    assert work.hours_without_candle(now) == [hour]
    assert work.hours_without_candle(hour + HOUR_S - 1) == []
    assert work.hours_without_candle(now + 86_400) == [hour, hour - 2 * HOUR_S]
    work.note_missed_hours([hour - 2 * HOUR_S], now + 86_400)
    assert work.hours_without_candle(now + 2 * 86_400) == [hour]
    assert work.last_candle_at(HOUR_S) == hour - HOUR_S
    assert work.last_candle_at(60) is None


def test_names_are_asked_for_once(store: Store) -> None:
    """Our rule: what is stored is not asked for again."""
    assert MarketWork(store.database).without_info([MEME, WSOL]) == sorted([MEME, WSOL])
