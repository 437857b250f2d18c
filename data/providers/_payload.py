"""Read what providers send: tolerant of what is new, missing or written another way, strict about what it means.

Numbers may come as texts and unknown fields are ignored. A price that is no positive number, a time in another unit,
another chain: such an entry is refused with one line, and the others stay. Nothing refused becomes a value.
Not responsible for what the fields mean: one module for each provider.
"""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
from solders.signature import Signature as SoldersSignature

from data.errors import ProviderError
from data.store.readings import EARLIEST_TIME, LATEST_TIME
from engine.address import parse_address
from engine.errors import AddressError
from engine.market import Activity
from engine.text import clean_strangers_text, quote_text
from engine.units import Address, Mint, Signature

MAX_PRICE_USD: Final = Decimal(10**9)
MAX_AMOUNT: Final = Decimal(10**24)
MAX_NAME: Final = 64
MAX_DECIMALS: Final = 18
MAX_REASONS: Final = 3

_PRICE_STEP: Final = Decimal("1e-24")
_AMOUNT_STEP: Final = Decimal("1e-12")
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")

# What numbers and texts no machine can hold raise, beside another shape.
_UNREADABLE: Final = (msgspec.DecodeError, ArithmeticError, UnicodeDecodeError)

_logger: Final = logging.getLogger(__name__)

T = TypeVar("T")
S = TypeVar("S")


class RefusedError(ValueError):
    """A part of an answer cannot be what its field says; the message is one line."""


class Parsed(NamedTuple, Generic[T]):
    """What an answer holds, and one line for each entry that was refused."""

    found: T
    refused: tuple[str, ...] = ()


class Reader:
    """Reads one answer: `what` a provider was asked for."""

    def __init__(self, provider: str, what: str) -> None:
        self._provider = provider
        self._what = what
        self._entries = 0
        self._shapeless = 0
        self._refused: list[str] = []

    def decode(self, body: bytes, kind: type[T]) -> T:
        """Return a body as `kind`.

        Raises:
            ProviderError: it has another shape; retryable, because half bodies and error pages pass.
        """
        try:
            return _decoder(kind).decode(body)
        except _UNREADABLE as error:
            raise malformed(self._provider, self._what, _reason(error)) from error

    def each(self, rows: Iterable[msgspec.Raw], kind: type[S], read: Callable[[S], T | None]) -> Iterator[T]:
        """Yield what `read` makes of each row, unless that is None; a row that cannot be read is refused."""
        for row in rows:
            self._entries += 1
            try:
                value = read(part(row, kind))
            except _UNREADABLE as error:
                self._shapeless += 1
                self.refuse(error)
            except RefusedError as error:
                self.refuse(error)
            else:
                if value is not None:
                    yield value

    def each_mint(self, rows: Mapping[str, msgspec.Raw], kind: type[S], read: Callable[[Mint, S], T]) -> Iterator[T]:
        """Yield what `read` makes of each mint and its row; what cannot be read is refused."""
        for name, row in rows.items():
            try:
                mint = mint_of(name)
            except RefusedError as error:
                self._entries += 1
                self._shapeless += 1
                self.refuse(error)
            else:
                yield from self.each([row], kind, lambda value, mint=mint: read(mint, value))

    def parsed(self, found: T) -> Parsed[T]:
        """Return what was found with what was refused.

        Raises:
            ProviderError: no entry has the shape it should have; retryable.
        """
        if self._entries and self._shapeless == self._entries:
            raise malformed(self._provider, self._what, self._refused[0])
        return Parsed(found, tuple(self._refused))

    def refuse(self, error: Exception) -> None:
        """Note that the entry last read cannot be used."""
        self._refused.append(f"entry {self._entries}: {_reason(error)}")


def part(row: msgspec.Raw, kind: type[S]) -> S:
    """Return one row as `kind`; to be called by what `Reader.each` reads with."""
    return _decoder(kind).decode(row)


def usable(parsed: Parsed[T], provider: str, what: str) -> T:
    """Return what was found; what was refused becomes one line in the log."""
    if parsed.refused:
        _logger.warning(
            "provider_entries_refused",
            extra={
                "provider": provider,
                "call": what,
                "refused": len(parsed.refused),
                "reasons": parsed.refused[:MAX_REASONS],
            },
        )
    return parsed.found


def malformed(provider: str, what: str, problem: str) -> ProviderError:
    """Return the error for an answer of another shape or meaning than its documentation says."""
    message = f"{provider} answered {what} with what cannot be used: {problem}"
    return ProviderError(message, provider=provider, retryable=True)


@contextmanager
def meaningful(provider: str, what: str) -> Generator[None]:
    """Turn what is refused inside into the error for the whole answer."""
    try:
        yield
    except (RefusedError, ArithmeticError) as error:
        raise malformed(provider, what, _reason(error)) from error


def mint_of(text: str) -> Mint:
    """Return a text as a mint."""
    return Mint(address_of(text))


def address_of(text: str) -> Address:
    """Return a text as an address."""
    try:
        return parse_address(text)
    except AddressError as error:
        raise RefusedError(str(error)) from None


