"""Write where a page of a list ended, so that the next question goes on from there.

A cursor holds the sort key of the last row and a digest of the question: rows that arrive in between neither
repeat nor hide others, and a cursor of another question is refused.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, TypeVar, cast

import msgspec

from aura_mcp.errors import CursorError

K = TypeVar("K")

_DIGEST_LENGTH: Final = 8
_LAST_MOMENT_S: Final = 253_402_300_799
_INT64: Final = range(-(2**63), 2**63)


def write_cursor(question: object, key: object) -> str:
    """Return the cursor of a question's page that ended at `key`."""
    packed = msgspec.json.encode([_digest(question), key])
    return urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(question: object, cursor: str, kind: type[K]) -> K:
    """Return the key that a page of the same question ended at.

    Raises:
        CursorError: the text is no cursor, or belongs to another question.
    """
    try:
        packed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        digest, key = msgspec.json.decode(packed, type=tuple[str, kind])
        _check(key)
    except ValueError as error:
        raise CursorError("the cursor is damaged; ask without one to start from the first page") from error
    if digest != _digest(question):
        raise CursorError("the cursor belongs to another question; ask without one to start from the first page")
    return key


def _check(key: object) -> None:
    """Refuse what no cursor says, as anybody can write one: moments outside of the calendar, numbers beyond 64 bits."""
    if not 0 <= getattr(key, "as_of_s", 0) <= _LAST_MOMENT_S:
        raise ValueError("no moment")
    if isinstance(key, tuple):
        for part in cast("tuple[object, ...]", key):
            _check(part)
    elif isinstance(key, int) and key not in _INT64:
        raise ValueError("no number of 64 bits")


def _digest(question: object) -> str:
    return hashlib.blake2b(msgspec.json.encode(question), digest_size=_DIGEST_LENGTH).hexdigest()
