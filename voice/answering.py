"""Say one answer: from the model's words over the voice to the speaker, held back while it is only a guess.

Not responsible for whose turn it is (`voice.turns`) or for what is remembered (`voice.loop`).
"""

import asyncio
import logging
import re
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Final, Protocol

from voice.brain import Brain, BrainEvent, Said, Thought, ToolProgress, ToolStarted
from voice.errors import VoiceError, VoiceProviderError
from voice.manners import STILL_BUSY
from voice.providers import Speaker, Speech, SpokenAudio
from voice.spoken import speakable
from voice.stages import Stage

FILLER_S: Final = 0.8
"""Silence that is longer feels like a dead line."""

PROGRESS_S: Final = 3.0
PROGRESS_EVERY_S: Final = 10.0
RATE_HZ: Final = 24_000
"""Of an answer that nobody says."""

_HOW_FAR: Final = re.compile(r"\d+ of \d+")

logger = logging.getLogger(__name__)


class Mouth(Protocol):
    """Where sound goes: the open speaker, or nowhere."""

    def report_to(self, audible: Callable[[], None], drained: Callable[[], None]) -> None:
        """Tell from now on, on the event loop, when the first and the last sound of an answer is heard.

        An answer that was cut off or followed by another reports nothing any more.
        """
        ...

    def begin(self, rate_hz: int) -> None:
        """Expect an answer whose audio has a rate."""
        ...

    def write(self, audio: SpokenAudio) -> None:
        """Add a piece of the answer."""
        ...

    def end(self) -> None:
        """Say that the answer is complete."""
        ...

    def stop(self) -> str:
        """Be silent at once, and return the words that were heard of the answer."""
        ...


class Answering:
    """One answer, or one announcement, on its way to the ear."""

    def __init__(self, mouth: Mouth, reached: Callable[[Stage], None], *, filler: str, is_held: bool) -> None:
        self._mouth = mouth
        self._reached = reached
        self._filler = filler
        self._speech: Speech | None = None
        self._held: list[SpokenAudio] = []
        self._confirmed = asyncio.Event()
        if not is_held:
            self._confirmed.set()
        self._has_begun = self._is_complete = False
        self._how_far = ""
        self.said: list[str] = []
        self.thought: Thought | None = None
        self.trouble: VoiceError | None = None
        """What happened to the voice, where it failed: the rest is shown, not said."""

    @property
    def is_guess(self) -> bool:
        """Tell whether nothing of it may be heard yet."""
        return not self._confirmed.is_set()

    @property
    def is_mute(self) -> bool:
        """Tell whether the answer is shown, not said."""
        return self._speech is None or self.trouble is not None

    async def think(
        self, brain: Brain, thought: Thought, speaker: Speaker | None, show: Callable[[BrainEvent], None]
    ) -> None:
        """Answer a question; returns when the last of it has been handed to the speaker.

        Raises:
            VoiceError: the model refused, or fell silent.
        """
        self.thought = thought
        self._open(speaker)
        waiting: asyncio.Task[None] | None = None
        try:
            async with asyncio.TaskGroup() as group, aclosing(brain.answer(thought)) as events:
                playing = group.create_task(self._play())
                async for event in events:
                    if waiting is not None and isinstance(event, Said):
                        waiting.cancel()
                        waiting = None
                    if waiting is None and isinstance(event, ToolStarted):
                        waiting = group.create_task(self._fill())
                    await self._take(event, show)
                if waiting is not None:
                    waiting.cancel()
                await self._finish(playing)
        except BaseExceptionGroup as failed:
            raise _first_of(failed) from failed

    async def announce(self, text: str, speaker: Speaker | None) -> None:
        """Say a text as it is; returns when the last of it has been handed to the speaker."""
        self.said.append(text)
        self._open(speaker)
        try:
            async with asyncio.TaskGroup() as group:
                playing = group.create_task(self._play())
                await self._say(text)
                await self._finish(playing)
        except BaseExceptionGroup as failed:
            raise _first_of(failed) from failed

    def confirm(self, question: str) -> None:
        """Let what was held back be heard: it answers this question."""
        self._confirmed.set()
        if self.thought is not None:
            self.thought.turn = replace(self.thought.turn, question=question)
            self.thought.may_write.set()
        if self._has_begun:
            self._begin()

    def stop(self) -> str:
        """Be silent at once, and return what was heard."""
        heard = self._mouth.stop()
        return " ".join(self.said) if self.is_mute else heard.strip()

    async def cancel(self) -> None:
        """Say no more."""
        if self._speech is not None:
            await self._speech.cancel()

    def _open(self, speaker: Speaker | None) -> None:
        self._speech = None if speaker is None else speaker.begin()
        self._has_begun = True
        if not self.is_guess:
            self._begin()

    def _begin(self) -> None:
        self._mouth.begin(RATE_HZ if self._speech is None else self._speech.sample_rate)
        for audio in self._held:
            self._mouth.write(audio)
        self._held.clear()
        if self._is_complete:
            self._mouth.end()

    async def _take(self, event: BrainEvent, show: Callable[[BrainEvent], None]) -> None:
        show(event)
        if isinstance(event, Said):
            self._reached("thought")
            self.said.append(event.text)
            await self._say(event.text)
        elif isinstance(event, ToolProgress) and (found := _HOW_FAR.search(event.message)):
            self._how_far = found[0]

    async def _say(self, text: str) -> None:
        spoken = speakable(text)
        if self._speech is None or self.trouble is not None or not spoken:
            return
        try:
            await self._speech.say(spoken)
        except VoiceProviderError as error:
            self._mute(error)

    async def _finish(self, playing: "asyncio.Task[None]") -> None:
        if self._speech is not None and self.trouble is None:
            try:
                await self._speech.finish()
            except VoiceProviderError as error:
                self._mute(error)
        if self.is_mute:
            playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        self._is_complete = True
        if not self.is_guess:
            self._mouth.end()

    async def _play(self) -> None:
        if self._speech is None:
            return
        try:
            async for audio in self._speech.audio():
                self._reached("voiced")
                if self.is_guess:
                    self._held.append(audio)
                else:
                    self._mouth.write(audio)
        except VoiceProviderError as error:
            self._mute(error)

    async def _fill(self) -> None:
        """Keep the line alive while tools run: a word where nothing was said yet, then how far it is."""
        await self._confirmed.wait()
        if not self.said:
            await asyncio.sleep(FILLER_S)
            await self._say(self._filler)
        await asyncio.sleep(PROGRESS_S - FILLER_S)
        while True:
            await self._say(f"{STILL_BUSY}: {self._how_far}." if self._how_far else f"{STILL_BUSY}.")
            await asyncio.sleep(PROGRESS_EVERY_S)

    def _mute(self, error: VoiceError) -> None:
        if self.trouble is None:
            self.trouble = error
            logger.warning("voice_failed", extra={"fields": {"reason": error.line}})


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what went wrong first, a line for the person before anything else."""
    for error in group.exceptions:
        if isinstance(error, VoiceError):
            return error
    return group.exceptions[0]
