"""Hands-free: who is meant, when the agent may be interrupted, and that nobody can hold it forever."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.fakes.conversation import FakeSource, FakeTranscriber
from tests.virtual_time import run
from voice.hands_free import FOLLOW_UP_S, LONGEST_S, HandsFree
from voice.listening import MicrophoneEars
from voice.turns import Event, KeyDown, KeyUp, Phase

START_MS, INTERRUPT_MS, SAMPLE_RATE = 96, 300, 16_000


@dataclass
class Conversation:
    """Whose turn it is, as the test has it."""

    phase: Phase = Phase.LISTENING
    answered_at_s: float = float("-inf")
    events: list[Event] = field(default_factory=list[Event])

    def put(self, event: Event) -> None:
        """Note what has happened."""
        self.events.append(event)
        self.phase = Phase.RECORDING if isinstance(event, KeyDown) else Phase.TRANSCRIBING


class Detector:
    """A speech detector that hears speech when the test says so."""

    def __init__(self, on_start: Callable[[], None], on_end: Callable[[], None]) -> None:
        self.start, self.end = on_start, on_end
        self.start_ms = START_MS
        self.fed = 0

    def feed(self, pcm: bytes) -> None:
        """Take in audio."""
        self.fed += len(pcm)


class Room:
    """An open ear, and what belongs to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.conversation = Conversation()
        self.source = FakeSource()
        self.ears = MicrophoneEars(self.source, FakeTranscriber([]), lambda: None)
        self.detectors: list[Detector] = []
        monkeypatch.setattr("voice.audio.vad.SpeechDetector", self._detector)
        self.ear = HandsFree(self.conversation, self.ears, self.source)

    def _detector(self, on_start: Callable[[], None], on_end: Callable[[], None]) -> Detector:
        self.detectors.append(Detector(on_start, on_end))
        return self.detectors[-1]

    async def open(self) -> "asyncio.Task[None]":
        """Open the ear."""
        listening = asyncio.create_task(self.ear.listen())
        while not self.source.taps:  # noqa: ASYNC110 - it opens on a thread
            await asyncio.sleep(0.01)
        return listening


def test_only_who_says_the_name_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec: VAD and wake phrase "hey Aura"; a follow-up and an interruption need no name."""

    async def scene() -> None:
        room = Room(monkeypatch)
        listening = await room.open()
        (detector,) = room.detectors
        detector.start()
        assert room.ears.understand("Hey Ora, how is Bonk?") == "how is Bonk?"
        assert room.ears.understand("how is the weather") == ""
        detector.end()
        assert room.conversation.events == [KeyDown(), KeyUp()]
        room.conversation.phase = Phase.SPEAKING
        detector.start()
        assert room.ears.understand("and the second one") == "and the second one"
        assert room.ears.understand("Thank you.") == ""
        detector.end()
        room.conversation.phase = Phase.LISTENING
        room.conversation.answered_at_s = asyncio.get_running_loop().time()
        await asyncio.sleep(FOLLOW_UP_S - 1)
        detector.start()
        assert room.ears.understand("and the third") == "and the third"
        detector.end()
        room.conversation.phase = Phase.LISTENING
        await asyncio.sleep(FOLLOW_UP_S)
        detector.start()
        assert room.ears.understand("and the fourth") == ""
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        assert room.source.taps == {}

    run(scene)


def test_speech_must_last_longer_to_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec: open-mic barge-in needs at least 300 ms of speech."""

    async def scene() -> None:
        room = Room(monkeypatch)
        listening = await room.open()
        (detector,) = room.detectors
        room.source.hear(bytes(640))
        assert detector.start_ms == START_MS
        room.conversation.phase = Phase.SPEAKING
        room.source.hear(bytes(640))
        assert (detector.start_ms, detector.fed) == (INTERRUPT_MS, 1280)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    run(scene)


def test_television_is_not_listened_to_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: a minute is the longest question; its end is told once."""

    async def scene() -> None:
        room = Room(monkeypatch)
        listening = await room.open()
        (detector,) = room.detectors
        detector.start()
        await asyncio.sleep(LONGEST_S + 1)
        assert room.conversation.events == [KeyDown(), KeyUp()]
        detector.end()
        assert len(room.conversation.events) == 2
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

    run(scene)
