"""Ask DexScreener for pools, prices and names; it needs no key.

https://docs.dexscreener.com/api/reference: 300 calls a minute for pairs and tokens, 30 mints a call, and an answer
holds about 30 pairs whoever is asked for. Prices and amounts are texts or numbers, times milliseconds; counts of
trades come for the last 5 minutes, 1, 6 and 24 hours. Pairs on pump.fun's curve have no liquidity.
Not responsible for choosing among pools (`engine.market`).
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from data.providers._payload import (
    Parsed,
    Reader,
    RefusedError,
    activity_of,
    address_of,
    amount_or_none,
    milliseconds_or_none,
    mint_of,
    name_or_none,
    price_or_none,
    usable,
    word_or_none,
)
from data.providers.api import Api
from data.providers.spec import Capability, Pace, Paces, ProviderSpec
from engine.market import UNOBSERVED, Activity, Pool, SpotPrice, TokenInfo, price_from_pools
from engine.market.executable import PUMPSWAP_FEE_BPS, RAYDIUM_CPMM_FEE_BPS, RAYDIUM_FEE_BPS
from engine.units import QUOTE_MINTS, Mint

PROVIDER: Final = ProviderSpec(
    name="dexscreener",
    title="DexScreener",
    docs_url="https://docs.dexscreener.com/api/reference",
    base_url="https://api.dexscreener.com",
    capabilities=frozenset({Capability.POOLS, Capability.PRICE, Capability.TOKEN_INFO}),
    paces=Paces(together=Pace(300, 60.0)),
)
BATCH: Final = 30
CHAIN: Final = "solana"

_FULL_ANSWER: Final = 30
_CONSTANT_PRODUCT_FEES_BPS: Final = {
    ("pumpswap", ""): PUMPSWAP_FEE_BPS,
    ("raydium", ""): RAYDIUM_FEE_BPS,
    ("raydium", "CPMM"): RAYDIUM_CPMM_FEE_BPS,
}

T = TypeVar("T")


class _Token(msgspec.Struct):
    address: str
    name: str | None = None
    symbol: str | None = None


class _Count(msgspec.Struct):
    buys: int = 0
    sells: int = 0


class _Counts(msgspec.Struct):
    m5: _Count | None = None
    h1: _Count | None = None
    h6: _Count | None = None
    h24: _Count | None = None


class _Liquidity(msgspec.Struct):
    usd: Decimal | None = None
    base: Decimal | None = None
    quote: Decimal | None = None


class _Pair(msgspec.Struct, rename="camel"):
    chain_id: str
    dex_id: str
    pair_address: str
    base_token: _Token
    quote_token: _Token
    labels: list[str] | None = None
    price_native: Decimal | None = None
    price_usd: Decimal | None = None
    txns: _Counts | None = None
    liquidity: _Liquidity | None = None
    market_cap: Decimal | None = None
    pair_created_at: int | None = None


class _Answer(msgspec.Struct):
    pairs: list[msgspec.Raw] | None


class DexScreener:
    """Pools, prices and names of tokens, of up to `batch` mints in a call."""

    batch: Final = BATCH

    def __init__(self, api: Api) -> None:
        self.api = api

    async def pools(self, mints: Sequence[Mint]) -> dict[Mint, tuple[Pool, ...]]:
        """Return the pools of each mint that has any.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        found: dict[Mint, tuple[Pool, ...]] = {}
        asked = list(mints)
        while asked:
            parsed = await self._tokens(asked, parse_pools)
            pools = usable(parsed, PROVIDER.name, "tokens")
            new = _by_mint(pools, asked)
            found |= new
            missing = [mint for mint in asked if mint not in new]
            # A full answer may have left some out; once nothing new comes, the others have no pairs.
            is_cut = len(pools) + len(parsed.refused) >= _FULL_ANSWER and new
            asked = missing if is_cut else []
        return found

    async def prices(self, mints: Sequence[Mint]) -> dict[Mint, SpotPrice]:
        """Return the price of each mint that has one, that of its deepest pool.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        pools = await self.pools(mints)
        prices = {mint: price_from_pools(mint, found) for mint, found in pools.items()}
        return {mint: price for mint, price in prices.items() if price is not None}

    async def token_info(self, mints: Sequence[Mint]) -> dict[Mint, TokenInfo]:
        """Return what pairs say of the names of mints.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        found = usable(await self._tokens(mints, parse_token_info), PROVIDER.name, "tokens")
        return {mint: found[mint] for mint in mints if mint in found}

    async def _tokens(self, mints: Sequence[Mint], parse: Callable[[bytes, int], T]) -> T:
        path = f"/tokens/v1/{CHAIN}/{','.join(mints)}"
        return await self.api.ask(lambda body: parse(body, self.api.clock.epoch_s()), "tokens", method="GET", path=path)


