"""Read keys from a terminal, and leave it as it was found whatever happens.

POSIX terminals and the Windows console. Not responsible for what the bytes mean (`keys`).
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Final

from voice.errors import DeviceError
from voice.terminal.keys import KITTY_OFF, KITTY_ON, PROBE, Key, Keys, is_complete, speaks_kitty

PROBE_S: Final = 0.25
"""A terminal answers at once; a dumb one never."""

TICK_S: Final = 0.02


class Terminal:
    """The keys of the terminal that stdin is."""

    def __init__(self) -> None:
        if not sys.stdin.isatty():
            raise DeviceError("Push-to-talk needs a terminal. Type with `aura voice --text`, or use --hands-free.")
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self.has_releases = False
        self.is_known = asyncio.Event()
        """Set once it is known what the terminal can."""

    async def keys(self) -> AsyncGenerator[Key]:
        """Yield what the person does, until they quit."""
        loop = asyncio.get_running_loop()
        with self._raw(loop):
            answer = await self._probe()
            self.has_releases = speaks_kitty(answer)
            self.is_known.set()
            keys = Keys(has_releases=self.has_releases)
            if self.has_releases:
                self._write(KITTY_ON)
            try:
                # A key that was pressed while the terminal was asked stands among its answers.
                found = keys.feed(answer, loop.time())
                while True:
                    for key in found:
                        yield key
                        if key is Key.QUIT:
                            return
                    try:
                        data = await asyncio.wait_for(self._queue.get(), TICK_S)
                    except TimeoutError:
                        found = keys.tick(loop.time())
                    else:
                        found = keys.feed(data, loop.time())
            finally:
                if self.has_releases:
                    self._write(KITTY_OFF)

    async def _probe(self) -> bytes:
        self._write(PROBE)
        answer = b""
        try:
            async with asyncio.timeout(PROBE_S):
                while not is_complete(answer):
                    answer += await self._queue.get()
        except TimeoutError:
            pass
        return answer

    def _write(self, data: bytes) -> None:
        os.write(sys.stdout.fileno(), data)

    @contextmanager
    def _raw(self, loop: asyncio.AbstractEventLoop) -> Generator[None]:
        if sys.platform == "win32":
            with _windows_console(loop, self._queue):
                yield
            return
        import termios  # noqa: PLC0415 - not on Windows
        import tty  # noqa: PLC0415

        number = sys.stdin.fileno()
        before = termios.tcgetattr(number)
        tty.setcbreak(number)
        loop.add_reader(number, lambda: self._queue.put_nowait(os.read(number, 1024)))
        try:
            yield
        finally:
            loop.remove_reader(number)
            termios.tcsetattr(number, termios.TCSADRAIN, before)


@contextmanager
def _windows_console(loop: asyncio.AbstractEventLoop, queue: "asyncio.Queue[bytes]") -> Generator[None]:
    import msvcrt  # noqa: PLC0415 - only on Windows
    import threading  # noqa: PLC0415

    is_over = threading.Event()

    def read() -> None:
        while not is_over.wait(TICK_S):
            while msvcrt.kbhit():  # type: ignore[attr-defined]
                loop.call_soon_threadsafe(queue.put_nowait, msvcrt.getch())  # type: ignore[attr-defined]

    thread = threading.Thread(target=read, daemon=True, name="keys")
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
