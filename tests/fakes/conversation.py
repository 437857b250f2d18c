"""Ears, a mouth and company on the event loop's own clock: for tests of `voice.loop`, in virtual time.

Sound has a length: a second of speech is over after a second. Not responsible for the model (`mind`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from tests.fakes.mind import FakeDesk, FakeMind
from voice.audio import Tap
from voice.brain import Brain
from voice.errors import VoiceError, VoiceProviderError
from voice.memory import Call
from voice.providers import Speaker, Speech, SpokenAudio, Transcriber
from voice.turns import Event

RATE = 24_000
WORD_S = 0.25
"""How long a word is spoken."""

DEAF = VoiceProviderError("Fake", "no_network", "I cannot hear you. Check the network.")
HOARSE = VoiceProviderError("Fake", "stalled", "The voice stopped in the middle. Ask again in a moment.")


@dataclass
class FakeSource:
    """A microphone that hears what the test says."""

    quiet_s: float = 0.0
    taps: dict[Tap, None] = field(default_factory=dict[Tap, None])
    error: VoiceError | None = None

    def tap(self, rate_hz: int, take: Callable[[bytes], None]) -> Tap:
        """Return a new listener."""
        if self.error is not None:
            raise self.error
        tap = Tap(rate_hz, rate_hz, take)
        self.taps[tap] = None
        return tap

    def untap(self, tap: Tap) -> None:
        """Stop a listener."""
        self.taps.pop(tap, None)

    def quiet_for_s(self) -> float:
        """Return for how long nobody has spoken."""
        return self.quiet_s

    def hear(self, pcm: bytes) -> None:
        """Let everybody hear a piece of sound."""
        for tap in self.taps:
            tap.feed(pcm)


@dataclass
class FakeTranscriber:
    """A transcription whose texts the test gives; `final_s` after the end of an utterance it has the final one."""

    finals: list[str | Exception]
    final_s: float = 0.3
    name: str = "Fake"
    utterances: list["FakeUtterance"] = field(default_factory=list["FakeUtterance"])

    async def start(self, keywords: Sequence[str]) -> None:
        """Need nothing."""

    def begin(self) -> "FakeUtterance":
        """Return a new utterance."""
        utterance = FakeUtterance(self)
        self.utterances.append(utterance)
        return utterance

    async def aclose(self) -> None:
        """Need nothing."""


class FakeUtterance:
    """One thing that is being said."""

    sample_rate = RATE

    def __init__(self, transcriber: FakeTranscriber) -> None:
        self._transcriber = transcriber
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self.pcm = bytearray()
        self.is_cancelled = False

    def feed(self, pcm: bytes) -> None:
        """Take in sound."""
        self.pcm += pcm

    def show(self, text: str) -> None:
        """Have understood so much."""
        self._texts.put_nowait(text)

    async def partials(self) -> AsyncIterator[str]:
        """Yield what the test shows."""
        while (text := await self._texts.get()) is not None:
            yield text

    async def finish(self) -> str:
        """Return the next final text."""
        await asyncio.sleep(self._transcriber.final_s)
        self._texts.put_nowait(None)
        final = self._transcriber.finals.pop(0)
        if isinstance(final, Exception):
            raise final
        return final

    async def cancel(self) -> None:
        """Forget it."""
        self.is_cancelled = True
        self._texts.put_nowait(None)


@dataclass
class FakeSpeaker:
    """A voice that takes `first_s` for each sentence. After `works_for` pieces of audio it fails."""

    first_s: float = 0.1
    works_for: int = 10_000
    name: str = "Fake"
    sentences: list[str] = field(default_factory=list[str])
    cancelled: int = 0

    async def start(self) -> None:
        """Need nothing."""

    def begin(self) -> Speech:
        """Return a new speech."""
        return _Speech(self)

    async def aclose(self) -> None:
        """Need nothing."""


class _Speech:
    sample_rate = RATE

    def __init__(self, speaker: FakeSpeaker) -> None:
        self._speaker = speaker
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        self._is_over = False

    async def say(self, text: str) -> None:
        if self._is_over:
            return
        self._speaker.sentences.append(text)
        self._texts.put_nowait(text)

    async def finish(self) -> None:
        self._texts.put_nowait(None)

    async def audio(self) -> AsyncIterator[SpokenAudio]:
        while (text := await self._texts.get()) is not None:
            await asyncio.sleep(self._speaker.first_s)
            for word in text.split():
                if not self._speaker.works_for:
                    raise HOARSE
                if self._is_over:
                    return
                self._speaker.works_for -= 1
                yield SpokenAudio(bytes(2 * int(WORD_S * RATE)), f"{word} ")

    async def cancel(self) -> None:
        self._is_over = True
        self._speaker.cancelled += 1
        self._texts.put_nowait(None)


class FakeMouth:
    """A speaker's playback, `speed` times faster than time. `heard` holds every word that ever sounded, and when."""

    def __init__(self, *, speed: float = 1.0) -> None:
        self._speed = speed
        self._audible: Callable[[], None] | None = None
        self._drained: Callable[[], None] | None = None
        self._waiting: list[SpokenAudio] = []
        self._playing: asyncio.Task[None] | None = None
        self._words: list[str] = []
        self._is_ended = True
        self.heard: list[tuple[float, str]] = []

    @property
    def is_silent(self) -> bool:
        """Tell whether nothing sounds."""
        return self._playing is None

    def report_to(self, audible: Callable[[], None], drained: Callable[[], None]) -> None:
        """Tell from now on when the first and the last sound of an answer is heard."""
        self._audible, self._drained = audible, drained

    def begin(self, rate_hz: int) -> None:
        """Expect an answer; nothing else may sound."""
        assert self.is_silent, "two voices at once"
        assert rate_hz == RATE
        self._words, self._is_ended = [], False

    def write(self, audio: SpokenAudio) -> None:
        """Add a piece of the answer."""
        if self._is_ended:
            return
        self._waiting.append(audio)
        if self._playing is None:
            self._playing = asyncio.create_task(self._play())

    def end(self) -> None:
        """Say that the answer is complete."""
        self._is_ended = True
        if self._playing is None:
            self._playing = asyncio.create_task(self._play())

    def stop(self) -> str:
        """Be silent at once."""
        if self._playing is not None:
            self._playing.cancel()
        self._playing = None
        self._waiting.clear()
        self._is_ended = True
        return "".join(self._words)

    async def _play(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._waiting:
            audio = self._waiting.pop(0)
            if not self._words and self._audible is not None:
                self._audible()
            self._words.append(audio.text)
            self.heard.append((clock(), audio.text.strip()))
            await asyncio.sleep(len(audio.pcm) / 2 / RATE / self._speed)
        self._playing = None
        if self._is_ended and self._drained is not None:
            self._drained()


class FakeCompany:
    """Everybody who answers; the test says who is there."""

    def __init__(
        self, mind: FakeMind, desk: FakeDesk, speaker: Speaker | None, brain: Brain | VoiceError | None = None
    ) -> None:
        self.mind = mind
        self.desk = desk
        self.voice = speaker
        self.the_brain = brain or Brain(mind, desk, system="Be short.", memory_tokens=4_000)
        self.is_here = asyncio.Event()
        self.is_here.set()
        self.calls: list[Call] = []
        self.overheard: list[str] = []
        self.put: Callable[[Event], None] | None = None
        self.second: Transcriber | None = None

    def report_to(self, put: Callable[[Event], None]) -> None:
        """Put nothing by itself."""
        self.put = put

    async def brain(self) -> Brain:
        """Return who thinks."""
        await self.is_here.wait()
        if isinstance(self.the_brain, VoiceError):
            raise self.the_brain
        return self.the_brain

    async def speaker(self) -> Speaker | None:
        """Return who speaks."""
        await self.is_here.wait()
        return self.voice

    def overhear(self, text: str) -> None:
        """Note what has been said so far."""
        self.overheard.append(text)

    def known(self, question: str) -> list[Call]:  # noqa: ARG002 - the test says what is known
        """Return what was looked up ahead."""
        return self.calls

    def told_news(self, text: str) -> None:
        """Remember news."""
        if isinstance(self.the_brain, Brain):
            self.the_brain.remember_news(text)

    def settle(self) -> None:
        """Need nothing."""
