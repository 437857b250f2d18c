"""Tell from its first block what a file holds.

Not responsible for reading the rest.
"""

from enum import Enum
from typing import Final

import msgspec

from engine.address import parse_address
from engine.errors import AddressError

Fields = dict[str, msgspec.Raw]


class Kind(Enum):
    """What a file, or one object in it, can be."""

    TRANSACTION = "a getTransaction result"
    ENHANCED = "a Helius enhanced transaction"
    TRADE_ROW = "a trade row"
    TOKEN_CANDLES = "hourly candles of a token"
    SOL_CANDLES = "hourly SOL/USD"
    FACTS = "an AURA export"
    WALLET_CSV = "a wallet list with columns"
    WALLET_LINES = "a wallet list, one address on each line"


EXPECTED: Final = "transactions, Helius arrays, trade rows, candles, a wallet list or an AURA export"
EXPORT_FORMAT: Final = "aura-facts"

_OBJECT: Final = msgspec.json.Decoder(Fields)
_MAX_SNIFFED_LINES: Final = 20
_ROW_FIELDS: Final = frozenset({"ts", "mint", "trader", "side", "sol", "tokens"})
_ROW_MIN_FIELDS: Final = 4
_ENHANCED_FIELDS: Final = frozenset({"accountData", "nativeTransfers", "tokenTransfers", "feePayer"})
_PLACE_FIELDS: Final = frozenset({"slot", "blockTime"})
_NOT_FOUND: Final[Fields] = {"transaction": msgspec.Raw(b"null"), "meta": msgspec.Raw(b"null")}
_BOM: Final = b"\xef\xbb\xbf"


def kind_of_object(fields: Fields) -> Kind | None:
    """Return what a JSON object is, None for none of ours."""
    if bytes(fields.get("format", b"")) == f'"{EXPORT_FORMAT}"'.encode():
        return Kind.FACTS
    if len(_ROW_FIELDS & fields.keys()) >= _ROW_MIN_FIELDS:
        return Kind.TRADE_ROW
    if _is_transaction(fields):
        return Kind.TRANSACTION
    if "signature" in fields and _ENHANCED_FIELDS & fields.keys():
        return Kind.ENHANCED
    if "ohlcv" in fields:
        return Kind.TOKEN_CANDLES
    return Kind.SOL_CANDLES if "hourly_close" in fields else None


def decode_object(text: bytes) -> Fields | None:
    """Return the fields of a JSON object, None where the text is no object."""
    try:
        return _OBJECT.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def kind_of_lines(head: bytes) -> Kind | None:
    """Return what the lines of a file are, where each is a JSON object of its own."""
    lines = [line for line in head.removeprefix(_BOM).split(b"\n")[:_MAX_SNIFFED_LINES] if line.strip()]
    # The last line of a block is cut.
    for line in lines[:-1] or lines:
        fields = decode_object(line)
        if fields is not None and (kind := kind_of_object(unwrap(fields))) is not None:
            return kind
    return None


def unwrap(fields: Fields) -> Fields:
    """Return the object inside a JSON-RPC answer, or the object itself."""
    if "result" in fields and "transaction" not in fields:
        return decode_object(bytes(fields["result"])) or _NOT_FOUND
    return fields


def kind_of_text(head: bytes) -> Kind | None:
    """Return what a file that is not JSON is: a wallet list, or nothing of ours."""
    try:
        lines = head.removeprefix(_BOM).decode().splitlines()
    except UnicodeDecodeError as error:
        # The block may end inside a character.
        if error.start < len(head) - 4:
            return None
        lines = head[: error.start].decode().splitlines()
    first = next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
    if "address" in [name.strip().strip('"').lower() for name in first.split(",")]:
        return Kind.WALLET_CSV
    return Kind.WALLET_LINES if any(_is_address(line.strip()) for line in lines[:_MAX_SNIFFED_LINES]) else None


def _is_transaction(fields: Fields) -> bool:
    if "transaction" in fields:
        return "meta" in fields or bytes(fields["transaction"])[:1] in {b"{", b"["}
    return "meta" in fields and bool(_PLACE_FIELDS & fields.keys())


def _is_address(text: str) -> bool:
    try:
        parse_address(text)
    except AddressError:
        return False
    return True
