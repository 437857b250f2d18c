"""Keep a microphone and a speaker open, and open them anew when one of them has gone.

What listens and what speaks does not notice which devices there are. Not responsible for what flows through them.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from voice.audio.devices import Devices, find_devices, refresh_devices
from voice.audio.microphone import Microphone, Tap
from voice.audio.player import Player
from voice.errors import DeviceError
from voice.providers import SpokenAudio

LOOK_S: Final = 0.5
"""How often to look whether the devices are still there, or there again."""

DOUBT_S: Final = 0.2

GONE: Final = "The microphone or the speaker is gone. Plug it in again."

logger = logging.getLogger(__name__)


def _nothing() -> None:
    """Tell nobody."""


class Sound:
    """The open devices: a mouth, and what ears listen to."""

    def __init__(self, wanted: str | None) -> None:
        self._wanted = wanted
        self._microphone: Microphone | None = None
        self._player: Player | None = None
        self._on_audible = self._on_drained = _nothing
        self._taps: dict[Tap, tuple[int, Callable[[bytes], None], Tap]] = {}

    async def open(self) -> Devices:
        """Open both devices, the microphone first.

        Raises:
            DeviceError: one of them cannot be found or opened; its line says what to do.
        """
        devices = await asyncio.to_thread(find_devices, self._wanted)
        microphone, player = Microphone(devices.microphone), Player(devices.speaker, self._audible, self._drained)
        try:
            await asyncio.to_thread(microphone.open)
            logger.info("microphone_open", extra={"fields": {"device": devices.microphone.name}})
            await asyncio.to_thread(player.open)
        except DeviceError:
            microphone.close()
            raise
        logger.info("speaker_open", extra={"fields": {"device": devices.speaker.name}})
        self._microphone, self._player = microphone, player
        for tap, (rate_hz, take, _) in self._taps.items():
            self._taps[tap] = (rate_hz, take, microphone.tap(rate_hz, take, with_before=False))
        return devices

    @property
    def is_open(self) -> bool:
        """Tell whether both devices are there."""
        microphone, player = self._microphone, self._player
        return microphone is not None and microphone.is_alive and player is not None and player.is_alive

    @property
    def level(self) -> float:
        """How loud the microphone is, 0 to 1."""
        return 0.0 if self._microphone is None else self._microphone.level

    @property
    def underruns(self) -> int:
        """Blocks in which an answer had nothing to say although it went on."""
        return 0 if self._player is None else self._player.underruns

    async def keep_open(self, lost: Callable[[str], None], found: Callable[[Devices], None]) -> None:
        """Look after the devices for as long as the agent runs: tell when one is lost, and what was found instead."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self.is_open:
                continue
            # A busy machine holds up the sound together with whoever looks for it: a moment later it is there again.
            await asyncio.sleep(DOUBT_S)
            if self.is_open:
                continue
            was_open = self._player is not None
            self.close()
            if was_open:
                logger.warning("device_lost")
                lost(GONE)
            try:
                # Nothing is open here: looking anew ends every stream.
                await asyncio.to_thread(refresh_devices)
                devices = await self.open()
            except DeviceError as error:
                logger.info("device_still_lost", extra={"fields": {"reason": error.line}})
            else:
                found(devices)

    def tap(self, rate_hz: int, take: Callable[[bytes], None], *, with_before: bool = True) -> Tap:
        """Return a new listener to the microphone, whichever it is, until it is stopped.

        Raises:
            DeviceError: it is gone.
        """
        if self._microphone is None:
            raise DeviceError(GONE)
        tap = self._microphone.tap(rate_hz, take, with_before=with_before)
        self._taps[tap] = (rate_hz, take, tap)
        return tap

    def untap(self, tap: Tap) -> None:
        """Stop a listener; a second call does nothing."""
        known = self._taps.pop(tap, None)
        if self._microphone is not None and known is not None:
            self._microphone.untap(known[2])

    def quiet_for_s(self) -> float:
        """Return for how long nobody has spoken."""
        return 0.0 if self._microphone is None else self._microphone.quiet_for_s()

    def report_to(self, audible: Callable[[], None], drained: Callable[[], None]) -> None:
        """Tell from now on when the first and the last sound of an answer has left."""
        self._on_audible, self._on_drained = audible, drained

    def begin(self, rate_hz: int) -> None:
        """Expect an answer whose audio has a rate."""
        if self._player is not None:
            self._player.begin(rate_hz)

    def write(self, audio: SpokenAudio) -> None:
        """Add a piece of the answer."""
        if self._player is not None:
            self._player.write(audio)

    def end(self) -> None:
        """Say that the answer is complete; without a speaker it is over."""
        if self._player is not None:
            self._player.end()
        else:
            asyncio.get_running_loop().call_soon(self._drained)

    def stop(self) -> str:
        """Be silent at once, and return the words that were heard of the answer."""
        return "" if self._player is None else self._player.stop()

    def close(self) -> None:
        """Close both devices."""
        microphone, self._microphone = self._microphone, None
        player, self._player = self._player, None
        if microphone is not None:
            microphone.close()
        if player is not None:
            player.close()

    def _audible(self) -> None:
        self._on_audible()

    def _drained(self) -> None:
        self._on_drained()
