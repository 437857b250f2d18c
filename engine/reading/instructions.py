"""Open what an instruction carries: its data as bytes, its accounts as addresses, the fields the node decoded.

Not responsible for what any program means by them (`.lamports`, `.tokens`, `.liquidity`, `.events`).
"""

from typing import cast

from solders.pubkey import Pubkey

from engine.errors import ReadError
from engine.reading.base58 import decode_base58
from engine.text import quote_text
from engine.transaction import Instruction
from engine.units import Address


def instruction_data(ix: Instruction) -> bytes:
    """Return the data of an instruction as bytes.

    Raises:
        ReadError: the text is not base58.
    """
    if isinstance(ix.encoded, bytes):
        return ix.encoded
    try:
        return decode_base58(ix.encoded)
    except ValueError as error:
        raise ReadError(f"the data of an instruction of {quote_text(ix.program)} cannot be read: {error}") from error


def named_accounts(ix: Instruction, accounts: list[Address], count: int) -> list[Address]:
    """Return the addresses of an instruction's first `count` accounts, or of all when there are fewer.

    Raises:
        ReadError: one is beyond the transaction's accounts.
    """
    try:
        return [accounts[position] for position in ix.accounts[:count]]
    except IndexError as error:
        raise ReadError(
            f"an instruction of {quote_text(ix.program)} names an account beyond the {len(accounts)} there are"
        ) from error


def unreadable(ix: Instruction) -> ReadError:
    """Return the refusal of an instruction that lacks data, accounts or fields which its program cannot do without."""
    return ReadError(
        f"an instruction of {quote_text(ix.program)} lacks data, accounts or fields; the file was altered or cut"
    )


def parsed_fields(ix: Instruction) -> tuple[str, dict[str, object]]:
    """Return the type and the fields of an instruction that the node decoded.

    Raises:
        ReadError: it has none.
    """
    parsed = ix.parsed
    if type(parsed) is not dict:
        raise unreadable(ix)
    value = cast("dict[str, object]", parsed)
    kind, info = value.get("type"), value.get("info")
    if not isinstance(kind, str) or type(info) is not dict:
        raise unreadable(ix)
    return kind, cast("dict[str, object]", info)


def text_field(fields: dict[str, object], *keys: str) -> str:
    """Return the text under the first of several names that is there.

    Raises:
        ValueError: none is.
    """
    for key in keys:
        value = fields.get(key)
        if isinstance(value, str):
            return value
    raise ValueError(f"no {keys[0]!r}")


def amount_field(fields: dict[str, object], key: str) -> int:
    """Return an amount that the node decoded, given as number or digits.

    Raises:
        ValueError: it is none.
    """
    value = fields.get(key)
    if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.isdigit():  # noqa: PLR2004 - any u64
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError(f"no {key!r}")


def u64_at(data: bytes, start: int) -> int:
    """Return the little-endian u64 that begins at `start`.

    Raises:
        ValueError: the data ends before.
    """
    chunk = data[start : start + 8]
    if len(chunk) != 8:  # noqa: PLR2004 - bytes of a u64
        raise ValueError(f"{len(data)} bytes")
    return int.from_bytes(chunk, "little")


def address_at(data: bytes, start: int) -> Address:
    """Return the address whose 32 bytes begin at `start`; counted from the end when negative.

    Raises:
        ValueError: the data ends before.
    """
    first = len(data) + start if start < 0 else start
    key = data[first : first + 32] if first >= 0 else b""
    if len(key) != 32:  # noqa: PLR2004 - bytes of an address
        raise ValueError(f"{len(data)} bytes")
    return Address(str(Pubkey.from_bytes(key)))
