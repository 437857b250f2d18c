"""The clock: one real one, and one that stands still."""

from datetime import UTC, datetime

from data.clock import Clock, FixedClock, SystemClock


def test_fixed_clock_stands_still() -> None:
    """Our rule: recordings are shown at the time they were made."""
    clock: Clock = FixedClock(1_782_600_000)
    assert clock.now() == datetime(2026, 6, 27, 22, 40, tzinfo=UTC)
    assert (clock.epoch_s(), clock.monotonic_s()) == (1_782_600_000, 1_782_600_000.0)


def test_system_clock_goes_forward_in_utc() -> None:
    """STYLE 29: time comes from an injected clock; this is the one that reads the machine's."""
    clock: Clock = SystemClock()
    before = clock.monotonic_s()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now().timestamp() - clock.epoch_s()) < 5
    assert clock.monotonic_s() >= before
