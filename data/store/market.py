"""Keep what providers observed of markets, and tell what was known at a moment.

Not responsible for asking providers, for what is worth asking (`market_work`), for names (`token_names`), or for what
holdings are worth (`engine.market`).
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from data.store.arrow import Type, from_rows, registered
from data.store.connection import Database
from data.store.last_candles import LastCandles
from engine.market import Activity, Pool, SpotPrice, SwapQuote
from engine.units import Mint

HOUR_S: Final = 3_600
DAY_S: Final = 24 * HOUR_S
KEPT_S: Final = 7 * DAY_S
"""For how long prices, pools and quotes are kept."""

POOLS_KEPT: Final = 3
"""Pools of a token that are kept, the deepest."""

CANDLE_PREFIX: Final = "candle:"
"""What the source of a price starts with that comes from a candle."""

_PRICE_COLUMNS: Final = {
    "hour": Type.BIGINT,
    "mint": Type.VARCHAR,
    "source": Type.VARCHAR,
    "price_usd": Type.PRICE,
    "liquidity_usd": Type.VOLUME,
    "traded_at": Type.BIGINT,
    "idle_since": Type.BIGINT,
    "observed_at": Type.BIGINT,
}
_POOL_COLUMNS: Final = {
    "mint": Type.VARCHAR,
    "address": Type.VARCHAR,
    "venue": Type.VARCHAR,
    "quote_mint": Type.VARCHAR,
    "price_usd": Type.PRICE,
    "base_reserve": Type.VOLUME,
    "quote_reserve": Type.VOLUME,
    "liquidity_usd": Type.VOLUME,
    "is_constant_product": Type.BOOLEAN,
    "fee_bps": Type.INTEGER,
    "created_at": Type.BIGINT,
    "source": Type.VARCHAR,
    "traded_at": Type.BIGINT,
    "idle_since": Type.BIGINT,
    "observed_at": Type.BIGINT,
}
_KEEP_PRICES: Final = """
INSERT INTO market_price FROM incoming
ON CONFLICT (hour, mint) DO UPDATE SET
    source = excluded.source, price_usd = excluded.price_usd, liquidity_usd = excluded.liquidity_usd,
    traded_at = excluded.traded_at, idle_since = excluded.idle_since, observed_at = excluded.observed_at
WHERE excluded.observed_at >= market_price.observed_at
"""
_KEEP_QUOTE: Final = """
INSERT INTO market_quote VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (mint) DO UPDATE SET
    in_raw = excluded.in_raw, out_mint = excluded.out_mint, out_raw = excluded.out_raw,
    source = excluded.source, observed_at = excluded.observed_at
"""
_FIND_PRICES: Final = """
SELECT mint, source, price_usd, liquidity_usd, traded_at, idle_since, observed_at FROM market_price
WHERE mint IN (SELECT unnest($mints)) AND hour >= $as_of // 3600 - 25 AND observed_at <= $as_of
QUALIFY row_number() OVER (PARTITION BY mint ORDER BY observed_at DESC) = 1
"""
_FIND_POOLS: Final = """
SELECT * FROM market_pool WHERE mint IN (SELECT unnest($mints)) ORDER BY mint, liquidity_usd DESC NULLS LAST, address
"""
_FIND_QUOTES: Final = "SELECT * FROM market_quote WHERE mint IN (SELECT unnest($mints))"
_FILLED: Final = "SELECT EXISTS (FROM market_price), EXISTS (FROM market_pool), EXISTS (FROM market_quote)"
_FORGET: Final = (
    "DELETE FROM market_price WHERE observed_at < ?",
    "DELETE FROM market_pool WHERE observed_at < ?",
    "DELETE FROM market_quote WHERE observed_at < ?",
)


class _Filled(NamedTuple):
    prices: bool
    pools: bool
    quotes: bool


class Observed(NamedTuple):
    """What was known of one token's market."""

    price: SpotPrice | None
    pools: tuple[Pool, ...]
    quote: SwapQuote | None


