"""Tell whether the person asked for a change in so many words, or has just agreed to one.

Whatever a model wants: a tool that changes something runs only when the words of this turn name the change, or when
the answer to "shall I" was yes. Pure; a trade can be confirmed by no words at all, since there is no tool for one.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_SAME: Final[Mapping[str, frozenset[str]]] = {
    "track": frozenset({"follow", "watch", "add"}),
    "untrack": frozenset({"unfollow", "stop", "drop", "remove"}),
    "label": frozenset({"name", "call", "rename", "nickname"}),
    "group": frozenset({"merge", "combine", "together"}),
    "minimum": frozenset({"threshold", "above", "least"}),
    "mute": frozenset({"quiet", "silence", "silent", "alert", "alone", "disturb"}),
    "refresh": frozenset({"update", "reload", "fetch", "latest", "sync"}),
}
_NOUNS: Final = frozenset({"wallet", "wallets", "token", "tokens", "price", "prices", "all", "none", "true", "false"})
_YES: Final = re.compile(
    r"(?:(?:yes|yeah|yep|sure|okay|ok|please|do it|do that|go ahead|confirm(?:ed)?|correct|right|exactly)[\s,.!]*)+",
    re.IGNORECASE,
)
_WORDS: Final = re.compile(r"[a-z]+")


def is_asked(question: str, tool: str, arguments: Mapping[str, Any]) -> bool:
    """Tell whether a question names the change that a call would make: by the tool's verb or by one of its choices.

    >>> is_asked("follow that wallet", "edit_wallet", {"wallet": "alpha", "action": "track"})
    True
    >>> is_asked("how is alpha doing", "edit_wallet", {"wallet": "alpha", "action": "track"})
    False
    """
    words = {_stem(word) for word in _WORDS.findall(question.lower())}
    chosen = [value for value in arguments.values() if isinstance(value, str) and _WORDS.fullmatch(value.lower())]
    wanted = {word for text in (tool, *chosen) for word in _WORDS.findall(text.lower())} - _NOUNS
    named = {str(value).lower() for key, value in arguments.items() if key in _TARGETS}
    return any(_stem(same) in words for word in wanted - named for same in {word, *_SAME.get(word, ())})


def is_yes(text: str) -> bool:
    """Tell whether a text agrees and says nothing else."""
    return _YES.fullmatch(text.strip()) is not None


_TARGETS: Final = frozenset({"wallet", "mint", "token", "entity", "nickname", "id"})


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 2:  # noqa: PLR2004 - what is left must be a word
            return word.removesuffix(ending).removesuffix("e")
    return word.removesuffix("e")
