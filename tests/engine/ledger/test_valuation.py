"""What quotes are worth, in integers (DOMAIN §3, value of a trade)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ledger import Value, price_e12, usd_micro, value_of
from engine.units import USDC, USDT, WSOL, Mint

PRICE = price_e12(Decimal(150))


def test_sol_is_worth_its_price_and_stable_coins_a_dollar() -> None:
    """DOMAIN §3: own quote × the quote's USD price; USDC and USDT = 1."""
    assert value_of(WSOL, 500_000_000, PRICE) == Value(lamports=500_000_000, usd_micro=75_000_000)
    assert value_of(USDC, 75_000_000, PRICE) == Value(lamports=500_000_000, usd_micro=75_000_000)
    assert value_of(USDT, 75_000_000, PRICE) == Value(lamports=500_000_000, usd_micro=75_000_000)


def test_without_a_price_only_the_own_currency_is_known() -> None:
    """DOMAIN §3: no price gives null, never 0."""
    assert value_of(WSOL, 7, None) == Value(lamports=7, usd_micro=None)
    assert value_of(USDC, 7, None) == Value(lamports=None, usd_micro=7)


def test_unknown_quote_and_unknown_asset_have_no_value() -> None:
    """DOMAIN §3: the value of a swap without an observed quote is null."""
    assert value_of(None, None, PRICE) == Value(None, None)
    assert value_of(Mint("not a quote"), 7, PRICE) == Value(None, None)


def test_zero_quote_is_worth_zero() -> None:
    """Engine facts: a trade at no value at all has a quote of 0, which is not unknown."""
    assert value_of(WSOL, 0, PRICE) == Value(0, 0)


@pytest.mark.parametrize(("lamports", "micro"), [(1, 0), (3, 0), (5, 0), (15, 2), (25, 2), (35, 4)])
def test_halves_round_to_even(lamports: int, micro: int) -> None:
    """DOMAIN §3: rounded half-even to micro-USD; at $100, 5 lamports are half a micro-USD."""
    assert usd_micro(WSOL, lamports, price_e12(Decimal(100))) == micro


@given(st.integers(0, 2**64), st.integers(1, 10**18))
def test_rounding_equals_that_of_exact_fractions(lamports: int, price: int) -> None:
    """Our rule against an independent exact computation: Python rounds fractions half-even."""
    assert usd_micro(WSOL, lamports, price) == round(Fraction(lamports * price, 10**15))


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_price_that_is_none_is_refused(price: str) -> None:
    """STYLE 27: refuse what is not a positive number; an unknown price is left out."""
    with pytest.raises(ValueError, match="expected a positive number"):
        price_e12(Decimal(price))
