"""Show a calm picture of a conversation: what the agent does, what it heard and says, what runs, and how long it took.

One line of state that changes in place, and finished turns above it that scroll away like any text.
Not responsible for sound or for keys.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from voice.turns import Phase

METER_CELLS: Final = 12
FULL_LEVEL: Final = 0.25
"""A loud voice; the meter is full there."""

_WORDS: Final = {
    Phase.LISTENING: ("○", "ready", "dim"),
    Phase.RECORDING: ("●", "listening", "red"),
    Phase.TRANSCRIBING: ("◐", "hearing", "yellow"),
    Phase.THINKING: ("◐", "thinking", "yellow"),
    Phase.SPEAKING: ("▶", "speaking", "green"),
    Phase.ANNOUNCING: ("▶", "news", "cyan"),
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
        for line in turn_lines(self.view):
            self._live.console.print(line)
        self.view = View(phase=self.view.phase, hint=self.view.hint)
        self.refresh()

    def note(self, line: str) -> None:
        """Leave a line standing."""
        self._live.console.print(Text(line, style="dim"))

    def close(self) -> None:
        """Show no more."""
        self._live.stop()


class PlainDisplay:
    """A terminal that cannot redraw, or a file: finished turns only."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.view = View()
        self._write = write

    def open(self) -> None:
        """Need nothing."""

    def refresh(self) -> None:
        """Wait for the turn to be over."""

    def settle(self) -> None:
        """Write the turn that is over."""
        for line in turn_lines(self.view):
            self._write(line.plain)
        self.view = View(phase=self.view.phase, hint=self.view.hint)

    def note(self, line: str) -> None:
        """Write a line."""
        self._write(line)

    def close(self) -> None:
        """Need nothing."""


def live_view(view: View) -> RenderableType:
    """Return the lines that change while a turn goes on."""
    mark, word, style = _WORDS[view.phase]
    state = Text.assemble((f"{mark} {word}", style))
    if view.phase is Phase.RECORDING:
        state.append(f"  {_meter(view.level)}", style="red")
    if view.tools:
        state.append(f"  {', '.join(view.tools)}", style="dim")
    if view.phase is Phase.LISTENING and view.hint:
        state.append(f"  {view.hint}", style="dim")
    return Group(*turn_lines(view), state)


def turn_lines(view: View) -> list[Text]:
    """Return what was asked and answered, and how long each stage took."""
    lines: list[Text] = []
    if view.question:
        lines.append(Text.assemble(("you   ", "dim"), view.question, overflow="fold"))
    if view.answer:
        lines.append(Text.assemble(("aura  ", "dim"), view.answer, overflow="fold"))
    if view.stages_ms and view.answer:
        stages = " · ".join(f"{name} {ms} ms" for name, ms in view.stages_ms.items())
        lines.append(Text(f"      {stages}", style="dim"))
    return lines


def open_display(console: Console) -> Display:
    """Return what suits a terminal, or its absence."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveDisplay(console)
    return PlainDisplay(lambda line: console.print(line, markup=False, highlight=False))


def _meter(level: float) -> str:
    cells = min(METER_CELLS, round(METER_CELLS * (level / FULL_LEVEL) ** 0.5))
    return "▮" * cells + "▯" * (METER_CELLS - cells)