class MarketStore:
    """What was observed of markets."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._candles = LastCandles(database)
        self._known, self._known_at = _Filled(prices=True, pools=True, quotes=True), -1

    def keep_prices(self, prices: Iterable[SpotPrice]) -> None:
        """Keep prices, the last of each hour."""
        newest = {(price.observed_at // HOUR_S, price.mint): price for price in prices}
        rows = [
            (
                hour,
                mint,
                price.source,
                price.price_usd,
                price.liquidity_usd,
                price.activity.traded_at,
                price.activity.idle_since,
                price.observed_at,
            )
            for (hour, mint), price in newest.items()
        ]
        if rows:
            with (
                self._database.write(keeps_version=True) as cursor,
                registered(cursor, "incoming", from_rows(_PRICE_COLUMNS, rows)),
            ):
                cursor.execute(_KEEP_PRICES)

    def keep_pools(self, found: Mapping[Mint, Sequence[Pool]]) -> None:
        """Replace the pools of the mints by the deepest of those found."""
        rows = [
            (
                mint,
                pool.address,
                pool.venue,
                pool.quote_mint,
                pool.price_usd,
                pool.base_reserve,
                pool.quote_reserve,
                pool.liquidity_usd,
                pool.is_constant_product,
                pool.fee_bps,
                pool.created_at,
                pool.source,
                pool.activity.traded_at,
                pool.activity.idle_since,
                pool.observed_at,
            )
            for mint, pools in found.items()
            for pool in sorted(pools, key=_depth, reverse=True)[:POOLS_KEPT]
        ]
        if not rows:
            return
        with (
            self._database.write(keeps_version=True) as cursor,
            registered(cursor, "incoming", from_rows(_POOL_COLUMNS, rows)),
        ):
            cursor.execute("DELETE FROM market_pool WHERE mint IN (SELECT mint FROM incoming)")
            cursor.execute("INSERT INTO market_pool FROM incoming")

    def keep_quote(self, quote: SwapQuote) -> None:
        """Keep the last quote for a token."""
        values = [quote.in_mint, quote.in_raw, quote.out_mint, quote.out_raw, quote.source, quote.observed_at]
        with self._database.write(keeps_version=True) as cursor:
            cursor.execute(_KEEP_QUOTE, values)

    def forget_before(self, now: int) -> None:
        """Remove what is too old to be used for anything."""
        with self._database.write(keeps_version=True) as cursor:
            for statement in _FORGET:
                cursor.execute(statement, [now - KEPT_S])

    def observed(self, mints: Sequence[str], as_of: int) -> dict[Mint, Observed]:
        """Return what was known of the mints at `as_of`, leaving out those of which nothing was.

        Prices are the last of a day, from observations or candles; pools and quotes are the last of all.
        """
        if not mints:
            return {}
        filled = self._filled()
        prices = self._prices(mints, as_of, has_observed=filled.prices)
        pools: dict[Mint, list[Pool]] = {}
        for row in self._database.rows(_FIND_POOLS, {"mints": list(mints)}) if filled.pools else ():
            pools.setdefault(Mint(row[0]), []).append(_pool(row))
        found = self._database.rows(_FIND_QUOTES, {"mints": list(mints)}) if filled.quotes else ()
        quotes = {Mint(row[0]): _quote(row) for row in found}
        return {
            mint: Observed(prices.get(mint), tuple(pools.get(mint, ())), quotes.get(mint))
            for mint in prices.keys() | pools.keys() | quotes.keys()
        }

    def _filled(self) -> "_Filled":
        # Planning a query costs more than finding nothing: tables that nobody fills are not asked.
        commits = self._database.commits
        if self._known_at != commits:
            self._known, self._known_at = _Filled._make(self._database.rows(_FILLED)[0]), commits
        return self._known

    def _prices(self, mints: Sequence[str], as_of: int, *, has_observed: bool) -> dict[Mint, SpotPrice]:
        """Return the later of price and candle for each mint."""
        rows = self._database.rows(_FIND_PRICES, {"mints": list(mints), "as_of": as_of}) if has_observed else ()
        prices = {Mint(row[0]): _price(row) for row in rows}
        for candle in self._candles.at(mints, as_of):
            mint = Mint(candle.mint)
            known = prices.get(mint)
            if known is None or known.observed_at < candle.completed_at:
                prices[mint] = SpotPrice(
                    mint=mint,
                    price_usd=candle.close_usd,
                    liquidity_usd=None if known is None else known.liquidity_usd,
                    observed_at=candle.completed_at,
                    source=f"{CANDLE_PREFIX}{candle.source}",
                    activity=Activity() if known is None else known.activity,
                )
        return prices


def _depth(pool: Pool) -> tuple[Decimal, str]:
    return (Decimal(-1) if pool.liquidity_usd is None else pool.liquidity_usd, pool.address)


def _price(row: tuple[Any, ...]) -> SpotPrice:
    mint, source, price_usd, liquidity_usd, traded_at, idle_since, observed_at = row
    return SpotPrice(
        mint=mint,
        price_usd=price_usd,
        liquidity_usd=liquidity_usd,
        observed_at=observed_at,
        source=source,
        activity=Activity(traded_at=traded_at, idle_since=idle_since),
    )


def _pool(row: tuple[Any, ...]) -> Pool:
    values = dict(zip(_POOL_COLUMNS, row, strict=True))
    activity = Activity(traded_at=values.pop("traded_at"), idle_since=values.pop("idle_since"))
    return Pool(base_mint=values.pop("mint"), activity=activity, **values)


def _quote(row: tuple[Any, ...]) -> SwapQuote:
    mint, in_raw, out_mint, out_raw, source, observed_at = row
    return SwapQuote(
        in_mint=mint,
        in_raw=in_raw,
        out_mint=out_mint,
        out_raw=out_raw,
        price_impact_pct=None,
        observed_at=observed_at,
        source=source,
    )
