"""An event loop whose time passes only while nothing can be done: waits take no time, and always the same turns.

Not responsible for sockets and threads, whose work takes real time while this one jumps ahead.
"""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

import anyio

START_S: Final = 1_790_000_000

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Return the virtual time."""
        return self.now_s


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(timeout if timeout is None else 0)
        if not found and timeout is not None:
            self._loop.now_s += max(0.0, timeout)
        return found


class VirtualClock:
    """The clock of the loop that runs."""

    def now(self) -> datetime:
        """Return the virtual moment."""
        return datetime.fromtimestamp(START_S + self.monotonic_s(), UTC)

    def epoch_s(self) -> int:
        """Return the virtual moment in whole seconds."""
        return START_S + int(self.monotonic_s())

    def monotonic_s(self) -> float:
        """Return the seconds since the loop began."""
        return asyncio.get_running_loop().time()


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work` in virtual time."""
    return anyio.run(work, backend_options={"loop_factory": VirtualLoop})


class HandClock:
    """A clock that stands where the test puts it: `at_s` seconds after the start."""

    def __init__(self, at_s: float = 0.0) -> None:
        self.at_s = at_s

    def now(self) -> datetime:
        """Return the moment."""
        return datetime.fromtimestamp(START_S + self.at_s, UTC)

    def epoch_s(self) -> int:
        """Return the moment in whole seconds."""
        return START_S + int(self.at_s)

    def monotonic_s(self) -> float:
        """Return the seconds since the start."""
        return self.at_s
