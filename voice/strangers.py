"""Take what strangers wrote out of what a tool said, before a model reads it and a voice says it.

AURA keeps strangers' text in fields named `untrusted_*`. A short name that can only be a name stays; anything that
could be a sentence is left out, so that there is nothing to obey. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

PREFIX: Final = "untrusted_"
LEFT_OUT: Final = "(a text by a stranger, not read aloud)"

_NAME: Final = re.compile(r"\$?[A-Za-z0-9]{1,12}(?: [A-Za-z0-9]{1,12})?")
_SPOKEN: Final = re.compile(r"[A-Za-z0-9]{2,12}")


def tamed(data: object) -> object:
    """Return a tool's result without the sentences of strangers; everything else is as it was."""
    if isinstance(data, Mapping):
        fields = cast("Mapping[str, object]", data)
        return {key: _tamed_field(value) if key.startswith(PREFIX) else tamed(value) for key, value in fields.items()}
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return [tamed(item) for item in cast("Sequence[object]", data)]
    return data


def keywords(texts: Sequence[str], limit: int) -> list[str]:
    """Return the words of names that a transcription may expect: `[A-Za-z0-9]{2,12}`, each once, at most `limit`."""
    return list(dict.fromkeys(text for text in texts if _SPOKEN.fullmatch(text)))[:limit]


def _tamed_field(value: object) -> object:
    if isinstance(value, str):
        return value if _NAME.fullmatch(value) else LEFT_OUT
    if isinstance(value, Mapping):
        return {key: _tamed_field(inner) for key, inner in cast("Mapping[str, object]", value).items()}
    if isinstance(value, Sequence):
        return [_tamed_field(inner) for inner in cast("Sequence[object]", value)]
    return value
