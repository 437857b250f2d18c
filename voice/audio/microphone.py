"""Listen: one stream that stays open, of which an utterance takes what was said a moment before it began, too.

Blocks arrive on the library's own thread and are handed to the event loop at once.
Not responsible for finding the device (`devices`) or for what is made of the sound.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from voice.audio.devices import BLOCKS_PER_S, Device, Stream, open_input
from voice.audio.resampling import level, resampler
from voice.errors import DeviceError

PRE_ROLL_S: Final = 0.3
"""People speak as they press the key, not after."""

QUIET_LEVEL: Final = 0.012
"""Below this a block is silence. A room is about 0.002, speech 0.05."""

SILENT_S: Final = 2.0
"""A device that sends no block for so long is gone."""

logger = logging.getLogger(__name__)


class Tap:
    """What flows from the microphone to one listener, at the rate that it wants."""

    def __init__(self, source_hz: int, target_hz: int, take: Callable[[bytes], None]) -> None:
        self._resampler = resampler(source_hz, target_hz)
        self._take = take

    def feed(self, pcm: bytes) -> None:
        """Pass a block on."""
        ready = self._resampler.feed(pcm)
        if ready:
            self._take(ready)


class Microphone:
    """The open microphone."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._loop = asyncio.get_running_loop()
        self._stream: Stream | None = None
        self._before: deque[bytes] = deque(maxlen=int(PRE_ROLL_S * BLOCKS_PER_S))
        self._taps: dict[Tap, None] = {}
        self._last_block_at = self._loop.time()
        self.level = 0.0
        self.loud_at = 0.0
        """When a block was last louder than silence, on the event loop's clock."""

    def open(self) -> None:
        """Open the device.

        Raises:
            DeviceError: it cannot be opened.
        """
        self._stream = open_input(self._device, self._on_block)
        self._last_block_at = self._loop.time()

    @property
    def is_alive(self) -> bool:
        """Tell whether sound still comes."""
        stream = self._stream
        return stream is not None and stream.active and self._loop.time() - self._last_block_at < SILENT_S

    def tap(self, rate_hz: int, take: Callable[[bytes], None], *, with_before: bool = True) -> Tap:
        """Return a new listener, which gets the last moment at once and everything from now on."""
        tap = Tap(self._device.rate, rate_hz, take)
        if with_before:
            for block in self._before:
                tap.feed(block)
        self._taps[tap] = None
        return tap

    def untap(self, tap: Tap) -> None:
        """Stop a listener; a second call does nothing."""
        self._taps.pop(tap, None)

    def quiet_for_s(self) -> float:
        """Return for how long nobody has spoken."""
        return self._loop.time() - self.loud_at

    def close(self) -> None:
        """Close the device."""
        stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close()
            except DeviceError:
                logger.info("microphone_was_gone")

    def _on_block(self, data: bytes, _frames: int, _time: object, status: object) -> None:
        # The library's thread: nothing but handing over. The loop may have ended before the stream did.
        try:
            self._loop.call_soon_threadsafe(self._take, bytes(data), bool(status))
        except RuntimeError:
            return

    def _take(self, block: bytes, has_trouble: bool) -> None:  # noqa: FBT001 - called by position
        if has_trouble:
            logger.info("microphone_overflow")
        self._last_block_at = self._loop.time()
        self.level = level(block)
        if self.level > QUIET_LEVEL:
            self.loud_at = self._last_block_at
        self._before.append(block)
        for tap in list(self._taps):
            tap.feed(block)
