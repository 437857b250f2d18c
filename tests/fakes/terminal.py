"""A terminal that programs run in: keys are pressed and let go by the test, and what the program wrote can be read.

It speaks the kitty keyboard protocol, or only what every terminal speaks, or nothing. POSIX only.
Not responsible for drawing what was written.
"""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, Self

WITHIN_S: Final = 20.0
_POLL_S: Final = 0.05
_PROBE: Final = b"\x1b[?u\x1b[c"
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-9;:?<>=]*[A-Za-z~]|\][^\x07]*\x07|[()][A-Z0-9]|[=>78])|\r")

Kind = Literal["kitty", "plain", "dumb"]


class FakeTerminal:
    """A terminal with one program in it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        kind: Kind = "kitty",
        columns: int = 80,
    ) -> None:
        self.kind = kind
        self._ours, self._theirs = os.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._before = termios.tcgetattr(self._theirs)
        self._changed = threading.Condition()
        self._written = b""
        self._answered = 0
        self._is_over = threading.Event()
        term = "dumb" if kind == "dumb" else "xterm-256color"
        self.process = subprocess.Popen(
            # The terminal is the program's own: Ctrl-C reaches it.
            ["setsid", "--ctty", *command],
            cwd=folder,
            env={**environment, "TERM": term, "COLUMNS": str(columns)},
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
        )
        self._thread = threading.Thread(target=self._read, daemon=True, name="terminal")
        self._thread.start()

    @property
    def text(self) -> str:
        """What was written, without what moves the cursor or colors the text."""
        return _ESCAPES.sub("", self.written.decode("utf-8", "replace"))

    @property
    def written(self) -> bytes:
        """Everything that was written."""
        with self._changed:
            return self._written

    @property
    def is_as_before(self) -> bool:
        """Tell whether the terminal is as it was found: its mode, its keyboard, its cursor."""
        pushed = len(re.findall(rb"\x1b\[>\d+u", self.written)) - self.written.count(b"\x1b[<u")
        shown = self.written.rfind(b"\x1b[?25h") >= self.written.rfind(b"\x1b[?25l")
        return termios.tcgetattr(self._theirs) == self._before and not pushed and shown

    def press(self) -> None:
        """Press the space bar, and hold it where the terminal can tell."""
        self.type(b"\x1b[32;1:1u" if self.kind == "kitty" else b" ")

    def release(self) -> None:
        """Let it go; a terminal that cannot tell is tapped again."""
        self.type(b"\x1b[32;1:3u" if self.kind == "kitty" else b" ")

    def type(self, data: bytes) -> None:
        """Send bytes as the keyboard does."""
        os.write(self._ours, data)

    def wait_for(self, text: str) -> None:
        """Wait until a text has been written.

        Raises:
            TimeoutError: it was not written in time; what was written instead is in the message.
        """
        self.wait_until(lambda written: text in written, text)

    def wait_until(self, is_wanted: Callable[[str], bool], what: str) -> None:
        """Wait until all that was written is as wanted.

        Raises:
            TimeoutError: as `wait_for`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: is_wanted(self.text), WITHIN_S):
                raise TimeoutError(f"{what!r} was not written within {WITHIN_S} s, but {self.text[-2000:]!r}")

    def wait_for_keys(self) -> None:
        """Wait until the program reads keys: what is typed earlier is lost, as in every terminal."""
        with self._changed:
            if not self._changed.wait_for(lambda: _PROBE in self._written, WITHIN_S):
                raise TimeoutError(
                    f"the terminal was not asked for its keyboard, but {self.text[-2000:]!r} was written"
                )

    def wait(self, timeout_s: float = WITHIN_S) -> int:
        """Return the exit code of the program, once all that it wrote has been read."""
        code = self.process.wait(timeout_s)
        self._is_over.set()
        self._thread.join()
        return code

    def close(self) -> None:
        """End the program if it still runs, and take the terminal away."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        while True:
            is_last = self._is_over.is_set()
            ready, _, _ = select.select([self._ours], [], [], 0 if is_last else _POLL_S)
            if ready:
                data = os.read(self._ours, 65_536)
                with self._changed:
                    self._written += data
                    self._changed.notify_all()
                self._answer()
            elif is_last:
                return

    def _answer(self) -> None:
        asked = self._written.count(_PROBE)
        for _ in range(asked - self._answered):
            if self.kind != "dumb":
                os.write(self._ours, (b"\x1b[?0u" if self.kind == "kitty" else b"") + b"\x1b[?62;c")
        self._answered = asked
