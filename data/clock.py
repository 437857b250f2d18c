"""Tell the time: the only module that reads the real clock.

Not responsible for waiting, for time zones or for the times of facts, which come from the chain.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What everything that needs the present takes as an argument."""

    def now(self) -> datetime:
        """Return the present as an aware time in UTC."""
        ...

    def epoch_s(self) -> int:
        """Return the present in whole seconds since 1970, as block times are."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds since an arbitrary moment; never goes back."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the present as an aware time in UTC."""
        return datetime.now(UTC)

    def epoch_s(self) -> int:
        """Return the present in whole seconds since 1970."""
        return int(time.time())

    def monotonic_s(self) -> float:
        """Return seconds since an arbitrary moment; never goes back."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still at `at_s`: what replays and recordings are shown at."""

    at_s: int

    def now(self) -> datetime:
        """Return the fixed moment as an aware time in UTC."""
        return datetime.fromtimestamp(self.at_s, UTC)

    def epoch_s(self) -> int:
        """Return the fixed moment in seconds since 1970."""
        return self.at_s

    def monotonic_s(self) -> float:
        """Return the fixed moment as seconds."""
        return float(self.at_s)
