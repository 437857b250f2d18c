"""Name what providers say about a token's market: prices, pools, candles, trades, quotes, safety.

Prices are USD for one whole token, reserves whole tokens, both decimals; times are epoch seconds. None is unknown.
Names, symbols and links come from strangers: only in `untrusted_*`, cleaned.
Not responsible for reading providers' answers (`data.providers`) or for what a holding is worth (`unrealized`).
"""

from dataclasses import dataclass
from decimal import Decimal

from engine.units import Address, Mint, Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What an observation tells about trades of a token.

    A trade is known at `traded_at` or later. None is known after `idle_since` up to the observation.
    Both are the same moment where a source names the last trade; None where it says nothing.
    """

    traded_at: int | None = None
    idle_since: int | None = None


UNOBSERVED = Activity()
"""Nothing is known of trades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotPrice:
    """The last price of one whole token that `source` had seen at `observed_at`."""

    mint: Mint
    price_usd: Decimal
    liquidity_usd: Decimal | None
    observed_at: int
    source: str
    decimals: int | None = None
    activity: Activity = UNOBSERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A market of `base_mint` against `quote_mint`.

    Reserves are whole tokens. `is_constant_product`: x·y = k holds for them; False where it does not or nobody knows.
    `fee_bps` is the fee of a swap. `price_usd` is that of the base.
    """

    address: Address
    venue: str
    base_mint: Mint
    quote_mint: Mint
    price_usd: Decimal | None
    base_reserve: Decimal | None
    quote_reserve: Decimal | None
    liquidity_usd: Decimal | None
    is_constant_product: bool
    fee_bps: int | None
    created_at: int | None
    observed_at: int
    source: str
    activity: Activity = UNOBSERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCandle:
    """Prices over [opened_at, opened_at + interval_s). `pool` is empty for a price over all pools."""

    mint: Mint
    pool: str
    opened_at: int
    interval_s: int
    open_usd: Decimal
    high_usd: Decimal
    low_usd: Decimal
    close_usd: Decimal
    volume_usd: Decimal | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTrade:
    """One swap in a pool as an indexer saw it, from the trader's view; amounts are whole tokens."""

    signature: Signature
    trader: Address
    slot: int | None
    block_time: int
    is_buy: bool
    base_mint: Mint
    base_amount: Decimal
    quote_mint: Mint
    quote_amount: Decimal
    value_usd: Decimal | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenInfo:
    """What a token says of itself, and how widely it is held. Supplies are whole tokens."""

    mint: Mint
    untrusted_name: str | None
    untrusted_symbol: str | None
    decimals: int | None
    total_supply: Decimal | None
    market_cap_usd: Decimal | None
    holders: int | None
    creator: Address | None
    created_at: int | None
    launchpad: str | None
    observed_at: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """What could hurt holders of a token; shares are percentages 0-100, `provider_score` 0-100 with higher = riskier.

    None is unknown, and unknown is not safe.
    """

    mint: Mint
    observed_at: int
    source: str
    has_mint_authority: bool | None = None
    has_freeze_authority: bool | None = None
    has_permanent_delegate: bool | None = None
    has_transfer_hook: bool | None = None
    is_default_frozen: bool | None = None
    is_non_transferable: bool | None = None
    is_pausable: bool | None = None
    transfer_fee_bps: int | None = None
    has_mutable_metadata: bool | None = None
    is_rugged: bool | None = None
    creator: Address | None = None
    creator_share_pct: Decimal | None = None
    largest_holder_pct: Decimal | None = None
    top10_holders_pct: Decimal | None = None
    lp_locked_pct: Decimal | None = None
    liquidity_usd: Decimal | None = None
    holders: int | None = None
    provider_score: int | None = None
    untrusted_warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapQuote:
    """What an aggregator offered for selling exactly `in_raw` of `in_mint`, in base units, fees included.

    `price_impact_pct` is 0-100 and positive when the sale moves the price down.
    """

    in_mint: Mint
    in_raw: int
    out_mint: Mint
    out_raw: int
    price_impact_pct: Decimal | None
    observed_at: int
    source: str
