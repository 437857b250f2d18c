"""Tell whether a transcript addresses the agent: "hey Aura", as transcriptions spell it. Pure."""

from difflib import SequenceMatcher
from typing import Final

NAMES: Final = ("aura", "ora", "aurora", "laura", "oura", "awra", "orah")
GREETINGS: Final = frozenset({"hey", "hi", "hello", "ok", "okay", "hay", "a", "ey"})
ALIKE: Final = 0.75


def addressed(transcript: str) -> str | None:
    """Return what is said to the agent, without its name; None where somebody else is meant.

    >>> addressed("Hey, Ora! How is Bonk?")
    'How is Bonk?'
    >>> addressed("the aura of this coin") is None
    True
    """
    words = transcript.split()
    plain = ["".join(letter for letter in word.lower() if letter.isalpha()) for word in words]
    start = 1 if plain and plain[0] in GREETINGS else 0
    if len(plain) <= start or not _is_name(plain[start]):
        return None
    return " ".join(words[start + 1 :])


def _is_name(word: str) -> bool:
    return word in NAMES or (len(word) > 2 and SequenceMatcher(None, word, "aura").ratio() >= ALIKE)  # noqa: PLR2004
