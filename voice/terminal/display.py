"""Show a calm picture of a conversation: what the agent does, what it heard and says, what runs, and how long it took.

One line of state that changes in place, and finished turns above it that scroll away like any text.
Not responsible for sound or for keys.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from voice.turns import Phase

LABEL_CELLS: Final = 6
METER_CELLS: Final = 12
FULL_LEVEL: Final = 0.25
"""A loud voice; the meter is full there."""

_WORDS: Final = {
    Phase.LISTENING: ("○", "ready", "dim"),
    Phase.RECORDING: ("●", "listening", "red"),
    Phase.TRANSCRIBING: ("◐", "hearing", "yellow"),
    Phase.THINKING: ("◐", "thinking", "yellow"),
    Phase.SPEAKING: ("▶", "speaking", "green"),
    Phase.ANNOUNCING: ("▶", "telling", "cyan"),
}


@dataclass(slots=True)
class View:
    """What there is to see now."""

    phase: Phase = Phase.LISTENING
    hint: str = ""
    level: float = 0.0
    question: str = ""
    answer: str = ""
    tools: list[str] = field(default_factory=list[str])
    stages_ms: dict[str, int] = field(default_factory=dict[str, int])


class Display(Protocol):
    """Where a conversation is seen."""

    view: View

    def open(self) -> None:
        """Begin to show."""
        ...

    def refresh(self) -> None:
        """Show what has changed in `view`."""
        ...

    def settle(self) -> None:
        """Leave the turn that is over standing, and begin with an empty one."""
        ...

    def note(self, line: str) -> None:
        """Leave a line standing."""
        ...

    def close(self) -> None:
        """Show no more, and leave the terminal as it was."""
        ...


class LiveDisplay:
    """A terminal that can redraw its last lines."""

    def __init__(self, console: Console) -> None:
        self.view = View()
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)

    def open(self) -> None:
        """Begin to show."""
        self._live.start()
        self.refresh()

    def refresh(self) -> None:
        """Show what has changed."""
        self._live.update(live_view(self.view), refresh=True)

    def settle(self) -> None:
        """Leave the turn that is over standing."""
        before, self.view = self.view, View(phase=self.view.phase, hint=self.view.hint)
        self.refresh()
        if turn_rows(before):
            self._live.console.print(turn_view(before))

    def note(self, line: str) -> None:
        """Leave a line standing."""
        self._live.console.print(Text(line, style="dim"))

    def close(self) -> None:
        """Show no more."""
        self._live.stop()


class PlainDisplay:
    """A terminal that cannot redraw, or a file: finished turns, and when it listens."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.view = View()
        self._write = write
        self._phase = Phase.LISTENING

    def open(self) -> None:
        """Need nothing."""

    def refresh(self) -> None:
        """Tell that the person is being listened to; all else waits for the turn to be over."""
        before, self._phase = self._phase, self.view.phase
        if self._phase is Phase.RECORDING and before is not Phase.RECORDING:
            mark, word, _ = _WORDS[self._phase]
            self._write(f"{mark} {word}")

    def settle(self) -> None:
        """Write the turn that is over."""
        for label, words in turn_rows(self.view):
            self._write(f"{label:<{LABEL_CELLS}}{words}")
        self.view = View(phase=self.view.phase, hint=self.view.hint)

    def note(self, line: str) -> None:
        """Write a line."""
        self._write(line)

    def close(self) -> None:
        """Need nothing."""


def live_view(view: View) -> RenderableType:
    """Return the lines that change while a turn goes on."""
    mark, word, style = _WORDS[view.phase]
    state = Text.assemble((f"{mark} {word}", style), no_wrap=True, overflow="ellipsis")
    if view.phase is Phase.RECORDING:
        state.append(f"  {_meter(view.level)}", style="red")
    if view.tools:
        state.append(f"  {', '.join(view.tools)}", style="dim")
    if view.phase is Phase.LISTENING and view.hint:
        state.append(f"  {view.hint}", style="dim")
    return Group(turn_view(view), state)


def turn_view(view: View) -> RenderableType:
    """Return what was asked and answered, and how long each stage took, beside who said it."""
    table = Table.grid()
    table.add_column(width=LABEL_CELLS, style="dim")
    table.add_column(overflow="fold")
    for label, words in turn_rows(view):
        table.add_row(label, Text(words, style="" if label else "dim"))
    return table


def turn_rows(view: View) -> list[tuple[str, str]]:
    """Return who said what; how long each stage took nobody said."""
    rows = [("you", _printable(view.question))] if view.question else []
    if view.answer:
        rows.append(("aura", _printable(view.answer)))
        if view.stages_ms:
            rows.append(("", " · ".join(f"{name} {ms}\N{NO-BREAK SPACE}ms" for name, ms in view.stages_ms.items())))
    return rows


def open_display(console: Console) -> Display:
    """Return what suits a terminal, or its absence."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveDisplay(console)
    return PlainDisplay(lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True))


def _printable(words: str) -> str:
    """Return words that move no cursor: a model repeats what strangers wrote."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def _meter(level: float) -> str:
    cells = min(METER_CELLS, round(METER_CELLS * (level / FULL_LEVEL) ** 0.5))
    return "▮" * cells + "▯" * (METER_CELLS - cells)
