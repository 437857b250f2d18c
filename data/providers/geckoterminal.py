"""Ask GeckoTerminal for candles, trades, pools, prices and names; it needs no key.

https://apiguide.geckoterminal.com: 30 calls a minute, answers up to a minute old, 30 mints a call. Numbers are texts,
times ISO 8601, ids `solana_<address>`. Candles come newest first, at most 1000 a call, leave out intervals without
a trade, and the last one may still be open.
Not responsible for choosing among pools (`engine.market`) or for keeping candles.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from data.providers._geckoterminal_payload import (
    NAME,
    parse_candles,
    parse_pools,
    parse_prices,
    parse_token_info,
    parse_trades,
)
from data.providers._payload import usable
from data.providers.api import Api
from data.providers.spec import Capability, Pace, Paces, ProviderSpec
from engine.market import Pool, PoolTrade, PriceCandle, SpotPrice, TokenInfo
from engine.units import Mint

PROVIDER: Final = ProviderSpec(
    name=NAME,
    title="GeckoTerminal",
    docs_url="https://apiguide.geckoterminal.com",
    base_url="https://api.geckoterminal.com/api/v2",
    capabilities=frozenset(
        {
            Capability.CANDLES,
            Capability.POOLS,
            Capability.PRICE,
            Capability.TOKEN_INFO,
            Capability.TRADES,
        }
    ),
    paces=Paces(together=Pace(30, 60.0)),
)
BATCH: Final = 30
MAX_CANDLES: Final = 1000
TIMEFRAMES: Final = {
    60: ("minute", "1"),
    300: ("minute", "5"),
    900: ("minute", "15"),
    3_600: ("hour", "1"),
    14_400: ("hour", "4"),
    43_200: ("hour", "12"),
    86_400: ("day", "1"),
}
"""What a candle's seconds are called."""

_HEADERS: Final = {"accept": "application/json;version=20230302"}

T = TypeVar("T")


class GeckoTerminal:
    """Candles, trades, pools, prices and names, of up to `batch` mints in a call."""

    batch: Final = BATCH

    def __init__(self, api: Api) -> None:
        self.api = api

    async def prices(self, mints: Sequence[Mint]) -> dict[Mint, SpotPrice]:
        """Return the price of each mint that has one.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        prices = usable(await self._tokens(mints, parse_prices), NAME, "tokens")
        return {price.mint: price for price in prices}

    async def token_info(self, mints: Sequence[Mint]) -> dict[Mint, TokenInfo]:
        """Return what is known of the names and supplies of mints.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        infos = usable(await self._tokens(mints, parse_token_info), NAME, "tokens")
        return {info.mint: info for info in infos}

    async def pools(self, mints: Sequence[Mint]) -> dict[Mint, tuple[Pool, ...]]:
        """Return the largest pools of each mint that has any.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        pools = usable(await self._tokens(mints, parse_pools), NAME, "tokens")
        found = {mint: tuple(pool for pool in pools if pool.base_mint == mint) for mint in mints}
        return {mint: of_mint for mint, of_mint in found.items() if of_mint}

    async def candles(self, mint: Mint, pool: str, interval_s: int, since: int, until: int) -> list[PriceCandle]:
        """Return the candles of a pool's base token that open in [since, until), the latest 1000 of them, in order.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        timeframe, aggregate = TIMEFRAMES[interval_s]
        limit = max(1, min(MAX_CANDLES, -(-(until - since) // interval_s)))
        parsed = await self.api.ask(
            lambda body: parse_candles(body, mint, pool, interval_s),
            "ohlcv",
            method="GET",
            path=f"/networks/solana/pools/{pool}/ohlcv/{timeframe}",
            params={
                "aggregate": aggregate,
                "before_timestamp": str(until),
                "limit": str(limit),
                "currency": "usd",
                "token": "base",
            },
            headers=_HEADERS,
        )
        candles = usable(parsed, NAME, "ohlcv")
        return [candle for candle in candles if since <= candle.opened_at < until]

    async def trades(self, pool: str) -> list[PoolTrade]:
        """Return the last trades of a pool (at most 300, of the last day), newest first.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        path = f"/networks/solana/pools/{pool}/trades"
        parsed = await self.api.ask(parse_trades, "trades", method="GET", path=path, headers=_HEADERS)
        return usable(parsed, NAME, "trades")

    async def _tokens(self, mints: Sequence[Mint], parse: Callable[[bytes, int], T]) -> T:
        return await self.api.ask(
            lambda body: parse(body, self.api.clock.epoch_s()),
            "tokens",
            method="GET",
            path=f"/networks/solana/tokens/multi/{','.join(mints)}",
            params={"include": "top_pools"},
            headers=_HEADERS,
        )


def connect(api: Api) -> GeckoTerminal:
    """Return the client."""
    return GeckoTerminal(api)
