"""Build what is known of markets from a few numbers; names stand for addresses.

Not responsible for what providers send (`tests/builders/provider_bodies.py`).
"""

from decimal import Decimal
from typing import Final

from engine.market import UNOBSERVED, Activity, Pool, SpotPrice
from engine.units import USDC, WSOL, Mint
from tests.builders.facts import address, mint

SEEN_AT: Final = 1_790_000_000
SOL_AT_100: Final = 100 * 10**12
MEME: Final = mint("MEME")


def price(usd: str, *, at: int = SEEN_AT, liquidity: str | None = None, activity: Activity = UNOBSERVED) -> SpotPrice:
    """Return a price of MEME."""
    return SpotPrice(
        mint=MEME,
        price_usd=Decimal(usd),
        liquidity_usd=None if liquidity is None else Decimal(liquidity),
        observed_at=at,
        source="dexscreener",
        activity=activity,
    )


def pool(  # noqa: PLR0913  # a pool has many parts, all with a default
    base: str | None,
    quote: str | None,
    *,
    name: str = "pool",
    quote_mint: Mint = USDC,
    price_usd: str | None = None,
    liquidity: str | None = None,
    fee_bps: int | None = 100,
    is_constant_product: bool = True,
    at: int = SEEN_AT,
) -> Pool:
    """Return a pool of MEME with these reserves."""
    return Pool(
        address=address(name),
        venue="pumpswap",
        base_mint=MEME,
        quote_mint=quote_mint,
        price_usd=None if price_usd is None else Decimal(price_usd),
        base_reserve=None if base is None else Decimal(base),
        quote_reserve=None if quote is None else Decimal(quote),
        liquidity_usd=None if liquidity is None else Decimal(liquidity),
        is_constant_product=is_constant_product,
        fee_bps=fee_bps,
        created_at=None,
        observed_at=at,
        source="dexscreener",
    )


def sol_pool(base: str, sol: str) -> Pool:
    """Return a pool of MEME against SOL."""
    return pool(base, sol, quote_mint=WSOL)
