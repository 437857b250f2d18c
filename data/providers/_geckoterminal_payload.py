"""Read what GeckoTerminal sends: models of its answers, and functions that turn bodies into values.

Numbers are texts, times ISO 8601, ids `solana_<address>`. Not responsible for asking (`geckoterminal`).
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from data.providers._payload import (
    Parsed,
    Reader,
    RefusedError,
    activity_of,
    address_of,
    amount_or_none,
    count_or_none,
    decimals_or_none,
    malformed,
    mint_of,
    moment_or_none,
    name_or_none,
    part,
    percent_or_none,
    price_of,
    price_or_none,
    seconds_of,
    seconds_or_none,
    signature_of,
    word_or_none,
)
from engine.market import UNOBSERVED, Activity, Pool, PoolTrade, PriceCandle, SpotPrice, TokenInfo
from engine.market.executable import PUMPSWAP_FEE_BPS, RAYDIUM_FEE_BPS
from engine.units import QUOTE_MINTS, Mint

NAME: Final = "geckoterminal"

_NETWORK: Final = "solana_"
_WINDOWS_S: Final = {"m5": 300, "m15": 900, "m30": 1_800, "h1": 3_600, "h6": 21_600, "h24": 86_400}
_CONSTANT_PRODUCT_FEES_BPS: Final = {"pumpswap": PUMPSWAP_FEE_BPS, "raydium": RAYDIUM_FEE_BPS}
_BPS_OF_PERCENT: Final = 100


class _Id(msgspec.Struct):
    id: str


class _Related(msgspec.Struct):
    data: _Id | None = None


class _Relationships(msgspec.Struct):
    base_token: _Related | None = None
    quote_token: _Related | None = None
    dex: _Related | None = None


class _Count(msgspec.Struct):
    buys: int = 0
    sells: int = 0


class _PoolAttributes(msgspec.Struct):
    address: str
    base_token_price_usd: Decimal | None = None
    quote_token_price_usd: Decimal | None = None
    base_token_balance: Decimal | None = None
    quote_token_balance: Decimal | None = None
    reserve_in_usd: Decimal | None = None
    pool_fee_percentage: Decimal | None = None
    pool_created_at: datetime | None = None
    transactions: dict[str, _Count] | None = None


class _Pool(msgspec.Struct):
    attributes: _PoolAttributes
    relationships: _Relationships


class _TokenAttributes(msgspec.Struct):
    address: str
    name: str | None = None
    symbol: str | None = None
    decimals: int | None = None
    normalized_total_supply: Decimal | None = None
    price_usd: Decimal | None = None
    total_reserve_in_usd: Decimal | None = None
    market_cap_usd: Decimal | None = None
    last_trade_timestamp: int | None = None


class _Token(msgspec.Struct):
    id: str
    attributes: _TokenAttributes


class _Kind(msgspec.Struct):
    type: str | None = None


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw]
    included: list[msgspec.Raw] | None = None


class _Candles(msgspec.Struct):
    ohlcv_list: list[msgspec.Raw]


class _CandleData(msgspec.Struct):
    attributes: _Candles


class _Side(msgspec.Struct):
    address: str


class _Meta(msgspec.Struct):
    base: _Side
    quote: _Side


class _CandleAnswer(msgspec.Struct):
    data: _CandleData
    meta: _Meta


class _TradeAttributes(msgspec.Struct):
    tx_hash: str
    tx_from_address: str
    kind: str
    from_token_address: str
    to_token_address: str
    from_token_amount: Decimal
    to_token_amount: Decimal
    block_timestamp: datetime
    block_number: int | None = None
    volume_in_usd: Decimal | None = None


class _Trade(msgspec.Struct):
    attributes: _TradeAttributes


def parse_prices(body: bytes, observed_at: int) -> Parsed[list[SpotPrice]]:
    """Return the prices in an answer about tokens; one without a price is left out.

    Raises:
        ProviderError: it is no answer about tokens.
    """
    reader = Reader(NAME, "tokens")
    rows = reader.decode(body, _Answer).data
    return reader.parsed(list(reader.each(rows, _Token, lambda token: _price(token, observed_at))))


def parse_token_info(body: bytes, observed_at: int) -> Parsed[list[TokenInfo]]:
    """Return the names in an answer about tokens.

    Raises:
        ProviderError: it is no answer about tokens.
    """
    reader = Reader(NAME, "tokens")
    rows = reader.decode(body, _Answer).data
    return reader.parsed(list(reader.each(rows, _Token, lambda token: _info(token, observed_at))))


def parse_pools(body: bytes, observed_at: int) -> Parsed[list[Pool]]:
    """Return the pools in an answer about pools, or beside tokens; a quote asset is never the base.

    Raises:
        ProviderError: it is no such answer.
    """
    reader = Reader(NAME, "pools")
    answer = reader.decode(body, _Answer)

    def read(row: msgspec.Raw) -> Pool | None:
        # Tokens and venues stand among the pools.
        return _pool(part(row, _Pool), observed_at) if part(row, _Kind).type == "pool" else None

    rows = [*answer.data, *(answer.included or [])]
    return reader.parsed(list(reader.each(rows, msgspec.Raw, read)))


def parse_candles(body: bytes, mint: Mint, pool: str, interval_s: int) -> Parsed[list[PriceCandle]]:
    """Return the candles of `mint` in order of time.

    Raises:
        ProviderError: it holds no candles, or those of another token.
    """
    reader = Reader(NAME, "ohlcv")
    answer = reader.decode(body, _CandleAnswer)
    if answer.meta.base.address != mint:
        raise malformed(NAME, "ohlcv", "candles of another token than the one asked for")

    def read(row: tuple[int, Decimal, Decimal, Decimal, Decimal, Decimal]) -> PriceCandle:
        opened_at, *prices, volume = row
        first, high, low, close = (price_of(price) for price in prices)
        if seconds_of(opened_at) % interval_s or not low <= min(first, close) <= max(first, close) <= high:
            raise RefusedError("a candle that opens between intervals, or whose prices contradict each other")
        return PriceCandle(
            mint=mint,
            pool=pool,
            opened_at=opened_at,
            interval_s=interval_s,
            open_usd=first,
            high_usd=high,
            low_usd=low,
            close_usd=close,
            volume_usd=amount_or_none(volume, "volume"),
            source=NAME,
        )

    kind = tuple[int, Decimal, Decimal, Decimal, Decimal, Decimal]
    candles = reader.each(answer.data.attributes.ohlcv_list, kind, read)
    return reader.parsed(sorted(candles, key=lambda candle: candle.opened_at))


def parse_trades(body: bytes) -> Parsed[list[PoolTrade]]:
    """Return the trades of a pool, newest first.

    Raises:
        ProviderError: it is no list of trades.
    """
    reader = Reader(NAME, "trades")
    return reader.parsed(list(reader.each(reader.decode(body, _Answer).data, _Trade, _trade)))


def _mint_of_id(text: str) -> Mint:
    if not text.startswith(_NETWORK):
        raise RefusedError("a token of another chain")
    return mint_of(text.removeprefix(_NETWORK))


def _mint_of_related(related: _Related | None) -> Mint:
    if related is None or related.data is None:
        raise RefusedError("a pool without its tokens")
    return _mint_of_id(related.data.id)


def _price(token: _Token, observed_at: int) -> SpotPrice | None:
    found = token.attributes
    price = price_or_none(found.price_usd)
    last = seconds_or_none(found.last_trade_timestamp, "last trade")
    if price is None:
        return None
    return SpotPrice(
        mint=_mint_of_id(token.id),
        price_usd=price,
        liquidity_usd=amount_or_none(found.total_reserve_in_usd, "reserve"),
        observed_at=observed_at,
        source=NAME,
        decimals=decimals_or_none(found.decimals),
        activity=UNOBSERVED if last is None else Activity(traded_at=last, idle_since=last),
    )


def _info(token: _Token, observed_at: int) -> TokenInfo:
    found = token.attributes
    return TokenInfo(
        mint=_mint_of_id(token.id),
        untrusted_name=name_or_none(found.name),
        untrusted_symbol=name_or_none(found.symbol),
        decimals=decimals_or_none(found.decimals),
        total_supply=amount_or_none(found.normalized_total_supply, "supply"),
        market_cap_usd=amount_or_none(found.market_cap_usd, "market cap"),
        holders=None,
        creator=None,
        created_at=None,
        launchpad=None,
        observed_at=observed_at,
        source=NAME,
    )


def _pool(pool: _Pool, observed_at: int) -> Pool:
    found, related = pool.attributes, pool.relationships
    base, quote = _mint_of_related(related.base_token), _mint_of_related(related.quote_token)
    venue = word_or_none(related.dex.data.id if related.dex and related.dex.data else None)
    if venue is None:
        raise RefusedError("the venue's name is no identifier")
    price_usd = price_or_none(found.base_token_price_usd)
    reserves = amount_or_none(found.base_token_balance, "base"), amount_or_none(found.quote_token_balance, "quote")
    if base in QUOTE_MINTS and quote not in QUOTE_MINTS:
        base, quote, reserves = quote, base, reserves[::-1]
        price_usd = price_or_none(found.quote_token_price_usd)
    fee_pct = percent_or_none(found.pool_fee_percentage, "fee")
    return Pool(
        address=address_of(found.address),
        venue=venue,
        base_mint=base,
        quote_mint=quote,
        price_usd=price_usd,
        base_reserve=reserves[0],
        quote_reserve=reserves[1],
        liquidity_usd=amount_or_none(found.reserve_in_usd, "reserve"),
        is_constant_product=venue in _CONSTANT_PRODUCT_FEES_BPS,
        fee_bps=_CONSTANT_PRODUCT_FEES_BPS.get(venue) if fee_pct is None else int(fee_pct * _BPS_OF_PERCENT),
        created_at=moment_or_none(found.pool_created_at, "pool_created_at"),
        observed_at=observed_at,
        source=NAME,
        activity=_activity(found.transactions, observed_at),
    )


def _activity(counts: Mapping[str, _Count] | None, observed_at: int) -> Activity:
    if counts is None:
        return UNOBSERVED
    windows = ((seconds, counts.get(name)) for name, seconds in _WINDOWS_S.items())
    trades = {seconds: None if count is None else count.buys + count.sells for seconds, count in windows}
    return activity_of(trades, observed_at)


def _trade(trade: _Trade) -> PoolTrade:
    found = trade.attributes
    if found.kind not in {"buy", "sell"}:
        raise RefusedError("a trade that neither buys nor sells")
    is_buy = found.kind == "buy"
    paid = mint_of(found.from_token_address), amount_or_none(found.from_token_amount, "amount")
    got = mint_of(found.to_token_address), amount_or_none(found.to_token_amount, "amount")
    (quote_mint, quote_amount), (base_mint, base_amount) = (paid, got) if is_buy else (got, paid)
    block_time = moment_or_none(found.block_timestamp, "block_timestamp")
    if base_amount is None or quote_amount is None or block_time is None:
        raise RefusedError("a trade without amounts or time")
    return PoolTrade(
        signature=signature_of(found.tx_hash),
        trader=address_of(found.tx_from_address),
        slot=count_or_none(found.block_number, "block"),
        block_time=block_time,
        is_buy=is_buy,
        base_mint=base_mint,
        base_amount=base_amount,
        quote_mint=quote_mint,
        quote_amount=quote_amount,
        value_usd=amount_or_none(found.volume_in_usd, "volume"),
        source=NAME,
    )
