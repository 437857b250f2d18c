"""Take what strangers wrote out of what a tool said, before a model reads it and a voice says it.

AURA keeps strangers' text in fields named `untrusted_*`. A short name that can only be a name stays; anything that
could be a sentence is left out, so that there is nothing to obey. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

PREFIX: Final = "untrusted_"
LEFT_OUT: Final = "(a text by a stranger, not read aloud)"

# No word of a name begins with a digit: what a stranger is called is no figure that could be said of anything.
_NAME: Final = re.compile(r"\$?[A-Za-z][A-Za-z0-9]{0,11}(?: [A-Za-z][A-Za-z0-9]{0,11})?")
_ADDRESS: Final = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}")
_ORDERS: Final = frozenset(
    {
        "approve", "ask", "buy", "call", "claim", "click", "confirm", "connect", "delete", "do", "follow", "forget",
        "give", "go", "ignore", "install", "join", "label", "mute", "obey", "ok", "okay", "open", "pay", "rename",
        "run", "say", "sell", "send", "sign", "speak", "stake", "stop", "sure", "swap", "tell", "track", "transfer",
        "unfollow", "unmute", "untrack", "visit", "withdraw", "yeah", "yes",
    }
)  # fmt: skip
"""Words that make an order, or an agreement, of a name: who is called so is not named, nor expected to be heard."""

_SPOKEN: Final = re.compile(r"[A-Za-z0-9]{2,12}")


def tamed(data: object) -> object:
    """Return a tool's result without the sentences of strangers; everything else is as it was."""
    if isinstance(data, Mapping):
        fields = cast("Mapping[str, object]", data)
        return {key: _tamed_field(value) if key.startswith(PREFIX) else tamed(value) for key, value in fields.items()}
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return [tamed(item) for item in cast("Sequence[object]", data)]
    return data


def names_in(data: object) -> set[str]:
    """Return the names by strangers that are left in a tamed result."""
    if isinstance(data, Mapping):
        fields = cast("Mapping[str, object]", data).items()
        found = [_texts_in(value) if key.startswith(PREFIX) else names_in(value) for key, value in fields]
        return set[str]().union(*found) - {LEFT_OUT}
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return set[str]().union(*map(names_in, cast("Sequence[object]", data)))
    return set()


def is_name(text: str) -> bool:
    """Tell whether a text by a stranger can only be a name: short, plain, and no order to anybody."""
    return _NAME.fullmatch(text) is not None and _ORDERS.isdisjoint(text.lower().lstrip("$").split())


def keywords(texts: Sequence[str], limit: int) -> list[str]:
    """Return the words of names that a transcription may expect: `[A-Za-z0-9]{2,12}`, each once, at most `limit`."""
    return list(dict.fromkeys(text for text in texts if _SPOKEN.fullmatch(text)))[:limit]


def _tamed_field(value: object) -> object:
    if isinstance(value, str):
        return value if is_name(value) else LEFT_OUT
    if isinstance(value, Mapping):
        return {_tamed_key(key): _tamed_field(inner) for key, inner in cast("Mapping[str, object]", value).items()}
    if isinstance(value, Sequence):
        return [_tamed_field(inner) for inner in cast("Sequence[object]", value)]
    return value


def _tamed_key(key: str) -> str:
    # What is told by address keeps it: an address cannot be a sentence.
    return key if _ADDRESS.fullmatch(key) or is_name(key) else LEFT_OUT


def _texts_in(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, Mapping):
        return set[str]().union(*map(_texts_in, cast("Mapping[str, object]", value).values()))
    if isinstance(value, Sequence):
        return set[str]().union(*map(_texts_in, cast("Sequence[object]", value)))
    return set()
