"""Ask Birdeye for prices, candles and security; it needs a key.

https://docs.birdeye.so: the free package gives 30,000 compute units a month and one call a second, for all keys of an
account. Answers are `{"success": …, "data": …}`. What a call costs is not published in one place: COMPUTE_UNITS are
upper bounds. Shares are ratios 0-1; the price of a token whose amounts are scaled is refused.
Not responsible for wallets: their history comes from the chain.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from data.providers._payload import (
    Parsed,
    Reader,
    RefusedError,
    address_or_none,
    amount_or_none,
    malformed,
    meaningful,
    percent_or_none,
    price_of,
    seconds_of,
    usable,
)
from data.providers.api import Api
from data.providers.spec import Capability, Pace, Paces, ProviderSpec
from engine.market import PriceCandle, Safety, SpotPrice
from engine.units import Mint

PROVIDER: Final = ProviderSpec(
    name="birdeye",
    title="Birdeye",
    docs_url="https://docs.birdeye.so",
    base_url="https://public-api.birdeye.so",
    capabilities=frozenset({Capability.CANDLES, Capability.PRICE, Capability.SAFETY}),
    paces=Paces(together=Pace(1, 1.0)),
    key_name="birdeye_api_key",
    key_header="X-API-KEY",
    key_benefit="prices and candles have one more source",
    is_key_required=True,
    credit_limit=30_000,
)
BATCH: Final = 50
MAX_CANDLES: Final = 1000
TIMEFRAMES: Final = {60: "1m", 300: "5m", 900: "15m", 3_600: "1H", 14_400: "4H", 43_200: "12H", 86_400: "1D"}
"""What a candle's seconds are called."""

COMPUTE_UNITS: Final = {"multi_price": 5, "ohlcv": 40, "token_security": 50}
"""What a call costs at most (multi_price: for each mint)."""

_HEADERS: Final = {"x-chain": "solana"}


class _Price(msgspec.Struct, rename="camel"):
    value: Decimal | None = None
    update_unix_time: int | None = None
    liquidity: Decimal | None = None
    is_scaled_ui_token: bool = False


class _Prices(msgspec.Struct):
    success: bool
    data: dict[str, msgspec.Raw]


class _Candle(msgspec.Struct):
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - Birdeye's name
    c: Decimal
    unix_time: int | None = None
    unixTime: int | None = None  # noqa: N815 - Birdeye's older name
    address: str | None = None
    currency: str | None = None
    v_usd: Decimal | None = None
    is_scaled_ui_token: bool = False


class _CandleList(msgspec.Struct):
    items: list[msgspec.Raw]


class _Candles(msgspec.Struct):
    success: bool
    data: _CandleList


class _Security(msgspec.Struct, rename="camel"):
    owner_address: str | None = None
    creator_address: str | None = None
    creator_percentage: Decimal | None = None
    top10_holder_percent: Decimal | None = None
    freezeable: bool | None = None
    freeze_authority: str | None = None
    mutable_metadata: bool | None = None
    non_transferable: bool | None = None
    total_supply: Decimal | None = None


class _SecurityAnswer(msgspec.Struct):
    success: bool
    data: _Security


