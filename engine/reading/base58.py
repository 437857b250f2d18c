"""Decode base58 text of any length, as instruction data comes in JSON encodings.

Not responsible for addresses: `engine.address` checks those and `solders` encodes them.
"""

from typing import Final

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PAIR_BASE: Final = 58 * 58
_CHUNK: Final = 10
_CHUNK_BASE: Final = 58**_CHUNK
_DIGITS: Final = {char: value for value, char in enumerate(_ALPHABET)}
_PAIRS: Final = {a + b: x * 58 + y for a, x in _DIGITS.items() for b, y in _DIGITS.items()}


def decode_base58(text: str) -> bytes:
    """Return the bytes that base58 `text` stands for.

    Ten characters at a time are folded in machine-sized integers, which is several times faster than
    one long multiplication per character. `2VfUX` stands for the bytes 01 02 03 04.

    Raises:
        ValueError: a character is outside of the base58 alphabet.
    """
    head = len(text) % _CHUNK
    try:
        number = 0
        for char in text[:head]:
            number = number * 58 + _DIGITS[char]
        for start in range(head, len(text), _CHUNK):
            chunk = 0
            for at in range(start, start + _CHUNK, 2):
                chunk = chunk * _PAIR_BASE + _PAIRS[text[at : at + 2]]
            number = number * _CHUNK_BASE + chunk
    except KeyError as error:
        message = f"not base58: {error.args[0]!r} in {text[:40]!r}"
        raise ValueError(message) from None
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
