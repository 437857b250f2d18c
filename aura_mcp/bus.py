"""Pass events on inside of one process: as many listeners as there are, none of which can hold up another.

Events stand in one ring; a listener is a place in it. One that is too slow finds its place overwritten and is told
what it missed. Not responsible for where events come from (`services.events`) or for keeping them.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import anyio

from aura_mcp.services.events import Event

KEPT: Final = 2_000
"""Events that a slow listener may be behind."""

TAKEN: Final = 100
"""Events that a listener takes at once."""


class Missed(NamedTuple):
    """The events from `first` up to `last` are no longer in the ring; the table of events may still have them."""

    first: int
    last: int


class Listener:
    """One place in the ring."""

    def __init__(self, bus: "Bus", after: int) -> None:
        self._bus = bus
        self._after = after

    async def next(self) -> Sequence[Event | Missed]:
        """Wait for what comes after the last that was taken, and return it in order of its numbers."""
        while True:
            news = self._bus.news
            found = self._bus.after(self._after)
            if found:
                last = found[-1]
                self._after = last.last if isinstance(last, Missed) else last.number
                return found
            await news.wait()


class Bus:
    """The events of one process, for use on its event loop."""

    def __init__(self, last_number: int = 0, kept: int = KEPT) -> None:
        self._ring: deque[Event] = deque(maxlen=kept)
        self._last = last_number
        self.news = anyio.Event()
        """Set when something is published; a new one then takes its place."""

    @property
    def last_number(self) -> int:
        """The number of the newest event."""
        return self._last

    def publish(self, events: Sequence[Event]) -> None:
        """Pass on events, in order of their numbers; those that were passed on before change nothing."""
        fresh = [event for event in events if event.number > self._last]
        if fresh:
            self._ring.extend(fresh)
            self._last = fresh[-1].number
            news, self.news = self.news, anyio.Event()
            news.set()

    def listen(self, after: int | None = None) -> Listener:
        """Return a listener to what comes after a number, by default after now."""
        return Listener(self, self._last if after is None else min(after, self._last))

    def after(self, number: int) -> Sequence[Event | Missed]:
        """Return what follows a number, at most `TAKEN` events, with what is missing of it."""
        if number >= self._last:
            return ()
        first = self._ring[0].number if self._ring else self._last + 1
        missed = [Missed(number + 1, first - 1)] if first > number + 1 else []
        start = max(0, len(self._ring) - (self._last - number))
        return [*missed, *(self._ring[place] for place in range(start, min(start + TAKEN, len(self._ring))))]
