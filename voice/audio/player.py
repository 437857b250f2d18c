"""Speak: one stream that stays open, fed from a buffer that can be emptied within a block.

What was heard is known by position: each piece of audio carries the words that begin with it.
Not responsible for finding the device (`devices`) or for whose turn it is.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from voice.audio.devices import Device, Stream, open_output
from voice.audio.resampling import Resampler, resampler
from voice.providers import SpokenAudio

SILENCE: Final = b"\0"


class Player:
    """The open speaker.

    `on_audible` and `on_drained` are called on the event loop, for the answer that goes on only.
    """

    def __init__(self, device: Device, on_audible: Callable[[], None], on_drained: Callable[[], None]) -> None:
        self._device = device
        self._loop = asyncio.get_running_loop()
        self._on_audible = on_audible
        self._on_drained = on_drained
        self._answer = 0
        self._stream: Stream | None = None
        self._lock = threading.Lock()
        self._buffer = bytearray()
        self._marks: deque[tuple[int, str]] = deque()
        self._heard: list[str] = []
        self._written = self._played = 0
        self._is_ended = True
        self._is_sounding = False
        self._resampler: Resampler = resampler(device.rate, device.rate)
        self.underruns = 0
        """Blocks in which an answer had nothing to say although it went on."""

    def open(self) -> None:
        """Open the device.

        Raises:
            DeviceError: it cannot be opened.
        """
        self._stream = open_output(self._device, self._on_block)

    @property
    def is_alive(self) -> bool:
        """Tell whether the device still takes sound."""
        return self._stream is not None and self._stream.active

    def begin(self, rate_hz: int) -> None:
        """Expect an answer whose audio has a rate; what was being said before is cut off."""
        self.stop()
        with self._lock:
            self._resampler = resampler(rate_hz, self._device.rate)
            self._is_ended = False

    def write(self, audio: SpokenAudio) -> None:
        """Add a piece of the answer."""
        pcm = self._resampler.feed(audio.pcm)
        with self._lock:
            if self._is_ended:
                return
            if audio.text:
                self._marks.append((self._written, audio.text))
            self._buffer += pcm
            self._written += len(pcm)

    def end(self) -> None:
        """Say that the answer is complete: `on_drained` is called once the last of it has been heard.

        A speaker that is gone has nothing more to play.
        """
        with self._lock:
            self._is_ended = True
            if not self.is_alive:
                self._buffer.clear()
                self._is_sounding = False
            is_empty = not self._buffer and not self._is_sounding
        if is_empty:
            self._loop.call_soon(self._tell, self._answer, self._on_drained)

    def stop(self) -> str:
        """Be silent from the next block on, and return the words that were heard of the answer."""
        with self._lock:
            self._answer += 1
            self._buffer.clear()
            self._is_ended = True
            self._is_sounding = False
            self._mark_heard()
            heard = "".join(self._heard)
            self._heard.clear()
            self._marks.clear()
            self._written = self._played = 0
        return heard

    def close(self) -> None:
        """Close the device."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _on_block(self, out: bytearray, _frames: int, _time: object, _status: object) -> None:
        size = len(out)
        with self._lock:
            answer = self._answer
            data = bytes(self._buffer[:size])
            del self._buffer[:size]
            self._played += len(data)
            starts = bool(data) and not self._is_sounding
            drained = self._is_sounding and self._is_ended and not self._buffer
            if self._is_sounding and not self._is_ended and len(data) < size:
                self.underruns += 1
            self._is_sounding = (self._is_sounding or starts) and not drained
            self._mark_heard()
        out[: len(data)] = data
        out[len(data) :] = SILENCE * (size - len(data))
        for is_due, tell in ((starts, self._on_audible), (drained, self._on_drained)):
            if is_due:
                try:
                    self._loop.call_soon_threadsafe(self._tell, answer, tell)
                except RuntimeError:
                    # The loop has ended before the stream did.
                    return

    def _tell(self, answer: int, tell: Callable[[], None]) -> None:
        # What the library's thread saw may have been cut off before the event loop hears of it.
        if answer == self._answer:
            tell()

    def _mark_heard(self) -> None:
        while self._marks and self._marks[0][0] < self._played:
            self._heard.append(self._marks.popleft()[1])
