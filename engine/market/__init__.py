"""Say what tokens and holdings are worth, from what providers observed (DOMAIN §3, Unrealized)."""

from engine.market.asking import DEFAULT_ASKING, Asked, AskingConfig, Stretch, is_due, stretches
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
    "DEFAULT_ASKING",
    "DEFAULT_UNREALIZED",
    "UNOBSERVED",
    "Activity",
    "Asked",
    "AskingConfig",
    "Holding",
    "Market",
    "Pool",
    "PoolTrade",
    "PriceCandle",
    "Safety",
    "SpotPrice",
    "Stretch",
    "SwapQuote",
    "TokenInfo",
    "Unrealized",
    "UnrealizedConfig",
    "deepest_pool",
    "is_due",
    "mark_usd_micro",
    "merge_activity",
    "price_from_pools",
    "sell_by_quote",
    "sell_into",
    "stretches",
    "swap_out",
    "unrealized",
]
