"""Hold a conversation: put devices, terminal, providers and the loop together, and take them apart at the end.

Not responsible for what is said (`voice.brain`) or when (`voice.loop`).
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from rich.console import Console

from voice.audio import Devices, Sound, list_devices
from voice.background import Background
from voice.crew import Crew
from voice.hands_free import HandsFree
from voice.journal import Journal, open_journal
from voice.listening import MicrophoneEars
from voice.loop import Loop
from voice.screen import Screen
from voice.settings import VoiceSettings
from voice.silence import SilentMouth
from voice.terminal import Key, Terminal, open_display
from voice.turns import Dropped, KeyDown, KeyUp, News
from voice.typed import TypedDisplay, TypedEars, typed_lines

HOLD: Final = "hold space and speak · esc: be quiet · q: quit"
TYPE: Final = "type a question · Ctrl-D: quit"
TAP: Final = "tap space, speak, tap again · esc: be quiet · q: quit"

logger = logging.getLogger(__name__)

_EVENTS: Final = {Key.DOWN: KeyDown(), Key.UP: KeyUp(), Key.DROP: Dropped()}


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
    journal = open_journal(choices.transcript)
    if choices.is_typed:
        await _talk_in_text(settings, journal, log)
    else:
        await _talk_aloud(settings, choices, journal, log)
    return 0


def print_devices(out: TextIO) -> None:
    """Write which microphones and speakers there are, the default ones marked.

    Raises:
        DeviceError: the audio library is missing.
    """
    for kind, devices in zip(("microphones", "speakers"), list_devices(), strict=True):
        out.write(f"{kind}:\n")
        out.writelines(f"  {'*' if device.is_default else ' '} {device.number:2} {device.name}\n" for device in devices)
        if not devices:
            out.write("    none\n")


async def _talk_in_text(settings: VoiceSettings, journal: Journal, log: TextIO) -> None:
    ears = TypedEars()
    screen = Screen(TypedDisplay(_writer(sys.stdout), _writer(sys.stderr)))
    crew = Crew(settings, log, screen.note)
    loop = Loop(crew, ears, SilentMouth(), screen, journal, may_guess=False)
    async with AsyncExitStack() as stack:
        background = _background(stack)
        background.start(loop.draw())
        if sys.stdin.isatty():
            screen.note(TYPE)
        await stack.enter_async_context(crew.working(has_voice=False))
        async for line in typed_lines():
            if not sys.stdin.isatty():
                # A script's next line is not an interruption.
                await loop.rest()
            ears.line = line
            loop.put(KeyDown())
            loop.put(KeyUp())
        await loop.rest()
        await loop.aclose()


async def _talk_aloud(settings: VoiceSettings, choices: Choices, journal: Journal, log: TextIO) -> None:
    terminal = Terminal() if sys.stdin.isatty() or not choices.is_hands_free else None
    display = open_display(Console())
    sound = Sound(choices.device)
    screen = Screen(display, lambda: sound.level, hears_everybody=choices.is_hands_free)
    crew = Crew(settings, log, lambda line: loop.put(News(line)))
    ears = MicrophoneEars(sound, crew.transcriber, lambda: crew.second_transcriber)
    loop = Loop(crew, ears, sound, screen, journal, may_guess=settings.speculate)
    async with AsyncExitStack() as stack:
        stack.enter_context(_errors_in(log))
        display.open()
        stack.callback(display.close)
        stack.callback(sound.close)
        background = _background(stack)
        is_open = asyncio.Event()
        # The keys come first: what is pressed while the devices open is not lost.
        ended = background.start(_press(terminal, loop, screen, is_open))
        _end_with_signals(ended)
        await sound.open()
        if choices.is_hands_free:
            background.start(HandsFree(loop, ears, sound).listen())
        is_open.set()
        background.start(loop.draw())
        background.start(sound.keep_open(loop.lose, lambda devices: screen.note(_told(devices))))
        await stack.enter_async_context(crew.working(has_voice=True))
        await asyncio.wait((ended,))
        if not ended.cancelled():
            ended.result()
        loop.put(Dropped())
        await loop.aclose()


async def _press(terminal: Terminal | None, loop: Loop, screen: Screen, is_open: asyncio.Event) -> None:
    """Pass on what the person does at the terminal, until they quit."""
    if terminal is None:
        await asyncio.Event().wait()
        return
    keys = terminal.keys()
    hinting = asyncio.create_task(_hint(terminal, screen))
    try:
        async for key in keys:
            await is_open.wait()
            if key is Key.QUIT:
                return
            loop.put(_EVENTS[key])
    finally:
        hinting.cancel()
        await keys.aclose()


async def _hint(terminal: Terminal, screen: Screen) -> None:
    await terminal.is_known.wait()
    screen.hint(HOLD if terminal.has_releases else TAP)


def _end_with_signals(task: "asyncio.Task[None]") -> None:
    """Let a closed window, or a system that shuts down, end the conversation as a key does: tidily."""
    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


@contextmanager
def _errors_in(log: TextIO) -> Generator[None]:
    """Keep what libraries of the system write to stderr out of the picture: ALSA reports every hiccup there."""
    sys.stderr.flush()
    usual = os.dup(2)
    os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(usual, 2)
        os.close(usual)


def _told(devices: Devices) -> str:
    return f"microphone: {devices.microphone.name}, speaker: {devices.speaker.name}"


def _background(stack: AsyncExitStack) -> Background:
    """Return where work goes on until the end of the stack."""
    background = Background()
    stack.push_async_callback(background.aclose)
    return background


def _writer(stream: TextIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        stream.write(text)
        stream.flush()

    return write