class Birdeye:
    """Prices, candles and security, of up to `batch` mints in a call."""

    batch: Final = BATCH

    def __init__(self, api: Api) -> None:
        self.api = api

    async def prices(self, mints: Sequence[Mint]) -> dict[Mint, SpotPrice]:
        """Return the price of each mint that has one.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        parsed = await self.api.ask(
            parse_prices,
            "multi_price",
            method="GET",
            path="/defi/multi_price",
            params={"list_address": ",".join(mints), "include_liquidity": "true"},
            headers=_HEADERS,
            credits=COMPUTE_UNITS["multi_price"] * len(mints),
        )
        found = usable(parsed, PROVIDER.name, "multi_price")
        return {price.mint: price for price in found if price.mint in mints}

    async def candles(self, mint: Mint, pool: str, interval_s: int, since: int, until: int) -> list[PriceCandle]:
        """Return the token's candles over all pools (`pool` is not asked for) that open in [since, until), in order.

        Of more than 1000 the latest are returned.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        del pool
        start = max(since, until - MAX_CANDLES * interval_s)
        parsed = await self.api.ask(
            lambda body: parse_candles(body, mint, interval_s),
            "ohlcv",
            method="GET",
            path="/defi/v3/ohlcv",
            params={
                "address": mint,
                "type": TIMEFRAMES[interval_s],
                "currency": "usd",
                "mode": "range",
                "time_from": str(start),
                "time_to": str(until - 1),
            },
            headers=_HEADERS,
            credits=COMPUTE_UNITS["ohlcv"],
        )
        return [candle for candle in usable(parsed, PROVIDER.name, "ohlcv") if start <= candle.opened_at < until]

    async def safety(self, mint: Mint) -> Safety:
        """Return what is known of a mint's authorities and holders.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        return await self.api.ask(
            lambda body: parse_safety(body, mint, self.api.clock.epoch_s()),
            "token_security",
            method="GET",
            path="/defi/token_security",
            params={"address": mint},
            headers=_HEADERS,
            credits=COMPUTE_UNITS["token_security"],
        )


def connect(api: Api) -> Birdeye:
    """Return the client."""
    return Birdeye(api)


def parse_prices(body: bytes) -> Parsed[list[SpotPrice]]:
    """Return the prices of an answer, each as of when Birdeye updated it; mints without one are left out.

    Raises:
        ProviderError: it holds no prices.
    """
    reader = Reader(PROVIDER.name, "multi_price")
    answer = reader.decode(body, _Prices)
    _require_success("multi_price", is_success=answer.success)
    rows = {mint: row for mint, row in answer.data.items() if bytes(row) != b"null"}
    return reader.parsed(list(reader.each_mint(rows, _Price, _price)))


def parse_candles(body: bytes, mint: Mint, interval_s: int) -> Parsed[list[PriceCandle]]:
    """Return candles in order of time.

    Raises:
        ProviderError: it holds no candles.
    """
    reader = Reader(PROVIDER.name, "ohlcv")
    answer = reader.decode(body, _Candles)
    _require_success("ohlcv", is_success=answer.success)
    candles = reader.each(answer.data.items, _Candle, lambda candle: _candle(candle, mint, interval_s))
    return reader.parsed(sorted(candles, key=lambda candle: candle.opened_at))


def parse_safety(body: bytes, mint: Mint, observed_at: int) -> Safety:
    """Return what the security of a token says.

    Raises:
        ProviderError: it is none, or a share is no ratio.
    """
    answer = Reader(PROVIDER.name, "token_security").decode(body, _SecurityAnswer)
    _require_success("token_security", is_success=answer.success)
    found = answer.data
    # An answer about nothing at all is no statement that there are no authorities.
    is_known = found.total_supply is not None
    with meaningful(PROVIDER.name, "token_security"):
        return Safety(
            mint=mint,
            observed_at=observed_at,
            source=PROVIDER.name,
            has_mint_authority=found.owner_address is not None if is_known else None,
            has_freeze_authority=(found.freezeable or found.freeze_authority is not None) if is_known else None,
            is_non_transferable=found.non_transferable,
            has_mutable_metadata=found.mutable_metadata,
            creator=address_or_none(found.creator_address),
            creator_share_pct=_percent(found.creator_percentage, "creator's share"),
            top10_holders_pct=_percent(found.top10_holder_percent, "top 10's share"),
        )


def _require_success(call: str, *, is_success: bool) -> None:
    if not is_success:
        raise malformed(PROVIDER.name, call, "it says that it did not succeed")


def _price(mint: Mint, price: _Price) -> SpotPrice:
    if price.is_scaled_ui_token:
        raise RefusedError("the price of scaled amounts, not of the token's own")
    if price.update_unix_time is None:
        raise RefusedError("a price without its time")
    return SpotPrice(
        mint=mint,
        price_usd=price_of(price.value),
        liquidity_usd=amount_or_none(price.liquidity, "liquidity"),
        observed_at=seconds_of(price.update_unix_time, "updateUnixTime"),
        source=PROVIDER.name,
    )


def _candle(candle: _Candle, mint: Mint, interval_s: int) -> PriceCandle:
    at = candle.unix_time if candle.unix_time is not None else candle.unixTime
    if at is None or candle.address not in {None, mint} or candle.currency not in {None, "usd"}:
        raise RefusedError("a candle without a time, or of another token or currency")
    first, high, low, close = (price_of(price) for price in (candle.o, candle.h, candle.l, candle.c))
    if (
        candle.is_scaled_ui_token
        or seconds_of(at) % interval_s
        or not low <= min(first, close) <= max(first, close) <= high
    ):
        raise RefusedError("a candle of scaled amounts, between intervals, or whose prices contradict each other")
    return PriceCandle(
        mint=mint,
        pool="",
        opened_at=at,
        interval_s=interval_s,
        open_usd=first,
        high_usd=high,
        low_usd=low,
        close_usd=close,
        volume_usd=amount_or_none(candle.v_usd, "volume"),
        source=PROVIDER.name,
    )


def _percent(ratio: Decimal | None, what: str) -> Decimal | None:
    if ratio is not None and not 0 <= ratio <= 1:
        raise RefusedError(f"{what} is no ratio of 0 to 1")
    return None if ratio is None else percent_or_none(ratio * 100, what)
