"""What is known of every entity's trades, beside what they earned."""

from typing import Final

import pytest

from data.store import Store
from data.store.activity import DAY_S, TradeCounts, read_activity
from data.store.readings import Source
from tests.builders.facts import HOUR_S, SOL, START, address, sol_candle, trade

LATER_H: Final = 100


@pytest.mark.parametrize(
    ("at", "is_priced"),
    [
        (-1, False),
        (0, True),
        (DAY_S, True),
        (DAY_S + 1, False),
        (LATER_H * HOUR_S - 1, False),
        (LATER_H * HOUR_S, True),
        (LATER_H * HOUR_S + DAY_S, True),
        (LATER_H * HOUR_S + DAY_S + 1, False),
    ],
)
def test_price_counts_from_the_end_of_its_candle_for_a_day(at: int, *, is_priced: bool) -> None:
    """DOMAIN §3: the last candle completed before the block time, at most a day old."""
    with Store.open(None) as store:
        # The first candle ends at START.
        store.facts.add_candles([sol_candle("150"), sol_candle("160", LATER_H - 1)])
        store.facts.add_readings([trade("b", "buy", 10, SOL, at=at)], Source.RPC)
        store.booking.book()
        activity, wallet = read_activity(store.database), address("alice")
        ((priced,),) = store.database.rows("SELECT value_usd_micro IS NOT NULL FROM trade")
        counts = [activity.trades(wallet, since, START + at) for since in (None, START + at - 1, START + at)]
    unpriced = [0, 0] if is_priced else [1, 1]
    assert (priced, [found.unpriced for found in counts]) == (is_priced, [*unpriced, 0])
    assert counts[2] == TradeCounts(0, 0, 0, 0)
