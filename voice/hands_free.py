"""Know without a key when somebody speaks to the agent: a voice begins and ends, and "hey Aura" says who is meant.

What follows an answer at once, or interrupts it, is meant for the agent without being addressed.
Not responsible for hearing (`voice.listening`) or for what a name sounds like (`voice.wake`).
"""

import asyncio
import importlib
from typing import TYPE_CHECKING, Final, Protocol

from voice.audio import Tap
from voice.listening import MicrophoneEars, Source
from voice.turns import Event, KeyDown, KeyUp, Phase
from voice.wake import addressed

if TYPE_CHECKING:
    from voice.audio.vad import SpeechDetector

FOLLOW_UP_S: Final = 8.0
"""For so long after an answer nobody needs to say the name again."""

LONGEST_S: Final = 60.0
"""Who speaks for longer speaks to somebody else, or is a television."""

ENOUGH: Final = frozenset({"stop", "be quiet", "quiet", "never mind", "nevermind", "cancel", "thank you", "thanks"})
"""What silences the agent and wants no answer."""

_STEP_S: Final = 0.1


class Conversation(Protocol):
    """Whose turn it is."""

    @property
    def phase(self) -> Phase:
        """What the agent is doing."""
        ...

    @property
    def answered_at_s(self) -> float:
        """When the last answer ended, on the event loop's clock."""
        ...

    def put(self, event: Event) -> None:
        """Take in what has happened."""
        ...


class HandsFree:
    """An ear that is always open."""

    def __init__(self, conversation: Conversation, ears: MicrophoneEars, source: Source) -> None:
        self._conversation = conversation
        self._source = source
        self._clock = asyncio.get_running_loop().time
        self._detector: SpeechDetector | None = None
        self._is_reply = False
        self._began_at: float | None = None
        ears.understand = self.understand

    def understand(self, text: str) -> str:
        """Return what of a transcript is meant for the agent; empty where nothing is."""
        meant = addressed(text)
        if meant is None:
            meant = text if self._is_reply else ""
        plain = meant.lower().strip(" .,!")
        return "" if plain in ENOUGH else meant

    async def listen(self) -> None:
        """Listen for as long as the agent runs, to whatever microphone there is."""
        vad = await asyncio.to_thread(importlib.import_module, "voice.audio.vad")
        detector = self._detector = vad.SpeechDetector(self._begin, self._end)
        usual_ms, interrupt_ms = vad.START_MS, vad.INTERRUPT_MS

        def feed(pcm: bytes) -> None:
            detector.start_ms = interrupt_ms if self._conversation.phase in _VOICED else usual_ms
            detector.feed(pcm)

        tap: Tap = self._source.tap(vad.SAMPLE_RATE, feed)
        try:
            while True:
                await asyncio.sleep(_STEP_S)
                if self._began_at is not None and self._clock() - self._began_at > LONGEST_S:
                    self._end()
        finally:
            self._source.untap(tap)

    def _begin(self) -> None:
        conversation = self._conversation
        is_soon = self._clock() - conversation.answered_at_s < FOLLOW_UP_S
        self._is_reply = conversation.phase in _VOICED or is_soon
        self._began_at = self._clock()
        conversation.put(KeyDown())

    def _end(self) -> None:
        if self._began_at is not None:
            self._began_at = None
            self._conversation.put(KeyUp())


_VOICED: Final = frozenset({Phase.SPEAKING, Phase.ANNOUNCING})
