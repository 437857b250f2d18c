"""Read lists of labelled wallets, first of all the starter list that ships with the package.

Nicknames come from strangers: they are cleaned here, once, and made unambiguous.
Not responsible for storing wallets or for deciding which of them to follow.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from io import StringIO
from typing import Final

from engine.address import is_on_curve, parse_address, shorten_address
from engine.errors import AddressError
from engine.text import clean_text, quote_text
from engine.units import Address

STARTER_FILE: Final = "starter_wallets.csv"
NICKNAME_LENGTH: Final = 32
SOURCE_LENGTH: Final = 64

_BOOLEANS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterWallet:
    """A wallet that somebody labelled in public.

    `nickname` is a label, unique in its list whatever the case; the address is the identity.
    A program-derived address has no private key: a program trades with it, not a person.
    """

    address: Address
    nickname: str
    source: str
    is_program_derived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line of a list that names no wallet, and why."""

    line_number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletList:
    """The wallets of a list in its order, beside the lines that were refused."""

    wallets: tuple[StarterWallet, ...]
    refused: tuple[RefusedLine, ...]


def load_starter_wallets() -> tuple[StarterWallet, ...]:
    """Return the wallets of the starter list, ordered by address.

    Raises:
        ValueError: the list that ships with the package has a line that names no wallet.
    """
    text = resources.files("data").joinpath(STARTER_FILE).read_text(encoding="utf-8")
    found = parse_wallet_list(text)
    if found.refused:
        first = found.refused[0]
        raise ValueError(f"{STARTER_FILE} line {first.line_number}: {first.reason}; install AURA again")
    return found.wallets


def parse_wallet_list(text: str, default_source: str = "") -> WalletList:
    """Return the wallets of a CSV text with a header, and each refused line with its reason.

    The column `address` is required; `nickname` (or `name`), `source` and `is_program_derived` are optional,
    others are ignored. Without `is_program_derived` the address decides; with it, the two must agree.
    """
    wallets: list[StarterWallet] = []
    refused: list[RefusedLine] = []
    seen = _Seen()
    for line_number, row in _rows(text):
        problem = row if isinstance(row, str) else _take(row, line_number, default_source, seen, wallets)
        if problem is not None:
            refused.append(RefusedLine(line_number=line_number, reason=problem))
    return WalletList(wallets=tuple(wallets), refused=tuple(refused))


@dataclass(slots=True)
class _Seen:
    lines: dict[Address, int] = field(default_factory=dict[Address, int])
    nicknames: set[str] = field(default_factory=set[str])


def _rows(text: str) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield each line's number with its columns, or with the reason why it has none."""
    reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, list[str]())]
        if "address" not in header:
            yield 1, f"the header names no column 'address': {quote_text(','.join(header))}"
            return
        for values in reader:
            if not values:
                continue
            if len(values) != len(header):
                yield reader.line_num, f"has {len(values)} columns; the header names {len(header)}"
            else:
                yield reader.line_num, dict(zip(header, values, strict=True))
    except csv.Error as error:
        yield reader.line_num, f"is not CSV ({error}); nothing after it was read"


def _take(
    row: dict[str, str], line_number: int, default_source: str, seen: _Seen, wallets: list[StarterWallet]
) -> str | None:
    """Append the wallet of a row, or return why the row is refused."""
    try:
        address = parse_address(row["address"])
    except AddressError as error:
        return str(error)
    if address in seen.lines:
        return f"{address} is on line {seen.lines[address]} already"
    is_program_derived = not is_on_curve(address)
    marked = row.get("is_program_derived", str(is_program_derived)).strip().lower()
    if marked not in _BOOLEANS:
        return f"is_program_derived is {quote_text(marked)}; write true or false"
    if _BOOLEANS[marked] != is_program_derived:
        place = "off its curve (derived from a program)" if is_program_derived else "on its curve (an ordinary wallet)"
        return f"{address} is {place}, but is_program_derived says {marked}"
    seen.lines[address] = line_number
    nickname = _nickname(row.get("nickname", row.get("name", "")), address)
    wallets.append(
        StarterWallet(
            address=address,
            nickname=_unique(nickname, seen.nicknames),
            source=clean_text(row.get("source", ""), SOURCE_LENGTH) or default_source,
            is_program_derived=is_program_derived,
        )
    )
    return None


def _nickname(text: str, address: Address) -> str:
    """Return the cleaned label; a short form of the address where nothing is left or the label is itself an address."""
    cleaned = clean_text(text, NICKNAME_LENGTH)
    try:
        parse_address(cleaned)
    except AddressError:
        return cleaned or shorten_address(address)
    return shorten_address(address)


def _unique(nickname: str, taken: set[str]) -> str:
    """Return the nickname, numbered from 2 where an earlier wallet has it, in any case."""
    unique = nickname
    number = 1
    while unique.casefold() in taken:
        number += 1
        suffix = f" {number}"
        unique = nickname[: NICKNAME_LENGTH - len(suffix)] + suffix
    taken.add(unique.casefold())
    return unique
