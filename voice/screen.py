"""Keep what is shown in step with what happens; drawing it is cheap enough to be late, never in the way of sound.

Not responsible for how it looks (`voice.terminal.display`).
"""

from collections.abc import Callable, Mapping

from voice.manners import HEARD_NOTHING
from voice.terminal.display import Display
from voice.turns import Phase


class Screen:
    """What happens, as a display is told of it. `level` tells how loud the microphone is."""

    def __init__(
        self, display: Display, level: Callable[[], float] = lambda: 0.0, *, hears_everybody: bool = False
    ) -> None:
        self._display = display
        self._level = level
        self._hears_everybody = hears_everybody
        self._is_stale = True

    def hear(self, text: str) -> None:
        """Show what has been heard so far."""
        self._display.view.question = text
        self._is_stale = True

    def miss(self) -> None:
        """Show that nothing was understood, to who held the key for it."""
        if not self._hears_everybody:
            self.note(HEARD_NOTHING)

    def ask(self, text: str) -> None:
        """Show the question as it is understood."""
        self.hear(text)

    def say(self, text: str) -> None:
        """Show more of the answer."""
        view = self._display.view
        view.answer = f"{view.answer} {text}".strip()
        self._is_stale = True

    def run(self, tool: str) -> None:
        """Show that a tool runs."""
        self._display.view.tools.append(tool)
        self._is_stale = True

    def ran(self, tool: str) -> None:
        """Show that a tool has answered."""
        tools = self._display.view.tools
        if tool in tools:
            tools.remove(tool)
        self._is_stale = True

    def close(self, stages_ms: Mapping[str, int]) -> None:
        """Leave the turn that is over standing."""
        view = self._display.view
        view.stages_ms, view.phase = dict(stages_ms), Phase.LISTENING
        self._display.settle()
        self._is_stale = True

    def note(self, line: str) -> None:
        """Leave a line standing."""
        self._display.note(line)

    def hint(self, text: str) -> None:
        """Show what can be done now."""
        self._display.view.hint = text
        self._is_stale = True

    def draw(self, phase: Phase) -> None:
        """Draw what has changed."""
        view = self._display.view
        if phase is not view.phase or phase is Phase.RECORDING:
            view.phase, view.level, self._is_stale = phase, self._level(), True
        if self._is_stale:
            self._is_stale = False
            self._display.refresh()
