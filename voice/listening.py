"""Listen to one utterance: from the microphone to the transcription, with what was said kept for a second try.

Not responsible for when to listen (`voice.turns`).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from voice.audio import Microphone
from voice.audio.resampling import resampler
from voice.errors import VoiceProviderError
from voice.providers import Transcriber, Utterance
from voice.turns import Event, Partial, Quiet

QUIET_S: Final = 0.12
"""A pause of this length may be the end: worth a guess."""

STEP_S: Final = 0.02
LONGEST_S: Final = 120.0
"""What is kept for a second try; a key that is held longer is a key that something lies on."""

logger = logging.getLogger(__name__)


class Listening:
    """One utterance that is being listened to."""

    def __init__(
        self, number: int, microphone: Microphone, transcriber: Transcriber, put: Callable[[Event], None]
    ) -> None:
        self._number = number
        self._microphone = microphone
        self._put = put
        self._utterance = transcriber.begin()
        self._kept = bytearray()
        self._rate = self._utterance.sample_rate
        self._has_partial = False
        self._tap = microphone.tap(self._rate, self._take)
        self._tasks = [asyncio.create_task(self._pass_partials()), asyncio.create_task(self._watch_for_quiet())]

    async def finish(self, fallback: Transcriber | None) -> str:
        """Return what was said, from the second transcription where the first one fails.

        Raises:
            VoiceProviderError: neither has an answer.
        """
        self._microphone.untap(self._tap)
        try:
            return await self._utterance.finish()
        except VoiceProviderError as error:
            logger.warning("transcription_failed", extra={"fields": {"by": error.provider, "kind": error.kind}})
            if fallback is None:
                raise
            return await _again(fallback.begin(), bytes(self._kept), self._rate)
        finally:
            self._end()

    async def cancel(self) -> None:
        """Forget what was said."""
        self._microphone.untap(self._tap)
        self._end()
        await self._utterance.cancel()

    def _take(self, pcm: bytes) -> None:
        self._utterance.feed(pcm)
        if len(self._kept) < LONGEST_S * self._rate * 2:
            self._kept += pcm

    async def _pass_partials(self) -> None:
        async for text in self._utterance.partials():
            self._has_partial = bool(text.strip())
            self._put(Partial(self._number, text))

    async def _watch_for_quiet(self) -> None:
        was_quiet = False
        while True:
            await asyncio.sleep(STEP_S)
            is_quiet = self._has_partial and self._microphone.quiet_for_s() >= QUIET_S
            if is_quiet and not was_quiet:
                self._put(Quiet())
            was_quiet = is_quiet

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()


async def _again(utterance: Utterance, pcm: bytes, rate_hz: int) -> str:
    utterance.feed(resampler(rate_hz, utterance.sample_rate).feed(pcm))
    return await utterance.finish()
