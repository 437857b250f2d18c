"""A clock that moves only when somebody waits, for jobs and their timetable."""

from datetime import UTC, datetime, timedelta
from typing import Final

import anyio

from tests.aura_mcp._facts import START

BOUND_S: Final = 5.0


class VirtualTime:
    """A clock, and the waiting that moves it."""

    def __init__(self, at_s: int = START) -> None:
        self.at = datetime.fromtimestamp(at_s, UTC)
        self._sleepers: list[tuple[datetime, anyio.Event]] = []
        self._has_come = anyio.Event()

    def now(self) -> datetime:
        """Return the virtual moment."""
        return self.at

    def epoch_s(self) -> int:
        """Return the virtual moment in whole seconds."""
        return int(self.at.timestamp())

    def monotonic_s(self) -> float:
        """Return the virtual moment in seconds."""
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        """Wait until `advance` has moved the clock that far."""
        event = anyio.Event()
        self._sleepers.append((self.at + timedelta(seconds=seconds), event))
        self._has_come.set()
        await event.wait()

    async def advance(self, seconds: float, *, sleepers: int = 1) -> None:
        """Move the clock and wake everybody at his moment; before each step, `sleepers` must have gone to sleep."""
        end = self.at + timedelta(seconds=seconds)
        while True:
            await self.settle(sleepers)
            first = min(moment for moment, _ in self._sleepers)
            if first > end:
                break
            self.at = max(self.at, first)
            due = [event for moment, event in self._sleepers if moment <= self.at]
            self._sleepers = [(moment, event) for moment, event in self._sleepers if moment > self.at]
            for event in due:
                event.set()
        self.at = end

    def wake(self) -> None:
        """Wake everybody now, whatever the clock says: as when it was set."""
        sleepers, self._sleepers = self._sleepers, []
        for _, event in sleepers:
            event.set()

    async def settle(self, sleepers: int = 1) -> None:
        """Wait until so many sleep."""
        with anyio.fail_after(BOUND_S):
            while len(self._sleepers) < sleepers:
                self._has_come = anyio.Event()
                await self._has_come.wait()
