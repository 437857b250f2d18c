"""Hold a conversation: put devices, terminal, providers and the loop together, and take them apart at the end.

Not responsible for what is said (`voice.brain`) or when (`voice.loop`).
"""

import asyncio
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from voice.audio import list_devices
from voice.crew import Crew
from voice.journal import open_journal
from voice.loop import Loop
from voice.screen import Screen
from voice.settings import VoiceSettings
from voice.silence import SilentMouth
from voice.turns import Dropped, KeyDown, KeyUp
from voice.typed import TypedDisplay, TypedEars, typed_lines

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the command line says. `device` is `IN` or `IN,OUT`, by name or number."""

    is_hands_free: bool = False
    is_typed: bool = False
    device: str | None = None
    transcript: Path | None = None


async def talk(settings: VoiceSettings, choices: Choices, log: TextIO) -> int:
    """Talk until the person ends it; `log` takes what the process of the tools has to say.

    Raises:
        VoiceError: nothing can be heard or said here; its line says what to do.
    """
    if choices.is_typed:
        return await _talk_in_text(settings, choices, log)
    return 0


def print_devices(out: TextIO) -> None:
    """Write which microphones and speakers there are, the default ones marked.

    Raises:
        DeviceError: the audio library is missing.
    """
    for kind, devices in zip(("microphones", "speakers"), list_devices(), strict=True):
        out.write(f"{kind}:\n")
        out.writelines(f"  {'*' if device.is_default else ' '} {device.number:2} {device.name}\n" for device in devices)


async def _talk_in_text(settings: VoiceSettings, choices: Choices, log: TextIO) -> int:
    ears = TypedEars()
    screen = Screen(TypedDisplay(_writer(sys.stdout), _writer(sys.stderr)))
    crew = Crew(settings, log, screen.note)
    loop = Loop(crew, ears, SilentMouth(), screen, open_journal(choices.transcript), may_guess=False)
    is_watched = sys.stdin.isatty()
    drawing = asyncio.create_task(loop.draw())
    try:
        async with crew.working(has_voice=False):
            async for line in typed_lines():
                if not is_watched:
                    # A script's next line is not an interruption.
                    await loop.rest()
                ears.line = line
                loop.put(KeyDown())
                loop.put(KeyUp())
            await loop.rest()
            loop.put(Dropped())
            await loop.aclose()
    finally:
        drawing.cancel()
    return 0


def _writer(stream: TextIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream.write(text)
        stream.flush()

    return write
