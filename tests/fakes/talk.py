"""Ears and a mouth in memory, for tests of the loop on a virtual clock: they follow a `Script`, faults included.

They keep the same promises as those of real providers: one contract suite tests them all.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from tests.fakes.voice.faults import REFUSALS, Door, Fault, Kind
from tests.fakes.voice.script import Growing, Heard, Script
from tests.fakes.voice.sound import chunks_of
from voice.errors import ProviderTrouble, VoiceProviderError
from voice.providers import SpokenAudio
from voice.refusals import Provider
from voice.strangers import keywords as usable

FAKE: Final = Provider(name="Fake", key_name="FAKE_API_KEY")
RATE_HZ: Final = 16_000
SHORTEST_S: Final = 0.1
_KINDS: Final[dict[Kind, ProviderTrouble]] = {
    Kind.BAD_KEY: "bad_key",
    Kind.NO_CREDIT: "no_credit",
    Kind.RATE_LIMITED: "rate_limited",
    Kind.OVERLOADED: "overloaded",
    Kind.INVALID: "refused",
    Kind.DROP: "no_network",
    Kind.MALFORMED: "unexpected",
}


class FakeEars:
    """A `Transcriber`; its faults are those of the door of realtime transcription."""

    name = FAKE.name

    def __init__(self, script: Script, *, timeout_s: float = 5.0) -> None:
        self.script = script
        self.timeout_s = timeout_s
        self.keywords: tuple[str, ...] = ()

    async def start(self, keywords: Sequence[str]) -> None:
        """Expect these words from now on."""
        self.keywords = tuple(usable(keywords, 100))
        fault = self.script.faults.take(Door.REALTIME, is_late=False)
        if fault is not None:
            raise await failed(fault, self.timeout_s)

    def begin(self) -> "_Utterance":
        """Return a new utterance."""
        return _Utterance(self)

    async def aclose(self) -> None:
        """Need nothing."""


class _Utterance:
    sample_rate = RATE_HZ

    def __init__(self, ears: FakeEars) -> None:
        self._ears = ears
        self._growing = Growing(ears.script, RATE_HZ)
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._shown = ""

    def feed(self, pcm: bytes) -> None:
        """Take in what the microphone heard."""
        self._growing.feed(pcm)
        text = " ".join(self._growing.words)
        if text != self._shown:
            self._shown = text
            self._texts.put_nowait(text)

    async def partials(self) -> AsyncIterator[str]:
        """Yield the text so far, each time it grows."""
        while (text := await self._texts.get()) is not None:
            yield text

    async def finish(self) -> str:
        """Return the text."""
        script, pcm = self._ears.script, bytes(self._growing.pcm)
        try:
            if len(pcm) < SHORTEST_S * RATE_HZ * 2:
                return ""
            fault = script.faults.take(Door.REALTIME, is_late=True)
            if fault is not None:
                raise await failed(fault, self._ears.timeout_s)
            text = script.said().text
            script.heard.append(Heard(by=FAKE.name, pcm=pcm, rate_hz=RATE_HZ, keywords=self._ears.keywords, text=text))
            await asyncio.sleep(script.pace.text_s)
            return text
        finally:
            self._texts.put_nowait(None)

    async def cancel(self) -> None:
        """Forget what was said."""
        self._texts.put_nowait(None)


class FakeMouth:
    """A `Speaker`; its faults are those of the door of the speech socket."""

    name = FAKE.name

    def __init__(self, script: Script, *, timeout_s: float = 5.0) -> None:
        self.script = script
        self.timeout_s = timeout_s
        self._count = 0

    async def start(self) -> None:
        """Need nothing, unless a fault is due."""
        fault = self.script.faults.take(Door.SPEECH, is_late=False)
        if fault is not None:
            raise await failed(fault, self.timeout_s)

    def begin(self) -> "_Speech":
        """Return a new speech."""
        self._count += 1
        return _Speech(self, f"answer-{self._count}")

    async def aclose(self) -> None:
        """Need nothing."""


class _Speech:
    sample_rate = RATE_HZ

    def __init__(self, mouth: FakeMouth, name: str) -> None:
        self._mouth = mouth
        self._name = name
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._is_over = False

    async def say(self, text: str) -> None:
        """Add a sentence or a clause."""
        if not self._is_over:
            self._mouth.script.spoken.append((self._name, f"{text} "))
            self._texts.put_nowait(f"{text} ")

    async def finish(self) -> None:
        """Say that no more text comes."""
        self._texts.put_nowait(None)

    async def audio(self) -> AsyncIterator[SpokenAudio]:
        """Yield the audio in order."""
        script = self._mouth.script
        while (text := await self._texts.get()) is not None:
            fault = script.faults.take(Door.SPEECH, is_late=True)
            await asyncio.sleep(script.pace.first_byte_s)
            for pcm, said in chunks_of(text, RATE_HZ)[: fault.after if fault else None]:
                if self._is_over:
                    return
                yield SpokenAudio(pcm, said)
                await asyncio.sleep(script.pace.chunk_s)
            if fault is not None:
                raise await failed(fault, self._mouth.timeout_s)

    async def cancel(self) -> None:
        """Say no more."""
        self._is_over = True
        self._texts.put_nowait(None)


async def failed(fault: Fault, timeout_s: float) -> VoiceProviderError:
    """Return the error that a fault comes to, after the time that it takes."""
    if fault.kind is Kind.STALL:
        await asyncio.sleep(timeout_s)
        return FAKE.trouble("stalled")
    assert fault.kind in REFUSALS | {Kind.DROP, Kind.MALFORMED}
    return FAKE.trouble(_KINDS[fault.kind], fault.retry_after_s)
