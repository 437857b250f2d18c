"""Choose the price of a token among those of its pools.

Not responsible for prices over time: candles.
"""

from collections.abc import Iterable
from decimal import Decimal

from engine.market.unrealized import merge_activity
from engine.market.values import Pool, SpotPrice
from engine.units import QUOTE_MINTS, Mint


def price_from_pools(mint: Mint, pools: Iterable[Pool]) -> SpotPrice | None:
    """Return the price in the deepest pool of `mint` against a quote asset, with the liquidity and trades of all.

    Pools against other tokens count only where there is none against a quote asset: anybody can make one at any price.
    A pool whose liquidity is unknown comes after those whose is known.
    """
    own = [pool for pool in pools if pool.base_mint == mint]
    priced = [pool for pool in own if pool.price_usd is not None]
    against_quotes = [pool for pool in priced if pool.quote_mint in QUOTE_MINTS]
    best = max(against_quotes or priced, key=_rank, default=None)
    if best is None or best.price_usd is None:
        return None
    known = [pool.liquidity_usd for pool in own if pool.liquidity_usd is not None]
    return SpotPrice(
        mint=mint,
        price_usd=best.price_usd,
        liquidity_usd=sum(known, Decimal(0)) if known else None,
        observed_at=best.observed_at,
        source=best.source,
        activity=merge_activity(pool.activity for pool in own),
    )


def _rank(pool: Pool) -> tuple[Decimal, int, str]:
    unknown = Decimal(-1)
    return (
        unknown if pool.liquidity_usd is None else pool.liquidity_usd,
        pool.activity.traded_at or 0,
        pool.address,
    )
