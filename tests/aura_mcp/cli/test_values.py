"""Values as people read them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_mcp.cli.values import amount, label, moment, percent, size, sol, span, usd


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0", "0.0000"),
        ("1.5", "1.5000"),
        ("-1234.56785", "-1,234.5678"),
        ("0.000012345", "0.000012"),
        ("-0.000000001", "-0.0000000010"),
        ("-0.00004", "-0.000040"),
    ],
)
def test_small_amount_of_sol_is_never_shown_as_zero(value: str, shown: str) -> None:
    """Our rule: four decimals, or two significant digits."""
    assert sol(Decimal(value)) == shown


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**12), max_value=10**12))
def test_amount_shows_its_sign(value: Decimal) -> None:
    """Law: what is shown is zero exactly when the amount is, and has its sign."""
    shown = Decimal(sol(value, is_signed=True).replace(",", ""))
    assert shown.compare(Decimal(0)) == value.compare(Decimal(0))


def test_unknown_is_a_dash_and_never_zero() -> None:
    """Spec: unknown is not 0."""
    assert {sol(None), usd(None), percent(None), amount(None), moment(None), span(None)} == {"–"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [("12.3456", "12.35"), ("999999", "999,999.00"), ("1234567.8", "1.23M"), ("2.5e9", "2.50B"), ("7e12", "7.00T")],
)
def test_large_token_amounts_are_abbreviated(value: str, shown: str) -> None:
    """Our rule: from a million on."""
    assert amount(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0s"), (59, "59s"), (61, "1m 1s"), (3_661, "1h 1m"), (90_000, "1d 1h")]
)
def test_span_shows_two_units(seconds: int, shown: str) -> None:
    """Our rule: the two largest."""
    assert span(seconds) == shown


def test_other_values() -> None:
    """Our rule: times in UTC, percentages with one decimal, sizes in their largest unit."""
    assert moment(datetime(2026, 7, 3, 11, 45, 1, tzinfo=UTC)) == "2026-07-03 11:45:01"
    assert (percent(59.58), percent(Decimal("12.34"), is_signed=True)) == ("59.6", "+12.3")
    assert (size(999), size(381_000), size(2_040_000)) == ("999 B", "381 kB", "2.0 MB")
    assert usd(Decimal("0.0023")) == "0.0023"


def test_label_of_a_stranger_is_plain_text() -> None:
    """Threat: control, bidi and markup characters in a nickname."""
    assert label("[red]\x1b[31mevil\u202e[/]").plain == "[red][31mevil[/]"
