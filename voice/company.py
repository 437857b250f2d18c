"""Say what a conversation needs of those around it: ears, and a company that thinks and speaks.

Not responsible for bringing them in (`voice.crew`) or for what becomes of them (`voice.loop`).
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from voice.brain import Brain
from voice.memory import Call
from voice.providers import Speaker
from voice.turns import Event


class Hearing(Protocol):
    """One utterance that is being listened to."""

    async def finish(self) -> str:
        """Return what was said.

        Raises:
            VoiceError: nobody can tell.
        """
        ...

    async def cancel(self) -> None:
        """Forget what was said."""
        ...


class Ears(Protocol):
    """What hears the person."""

    def listen(self, number: int, put: Callable[[Event], None]) -> Hearing:
        """Listen to the utterance of a number; what it hears before the end, it puts.

        Raises:
            VoiceError: the microphone is gone.
        """
        ...


class Company(Protocol):
    """Who thinks and speaks; the first answer may have to wait for them."""

    def report_to(self, put: Callable[[Event], None]) -> None:
        """Put, from now on, what happens without being asked for: news, and the wish for none."""
        ...

    async def brain(self) -> Brain:
        """Return who thinks.

        Raises:
            VoiceError: nobody can; its line says what to do.
        """
        ...

    async def speaker(self) -> Speaker | None:
        """Return who speaks; None where answers can only be shown."""
        ...

    def overhear(self, text: str) -> None:
        """Make use of what has been said so far."""
        ...

    def known(self, question: str) -> Sequence[Call]:
        """Return calls of tools that were made ahead for a question."""
        ...

    def told_news(self, text: str) -> None:
        """Remember what was said without being asked for."""
        ...

    def settle(self) -> None:
        """Do what waits for a moment of rest: a turn is over and nobody speaks."""
        ...
