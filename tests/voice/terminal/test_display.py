"""What is seen of a conversation, at any width, and on terminals that cannot redraw."""

import io
import os
import sys
from pathlib import Path
from typing import Final

import pytest
from inline_snapshot import snapshot
from rich.console import Console

from tests.fakes.terminal import FakeTerminal
from voice.terminal import Display, PlainDisplay, View, open_display
from voice.terminal.display import live_view
from voice.turns import Phase

ROOT: Final = Path(__file__).resolve().parents[3]
SPEAKING: Final = View(
    phase=Phase.SPEAKING,
    question="Which of my wallets traded bonk?",
    answer="Cupsey bought 12.4 thousand dollars of it an hour ago and sold half of that within ten minutes.",
    stages_ms={"heard": 312, "first word": 420, "first sound": 130, "total": 905},
)
TALKER: Final = """
import sys
from rich.console import Console
from voice.terminal import open_display
from voice.turns import Phase

display = open_display(Console())
display.open()
try:
    display.view.phase = Phase.RECORDING
    for count in range(30):
        display.view.level = count / 100
        display.view.question = "which wallet leads, " * (count // 8)
        display.refresh()
    display.view.answer = "Alpha leads by far."
    if "crash" in sys.argv:
        raise RuntimeError("it broke")
    display.settle()
    display.note("The microphone is back.")
finally:
    display.close()
"""


def lines(view: View, width: int) -> list[str]:
    """Return what a terminal of a width shows."""
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(live_view(view))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_a_turn_is_read_beside_who_said_it() -> None:
    """Spec: question, answer as it is spoken, latency of each stage; at 60 columns."""
    assert lines(SPEAKING, 60) == snapshot(
        [
            "you   Which of my wallets traded bonk?",
            "aura  Cupsey bought 12.4 thousand dollars of it an hour ago",
            "      and sold half of that within ten minutes.",
            "      heard 312\xa0ms · first word 420\xa0ms · first sound 130\xa0ms",
            "      · total 905\xa0ms",
            "▶ speaking",
        ]
    )


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("phase", Phase)
def test_every_state_fits_and_has_one_line_of_its_own(phase: Phase, width: int) -> None:
    """Spec: state, level, partial transcript, tools; works from 60 to 120 columns."""
    view = View(
        phase=phase, hint="hold space to speak, Esc to stop, q to quit", level=0.06, tools=["token_report", "search"]
    )
    shown = lines(view, width)
    assert len(shown) == 1
    assert len(shown[0]) <= width
    assert ("▮" in shown[0]) == (phase is Phase.RECORDING)


def test_what_strangers_wrote_moves_no_cursor() -> None:
    """Our rule: a token's name may hold escape sequences, and a model may repeat it."""
    shown = lines(View(question="who", answer="It is \x1b[2J\x1b]0;owned\x07 called \u202eBONK\r\n."), 80)
    assert shown[1] == "aura  It is [2J ]0;owned called BONK ."


@pytest.mark.parametrize("columns", [60, 120])
def test_a_terminal_is_left_as_it_was_with_the_turn_standing(columns: int) -> None:
    """Spec: nothing is left behind on exit."""
    with talker(columns) as terminal:
        assert terminal.wait() == 0
        assert "aura  Alpha leads by far." in terminal.text
        assert "The microphone is back." in terminal.text
        assert terminal.is_as_before


def test_a_crash_leaves_the_terminal_as_it_was() -> None:
    """Spec: terminal restored even on crash."""
    with talker(80, "crash") as terminal:
        assert terminal.wait() == 1
        assert terminal.is_as_before


def test_a_dumb_terminal_gets_finished_turns_and_is_told_when_it_is_heard() -> None:
    """Spec: degrades on dumb terminals; no cursor is moved."""
    with talker(80, kind="dumb") as terminal:
        assert terminal.wait() == 0
        assert terminal.text.splitlines() == snapshot(
            [
                "● listening",
                "you   which wallet leads, which wallet leads, which wallet leads,",
                "aura  Alpha leads by far.",
                "The microphone is back.",
            ]
        )
        assert b"\x1b" not in terminal.written


def test_a_file_gets_a_line_for_each_thing_said() -> None:
    """Spec: the display degrades where nothing can be redrawn; long lines are not broken for a reader of files."""
    file = io.StringIO()
    display: Display = open_display(Console(file=file, width=40))
    assert isinstance(display, PlainDisplay)
    display.view = SPEAKING
    display.settle()
    assert file.getvalue().splitlines() == snapshot(
        [
            "you   Which of my wallets traded bonk?",
            "aura  Cupsey bought 12.4 thousand dollars of it an hour ago and sold half of that within ten minutes.",
            "      heard 312\xa0ms · first word 420\xa0ms · first sound 130\xa0ms · total 905\xa0ms",
        ]
    )


def talker(columns: int, *arguments: str, kind: str = "kitty") -> FakeTerminal:
    """Return a terminal in which a turn is shown."""
    return FakeTerminal(
        [sys.executable, "-c", TALKER, *arguments],
        environment=dict(os.environ),
        folder=ROOT,
        kind="dumb" if kind == "dumb" else "kitty",
        columns=columns,
    )
