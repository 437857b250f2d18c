"""Ask Jupiter for prices, names, authorities and quotes; a key raises its limits.

https://dev.jup.ag/docs: 30 calls a minute without a key, 60 with a free one, in a window of 60 s. 50 mints a call for
prices, 100 for tokens. A token without a trade for 7 days has no price. `blockId` is the slot of a price; SOL is asked
for with every call, and what a price's slot lies behind that of SOL's is its age. Quotes are those of `/swap/v2/order`
without a taker: they carry no transaction. `priceImpactPct` is a ratio, negative when the sale moves the price down.
Not responsible for trading: nothing is signed or sent.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from data.errors import ProviderError
from data.providers._payload import (
    Parsed,
    Reader,
    RefusedError,
    address_or_none,
    amount_or_none,
    count_or_none,
    decimals_or_none,
    meaningful,
    mint_of,
    moment_or_none,
    name_or_none,
    percent_or_none,
    price_of,
    raw_of,
    usable,
    word_or_none,
)
from data.providers.api import Api
from data.providers.spec import Capability, Pace, Paces, ProviderSpec
from engine.market import Safety, SpotPrice, SwapQuote, TokenInfo
from engine.units import WSOL, Mint

PROVIDER: Final = ProviderSpec(
    name="jupiter",
    title="Jupiter",
    docs_url="https://dev.jup.ag/docs",
    base_url="https://api.jup.ag",
    capabilities=frozenset({Capability.PRICE, Capability.QUOTE, Capability.SAFETY, Capability.TOKEN_INFO}),
    paces=Paces(together=Pace(30, 60.0)),
    keyed_paces=Paces(together=Pace(60, 60.0)),
    key_name="jupiter_api_key",
    key_header="x-api-key",
    key_benefit="prices and quotes come twice as fast",
)
BATCH: Final = 49
"""Mints a call, one place being kept for SOL."""

SLOT_MS: Final = 400
SEARCH_CREDITS: Final = 10

_DAY_SLOTS: Final = 86_400 * 1000 // SLOT_MS

T = TypeVar("T")


class _Price(msgspec.Struct, rename="camel"):
    usd_price: Decimal | None = None
    liquidity: Decimal | None = None
    decimals: int | None = None
    block_id: int | None = None


class _Audit(msgspec.Struct, rename="camel"):
    mint_authority_disabled: bool | None = None
    freeze_authority_disabled: bool | None = None
    top_holders_percentage: Decimal | None = None


class _Token(msgspec.Struct, rename="camel"):
    id: str
    name: str | None = None
    symbol: str | None = None
    decimals: int | None = None
    dev: str | None = None
    total_supply: Decimal | None = None
    mcap: Decimal | None = None
    liquidity: Decimal | None = None
    holder_count: int | None = None
    launchpad: str | None = None
    created_at: datetime | None = None
    audit: _Audit | None = None


class _Order(msgspec.Struct, rename="camel"):
    input_mint: str
    output_mint: str
    in_amount: str | int
    out_amount: str | int
    swap_mode: str
    price_impact_pct: Decimal | None = None


class Jupiter:
    """Prices, names, authorities and quotes, of up to `batch` mints in a call."""

    batch: Final = BATCH

    def __init__(self, api: Api) -> None:
        self.api = api

    async def prices(self, mints: Sequence[Mint]) -> dict[Mint, SpotPrice]:
        """Return the price of each mint that has one.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        ids = list(dict.fromkeys([*mints, WSOL]))
        parsed = await self.api.ask(
            lambda body: parse_prices(body, self.api.clock.epoch_s()),
            "price",
            method="GET",
            path="/price/v3",
            params={"ids": ",".join(ids)},
        )
        found = usable(parsed, PROVIDER.name, "price")
        return {mint: found[mint] for mint in mints if mint in found}

    async def token_info(self, mints: Sequence[Mint]) -> dict[Mint, TokenInfo]:
        """Return what is known of the names, supplies and creators of mints.

        Raises:
            ProviderError: it did not answer, or not usefully.
        """
        infos = usable(await self._search(mints, parse_token_info), PROVIDER.name, "tokens")
        return {info.mint: info for info in infos if info.mint in mints}

    async def safety(self, mint: Mint) -> Safety:
        """Return what is known of a mint's authorities and holders.

        Raises:
            ProviderError: it did not answer, does not know the mint, or not usefully.
        """
        found = usable(await self._search([mint], parse_safety), PROVIDER.name, "tokens")
        for safety in found:
            if safety.mint == mint:
                return safety
        raise self.api.error("tokens", "the mint is unknown to it", retryable=False)

    async def quote(self, in_mint: Mint, out_mint: Mint, amount_raw: int) -> SwapQuote:
        """Return what selling exactly `amount_raw` base units brings, fees included.

        Raises:
            ProviderError: there is no route, or it did not answer usefully.
        """
        return await self.api.ask(
            lambda body: parse_quote(body, (in_mint, out_mint, amount_raw), self.api.clock.epoch_s()),
            "order",
            method="GET",
            path="/swap/v2/order",
            params={"inputMint": in_mint, "outputMint": out_mint, "amount": str(amount_raw), "swapMode": "ExactIn"},
        )

    async def _search(self, mints: Sequence[Mint], parse: Callable[[bytes, int], T]) -> T:
        return await self.api.ask(
            lambda body: parse(body, self.api.clock.epoch_s()),
            "tokens",
            method="GET",
            path="/tokens/v2/search",
            params={"query": ",".join(mints)},
            credits=SEARCH_CREDITS,
        )


