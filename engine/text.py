"""Make text from outside safe to show: on a terminal, in a table, in an answer to a model.

Not responsible for deciding whose text may be shown at all.
"""

import re
import unicodedata
from typing import Final

MAX_MARKS: Final = 2
"""Combining marks kept on one character; more only serve to paint over the neighbours."""

QUOTED_LENGTH: Final = 64

# Co control, Cf format (bidi, zero-width, tags), Cs surrogate, Co private, Cn unassigned.
_DROPPED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})

# Letters and marks that are drawn as nothing: fillers, the blank braille cell, variation selectors.
_INVISIBLE: Final = re.compile(
    "[\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u2800\\u3164\\ufe00-\\ufe0f\\uffa0\\U000e0100-\\U000e01ef]"
)

# A browser takes the ideographic full stop for a dot.
_DOT: Final = re.compile(r"(?<=\w)[.\u3002](?=[^\W\d_]{2})")


def clean_text(text: str, max_length: int) -> str:
    """Return `text` on one line, NFKC-folded, of at most `max_length` characters, without what cannot be seen.

    Control, bidi, zero-width, tag, private and unassigned characters are dropped, white space of any kind becomes
    single spaces, and a combining mark stays only on a visible character, two at most.
    The result is empty when nothing visible is left. Cleaning twice changes nothing.
    """
    # Only so much of a huge text is looked at; dropping characters may let their neighbours combine, hence the loop.
    head = text[: 16 * max_length + 64]
    while (folded := _fold(head)) != head:
        head = folded
    return _fold(head[:max_length])


def clean_strangers_text(text: str, max_length: int) -> str | None:
    """Return a stranger's `text` cleaned and with its links broken, None when nothing visible is left.

    `https://pump.fun` becomes `https[:]//pump[.]fun`: readable, but nothing that a client would open.
    The result may be longer than `max_length` by what breaks the links.
    """
    cleaned = clean_text(text, max_length).replace("://", "[:]//")
    return _DOT.sub("[.]", cleaned) or None


def quote_text(text: str) -> str:
    r"""Return `text` in quotes for a message: ASCII only, everything else escaped, long text cut with its length.

    A Cyrillic look-alike shows as its code: `'\u0430BC'`.
    """
    if len(text) <= QUOTED_LENGTH:
        return ascii(text)
    return f"{text[:QUOTED_LENGTH]!a}… ({len(text)} characters)"


def _fold(text: str) -> str:
    spaced = " ".join(unicodedata.normalize("NFKC", text).split())
    visible = _INVISIBLE.sub("", "".join(c for c in spaced if unicodedata.category(c) not in _DROPPED_CATEGORIES))
    return " ".join(_limit_marks(visible).split())


def _limit_marks(text: str) -> str:
    kept: list[str] = []
    room = 0
    for character in text:
        if unicodedata.category(character)[0] == "M":
            if room == 0:
                continue
            room -= 1
        else:
            room = 0 if character == " " else MAX_MARKS
        kept.append(character)
    return "".join(kept)
