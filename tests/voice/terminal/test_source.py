"""Keys read from a terminal, which is left as it was found."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.fakes.terminal import FakeTerminal, Kind

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal needs POSIX", allow_module_level=True)

ROOT: Final = Path(__file__).resolve().parents[3]
TYPIST: Final = """
import asyncio, sys
from voice.terminal import Key, Terminal

async def main():
    async for key in Terminal().keys():
        print(key.name, flush=True)
        if key is Key.DROP and "crash" in sys.argv:
            raise RuntimeError("it broke")

asyncio.run(main())
"""


def typist(kind: Kind, *arguments: str) -> FakeTerminal:
    """Return a terminal in which a program names the keys."""
    return FakeTerminal(
        [sys.executable, "-c", TYPIST, *arguments], environment=dict(os.environ), folder=ROOT, kind=kind
    )


@pytest.mark.parametrize("kind", ["kitty", "plain", "dumb"])
def test_keys_are_told_and_the_terminal_is_left_as_it_was(kind: Kind) -> None:
    """Spec: true key-up where the terminal can, tap-to-toggle elsewhere; the terminal is restored."""
    with typist(kind) as terminal:
        terminal.wait_for_keys()
        terminal.press()
        terminal.wait_for("DOWN")
        if kind == "kitty":
            terminal.release()
            terminal.wait_for("UP")
        terminal.type(b"\x1b[113;1:1u" if kind == "kitty" else b"q")
        assert terminal.wait() == 0
        assert "QUIT" in terminal.text
        assert terminal.is_as_before


@pytest.mark.parametrize("kind", ["kitty", "plain"])
def test_a_crash_leaves_the_terminal_as_it_was(kind: Kind) -> None:
    """Spec: nothing is left behind on exit, also when something breaks."""
    with typist(kind, "crash") as terminal:
        terminal.wait_for_keys()
        terminal.type(b"\x1b[27;1:1u" if kind == "kitty" else b"\x1b")
        assert terminal.wait() == 1
        assert "it broke" in terminal.text
        assert terminal.is_as_before


def test_control_c_of_a_plain_terminal_leaves_it_as_it_was() -> None:
    """POSIX: in cbreak mode Ctrl-C is a signal."""
    with typist("plain") as terminal:
        terminal.wait_for_keys()
        terminal.press()
        terminal.wait_for("DOWN")
        terminal.type(b"\x03")
        assert terminal.wait() != 0
        assert terminal.is_as_before


def test_without_a_terminal_the_other_ways_to_ask_are_named() -> None:
    """Spec: each failure has a line that says what to do."""
    run = subprocess.run(
        [sys.executable, "-c", TYPIST], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert "Push-to-talk needs a terminal. Type with `aura voice --text`, or use --hands-free." in run.stderr
