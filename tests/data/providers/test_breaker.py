"""A provider that fails again and again is left alone, and one call finds out whether it is back."""

from data.providers.breaker import Breaker
from tests.virtual_time import HandClock

PAUSE_S = 15.0


def fail(breaker: Breaker, clock: HandClock) -> None:
    """Make a call that fails after a second."""
    trial = breaker.start()
    clock.at_s += 1
    breaker.fail(trial)


def opened() -> tuple[Breaker, HandClock]:
    """Return a breaker that three failures have just opened."""
    clock = HandClock()
    breaker = Breaker(clock, 3, PAUSE_S)
    for _ in range(3):
        assert not breaker.is_open
        fail(breaker, clock)
    return breaker, clock


def test_failures_in_a_row_open_it_for_a_while() -> None:
    """Spec: it opens after N consecutive failures; who is refused is told how long."""
    breaker, clock = opened()
    assert breaker.pause_left_s() == PAUSE_S
    clock.at_s += 5
    assert breaker.pause_left_s() == PAUSE_S - 5


def test_a_success_in_between_starts_the_count_again() -> None:
    """Spec: consecutive failures only."""
    clock = HandClock()
    breaker = Breaker(clock, 3, PAUSE_S)
    for _ in range(5):
        fail(breaker, clock)
        fail(breaker, clock)
        breaker.succeed()
    assert not breaker.is_open


def test_calls_under_way_together_fail_as_one() -> None:
    """Our rule: one outage of a second must not close the door because sixteen calls ran into it."""
    clock = HandClock()
    breaker = Breaker(clock, 3, PAUSE_S)
    trials = [breaker.start() for _ in range(16)]
    clock.at_s += 1
    for trial in trials:
        breaker.fail(trial)
    assert not breaker.is_open


def test_after_the_pause_one_call_probes_and_the_others_wait() -> None:
    """Spec: half open, one probe."""
    breaker, clock = opened()
    clock.at_s += PAUSE_S
    assert breaker.pause_left_s() == 0
    assert breaker.start().is_probe
    assert breaker.pause_left_s() == PAUSE_S
    breaker.succeed()
    assert breaker.pause_left_s() == 0
    assert not breaker.start().is_probe


def test_each_failed_probe_doubles_the_pause_up_to_sixteen_times() -> None:
    """Our rule: pauses of 15 s to 4 min, then from the start again once it works."""
    breaker, clock = opened()
    pauses: list[float] = []
    for _ in range(6):
        clock.at_s += breaker.pause_left_s()
        fail(breaker, clock)
        pauses.append(breaker.pause_left_s() / PAUSE_S)
    assert pauses == [2, 4, 8, 16, 16, 16]
    breaker.succeed()
    for _ in range(3):
        fail(breaker, clock)
    assert breaker.pause_left_s() == PAUSE_S


def test_a_probe_that_was_cancelled_lets_another_one_probe() -> None:
    """Our rule: a call that ended without an answer proves nothing."""
    breaker, clock = opened()
    clock.at_s += PAUSE_S
    breaker.abandon(breaker.start())
    assert breaker.pause_left_s() == 0
    assert breaker.start().is_probe


def test_a_straggler_from_before_does_not_count_as_the_probe() -> None:
    """Our rule: only the probe decides that the pause goes on; any success ends it."""
    clock = HandClock()
    breaker = Breaker(clock, 1, PAUSE_S)
    straggler = breaker.start()
    fail(breaker, clock)
    clock.at_s += PAUSE_S
    breaker.start()
    breaker.fail(straggler)
    assert breaker.is_open
    breaker.succeed()
    assert not breaker.is_open
