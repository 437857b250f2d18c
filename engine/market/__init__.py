"""Say what tokens and holdings are worth, from what providers observed (DOMAIN §3, Unrealized)."""

from engine.market.executable import deepest_pool, sell_by_quote, sell_into, swap_out
from engine.market.pricing import price_from_pools
from engine.market.unrealized import (
    DEFAULT_UNREALIZED,
    Holding,
    Market,
    Unrealized,
    UnrealizedConfig,
    mark_usd_micro,
    merge_activity,
    unrealized,
)
from engine.market.values import (
    UNOBSERVED,
    Activity,
    Pool,
    PoolTrade,
    PriceCandle,
    Safety,
    SpotPrice,
    SwapQuote,
    TokenInfo,
)

__all__ = [
    "DEFAULT_UNREALIZED",
    "UNOBSERVED",
    "Activity",
    "Holding",
    "Market",
    "Pool",
    "PoolTrade",
    "PriceCandle",
    "Safety",
    "SpotPrice",
    "SwapQuote",
    "TokenInfo",
    "Unrealized",
    "UnrealizedConfig",
    "deepest_pool",
    "mark_usd_micro",
    "merge_activity",
    "price_from_pools",
    "sell_by_quote",
    "sell_into",
    "swap_out",
    "unrealized",
]
