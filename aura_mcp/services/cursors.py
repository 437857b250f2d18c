"""Write where a page of a list ended, so that the next question goes on from there.

A cursor holds the sort key of the last row and a digest of the question: rows that arrive in between neither
repeat nor hide others, and a cursor of another question is refused.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, TypeVar

import msgspec

from aura_mcp.errors import CursorError

K = TypeVar("K")

_DIGEST_LENGTH: Final = 8


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
    except ValueError as error:
        raise CursorError("the cursor is damaged; ask without one to start from the first page") from error
    if digest != _digest(question):
        raise CursorError("the cursor belongs to another question; ask without one to start from the first page")
    return key


def _digest(question: object) -> str:
    return hashlib.blake2b(msgspec.json.encode(question), digest_size=_DIGEST_LENGTH).hexdigest()