def connect(api: Api) -> DexScreener:
    """Return the client."""
    return DexScreener(api)


def parse_pools(body: bytes, observed_at: int) -> Parsed[list[Pool]]:
    """Return the pools on Solana of a list of pairs, as of `observed_at`; a quote asset is never the base.

    Raises:
        ProviderError: it is no list of pairs.
    """
    reader = Reader(PROVIDER.name, "tokens")
    return reader.parsed(list(reader.each(_pairs(reader, body), _Pair, lambda pair: _pool(pair, observed_at))))


def parse_token_info(body: bytes, observed_at: int) -> Parsed[dict[Mint, TokenInfo]]:
    """Return the names in a list of pairs by mint, of base tokens only.

    Raises:
        ProviderError: it is no list of pairs.
    """
    reader = Reader(PROVIDER.name, "tokens")
    infos = list(reader.each(_pairs(reader, body), _Pair, lambda pair: _info(pair, observed_at)))
    return reader.parsed({info.mint: info for info in reversed(infos)})


def _pairs(reader: Reader, body: bytes) -> list[msgspec.Raw]:
    # The older calls wrap the list.
    if body.lstrip().startswith(b"{"):
        return reader.decode(body, _Answer).pairs or []
    return reader.decode(body, list[msgspec.Raw])


def _by_mint(pools: Sequence[Pool], mints: Sequence[Mint]) -> dict[Mint, tuple[Pool, ...]]:
    found = {mint: tuple(pool for pool in pools if pool.base_mint == mint) for mint in mints}
    return {mint: of_mint for mint, of_mint in found.items() if of_mint}


def _pool(pair: _Pair, observed_at: int) -> Pool:
    _require_solana(pair)
    venue = word_or_none(pair.dex_id)
    if venue is None:
        raise RefusedError("the venue's name is no identifier")
    base, quote = mint_of(pair.base_token.address), mint_of(pair.quote_token.address)
    price_usd, price_native = price_or_none(pair.price_usd), price_or_none(pair.price_native)
    liquidity = pair.liquidity or _Liquidity()
    reserves = amount_or_none(liquidity.base, "base"), amount_or_none(liquidity.quote, "quote")
    if base in QUOTE_MINTS and quote not in QUOTE_MINTS:
        base, quote, reserves = quote, base, reserves[::-1]
        price_usd = price_or_none(price_usd / price_native) if price_usd and price_native else None
    label = (pair.labels or [""])[0]
    fee_bps = _CONSTANT_PRODUCT_FEES_BPS.get((venue, label))
    return Pool(
        address=address_of(pair.pair_address),
        venue=venue,
        base_mint=base,
        quote_mint=quote,
        price_usd=price_usd,
        base_reserve=reserves[0],
        quote_reserve=reserves[1],
        liquidity_usd=amount_or_none(liquidity.usd, "liquidity"),
        is_constant_product=fee_bps is not None,
        fee_bps=fee_bps,
        created_at=milliseconds_or_none(pair.pair_created_at, "pairCreatedAt"),
        observed_at=observed_at,
        source=PROVIDER.name,
        activity=_activity(pair.txns, observed_at),
    )


def _activity(counts: _Counts | None, observed_at: int) -> Activity:
    if counts is None:
        return UNOBSERVED
    windows = ((300, counts.m5), (3_600, counts.h1), (21_600, counts.h6), (86_400, counts.h24))
    trades = {seconds: None if count is None else count.buys + count.sells for seconds, count in windows}
    return activity_of(trades, observed_at)


def _info(pair: _Pair, observed_at: int) -> TokenInfo:
    _require_solana(pair)
    return TokenInfo(
        mint=mint_of(pair.base_token.address),
        untrusted_name=name_or_none(pair.base_token.name),
        untrusted_symbol=name_or_none(pair.base_token.symbol),
        decimals=None,
        total_supply=None,
        market_cap_usd=amount_or_none(pair.market_cap, "marketCap"),
        holders=None,
        creator=None,
        created_at=None,
        launchpad=None,
        observed_at=observed_at,
        source=PROVIDER.name,
    )


def _require_solana(pair: _Pair) -> None:
    if pair.chain_id != CHAIN:
        raise RefusedError("a pair of another chain")
