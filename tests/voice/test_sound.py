"""Looking after the devices, without any: when one of them is gone, and when it only seems to be."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from voice.audio import Sound
from voice.audio import sound as module
from voice.audio.devices import Device, Devices

PLACE = Device(number=0, name="headset", rate=48_000, is_default=True)


@dataclass
class FakeStream:
    """A microphone and a speaker in one: it is there, or not, as the looks at it say in turn."""

    looks: list[bool]

    @property
    def is_alive(self) -> bool:
        """Tell what the next look sees."""
        return self.looks.pop(0) if self.looks else True

    def open(self) -> None:
        """Be open."""

    def close(self) -> None:
        """Be closed."""


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[bool]], list[str]]:
    """Return what tells a microphone's owner what, for the looks at it."""

    def told(looks: list[bool]) -> list[str]:
        stream = FakeStream(looks)
        events: list[str] = []

        def microphone(_: Device) -> FakeStream:
            return stream

        def player(_device: Device, _audible: object, _drained: object) -> FakeStream:
            return FakeStream([])

        def find(_: str | None) -> Devices:
            return Devices(microphone=PLACE, speaker=PLACE)

        monkeypatch.setattr(module, "find_devices", find)
        monkeypatch.setattr(module, "refresh_devices", lambda: None)
        monkeypatch.setattr(module, "Microphone", microphone)
        monkeypatch.setattr(module, "Player", player)
        monkeypatch.setattr(module, "LOOK_S", 0.001)
        monkeypatch.setattr(module, "DOUBT_S", 0.001)

        async def scene() -> None:
            sound = Sound(None)
            await sound.open()
            keeping = asyncio.create_task(
                sound.keep_open(events.append, lambda found: events.append(found.speaker.name))
            )
            async with asyncio.timeout(5):
                while looks:  # noqa: ASYNC110 - nobody tells of a look
                    await asyncio.sleep(0.001)
            keeping.cancel()

        asyncio.run(scene())
        return events

    return told


def test_device_that_is_silent_for_a_moment_is_not_lost(seen: Callable[[list[bool]], list[str]]) -> None:
    """Our rule: a busy machine holds up the sound together with whoever looks for it; nobody is told of it."""
    assert seen([True, False, True, True]) == []


def test_device_that_is_gone_is_told_and_opened_again(seen: Callable[[list[bool]], list[str]]) -> None:
    """Spec: device unplugged: a line that says what to do, and the loop goes on."""
    assert seen([True, False, False, True, True])[:1] == [module.GONE]
