"""Place a window in time: from when to when."""

from dataclasses import dataclass
from datetime import UTC, datetime

from data.clock import Clock
from engine.wallets import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A window with its ends: from `since` (None: from the first fact) up to `as_of`, in epoch seconds."""

    window: Window
    since_s: int | None
    as_of_s: int

    @property
    def since(self) -> datetime | None:
        """The first moment of the period."""
        return None if self.since_s is None else datetime.fromtimestamp(self.since_s, UTC)

    def contains(self, at_s: int) -> bool:
        """Tell whether a moment lies in the period."""
        return self.window.contains(at_s, self.as_of_s)

    def ending_at(self, as_of_s: int) -> "Period":
        """Return the same window with another end."""
        return _place(self.window, as_of_s)

    @property
    def as_of(self) -> datetime:
        """The last moment of the period."""
        return datetime.fromtimestamp(self.as_of_s, UTC)


def period(window: Window, as_of: datetime | None, clock: Clock) -> Period:
    """Return the window that ends at `as_of`, or now."""
    return _place(window, clock.epoch_s() if as_of is None else int(as_of.timestamp()))


def _place(window: Window, end: int) -> Period:
    return Period(window=window, since_s=None if window.seconds is None else end - window.seconds, as_of_s=end)
