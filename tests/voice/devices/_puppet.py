"""AURA's microphone and player in a process of their own, moved by lines of JSON.

`["tap", 24000]` in, `{"event": …}` out. PortAudio looks for devices once a process: a test that takes one away, or has
others than the next test, cannot share its process. Not responsible for judging what is heard.
"""

import asyncio
import json
import math
import struct
import sys
from pathlib import Path
from typing import Any

from voice.audio import Devices, Microphone, Player, Tap, find_devices, list_devices
from voice.audio.devices import refresh_devices
from voice.errors import DeviceError
from voice.providers import SpokenAudio

RATE = 24_000


class Puppet:
    """One microphone, one player, one tap."""

    def __init__(self) -> None:
        self._found: Devices | None = None
        self._microphone: Microphone | None = None
        self._player: Player | None = None
        self._tap: Tap | None = None
        self._tapped = bytearray()

    def devices(self) -> dict[str, Any]:
        """Name the devices."""
        microphones, speakers = list_devices()
        return {"microphones": [one.name for one in microphones], "speakers": [one.name for one in speakers]}

    def find(self, wanted: str | None = None) -> dict[str, Any]:
        """Look for devices anew, and choose two."""
        refresh_devices()
        self._found = find_devices(wanted)
        return {"microphone": self._found.microphone.name, "speaker": self._found.speaker.name}

    def open(self) -> dict[str, Any]:
        """Open those that were found."""
        found = self._found
        assert found is not None
        self._microphone = Microphone(found.microphone)
        self._player = Player(found.speaker, lambda: tell({"event": "audible"}), lambda: tell({"event": "drained"}))
        self._microphone.open()
        self._player.open()
        return {}

    def close(self) -> dict[str, Any]:
        """Close both."""
        self.microphone.close()
        self.player.close()
        return {}

    def status(self) -> dict[str, Any]:
        """Tell how they are."""
        return {
            "microphone": self.microphone.is_alive,
            "speaker": self.player.is_alive,
            "underruns": self.player.underruns,
            "quiet_s": self.microphone.quiet_for_s(),
            "level": self.microphone.level,
        }

    def tap(self, rate_hz: int) -> dict[str, Any]:
        """Begin to take in what is heard."""
        self._tapped.clear()
        self._tap = self.microphone.tap(rate_hz, self._tapped.extend)
        return {"before": len(self._tapped) // 2}

    def untap(self, file: str) -> dict[str, Any]:
        """End it, and write the samples to a file."""
        assert self._tap is not None
        self.microphone.untap(self._tap)
        Path(file).write_bytes(self._tapped)
        return {}

    def begin(self) -> dict[str, Any]:
        """Begin an answer."""
        self.player.begin(RATE)
        return {}

    def write(self, seconds: float, text: str) -> dict[str, Any]:
        """Add a tone to it, which stands for a text."""
        count = int(seconds * RATE)
        tone = (int(9000 * math.sin(2 * math.pi * 440 * i / RATE)) for i in range(count))
        self.player.write(SpokenAudio(struct.pack(f"<{count}h", *tone), text))
        return {}

    def end(self) -> dict[str, Any]:
        """Complete it."""
        self.player.end()
        return {}

    def stop(self) -> dict[str, Any]:
        """Cut it off."""
        return {"heard": self.player.stop()}

    @property
    def microphone(self) -> Microphone:
        """The open one."""
        assert self._microphone is not None
        return self._microphone

    @property
    def player(self) -> Player:
        """The open one."""
        assert self._player is not None
        return self._player


def tell(fact: dict[str, Any]) -> None:
    """Write a line."""
    print(json.dumps(fact), flush=True)  # noqa: T201 - this is how it speaks


async def main() -> None:
    """Obey until the input ends."""
    loop, reader, puppet = asyncio.get_running_loop(), asyncio.StreamReader(), Puppet()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        command, *arguments = json.loads(line)
        try:
            tell({"event": "done", **getattr(puppet, command)(*arguments)})
        except DeviceError as error:
            tell({"event": "failed", "line": error.line})


if __name__ == "__main__":
    asyncio.run(main())
