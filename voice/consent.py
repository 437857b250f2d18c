"""Tell whether the person asked for a change in so many words, or has just agreed to one.

Whatever a model wants: a tool that changes something runs only when the words of this turn name the change and ask for
it, or when "shall I" was heard and answered with yes; and what it is about is never what a stranger wrote. Pure; a
trade can be confirmed by no words at all, since there is no tool for one.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, cast

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
_SENTENCE: Final = re.compile(r"[.!?;\n]+")
_AND: Final = re.compile(r"[\s,]*\b(?:and|then|but|please)\b[\s,]*")
# "Which wallets do you follow" and "list those that I follow" name a change and ask for none.
_QUESTION: Final = re.compile(
    r"(?:(?:hey|hi|ok|okay|so|well|um|uh|aura|now|please|(?:can|could|would|will) you)[\s,]+)*"
    r"(?:what|whats|which|who|whos|whose|whom|how|when|where|why|is|are|was|were|do|does|did|has|have|had|am|should"
    r"|tell|show|list|give|read|compare|explain|describe)\b"
)
_NOT: Final = re.compile(r"\b(?:don['’]?t|do not|never|not|isn['’]?t|without)\b")
_STATEMENT: Final = re.compile(
    r"(?<!can )(?<!could )(?<!would )(?<!will )\b(?:you|we|i|they|he|she|it|people|that|who)\s+(?:\w+ly\s+)?\w+"
)
_SHALL: Final = re.compile(
    r"\b(?:(?:shall|should|may|can|could) i|(?:do you )?want (?:me )?to|would you like (?:me )?to)\b"
)
_TARGETS: Final = frozenset({"wallet", "mint", "token", "entity", "nickname", "id"})


def is_asked(question: str, tool: str, arguments: Mapping[str, Any]) -> bool:
    """Tell whether a question names the change that a call would make: by the tool's verb or by one of its choices.

    >>> is_asked("follow that wallet", "edit_wallet", {"wallet": "alpha", "action": "track"})
    True
    >>> is_asked("how is alpha doing", "edit_wallet", {"wallet": "alpha", "action": "track"})
    False
    """
    words = {_stem(word) for word in _WORDS.findall(_requests_in(question.lower()))}
    chosen = [value for value in arguments.values() if isinstance(value, str) and _WORDS.fullmatch(value.lower())]
    # What comes after a tool's verb is what it is about: "any news" does not ask for `mute_news`.
    verb = tool.partition("_")[0]
    wanted = {word for text in (verb, *chosen) for word in _WORDS.findall(text.lower())} - _NOUNS
    named = {str(value).lower() for key, value in arguments.items() if key in _TARGETS}
    return any(_stem(same) in words for word in wanted - named for same in {word, *_SAME.get(word, ())})


def is_offered(heard: str, tool: str, arguments: Mapping[str, Any]) -> bool:
    """Tell whether what was heard asks for leave to make a change, so that a yes is an answer to it."""
    questions = [sentence for sentence in re.findall(r"[^.!?]*[.!?]", heard) if sentence.endswith("?")]
    return any(is_asked(_SHALL.sub("", sentence.lower()), tool, arguments) for sentence in questions)


def is_foreign(arguments: object, strangers: Collection[str], own: str) -> bool:
    """Tell whether an argument holds what a stranger wrote and the person, whose words are `own`, never said."""
    if isinstance(arguments, Mapping):
        values: Iterable[object] = cast("Mapping[str, object]", arguments).values()
        return any(is_foreign(value, strangers, own) for value in values)
    if isinstance(arguments, Sequence) and not isinstance(arguments, str):
        return any(is_foreign(value, strangers, own) for value in cast("Sequence[object]", arguments))
    said, words = _plain(own), _plain(str(arguments))
    return any(_plain(text) in words and _plain(text) not in said for text in strangers if _plain(text).strip())


def is_yes(text: str) -> bool:
    """Tell whether a text agrees and says nothing else."""
    return _YES.fullmatch(text.strip()) is not None


def _requests_in(text: str) -> str:
    """Return what of a text asks for something to be done: neither questions nor what somebody does."""
    return " ".join(_request_in(sentence.strip()) for sentence in _SENTENCE.split(text))


def _request_in(sentence: str) -> str:
    if _NOT.search(sentence):
        return ""
    first, *others = _AND.split(sentence)
    if not _QUESTION.match(first):
        return _STATEMENT.sub(" ", sentence)
    # "What does it cost and follow it": after a question, only what begins with its verb asks for something.
    return " ".join(other.partition(" ")[0] for other in others)


def _plain(text: str) -> str:
    """Return the words of a text, in between of spaces, so that one can be looked for as a whole."""
    return f" {' '.join(re.findall(r'[a-z0-9]+', text.lower()))} "


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 2:  # noqa: PLR2004 - what is left must be a word
            return word.removesuffix(ending).removesuffix("e")
    return word.removesuffix("e")
