"""Value quote assets in lamports and micro-USD with integers only.

A price is USD × 10^12 per SOL. The caller picks it: the close of the last candle completed before the block time, with
its source and age. Stable coins are worth one dollar. Not responsible for finding prices or for the age they may have.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, NamedTuple

from engine.units import LAMPORTS_PER_SOL, MICRO_PER_USD, STABLE_MINTS, WSOL, Mint

PRICE_SCALE: Final = 10**12
"""Units of a price in one dollar per SOL."""

_E12_LAMPORTS_PER_MICRO_USD: Final = LAMPORTS_PER_SOL * PRICE_SCALE // MICRO_PER_USD


class Value(NamedTuple):
    """What a quote was worth; None in a currency for which there was no price."""

    lamports: int | None
    usd_micro: int | None


def price_e12(usd_per_sol: Decimal) -> int:
    """Return a price as USD × 10^12 per SOL, rounded half-even.

    Raises:
        ValueError: The price is not a positive number.
    """
    if not usd_per_sol.is_finite() or usd_per_sol <= 0:
        raise ValueError(f"price {usd_per_sol!r} USD per SOL: expected a positive number; leave it out when unknown")
    return int((usd_per_sol * PRICE_SCALE).to_integral_value(ROUND_HALF_EVEN))


def value_of(quote_mint: Mint | None, quote_raw: int | None, sol_price_e12: int | None) -> Value:
    """Return what a quote was worth in both currencies.

    Worked: 0.5 SOL at $150 is 500,000,000 lamports and 75,000,000 micro-USD; 75 USDC at $150 is the same.
    """
    return Value(lamports(quote_mint, quote_raw, sol_price_e12), usd_micro(quote_mint, quote_raw, sol_price_e12))


def usd_micro(quote_mint: Mint | None, quote_raw: int | None, sol_price_e12: int | None) -> int | None:
    """Return the micro-USD of a quote, rounded half-even, None when the price or the quote is unknown."""
    if quote_raw is None:
        return None
    if quote_mint in STABLE_MINTS:
        return quote_raw
    if quote_mint != WSOL or sol_price_e12 is None:
        return None
    return divide_half_even(quote_raw * sol_price_e12, _E12_LAMPORTS_PER_MICRO_USD)


def lamports(quote_mint: Mint | None, quote_raw: int | None, sol_price_e12: int | None) -> int | None:
    """Return the lamports of a quote, rounded half-even, None when the price or the quote is unknown."""
    if quote_raw is None:
        return None
    if quote_mint == WSOL:
        return quote_raw
    if quote_mint not in STABLE_MINTS or sol_price_e12 is None:
        return None
    return divide_half_even(quote_raw * _E12_LAMPORTS_PER_MICRO_USD, sol_price_e12)


def divide_half_even(dividend: int, divisor: int) -> int:
    """Return the quotient rounded to the nearest integer, a tie to the even one; the divisor is positive."""
    quotient, rest = divmod(dividend, divisor)
    twice = 2 * rest
    if twice > divisor or (twice == divisor and quotient % 2):
        return quotient + 1
    return quotient