def address_or_none(text: str | None) -> Address | None:
    """Return a text as an address, None for the address of nobody."""
    return None if not text or set(text) == {"1"} else address_of(text)


def signature_of(text: str) -> Signature:
    """Return a text as a signature."""
    try:
        SoldersSignature.from_string(text)
    except ValueError:
        raise RefusedError(f"{quote_text(text)} is no signature") from None
    return Signature(text)


def activity_of(trades: Mapping[int, int | None], observed_at: int) -> Activity:
    """Return what counts of trades tell, each of the seconds before the observation; None where there is no count."""
    known = {seconds: count_or_none(number, "trades") for seconds, number in trades.items() if number is not None}
    busy = [seconds for seconds, number in known.items() if number]
    silent = [seconds for seconds, number in known.items() if not number]
    idle_since = observed_at - max(silent, default=0) if known else None
    return Activity(traded_at=observed_at - min(busy) if busy else None, idle_since=idle_since)


def price_of(value: Decimal | None, what: str = "price") -> Decimal:
    """Return a price in USD: positive, and not more than anything costs."""
    price = price_or_none(value, what)
    if price is None:
        raise RefusedError(f"{what} is missing")
    return price


def price_or_none(value: Decimal | None, what: str = "price") -> Decimal | None:
    """Return a price in USD where there is one."""
    if value is None:
        return None
    if not value.is_finite() or not _PRICE_STEP <= value <= MAX_PRICE_USD:
        raise RefusedError(f"{what} {_number(value)} is not positive or out of range")
    return _rounded(value, _PRICE_STEP)


def amount_or_none(value: Decimal | None, what: str) -> Decimal | None:
    """Return an amount of whole tokens or dollars where there is one: not negative."""
    if value is None:
        return None
    if not value.is_finite() or not 0 <= value <= MAX_AMOUNT:
        raise RefusedError(f"{what} {_number(value)} is negative or out of range")
    return _rounded(value, _AMOUNT_STEP)


def percent_or_none(value: Decimal | None, what: str) -> Decimal | None:
    """Return a percentage 0-100 where there is one."""
    percent = amount_or_none(value, what)
    if percent is not None and percent > 100:  # noqa: PLR2004 - what a percentage is
        raise RefusedError(f"{what} {_number(percent)} is more than 100 %")
    return percent


def count_or_none(value: int | None, what: str) -> int | None:
    """Return a count where there is one: not negative."""
    if value is not None and not 0 <= value < 2**63:
        raise RefusedError(f"{what} is negative or out of range")
    return value


def decimals_or_none(value: int | None) -> int | None:
    """Return the decimals of a token where they are known."""
    if value is not None and not 0 <= value <= MAX_DECIMALS:
        raise RefusedError(f"decimals are out of range: a token has 0 to {MAX_DECIMALS}")
    return value


def raw_of(text: str | int, what: str) -> int:
    """Return base units, written as a number or as a text of digits."""
    raw = str(text)
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 20) or int(raw) >= 2**64:  # noqa: PLR2004 - digits of 2**64
        raise RefusedError(f"{what} {quote_text(raw)} is no number of base units")
    return int(raw)


def seconds_of(value: int, what: str = "time") -> int:
    """Return seconds since 1970; another unit lies outside of Solana's years and is refused."""
    if not EARLIEST_TIME <= value <= LATEST_TIME:
        raise RefusedError(f"{what} is not in seconds since 1970, or out of range")
    return value


def seconds_or_none(value: int | None, what: str = "time") -> int | None:
    """Return seconds since 1970 where they are given."""
    return None if value is None else seconds_of(value, what)


def milliseconds_or_none(value: int | None, what: str) -> int | None:
    """Return milliseconds since 1970 in seconds where they are given."""
    return None if value is None else seconds_of(value // 1000, what)


def moment_or_none(value: datetime | None, what: str) -> int | None:
    """Return a time with its zone in seconds where it is given."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise RefusedError(f"{what} has no time zone")
    return seconds_of(int(value.timestamp()), what)


def name_or_none(text: str | None) -> str | None:
    """Return a stranger's name or symbol, cleaned, None when nothing visible is left."""
    return None if text is None else clean_strangers_text(text, MAX_NAME)


def word_or_none(text: str | None) -> str | None:
    """Return a provider's own identifier, such as that of a venue: lower case, without anything to say."""
    if not text or len(text) > MAX_NAME:
        return None
    word = text.lower().replace(" ", "-")
    return word if _WORD.issuperset(word) else None


def _reason(error: Exception) -> str:
    return "a number out of range" if isinstance(error, ArithmeticError) else str(error)


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    """Return a value with as many digits as are stored, and as it is where it has no more."""
    exponent = value.as_tuple().exponent
    is_short = isinstance(exponent, int) and step.adjusted() <= exponent <= 0
    return value if is_short else value.quantize(step, context=_EXACT)


def _number(value: Decimal) -> str:
    return f"{value:.6g}"


@cache
def _decoder(kind: type[Any]) -> msgspec.json.Decoder[Any]:
    # Not strict: a number written as a text is that number.
    return msgspec.json.Decoder(kind, strict=False)
