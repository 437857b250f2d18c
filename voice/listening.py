"""Listen to one utterance: from the microphone to the transcription, with what was said kept for a second try.

Not responsible for when to listen (`voice.turns`).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from voice.audio import Tap
from voice.audio.devices import without_sound
from voice.audio.resampling import level, resampler
from voice.errors import DeviceError, VoiceProviderError
from voice.providers import Transcriber, Utterance
from voice.turns import Event, Partial, Quiet

QUIET_S: Final = 0.12
"""A pause of this length may be the end: worth a guess."""

SETTLED_S: Final = 0.06
"""Words still arrive one by one when the last one has been said: a text that is young is not yet one."""

DEAD_S: Final = 1.0
DEAD_LEVEL: Final = 1 / 32768
"""The quietest room is louder; without permission some systems give such silence instead of an error."""

STEP_S: Final = 0.02
LONGEST_S: Final = 120.0
"""What is kept for a second try; a key that is held longer is a key that something lies on."""

logger = logging.getLogger(__name__)


class Source(Protocol):
    """What can be listened to: the open microphone."""

    def tap(self, rate_hz: int, take: Callable[[bytes], None]) -> Tap:
        """Return a new listener, which gets the last moment at once and everything from now on.

        Raises:
            DeviceError: the microphone is gone.
        """
        ...

    def untap(self, tap: Tap) -> None:
        """Stop a listener."""
        ...

    def quiet_for_s(self) -> float:
        """Return for how long nobody has spoken."""
        ...


class MicrophoneEars:
    """Hears through a microphone and a transcription, and a `second` one where the first one fails.

    `understand` returns what of a transcript is meant for the agent; empty where nothing is.
    """

    def __init__(
        self,
        source: Source,
        transcriber: Transcriber,
        second: Callable[[], Transcriber | None],
        understand: Callable[[str], str] = str,
    ) -> None:
        self.source = source
        self.transcriber = transcriber
        self.second = second
        self.understand = understand

    def listen(self, number: int, put: Callable[[Event], None]) -> "Listening":
        """Listen to the utterance of a number."""
        return Listening(number, self, put)


class Listening:
    """One utterance that is being listened to."""

    def __init__(self, number: int, ears: MicrophoneEars, put: Callable[[Event], None]) -> None:
        self._number = number
        self._ears = ears
        self._put = put
        self._utterance = ears.transcriber.begin()
        self._kept = bytearray()
        self._rate = self._utterance.sample_rate
        self._partial = ""
        self._clock = asyncio.get_running_loop().time
        self._partial_at = 0.0
        self._is_told = False
        self._tap: Tap | None = None
        self._attach()
        self._tasks = [asyncio.create_task(self._pass_partials()), asyncio.create_task(self._watch_for_quiet())]

    async def finish(self) -> str:
        """Return what was said, from the second transcription where the first one fails.

        Raises:
            VoiceProviderError: neither has an answer.
            DeviceError: there was nothing to hear, not even a room.
        """
        self._untap()
        try:
            text = await self._utterance.finish()
            if not text and self._is_dead():
                raise without_sound()
            return self._ears.understand(text)
        except VoiceProviderError as error:
            logger.warning("transcription_failed", extra={"fields": {"by": error.provider, "kind": error.kind}})
            second = self._ears.second()
            if second is None:
                raise
            return self._ears.understand(await _again(second.begin(), bytes(self._kept), self._rate))
        finally:
            self._end()

    async def cancel(self) -> None:
        """Forget what was said."""
        self._untap()
        self._end()
        await self._utterance.cancel()

    def _take(self, pcm: bytes) -> None:
        self._utterance.feed(pcm)
        if len(self._kept) < LONGEST_S * self._rate * 2:
            self._kept += pcm

    async def _pass_partials(self) -> None:
        async for text in self._utterance.partials():
            understood = self._ears.understand(text)
            if understood != self._partial:
                self._partial, self._partial_at, self._is_told = understood, self._clock(), False
                self._put(Partial(self._number, understood))

    async def _watch_for_quiet(self) -> None:
        while True:
            await asyncio.sleep(STEP_S)
            is_settled = self._partial.strip() and self._clock() - self._partial_at >= SETTLED_S
            is_quiet = self._ears.source.quiet_for_s() >= QUIET_S
            if is_quiet and is_settled and not self._is_told:
                self._put(Quiet())
            self._is_told = is_quiet and (self._is_told or bool(is_settled))

    def _is_dead(self) -> bool:
        return len(self._kept) >= DEAD_S * self._rate * 2 and level(self._kept) <= DEAD_LEVEL

    def _attach(self) -> None:
        try:
            self._tap = self._ears.source.tap(self._rate, self._take)
        except DeviceError:
            self._tasks = [asyncio.create_task(self._utterance.cancel())]
            raise

    def _untap(self) -> None:
        if self._tap is not None:
            self._ears.source.untap(self._tap)

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()


async def _again(utterance: Utterance, pcm: bytes, rate_hz: int) -> str:
    utterance.feed(resampler(rate_hz, utterance.sample_rate).feed(pcm))
    return await utterance.finish()
