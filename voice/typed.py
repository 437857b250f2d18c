"""Talk in text: lines that are typed instead of speech, answers that are written instead of said.

Not responsible for the conversation (`voice.loop`).
"""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable

from voice.terminal.display import View
from voice.turns import Event


class TypedEars:
    """Hears what was typed last."""

    def __init__(self) -> None:
        self.line = ""

    def listen(self, number: int, put: Callable[[Event], None]) -> "_Line":  # noqa: ARG002 - a line comes whole
        """Listen to the line that was typed."""
        return _Line(self.line)


class _Line:
    def __init__(self, text: str) -> None:
        self._text = text

    async def finish(self) -> str:
        """Return the line."""
        return self._text

    async def cancel(self) -> None:
        """Need nothing."""


class TypedDisplay:
    """Writes answers as they come, and nothing else where nobody watches."""

    def __init__(self, write: Callable[[str], None], note: Callable[[str], None]) -> None:
        self.view = View()
        self._write = write
        self._note = note
        self._written = 0

    def open(self) -> None:
        """Need nothing."""

    def refresh(self) -> None:
        """Write what is new of the answer."""
        fresh = self.view.answer[self._written :]
        if fresh:
            self._write(fresh)
            self._written += len(fresh)

    def settle(self) -> None:
        """End the answer."""
        self.refresh()
        if self._written:
            self._write("\n")
        self.view = View(phase=self.view.phase, hint=self.view.hint)
        self._written = 0

    def note(self, line: str) -> None:
        """Write a line for the person, apart from the answers."""
        self._note(f"{line}\n")

    def close(self) -> None:
        """Need nothing."""


async def typed_lines() -> AsyncIterator[str]:
    """Yield the lines of stdin until it ends."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        try:
            for line in sys.stdin:
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, "")
        except RuntimeError:
            # The conversation ended before the input did.
            return

    # A thread of its own: one of the pool would have to be waited for, and a terminal may never send another line.
    threading.Thread(target=read, daemon=True, name="lines").start()
    while line := await lines.get():
        if line.strip():
            yield line.strip()
