import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market import Asked, Stretch, is_due, stretches

NOW = 1_790_000_000
HOUR = 3_600


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (Asked(), True),
        (Asked(NOW - 24), False),
        (Asked(NOW - 25), True),
        (Asked(NOW - 25, idle_since=NOW - 23 * HOUR), True),
        (Asked(NOW - 25, idle_since=NOW - 24 * HOUR), False),
        (Asked(NOW - HOUR, idle_since=NOW - 24 * HOUR), True),
        (Asked(NOW - HOUR + 1, misses=1), False),
        (Asked(NOW - HOUR, misses=1), True),
        (Asked(NOW - 4 * HOUR + 1, misses=3), False),
        (Asked(NOW - 4 * HOUR, misses=3), True),
        (Asked(NOW - 24 * HOUR, misses=999), True),
    ],
)
def test_token_is_asked_for_as_often_as_its_price_moves(asked: Asked, *, due: bool) -> None:
    """Our rule: each refresh while it trades, hourly after a silent day, ever more rarely while nobody knows it."""
    assert is_due(asked, NOW) == due


def test_stretches_follow_the_worked_case() -> None:
    """Our rule: latest first, no call for more than its most, nothing asked where nothing is wanted."""
    hours = [0, HOUR, 2 * HOUR, 10 * HOUR, 11 * HOUR]
    assert list(stretches(hours, HOUR, 4)) == [
        Stretch(10 * HOUR, 12 * HOUR),
        Stretch(0, 3 * HOUR),
    ]
    assert list(stretches([], HOUR, 4)) == []


@given(opened=st.lists(st.integers(0, 500).map(lambda hour: hour * HOUR)), most=st.integers(1, 50))
def test_stretches_cover_everything_that_is_wanted_once(opened: list[int], most: int) -> None:
    """Law: every wanted candle lies in exactly one stretch, and no stretch is longer than a call."""
    found = list(stretches(opened, HOUR, most))
    assert all(sum(each.since <= at < each.until for each in found) == 1 for at in opened)
    assert all(each.until - each.since <= most * HOUR for each in found)
