"""Hear before anybody is there who can transcribe: what is said is kept and handed over when they come.

Not responsible for bringing them in (`voice.crew`).
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from voice.audio.resampling import resampler
from voice.providers import Transcriber, Utterance

KEPT_HZ: Final = 24_000
"""At which speech is kept; nothing that a transcription can use is lost."""


class LateTranscriber:
    """A transcription that is still on its way."""

    name = "late"

    def __init__(self, coming: "asyncio.Future[Transcriber]") -> None:
        self._coming = coming

    async def start(self, keywords: Sequence[str]) -> None:
        """Expect these words from now on."""
        await (await asyncio.shield(self._coming)).start(keywords)

    def begin(self) -> Utterance:
        """Return a new utterance, which can be fed at once."""
        is_here = self._coming.done() and not self._coming.cancelled() and self._coming.exception() is None
        return self._coming.result().begin() if is_here else _LateUtterance(self._coming)

    async def aclose(self) -> None:
        """Need nothing: whoever comes is closed by who brought them."""


class _LateUtterance:
    """What is being said, kept until somebody can hear it."""

    sample_rate = KEPT_HZ

    def __init__(self, coming: "asyncio.Future[Transcriber]") -> None:
        self._coming = coming
        self._kept = bytearray()
        self._utterance: Utterance | None = None
        self._resampler = resampler(KEPT_HZ, KEPT_HZ)
        self._joining = asyncio.create_task(self._join())
        # A transcription that never comes is told to whoever asks for the text.
        self._joining.add_done_callback(lambda done: done.cancelled() or done.exception())

    def feed(self, pcm: bytes) -> None:
        """Take in what the microphone heard."""
        if self._utterance is None:
            self._kept += pcm
        else:
            self._utterance.feed(self._resampler.feed(pcm))

    async def partials(self) -> AsyncIterator[str]:
        """Yield the text so far, once somebody hears it."""
        await asyncio.wait((self._joining,))
        if self._utterance is not None:
            async for text in self._utterance.partials():
                yield text

    async def finish(self) -> str:
        """Return the text."""
        return await (await asyncio.shield(self._joining)).finish()

    async def cancel(self) -> None:
        """Forget what was said."""
        self._joining.cancel()
        self._kept.clear()
        if self._utterance is not None:
            await self._utterance.cancel()

    async def _join(self) -> Utterance:
        utterance = (await asyncio.shield(self._coming)).begin()
        self._resampler = resampler(KEPT_HZ, utterance.sample_rate)
        utterance.feed(self._resampler.feed(bytes(self._kept)))
        self._kept.clear()
        self._utterance = utterance
        return utterance
