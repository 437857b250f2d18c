"""Stop asking a provider that fails again and again, and find out with one call whether it is back.

Not responsible for what counts as a failure, or for waiting: who is refused is told how long.
"""

from typing import Final, NamedTuple

from data.clock import Clock

MAX_DOUBLINGS: Final = 4


class Trial(NamedTuple):
    """A call that was let through; a probe decides whether an open breaker closes."""

    started_at: float
    is_probe: bool


class Breaker:
    """Closed, it lets everything through; open, nothing; after the pause one call probes.

    Calls that ran at the same time fail for the same reason, so they count as one failure.
    """

    def __init__(self, clock: Clock, failures: int, pause_s: float) -> None:
        self._clock = clock
        self._limit = failures
        self._pause_s = pause_s
        self._failures = 0
        self._pauses = 0
        self._last_failure_at = float("-inf")
        self._open_until: float | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are refused, but for a probe."""
        return self._open_until is not None

    @property
    def failures(self) -> int:
        """Failures in a row since the last success or pause."""
        return self._failures

    def pause_left_s(self) -> float:
        """Return how long to wait before a call may be sent, 0 when one may be sent at once."""
        if self._open_until is None:
            return 0.0
        if self._is_probing:
            return self._pause_s
        return max(0.0, self._open_until - self._clock.monotonic_s())

    def start(self) -> Trial:
        """Note that a call is sent: the probe, when the breaker is open."""
        self._is_probing = self.is_open
        return Trial(self._clock.monotonic_s(), self.is_open)

    def succeed(self) -> None:
        """Note a useful answer, to whichever call: everything goes through again."""
        self._failures = self._pauses = 0
        self._open_until = None
        self._is_probing = False

    def fail(self, trial: Trial) -> None:
        """Note that a call failed."""
        now = self._clock.monotonic_s()
        if trial.is_probe:
            self._is_probing = False
            self._open(now)
        elif trial.started_at >= self._last_failure_at and not self.is_open:
            self._failures += 1
            self._last_failure_at = now
            if self._failures >= self._limit:
                self._open(now)

    def abandon(self, trial: Trial) -> None:
        """Note that a call ended without telling anything: another one may probe."""
        if trial.is_probe:
            self._is_probing = False

    def _open(self, now: float) -> None:
        self._open_until = now + self._pause_s * 2 ** min(self._pauses, MAX_DOUBLINGS)
        self._pauses += 1
        self._failures = 0
