"""Decode JSON objects to raw members while refusing duplicate keys, at the speed of a plain decode.

A duplicated key would silently pick one of two amounts, so it is an error. JSON decoders keep the last one without
a word; looking at every key with `json` costs five times the decode. Compact JSON allows a cheaper proof: when the
lengths of the distinct members add up to the length of the text, nothing was dropped. Only text that does not add
up (white space, escaped keys, or a duplicate) is looked at key by key.
"""

import json
from typing import Final

from msgspec import Raw
from msgspec.json import Decoder

RawObject = dict[str, Raw]
_OBJECT: Final = Decoder(RawObject)


class DuplicateKeyError(ValueError):
    """A JSON object names one key twice."""


def decode_object(text: bytes | Raw) -> RawObject:
    """Return the members of a JSON object, each still as raw JSON.

    Raises:
        DuplicateKeyError: a key occurs twice, here or deeper.
        msgspec.DecodeError: not a JSON object.
    """
    members = _OBJECT.decode(text)
    if len(text) != 1 + len(members) + sum([len(key) + 3 + len(value) for key, value in members.items()]):
        reject_duplicate_keys(text)
    return members


def check_key_count(text: Raw, expected: int) -> None:
    """Refuse duplicate keys in `text`, given how many keys its decoded values account for.

    Raises:
        DuplicateKeyError: a key occurs twice.
    """
    raw = bytes(text)
    if raw.count(b'":') != expected:
        reject_duplicate_keys(raw)


def reject_duplicate_keys(text: bytes | Raw) -> None:
    """Look at every object of a JSON text and refuse a key that occurs twice.

    Raises:
        DuplicateKeyError: the first such key.
    """
    json.loads(bytes(text), object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) == len(pairs):
        return
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            message = f"duplicate key {key[:60]!r}"
            raise DuplicateKeyError(message)
        seen.add(key)
