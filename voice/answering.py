"""Say one answer: from the model's words over the voice to the speaker, held back while it is only a guess.

Not responsible for whose turn it is (`voice.turns`) or for what is remembered (`voice.loop`).
"""

import asyncio
import logging
from collections.abc import Callable
from itertools import cycle
from typing import Final

from voice.audio import Player
from voice.brain import Brain, BrainEvent, Said, Thought, ToolStarted
from voice.errors import VoiceError, VoiceProviderError
from voice.manners import FILLERS
from voice.providers import Speaker, Speech, SpokenAudio
from voice.spoken import speakable

FILLER_S: Final = 0.8
"""Silence that is longer feels like a dead line."""

logger = logging.getLogger(__name__)
_fillers: Final = cycle(FILLERS)


class Answering:
    """One answer, or one announcement, on its way to the ear."""

    def __init__(self, speaker: Speaker | None, player: Player, *, is_held: bool) -> None:
        self._player = player
        self._speech: Speech | None = None if speaker is None else speaker.begin()
        self._held: list[SpokenAudio] | None = [] if is_held else None
        self._is_complete = False
        self.said: list[str] = []
        self.thought: Thought | None = None
        self.is_mute = self._speech is None
        """The voice has failed: the answer is shown, not said."""

    @property
    def is_guess(self) -> bool:
        """Tell whether nothing of it may be heard yet."""
        return self._held is not None

    async def think(self, brain: Brain, thought: Thought, show: Callable[[BrainEvent], None]) -> None:
        """Answer a question; returns when the last of it has been handed to the speaker.

        Raises:
            VoiceError: the model refused, or fell silent.
        """
        self.thought = thought
        if not self.is_guess:
            self._begin()
        async with asyncio.TaskGroup() as group:
            playing = group.create_task(self._play())
            filling: asyncio.Task[None] | None = None
            async for event in brain.answer(thought):
                show(event)
                if isinstance(event, Said):
                    if filling is not None:
                        filling.cancel()
                    self.said.append(event.text)
                    await self._say(event.text)
                elif isinstance(event, ToolStarted) and filling is None and not self.said:
                    filling = group.create_task(self._fill())
            if filling is not None:
                filling.cancel()
            await self._finish(playing)

    async def announce(self, text: str) -> None:
        """Say a text as it is; returns when the last of it has been handed to the speaker."""
        self.said.append(text)
        self._begin()
        async with asyncio.TaskGroup() as group:
            playing = group.create_task(self._play())
            await self._say(text)
            await self._finish(playing)

    def confirm(self) -> None:
        """Let what was held back be heard."""
        held, self._held = self._held, None
        if self.thought is not None:
            self.thought.may_write.set()
        self._begin()
        for audio in held or ():
            self._player.write(audio)
        if self._is_complete:
            self._player.end()

    async def cancel(self) -> None:
        """Say no more."""
        if self._speech is not None:
            await self._speech.cancel()

    def _begin(self) -> None:
        self._player.begin(24_000 if self._speech is None else self._speech.sample_rate)

    async def _say(self, text: str) -> None:
        spoken = speakable(text)
        if self._speech is None or self.is_mute or not spoken:
            return
        try:
            await self._speech.say(spoken)
        except VoiceProviderError as error:
            self._mute(error)

    async def _finish(self, playing: "asyncio.Task[None]") -> None:
        if self._speech is not None and not self.is_mute:
            try:
                await self._speech.finish()
            except VoiceProviderError as error:
                self._mute(error)
        if self.is_mute:
            playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        self._is_complete = True
        if not self.is_guess:
            self._player.end()

    async def _play(self) -> None:
        if self._speech is None:
            return
        try:
            async for audio in self._speech.audio():
                if self._held is not None:
                    self._held.append(audio)
                else:
                    self._player.write(audio)
        except VoiceProviderError as error:
            self._mute(error)

    async def _fill(self) -> None:
        await asyncio.sleep(FILLER_S)
        await self._say(next(_fillers))

    def _mute(self, error: VoiceError) -> None:
        self.is_mute = True
        self.trouble = error.line
        logger.warning("voice_failed", extra={"fields": {"reason": error.line}})

    trouble: str | None = None
    """What happened to the voice, where it failed."""