def connect(api: Api) -> Jupiter:
    """Return the client."""
    return Jupiter(api)


def parse_prices(body: bytes, received_at: int) -> Parsed[dict[Mint, SpotPrice]]:
    """Return prices by mint; each is as old as its slot lies behind the newest in the answer, at 0.4 s a slot.

    Raises:
        ProviderError: it holds no prices.
    """
    reader = Reader(PROVIDER.name, "price")
    rows = reader.decode(body, dict[str, msgspec.Raw])
    found = list(reader.each_mint(rows, _Price, lambda mint, price: (mint, price)))
    newest = max((price.block_id or 0 for _, price in found), default=0)
    prices: dict[Mint, SpotPrice] = {}
    for mint, price in found:
        try:
            prices[mint] = _price(mint, price, newest, received_at)
        except RefusedError as error:
            reader.refuse(error)
    return reader.parsed(prices)


def parse_token_info(body: bytes, observed_at: int) -> Parsed[list[TokenInfo]]:
    """Return what a list of tokens says of names, supplies and creators.

    Raises:
        ProviderError: it is no list of tokens.
    """
    reader = Reader(PROVIDER.name, "tokens")
    rows = reader.decode(body, list[msgspec.Raw])
    return reader.parsed(list(reader.each(rows, _Token, lambda token: _info(token, observed_at))))


def parse_safety(body: bytes, observed_at: int) -> Parsed[list[Safety]]:
    """Return what a list of tokens says of authorities and holders.

    Raises:
        ProviderError: it is no list of tokens.
    """
    reader = Reader(PROVIDER.name, "tokens")
    rows = reader.decode(body, list[msgspec.Raw])
    return reader.parsed(list(reader.each(rows, _Token, lambda token: _safety(token, observed_at))))


def parse_quote(body: bytes, asked: tuple[Mint, Mint, int], observed_at: int) -> SwapQuote:
    """Return an order as the quote for what was asked: input mint, output mint and amount in base units.

    Raises:
        ProviderError: it is none, or for something else.
    """
    order = Reader(PROVIDER.name, "order").decode(body, _Order)
    with meaningful(PROVIDER.name, "order"):
        in_raw, out_raw = raw_of(order.in_amount, "inAmount"), raw_of(order.out_amount, "outAmount")
        if (order.input_mint, order.output_mint, in_raw) != asked or order.swap_mode != "ExactIn":
            raise RefusedError("a quote for something else")
        impact = None if order.price_impact_pct is None else abs(order.price_impact_pct) * 100
        impact_pct = percent_or_none(impact, "price impact")
    if out_raw == 0:
        raise ProviderError("Jupiter order: no route for this amount", provider=PROVIDER.name, retryable=False)
    return SwapQuote(
        in_mint=asked[0],
        in_raw=in_raw,
        out_mint=asked[1],
        out_raw=out_raw,
        price_impact_pct=impact_pct,
        observed_at=observed_at,
        source=PROVIDER.name,
    )


def _price(mint: Mint, price: _Price, newest_slot: int, received_at: int) -> SpotPrice:
    slots = 0 if price.block_id is None else newest_slot - price.block_id
    if slots > 7 * _DAY_SLOTS:
        raise RefusedError("its slot is more than a week old")
    return SpotPrice(
        mint=mint,
        price_usd=price_of(price.usd_price),
        liquidity_usd=amount_or_none(price.liquidity, "liquidity"),
        observed_at=received_at - slots * SLOT_MS // 1000,
        source=PROVIDER.name,
        decimals=decimals_or_none(price.decimals),
    )


def _info(token: _Token, observed_at: int) -> TokenInfo:
    return TokenInfo(
        mint=mint_of(token.id),
        untrusted_name=name_or_none(token.name),
        untrusted_symbol=name_or_none(token.symbol),
        decimals=decimals_or_none(token.decimals),
        total_supply=amount_or_none(token.total_supply, "supply"),
        market_cap_usd=amount_or_none(token.mcap, "market cap"),
        holders=count_or_none(token.holder_count, "holders"),
        creator=address_or_none(token.dev),
        created_at=moment_or_none(token.created_at, "createdAt"),
        launchpad=word_or_none(token.launchpad),
        observed_at=observed_at,
        source=PROVIDER.name,
    )


def _safety(token: _Token, observed_at: int) -> Safety:
    audit = token.audit or _Audit()
    return Safety(
        mint=mint_of(token.id),
        observed_at=observed_at,
        source=PROVIDER.name,
        has_mint_authority=_negated(audit.mint_authority_disabled),
        has_freeze_authority=_negated(audit.freeze_authority_disabled),
        creator=address_or_none(token.dev),
        top10_holders_pct=percent_or_none(audit.top_holders_percentage, "top holders' share"),
        liquidity_usd=amount_or_none(token.liquidity, "liquidity"),
        holders=count_or_none(token.holder_count, "holders"),
    )


def _negated(is_disabled: bool | None) -> bool | None:  # noqa: FBT001 - the one thing it takes
    return None if is_disabled is None else not is_disabled
