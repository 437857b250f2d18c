"""Shape what services answer: amounts with units, times in UTC, unknown as None with a reason beside it.

`*_raw` are base units as text, because they may exceed what a JSON number holds; SOL, USD and percentages are
decimals with every digit. Not responsible for computing any of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

LAMPORT_DIGITS: Final = 9
MICRO_DIGITS: Final = 6

_PERCENT_STEP: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """One amount in both currencies; None where a part of it has no known value in that currency."""

    sol: Decimal | None
    usd: Decimal | None


NOTHING_KNOWN: Final = Money(sol=None, usd=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A wallet, or several that the user grouped; `nickname` is a label, the address is the identity."""

    address: str
    nickname: str | None
    is_program_derived: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Something that is not known and therefore in no figure: what, how often, and why."""

    code: str
    count: int
    reason: str


def readable(text: str) -> str:
    """Return a path or a message with its bytes that are no text written as codes."""
    return text.encode("utf-8", "backslashreplace").decode()


def money(lamports: int | None, usd_micro: int | None) -> Money:
    """Return an amount given in the smallest units."""
    return Money(sol=to_sol(lamports), usd=to_usd(usd_micro))


def to_sol(lamports: int | None) -> Decimal | None:
    """Return lamports as SOL, exactly."""
    return None if lamports is None else whole(lamports, LAMPORT_DIGITS)


def to_usd(usd_micro: int | None) -> Decimal | None:
    """Return micro-USD as USD, exactly."""
    return None if usd_micro is None else whole(usd_micro, MICRO_DIGITS)


def whole(raw: int, digits: int) -> Decimal:
    """Return an amount in smallest units as one in whole units, exactly: 15 with 1 digit is 1.5."""
    return Decimal(raw).scaleb(-digits) if raw else Decimal(0)


def to_moment(epoch_s: int) -> datetime:
    """Return epoch seconds as an aware time in UTC."""
    return datetime.fromtimestamp(epoch_s, UTC)


def to_moment_or_none(epoch_s: int | None) -> datetime | None:
    """Return epoch seconds as an aware time in UTC, None where the time is unknown."""
    return None if epoch_s is None else to_moment(epoch_s)


def add_up(values: Iterable[int | None]) -> int | None:
    """Return the sum, or None when one of the values is unknown."""
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def percent_of(part: int, whole: int) -> Decimal | None:
    """Return `part` in percent of `whole`, to the hundredth; None of nothing."""
    return (Decimal(part) * 100 / whole).quantize(_PERCENT_STEP) if whole else None
