"""Bounds of a rate that was seen in few trials."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.wallets import wilson


@pytest.mark.parametrize(("wins", "trials", "lower"), [(9, 10, 59.6), (2, 2, 34.2), (5, 8, 30.6), (2, 5, 11.8)])
def test_wilson_lower_bound_equals_the_worked_numbers(wins: int, trials: int, lower: float) -> None:
    """DOMAIN §4 names these four."""
    bounds = wilson(wins, trials)
    assert bounds is not None
    assert round(bounds[0], 1) == lower


def test_wilson_bounds_of_nothing_are_unknown() -> None:
    """DOMAIN §4: unknown is null, never 0."""
    assert wilson(0, 0) is None


@given(st.integers(1, 10_000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_wilson_bounds_enclose_the_rate_and_mirror_each_other(sample: tuple[int, int]) -> None:
    """Property of the interval: wins and losses exchange its ends."""
    wins, trials = sample
    bounds, mirrored = wilson(wins, trials), wilson(trials - wins, trials)
    assert bounds is not None
    assert mirrored is not None
    assert 0 <= bounds[0] <= 100 * wins / trials + 1e-9
    assert 100 * wins / trials - 1e-9 <= bounds[1] <= 100
    assert abs(bounds[0] - (100 - mirrored[1])) < 1e-6
