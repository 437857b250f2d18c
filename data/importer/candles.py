"""Read hourly candles as GeckoTerminal gives them: of tokens, and of SOL with only its close.

    {"mint": "…", "pool": "…", "ohlcv": [[opened_at, open, high, low, close, volume], …]}, or a list of these
    {"pair": "SOL/USD …", "source": "…", "fetched_at": …, "hourly_close": [[opened_at, close], …]}

Times are when a candle opened, in seconds; it is complete an hour later. Prices are USD for one whole token.
Not responsible for choosing the price of a trade: the store's views.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

import msgspec

from data.errors import FileError
from data.importer.report import Tally
from data.store import Store
from data.store.facts import Candle
from data.store.readings import EARLIEST_TIME, LATEST_TIME
from engine.address import parse_address
from engine.errors import AddressError
from engine.units import WSOL

HOUR_S: Final = 3600
BATCH_CANDLES: Final = 20_000
MAX_PRICE_USD: Final = 1_000_000
MAX_VOLUME_USD: Final = 10**20
KNOWN_SOURCES: Final = frozenset({"birdeye", "coingecko", "dexscreener", "geckoterminal"})
OTHER_SOURCE: Final = "import"

_PRICE_STEP: Final = Decimal("1e-24")
_VOLUME_STEP: Final = Decimal("1e-12")
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)


class TokenCandles(msgspec.Struct):
    """The candles of one token in one pool."""

    mint: str
    ohlcv: list[msgspec.Raw]
    pool: str = ""
    source: str = ""


class SolCandles(msgspec.Struct):
    """The closes of SOL/USD."""

    hourly_close: list[msgspec.Raw]
    pair: str
    source: str = ""
    fetched_at: int | None = None


_OHLCV: Final = msgspec.json.Decoder(tuple[int, Decimal, Decimal, Decimal, Decimal, Decimal])
_CLOSE: Final = msgspec.json.Decoder(tuple[int, Decimal])


def import_token_candles(store: Store, texts: Iterable[bytes], tally: Tally) -> None:
    """Store the candles of tokens."""
    _store_all(store, (candle for text in texts for candle in _token_candles(text, tally)), tally)


def import_sol_candles(store: Store, text: bytes, tally: Tally, name: str) -> None:
    """Store the closes of SOL; one that was not complete when it was fetched is rejected."""
    try:
        found = msgspec.json.decode(text, type=SolCandles)
    except msgspec.DecodeError as error:
        raise FileError(f"{name}: {error}; expected 'pair' and 'hourly_close'") from error
    if not found.pair.upper().startswith("SOL/USD"):
        raise FileError(f"{name}: prices of another pair than SOL/USD")
    _store_all(store, _sol_candles(found, tally), tally)


def _store_all(store: Store, candles: Iterable[Candle], tally: Tally) -> None:
    batch: list[Candle] = []
    for candle in candles:
        batch.append(candle)
        if len(batch) >= BATCH_CANDLES:
            _store_batch(store, batch, tally)
            batch = []
    if batch:
        _store_batch(store, batch, tally)


def _store_batch(store: Store, batch: list[Candle], tally: Tally) -> None:
    counts = store.facts.add_candles(batch)
    tally.new += counts.new
    tally.duplicate += counts.duplicate


def _token_candles(text: bytes, tally: Tally) -> Iterator[Candle]:
    try:
        found = msgspec.json.decode(text, type=TokenCandles)
        mint, pool = parse_address(found.mint), parse_address(found.pool) if found.pool else ""
    except (msgspec.DecodeError, AddressError) as error:
        tally.reject(str(error), 1)
        return
    source = _source(found.source)
    for place, row in enumerate(found.ohlcv, 1):
        try:
            opened_at, *prices, volume = _OHLCV.decode(row)
        except (msgspec.DecodeError, InvalidOperation):
            tally.reject("candle is not six numbers", place)
            continue
        problem = _find_problem(opened_at, prices)
        if problem is None and not 0 <= volume <= MAX_VOLUME_USD:
            problem = "volume is out of range"
        if problem is not None:
            tally.reject(problem, place)
            continue
        first, high, low, close = (price.quantize(_PRICE_STEP, context=_EXACT) for price in prices)
        volume_usd = volume.quantize(_VOLUME_STEP, context=_EXACT)
        yield Candle(opened_at, mint, HOUR_S, source, pool, first, high, low, close, volume_usd)


def _sol_candles(found: SolCandles, tally: Tally) -> Iterator[Candle]:
    source = _source(found.source)
    for place, row in enumerate(found.hourly_close, 1):
        try:
            opened_at, close = _CLOSE.decode(row)
        except (msgspec.DecodeError, InvalidOperation):
            tally.reject("close is not a time and a price", place)
            continue
        problem = _find_problem(opened_at, [close])
        if problem is None and found.fetched_at is not None and opened_at + HOUR_S > found.fetched_at:
            problem = "candle was not complete when it was fetched"
        if problem is not None:
            tally.reject(problem, place)
            continue
        price = close.quantize(_PRICE_STEP, context=_EXACT)
        yield Candle(opened_at, WSOL, HOUR_S, source, "", None, None, None, price, None)


def _find_problem(opened_at: int, prices: list[Decimal]) -> str | None:
    if not EARLIEST_TIME <= opened_at <= LATEST_TIME:
        return "time of the candle is out of range"
    if not all(price.is_finite() and _PRICE_STEP <= price <= MAX_PRICE_USD for price in prices):
        return "price is not positive or out of range"
    return None


def _source(text: str) -> str:
    word = text.partition(" ")[0].lower()
    return word if word in KNOWN_SOURCES else OTHER_SOURCE
