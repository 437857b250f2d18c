"""Write values the way people read them: amounts with units, times in UTC, unknown as a dash.

Not responsible for layout (`*_view`).
"""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from rich.text import Text

from engine.text import clean_text

UNKNOWN: Final = "–"
LABEL_LENGTH: Final = 32

_SCALES: Final = ((10**12, "T"), (10**9, "B"), (10**6, "M"))
_KILO: Final = 1_000
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
_SOL_STEP: Final = Decimal("0.0001")
_USD_STEP: Final = Decimal("0.01")
_FINE_DIGITS: Final = 2


def label(text: str | None, max_length: int = LABEL_LENGTH) -> Text:
    """Return a nickname or another stranger's text as plain text without anything invisible."""
    return Text(clean_text(text or "", max_length))


def sol(amount: Decimal | None, *, is_signed: bool = False) -> str:
    """Return an amount of SOL with four decimals, or two significant digits where it is smaller."""
    return _decimal(amount, _SOL_STEP, is_signed=is_signed)


def usd(amount: Decimal | None, *, is_signed: bool = False) -> str:
    """Return an amount of dollars with two decimals, or two significant digits where it is smaller."""
    return _decimal(amount, _USD_STEP, is_signed=is_signed)


def percent(value: Decimal | float | None, *, is_signed: bool = False) -> str:
    """Return a percentage, given from 0 to 100, with one decimal."""
    return UNKNOWN if value is None else f"{value:{'+' if is_signed else ''},.1f}"


def amount(value: Decimal | None) -> str:
    """Return a number of whole tokens, abbreviated from a million on."""
    if value is not None:
        for scale, letter in _SCALES:
            if abs(value) >= scale:
                return f"{value / scale:,.2f}{letter}"
    return _decimal(value, _USD_STEP)


def size(count: int) -> str:
    """Return a number of bytes in its largest unit."""
    if count < _KILO:
        return f"{count} B"
    return f"{count / _KILO:,.0f} kB" if count < _KILO**2 else f"{count / _KILO**2:,.1f} MB"


def moment(at: datetime | None) -> str:
    """Return a time in UTC to the second."""
    return UNKNOWN if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def span(seconds: float | None) -> str:
    """Return a duration in its two largest units."""
    if seconds is None:
        return UNKNOWN
    total = round(seconds)
    if total < _MINUTE:
        return f"{total}s"
    if total < _HOUR:
        return f"{total // _MINUTE}m {total % _MINUTE}s"
    if total < _DAY:
        return f"{total // _HOUR}h {total % _HOUR // _MINUTE}m"
    return f"{total // _DAY}d {total % _DAY // _HOUR}h"


def tint(text: str, amount: Decimal | None) -> Text:
    """Return a result in green or red; unknown and zero stay plain."""
    style = "" if not amount else "green" if amount > 0 else "red"
    return Text(text, style=style)


def _decimal(value: Decimal | None, step: Decimal, *, is_signed: bool = False) -> str:
    if value is None:
        return UNKNOWN
    sign = "+" if is_signed else ""
    rounded = value.quantize(step, ROUND_HALF_EVEN)
    if rounded or not value:
        return f"{rounded or abs(rounded):{sign if rounded else ''},f}"
    digits = _FINE_DIGITS - 1 - value.adjusted()
    return f"{value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN):{sign},f}"
