"""Check that a text is a Solana address, and say exactly why when it is not.

Not responsible for what lives at an address: only the chain knows that.
"""

from typing import Final

from solders.pubkey import Pubkey

from engine.errors import AddressError
from engine.text import quote_text
from engine.units import Address

ADDRESS_BYTES: Final = 32
MIN_LENGTH: Final = 32
MAX_LENGTH: Final = 44
ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LOOK_ALIKES: Final = "0OIl"

_SHORT_PART: Final = 4


def parse_address(text: str) -> Address:
    """Return `text` as an address: base58 of exactly 32 bytes, nothing around it.

    Raises:
        AddressError: in one line, what was found and which rule it breaks.
    """
    try:
        Pubkey.from_string(text)
    except ValueError:
        raise AddressError(f"not a Solana address: {quote_text(text)} {_find_problem(text)}") from None
    return Address(text)


def is_on_curve(address: Address) -> bool:
    """Return whether a private key can exist for `address`; False for one derived from a program."""
    return Pubkey.from_string(address).is_on_curve()


def shorten_address(address: Address) -> str:
    """Return the first and last four characters of `address`: a label, never an identity."""
    return f"{address[:_SHORT_PART]}...{address[-_SHORT_PART:]}"


def _find_problem(text: str) -> str | None:
    if not text:
        return f"is empty; an address has {MIN_LENGTH} to {MAX_LENGTH} characters"
    for position, character in enumerate(text[: MAX_LENGTH + 1], start=1):
        if character not in ALPHABET:
            return _describe(character, position)
    if not MIN_LENGTH <= len(text) <= MAX_LENGTH:
        return f"has {len(text)} characters; an address has {MIN_LENGTH} to {MAX_LENGTH}"
    length = _decoded_length(text)
    if length != ADDRESS_BYTES:
        return f"decodes to {length} bytes; an address has {ADDRESS_BYTES}"
    return None


def _describe(character: str, position: int) -> str:
    shown = repr(character) if character.isascii() and character.isprintable() else f"U+{ord(character):04X}"
    if character in LOOK_ALIKES:
        reason = "base58 leaves out 0, O, I and l because they look alike"
    elif character.isspace():
        reason = "white space; remove it"
    else:
        reason = "not in the base58 alphabet"
    return f"has {shown} at position {position} ({reason})"


def _decoded_length(text: str) -> int:
    number = 0
    for character in text:
        number = number * 58 + ALPHABET.index(character)
    # Each leading '1' stands for one leading zero byte.
    zeros = len(text) - len(text.lstrip(ALPHABET[0]))
    return zeros + (number.bit_length() + 7) // 8
