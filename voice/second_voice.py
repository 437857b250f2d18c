"""Go on speaking with a second voice where the first one fails, with the words that were not heard yet.

Not responsible for either voice (`voice.tts`).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

from voice.audio.resampling import resampler
from voice.errors import VoiceProviderError
from voice.providers import Speaker, Speech, SpokenAudio

REST_S: Final = 60.0
"""A voice that has failed is not asked again for so long: every attempt may be seconds of silence."""

MakeSpeaker = Callable[[], Coroutine[Any, Any, Speaker | None]]

logger = logging.getLogger(__name__)


class TwoVoices:
    """A first voice, and a second one that is brought in when the first one fails."""

    def __init__(self, first: Speaker, make_second: MakeSpeaker) -> None:
        self.name = first.name
        self._first = first
        self._make_second = make_second
        self._second: Speaker | None = None
        self._clock = asyncio.get_running_loop().time
        self._rests_until_s = 0.0

    async def start(self) -> None:
        """Connect the first voice, or else the second."""
        try:
            await self._first.start()
        except VoiceProviderError as error:
            if await self.second(error) is None:
                raise

    def begin(self) -> Speech:
        """Return a new speech."""
        if self._second is not None and self._clock() < self._rests_until_s:
            return self._second.begin()
        return _Speech(self, self._first.begin())

    async def aclose(self) -> None:
        """Close both."""
        await self._first.aclose()
        if self._second is not None:
            await self._second.aclose()

    async def second(self, error: VoiceProviderError) -> Speaker | None:
        """Return the second voice, if there is one, now that the first one has failed."""
        if self._second is None:
            self._second = await self._make_second()
        if self._second is not None:
            self._rests_until_s = self._clock() + REST_S
            logger.warning("second_voice", extra={"fields": {"by": error.provider, "kind": error.kind}})
        return self._second


class _Speech:
    """One answer, begun with the first voice."""

    def __init__(self, voices: TwoVoices, first: Speech) -> None:
        self._voices = voices
        self._first = first
        self._second: Speech | None = None
        self._trouble: VoiceProviderError | None = None
        self._texts: list[str] = []
        self._heard = ""
        self._is_finished = False
        self.sample_rate = first.sample_rate

    async def say(self, text: str) -> None:
        """Add a sentence or a clause."""
        self._texts.append(text)
        if self._second is not None:
            await self._second.say(text)
        elif self._trouble is None:
            await self._tried(self._first.say(text))

    async def finish(self) -> None:
        """Say that no more text comes."""
        self._is_finished = True
        if self._second is not None:
            await self._second.finish()
        elif self._trouble is None:
            await self._tried(self._first.finish())

    async def audio(self) -> AsyncIterator[SpokenAudio]:
        """Yield the audio in order, the rest of it from the second voice where the first one stops."""
        try:
            async for audio in self._first.audio():
                self._heard += audio.text
                yield audio
        except VoiceProviderError as error:
            self._trouble = error
        if self._trouble is not None:
            async for audio in self._go_on(self._trouble):
                yield audio

    async def cancel(self) -> None:
        """Say no more."""
        await self._first.cancel()
        if self._second is not None:
            await self._second.cancel()

    async def _tried(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except VoiceProviderError as error:
            self._trouble = error
            # Whoever reads the first voice's audio finds its end, and then the trouble.
            await self._first.cancel()

    async def _go_on(self, trouble: VoiceProviderError) -> AsyncIterator[SpokenAudio]:
        speaker = await self._voices.second(trouble)
        if speaker is None:
            raise trouble
        second, rest = speaker.begin(), self._rest()
        self._second = second
        if rest:
            await second.say(rest)
        if self._is_finished:
            await second.finish()
        converted = resampler(second.sample_rate, self.sample_rate)
        # A word that was cut is said again, and remembered apart from what was heard of it.
        gap = " " if self._heard and not self._heard[-1].isspace() else ""
        async for audio in second.audio():
            yield SpokenAudio(converted.feed(audio.pcm), f"{gap}{audio.text}" if audio.text else "")
            gap = "" if audio.text else gap

    def _rest(self) -> str:
        """Return what was not heard yet, from the beginning of a word."""
        words = " ".join(self._texts)
        heard = min(len(self._heard), len(words))
        return words[words.rfind(" ", 0, heard) + 1 if heard else 0 :].strip()
