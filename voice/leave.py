"""Know what leaves a model free to change something: how a change is asked for, offered and agreed to in a language.

In English a request is understood as it is said (`voice.consent`). In the other languages listed here no request is:
every change is put to the person in a question of our own, which names it, and only a plain yes agrees to it. In all
others nothing is changed by voice: a wrong yes is worse than none. Pure.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

from voice.consent import is_asked, is_offered, is_yes

ENGLISH: Final = "en"
NOT_ASKED_FOR: Final = (
    "Not done: the person has not asked for this change. If it is what they want, ask them in one sentence whether you "
    "should; call it again with the same arguments when they say yes."
)
WILL_BE_ASKED: Final = (
    "Not done yet: behind your answer the person is asked whether this is what they want, in a question that you must "
    "not repeat. Call it again with the same arguments when they say yes."
)
ENGLISH_ONLY: Final = (
    "Not done: in this language AURA cannot be sure what the person agrees to. Tell them that it changes something "
    "only when it is spoken to in English (AURA_VOICE_LANGUAGE=en)."
)


class Leave(Protocol):
    """How the person of a conversation says what may be changed."""

    refusal: str
    """What a model is told of a change that it may not make."""

    def is_asked(self, question: str, tool: str, arguments: Mapping[str, Any]) -> bool:
        """Tell whether a question asks for a change in so many words."""
        ...

    def question_about(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Return the question that the person is asked about a change; empty where asking is the model's part."""
        ...

    def is_offered(self, heard: str, tool: str, arguments: Mapping[str, Any]) -> bool:
        """Tell whether what was heard of an answer asked for leave to make a change."""
        ...

    def is_yes(self, text: str) -> bool:
        """Tell whether a text agrees and says nothing else."""
        ...


class _English:
    refusal = NOT_ASKED_FOR

    def is_asked(self, question: str, tool: str, arguments: Mapping[str, Any]) -> bool:
        return is_asked(question, tool, arguments)

    def question_about(self, tool: str, arguments: Mapping[str, Any]) -> str:  # noqa: ARG002 - the model asks
        return ""

    def is_offered(self, heard: str, tool: str, arguments: Mapping[str, Any]) -> bool:
        return is_offered(heard, tool, arguments)

    def is_yes(self, text: str) -> bool:
        return is_yes(text)


class _Words(NamedTuple):
    """How a language asks whether a change is wanted, and what agrees to it, in small letters."""

    question: str
    yes: frozenset[str]


class _Foreign:
    def __init__(self, words: _Words | None) -> None:
        self._words = words
        self.refusal = ENGLISH_ONLY if words is None else WILL_BE_ASKED

    def is_asked(self, question: str, tool: str, arguments: Mapping[str, Any]) -> bool:  # noqa: ARG002 - never
        return False

    def question_about(self, tool: str, arguments: Mapping[str, Any]) -> str:
        if self._words is None:
            return ""
        told = [str(value) for value in arguments.values()]
        return self._words.question.format(change=", ".join([tool.replace("_", " "), *told]))

    def is_offered(self, heard: str, tool: str, arguments: Mapping[str, Any]) -> bool:
        # Its last word is the end of what was heard: whoever was interrupted has not heard what they agree to.
        question = _plain(self.question_about(tool, arguments))
        return bool(question) and _plain(heard).endswith(question)

    def is_yes(self, text: str) -> bool:
        return self._words is not None and _plain(text) in self._words.yes


_WORDS: Final[Mapping[str, _Words]] = {
    "de": _Words("Soll ich das tun: {change}?", frozenset({"ja", "ja bitte", "ja genau", "ja mach das"})),
    "es": _Words("¿Hago este cambio: {change}?", frozenset({"sí", "si", "sí por favor", "si por favor", "sí hazlo"})),
    "fr": _Words(
        "Je fais ce changement : {change} ?", frozenset({"oui", "oui merci", "oui s il te plaît", "oui vas y"})
    ),
    "it": _Words("Faccio questa modifica: {change}?", frozenset({"sì", "si", "sì grazie", "sì per favore"})),
    "nl": _Words("Zal ik dit doen: {change}?", frozenset({"ja", "ja graag", "ja doe maar"})),
    "pt": _Words("Faço esta alteração: {change}?", frozenset({"sim", "sim por favor", "sim pode fazer"})),
}


def leave_in(language: str) -> Leave:
    """Return how a change is asked for and agreed to in a language, ISO 639-1."""
    code = language[:2].lower()
    return _English() if code == ENGLISH else _Foreign(_WORDS.get(code))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
