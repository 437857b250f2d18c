"""Say what selling a quantity returns: through a pool's reserves, or by an aggregator's quote.

Not responsible for finding pools and quotes, or for turning what they pay into dollars (`unrealized`).
"""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from engine.ledger.config import BPS
from engine.market.values import Pool, SwapQuote
from engine.units import QUOTE_DECIMALS, QUOTE_MINTS, Mint

PUMPSWAP_FEE_BPS: Final = 125
"""The dearest tier (market cap below 420 SOL): protocol 93, creator 30, liquidity 2; falls to 30 in all."""

RAYDIUM_FEE_BPS: Final = 25
"""Raydium's AMM v4 takes 0.25 % of every swap."""

RAYDIUM_CPMM_FEE_BPS: Final = 100
"""The second of the CPMM's four tiers, 0.25 to 4 % (fit): its pools do not say theirs through any provider."""

DEFAULT_FEE_BPS: Final = 100
"""The fee of a pool that nobody names (fit)."""

RESERVES_TOLERANCE: Final = 2
"""Reserves whose own price is off by more than this factor contradict the pool's price and are not used (fit)."""


class Sale(NamedTuple):
    """What selling everything pays: base units of a quote asset, where, and when that was seen."""

    quote_mint: Mint
    quote_raw: int
    via: str
    observed_at: int


def swap_out(amount_in: int, reserve_in: int, reserve_out: int, fee_bps: int) -> int:
    """Return what a constant product pool pays for `amount_in`, all in base units, rounded down.

    x·y = k after the fee is taken from what comes in (Uniswap v2 white paper, section 3.2.1).
    Worked: 1,000 into reserves of 10,000 and 10,000 at 0.30 % pays 906.
    """
    paid = amount_in * (BPS - fee_bps)
    return paid * reserve_out // (reserve_in * BPS + paid)


def deepest_pool(pools: Iterable[Pool], mint: Mint) -> Pool | None:
    """Return the pool of `mint` with most liquidity, of those against quote assets for which x·y = k holds."""
    usable = [pool for pool in pools if pool.base_mint == mint and _is_usable(pool)]
    return max(usable, key=lambda pool: (pool.liquidity_usd or 0, pool.address), default=None)


def sell_into(pool: Pool, quantity_raw: int, decimals: int) -> Sale | None:
    """Return what selling `quantity_raw` of the pool's base token returns, None where its reserves are unknown."""
    if not _is_usable(pool) or pool.base_reserve is None or pool.quote_reserve is None:
        return None
    base_raw = int(pool.base_reserve.scaleb(decimals))
    quote_raw = int(pool.quote_reserve.scaleb(QUOTE_DECIMALS[pool.quote_mint]))
    fee_bps = DEFAULT_FEE_BPS if pool.fee_bps is None else pool.fee_bps
    paid = swap_out(quantity_raw, base_raw, quote_raw, fee_bps) if base_raw else 0
    return Sale(pool.quote_mint, paid, f"pool:{pool.venue}:{pool.address}", pool.observed_at)


def sell_by_quote(quote: SwapQuote, mint: Mint, quantity_raw: int) -> Sale | None:
    """Return at least what selling `quantity_raw` returns by a quote for as much or more, None by any other quote.

    The price falls as more is sold, so a part of what was quoted brings at least its share.
    """
    if quote.in_mint != mint or quote.out_mint not in QUOTE_MINTS or not 0 < quantity_raw <= quote.in_raw:
        return None
    paid = quote.out_raw * quantity_raw // quote.in_raw
    return Sale(quote.out_mint, paid, f"quote:{quote.source}", quote.observed_at)


def _is_usable(pool: Pool) -> bool:
    base, quote = pool.base_reserve, pool.quote_reserve
    if not pool.is_constant_product or pool.quote_mint not in QUOTE_MINTS or base is None or quote is None:
        return False
    return base > 0 and quote > 0 and _agrees(pool, base)


def _agrees(pool: Pool, base: Decimal) -> bool:
    """Tell whether both sides of the pool are worth about the same; what cannot be compared is not doubted."""
    if pool.liquidity_usd is None or pool.price_usd is None or not pool.liquidity_usd:
        return True
    share = 2 * Fraction(base) * Fraction(pool.price_usd) / Fraction(pool.liquidity_usd)
    return Fraction(1, RESERVES_TOLERANCE) <= share <= RESERVES_TOLERANCE
