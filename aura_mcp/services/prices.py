"""Keep prices of what followed wallets hold, and SOL's candles, up to date.

One refresh asks only for what is due (`engine.market.asking`), most of it in one call for thirty tokens.
Not responsible for when it runs (`jobs`), for who is asked (`data.providers.serving`) or for what holdings are worth.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import anyio.to_thread

from aura_mcp.services.steps import Progress
from data.clock import Clock
from data.errors import ProviderError
from data.providers.serving import Serving
from data.store import Store
from data.store.facts import Candle
from data.store.market import MarketStore
from data.store.market_work import Held, MarketWork
from engine.market import (
    Pool,
    PriceCandle,
    SpotPrice,
    Stretch,
    SwapQuote,
    deepest_pool,
    is_due,
    price_from_pools,
    stretches,
)
from engine.units import WSOL, Mint

SOL_POOL: Final = "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2"
"""Raydium's SOL/USDC pool of its AMM v4: the pool of SOL's recorded prices."""

MINUTE_S: Final = 60
HOUR_S: Final = 3_600
CANDLES_A_CALL: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesConfig:
    """How much one refresh asks for.

    `tokens`, `quotes`, `names`: tokens whose prices, quotes and names are asked for; `candle_calls`: calls that fill
    hours without a candle. `quote_age_s`: age from which a quote is asked for again. `settle_s`: time after which a
    complete candle is believed: what providers answer may be a minute old.
    """

    tokens: int = 600
    quotes: int = 2
    names: int = 90
    candle_calls: int = 2
    quote_age_s: int = 15 * MINUTE_S
    settle_s: int = MINUTE_S


DEFAULT_PRICES: Final = PricesConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSummary:
    """What one refresh did.

    Of `held` tokens the prices of `asked` were due; `priced` have one, `unpriced` have none that anybody knows.
    `sources` counts prices by who told them. `failures` say what could not be fetched, `notes` who failed although
    somebody else told it; one line each.
    """

    held: int
    asked: int
    priced: int
    unpriced: int
    quotes: int
    names: int
    candles: int
    sources: Mapping[str, int]
    failures: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    """What a refresh has come to so far."""

    prices: dict[Mint, SpotPrice] = field(default_factory=dict[Mint, SpotPrice])
    pools: dict[Mint, tuple[Pool, ...]] = field(default_factory=dict[Mint, tuple[Pool, ...]])
    unpriced: list[Mint] = field(default_factory=list[Mint])
    quotes: int = 0
    names: int = 0
    candles: int = 0
    failures: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])


class Prices:
    """The way of prices into the database. Used in one event loop, one refresh at a time."""

    def __init__(self, store: Store, serving: Serving, clock: Clock, config: PricesConfig = DEFAULT_PRICES) -> None:
        self._store = store
        self._market = MarketStore(store.database)
        self._work = MarketWork(store.database)
        self._serving = serving
        self._clock = clock
        self._config = config
        self._forgot_at = 0

    async def refresh(self, progress: Progress | None = None) -> PriceSummary:
        """Ask for what is due and keep it; what fails is said in the summary and asked for again next time.

        Raises:
            StoreError: the database cannot be written.
        """
        now = self._clock.epoch_s()
        tally = _Tally()
        held = await anyio.to_thread.run_sync(self._work.held)
        due = [token for token in held if is_due(token.asked, now)][: self._config.tokens]
        steps = (
            ("prices", lambda: self._ask_prices([token.mint for token in due], now, tally)),
            ("quotes", lambda: self._ask_quotes(due, now, tally)),
            ("names", lambda: self._ask_names([token.mint for token in due], tally)),
            ("SOL candles", lambda: self._ask_candles(now, tally)),
        )
        for number, (name, work) in enumerate(steps):
            if progress is not None:
                progress(name, number, len(steps))
            await work()
        await self._forget(now)
        return PriceSummary(
            held=len(held),
            asked=len(due),
            priced=len(tally.prices.keys() - {WSOL}),
            unpriced=len(tally.unpriced),
            quotes=tally.quotes,
            names=tally.names,
            candles=tally.candles,
            sources=Counter(price.source for price in tally.prices.values()),
            failures=tuple(dict.fromkeys(tally.failures)),
            notes=tuple(dict.fromkeys(tally.notes)),
        )

    async def look_at(self, mint: Mint) -> tuple[str, ...]:
        """Ask for price, pools and name of one token and keep them; return what could not be fetched.

        It may run beside a refresh.

        Raises:
            StoreError: the database cannot be written.
        """
        tally = _Tally()
        await self._ask_prices([mint], self._clock.epoch_s(), tally)
        await self._ask_names([mint], tally)
        return tuple(dict.fromkeys(tally.failures))

    async def _ask_prices(self, due: Sequence[Mint], now: int, tally: _Tally) -> None:
        mints = [WSOL, *due]
        first = ""
        try:
            pools = await self._serving.pools(mints)
            first, tally.pools = pools.source, pools.value
            tally.notes += pools.failed
        except ProviderError as error:
            tally.notes.append(str(error))
        found = {mint: price_from_pools(mint, of_mint) for mint, of_mint in tally.pools.items()}
        tally.prices = {mint: price for mint, price in found.items() if price is not None}
        missing = [mint for mint in mints if mint not in tally.prices]
        answered = True
        if missing:
            try:
                served = await self._serving.prices(missing, without={first})
                tally.prices |= served.value
                tally.notes += served.failed
            except ProviderError as error:
                tally.failures.append(str(error))
                answered = False
        tally.unpriced = [mint for mint in due if mint not in tally.prices] if answered else []
        await anyio.to_thread.run_sync(self._keep_prices, tally, [mint for mint in due if mint in tally.prices], now)

    def _keep_prices(self, tally: _Tally, found: Sequence[Mint], now: int) -> None:
        self._market.keep_pools(tally.pools)
        self._market.keep_prices(tally.prices.values())
        self._work.note_asked(found, tally.unpriced, now)

    async def _ask_quotes(self, due: Sequence[Held], now: int, tally: _Tally) -> None:
        """Quote the largest holdings of tokens whose pools do not tell what selling returns."""
        wanted = [
            token
            for token in due
            if token.mint in tally.prices and deepest_pool(tally.pools.get(token.mint, ()), token.mint) is None
        ]
        mints = [token.mint for token in wanted]
        known = await anyio.to_thread.run_sync(self._market.observed, mints, now)
        quotes = {mint: observed.quote for mint, observed in known.items() if observed.quote is not None}
        old = [token for token in wanted if self._is_old(quotes.get(token.mint), token, now)]
        old.sort(key=lambda token: -(tally.prices[token.mint].liquidity_usd or Decimal(0)))
        for token in old[: self._config.quotes]:
            try:
                served = await self._serving.quote(token.mint, WSOL, token.largest_raw)
            except ProviderError as error:
                tally.notes.append(str(error))
                continue
            await anyio.to_thread.run_sync(self._market.keep_quote, served.value)
            tally.quotes += 1

    def _is_old(self, quote: SwapQuote | None, token: Held, now: int) -> bool:
        return quote is None or quote.in_raw < token.largest_raw or now - quote.observed_at >= self._config.quote_age_s

    async def _ask_names(self, due: Sequence[Mint], tally: _Tally) -> None:
        unnamed = await anyio.to_thread.run_sync(self._work.without_info, due)
        # What nobody has a price for is rarely named either; it is asked for when a price turns up.
        mints = [mint for mint in unnamed if mint in tally.prices][: self._config.names]
        if not mints:
            return
        try:
            served = await self._serving.token_info(mints)
        except ProviderError as error:
            tally.failures.append(str(error))
            return
        tally.notes += served.failed
        await anyio.to_thread.run_sync(self._store.token_names.keep, list(served.value.values()))
        tally.names = len(served.value)

    async def _ask_candles(self, now: int, tally: _Tally) -> None:
        """Fetch the minutes since the last candle, in one call, and hours around trades that have none."""
        settled = now - self._config.settle_s
        until = settled // MINUTE_S * MINUTE_S
        last = await anyio.to_thread.run_sync(self._work.last_candle_at, MINUTE_S)
        since = max(until - CANDLES_A_CALL * MINUTE_S, 0 if last is None else last + MINUTE_S)
        if since < until:
            await self._fetch_candles(MINUTE_S, Stretch(since, until), tally)
        hours = await anyio.to_thread.run_sync(self._work.hours_without_candle, settled)
        for number, stretch in enumerate(stretches(hours, HOUR_S, CANDLES_A_CALL)):
            if number == self._config.candle_calls:
                break
            found = await self._fetch_candles(HOUR_S, stretch, tally)
            if found is not None:
                missed = [hour for hour in hours if stretch.since <= hour < stretch.until and hour not in found]
                await anyio.to_thread.run_sync(self._work.note_missed_hours, missed, now)

    async def _fetch_candles(self, interval_s: int, stretch: Stretch, tally: _Tally) -> set[int] | None:
        """Keep the complete candles of a stretch, book what they price, and return when they opened; None: not told."""
        try:
            served = await self._serving.candles(WSOL, SOL_POOL, interval_s, *stretch)
        except ProviderError as error:
            tally.failures.append(str(error))
            return None
        tally.notes += served.failed
        complete = [candle for candle in served.value if candle.opened_at + interval_s <= stretch.until]
        tally.candles += await anyio.to_thread.run_sync(self._keep_candles, complete)
        return {candle.opened_at for candle in complete}

    def _keep_candles(self, candles: Sequence[PriceCandle]) -> int:
        if not candles:
            return 0
        counts = self._store.facts.add_candles([_stored(candle) for candle in candles])
        if counts.new:
            self._store.booking.book()
        return counts.new

    async def _forget(self, now: int) -> None:
        if now - self._forgot_at >= HOUR_S:
            await anyio.to_thread.run_sync(self._market.forget_before, now)
            self._forgot_at = now


def _stored(candle: PriceCandle) -> Candle:
    return Candle(
        candle.opened_at,
        candle.mint,
        candle.interval_s,
        candle.source,
        candle.pool,
        candle.open_usd,
        candle.high_usd,
        candle.low_usd,
        candle.close_usd,
        candle.volume_usd,
    )
