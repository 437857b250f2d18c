"""Tell what transactions in files did to their owners, exactly, without storing anything.

Not responsible for reading transactions (`engine.reading`) or for telling file formats apart (`data.importer`).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, TypedDict

import msgspec

from aura_mcp.services.results import readable
from data.errors import FileError
from data.importer.sniffing import Kind, decode_object, kind_of_lines, kind_of_object, unwrap
from data.importer.source import Source, open_source
from engine.errors import ReadError
from engine.facts import Leg, Reading
from engine.reading import read_helius, read_transaction
from engine.units import Address

_EXPECTED: Final = "expected transactions as getTransaction or Helius return them"
_BOM: Final = b"\xef\xbb\xbf"
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What one transaction did to one owner; or `error`, one line, in the place of a file or transaction without one.

    `source` is the file it was read from.
    """

    source: str
    signature: str | None
    reading: Reading | None
    error: str | None


class AmountDocument(TypedDict):
    """A signed amount in base units, as text: it may exceed what a JSON number holds."""

    mint: str
    amount_raw: str


class LegDocument(TypedDict):
    """A leg; the amount is positive, the side says which way it went."""

    side: str
    mint: str
    amount_raw: str
    decimals: int


# The functional form, because a key is called `class`.
DecodedDocument = TypedDict(
    "DecodedDocument",
    {
        "signature": str,
        "slot": int | None,
        "wallet": str,
        "role": str,
        "class": str,
        "legs": list[LegDocument],
        "quote": AmountDocument | None,
        "sol_flow_lamports": int,
        "base_fee_lamports": int,
        "priority_fee_lamports": int,
        "tip_lamports": int,
        "rent_lamports": int,
        "other_rent_lamports": int,
        "native_delta_lamports": int,
        "wsol_delta_lamports": int,
        "venue_fee_raw": str | None,
        "venues": list[str],
        "issues": list[str],
    },
)


class UndecodedDocument(TypedDict):
    """What stands in the place of a transaction that cannot be read."""

    file: str
    signature: str | None
    error: str


class Decoding:
    """The reading of transactions that are stored nowhere."""

    def decode(self, paths: Iterable[Path], wallets: Collection[Address] | None = None) -> Iterator[Decoded]:
        """Yield what every transaction in the files did to each of its signers, or to `wallets`, in order."""
        for path in paths:
            if path.is_dir():
                message = f"{path}: is a folder; name the files in it"
                yield Decoded(source=readable(str(path)), signature=None, reading=None, error=readable(message))
                continue
            try:
                with open_source(path, _ignore) as source:
                    yield from _decode_source(source, wallets)
            except FileError as error:
                yield Decoded(source=readable(str(path)), signature=None, reading=None, error=readable(str(error)))

    def to_document(self, item: Decoded) -> DecodedDocument | UndecodedDocument:
        """Return the JSON form of a result: amounts in base units as text, signed from the wallet's view."""
        if item.reading is None:
            return {"file": item.source, "signature": item.signature, "error": item.error or ""}
        return _document(item.reading)


def _document(reading: Reading) -> DecodedDocument:
    quote = reading.quote
    return {
        "signature": reading.signature,
        "slot": reading.slot,
        "wallet": reading.wallet,
        "role": reading.role.value,
        "class": reading.tx_class.value,
        "legs": [_leg(leg) for leg in reading.legs],
        "quote": None if quote is None else {"mint": quote.mint, "amount_raw": str(quote.amount_raw)},
        "sol_flow_lamports": reading.sol_flow_lamports,
        "base_fee_lamports": reading.base_fee_lamports,
        "priority_fee_lamports": reading.priority_fee_lamports,
        "tip_lamports": reading.tip_lamports,
        "rent_lamports": reading.rent_lamports,
        "other_rent_lamports": reading.other_rent_lamports,
        "native_delta_lamports": reading.native_delta_lamports,
        "wsol_delta_lamports": reading.wsol_delta_lamports,
        "venue_fee_raw": None if reading.venue_fee_raw is None else str(reading.venue_fee_raw),
        "venues": list(reading.venues),
        "issues": list(reading.issues),
    }


class _Item(NamedTuple):
    """One JSON text that should be a transaction, and where it stands."""

    where: str
    text: bytes


def _decode_source(source: Source, wallets: Collection[Address] | None) -> Iterator[Decoded]:
    path = readable(str(source.path))
    for item in _items(source):
        try:
            readings = _read(item, wallets)
        except ReadError as error:
            message = f"{item.where}: {error}"
            yield Decoded(source=path, signature=error.signature, reading=None, error=readable(message))
        else:
            for reading in readings:
                yield Decoded(source=path, signature=reading.signature, reading=reading, error=None)


def _items(source: Source) -> Iterator[_Item]:
    """Yield the JSON texts of a file: one document, the members of a list, or one on each line."""
    path, head = source.path, source.head()
    start = head.removeprefix(_BOM).lstrip()[:1]
    if not head.strip():
        raise FileError(f"{path}: is empty; {_EXPECTED}")
    if start not in {b"{", b"["}:
        raise FileError(f"{path}: holds no JSON object or list; {_EXPECTED}")
    if start == b"{" and kind_of_lines(head) is not None and b"\n" in head.strip():
        yield from (_Item(f"{path} line {number}", text) for number, text in source.lines())
        return
    text = source.document().removeprefix(_BOM)
    if start == b"{":
        yield _Item(str(path), text)
        return
    try:
        members = _ARRAY.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FileError(f"{path}: is not valid JSON ({error}); fetch it again") from error
    yield from (_Item(f"{path} item {number}", bytes(member)) for number, member in enumerate(members, start=1))


def _read(item: _Item, wallets: Collection[Address] | None) -> tuple[Reading, ...]:
    fields = decode_object(item.text)
    kind = None if fields is None else kind_of_object(unwrap(fields))
    if kind is Kind.ENHANCED:
        return read_helius(item.text, wallets)
    if kind is not None and kind is not Kind.TRANSACTION:
        raise ReadError(f"is {kind.value}, not a transaction; `aura import` reads it")
    return read_transaction(item.text, wallets)


def _ignore(_size: int) -> None:
    """Files are decoded too fast for progress to be worth drawing."""


def _leg(leg: Leg) -> LegDocument:
    return {"side": leg.side.value, "mint": leg.mint, "amount_raw": str(leg.amount_raw), "decimals": leg.decimals}
