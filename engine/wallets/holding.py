"""Measure how long a wallet holds, and what it earns by the time it holds.

Each realization of known basis weighs with its share of its episode's quantity, so every episode has the weight 1
whatever the decimals of its token. Not responsible for open positions.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, compress
from math import inf
from operator import mul
from typing import Final

from engine.wallets.inputs import DAY_S, HOUR_S, MINUTE_S, Window
from engine.wallets.record import Holds


class HoldBucket(StrEnum):
    """A span of holding times; a bound belongs to the longer span."""

    UNDER_1_MIN = "< 1 min"
    FROM_1_MIN = "1-5 min"
    FROM_5_MIN = "5-60 min"
    FROM_1_H = "1-24 h"
    FROM_1_D = "1-7 d"
    FROM_7_D = "> 7 d"


_AT_LEAST_S: Final = (
    (7 * DAY_S, HoldBucket.FROM_7_D),
    (DAY_S, HoldBucket.FROM_1_D),
    (HOUR_S, HoldBucket.FROM_1_H),
    (5 * MINUTE_S, HoldBucket.FROM_5_MIN),
    (MINUTE_S, HoldBucket.FROM_1_MIN),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketResult:
    """What was realized on what was held for one span; nets are None while rows are unpriced and none is priced."""

    bucket: HoldBucket
    realizations: int
    net_usd_micro: int | None
    net_lamports: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTimes:
    """Seconds held, weighted by quantity; None when nothing of known basis was sold."""

    mean_s: int | None
    quartile1_s: int | None
    median_s: int | None
    quartile3_s: int | None
    buckets: tuple[BucketResult, ...]


def hold_times(holds: Holds, window: Window, as_of: int) -> HoldTimes:
    """Return the holding times of what was disposed of in a window that ends at `as_of`."""
    seconds = window.seconds
    after = -inf if seconds is None else as_of - seconds
    is_inside = [after < at <= as_of for at in holds.at]
    _, held, weights, usd, sol = Holds._make(list(compress(column, is_inside)) for column in holds)
    reached = list(accumulate(weights))
    ends = [*(bisect_left(held, bound) for bound, _ in reversed(_AT_LEAST_S)), len(held)]
    spans = zip(HoldBucket, (0, *ends), ends, strict=False)
    return HoldTimes(
        mean_s=_mean(held, weights),
        quartile1_s=_quantile(held, reached, 1),
        median_s=_quantile(held, reached, 2),
        quartile3_s=_quantile(held, reached, 3),
        buckets=tuple(
            BucketResult(
                bucket=bucket,
                realizations=end - start,
                net_usd_micro=_net(usd[start:end]),
                net_lamports=_net(sol[start:end]),
            )
            for bucket, start, end in spans
        ),
    )


def hold_bucket(held_s: int) -> HoldBucket:
    """Return the span that a holding time belongs to."""
    return next((bucket for bound, bucket in _AT_LEAST_S if held_s >= bound), HoldBucket.UNDER_1_MIN)


def _mean(held: Sequence[int], weights: Sequence[int]) -> int | None:
    whole = sum(weights)
    return (2 * sum(map(mul, held, weights)) + whole) // (2 * whole) if whole else None


def _quantile(held: Sequence[int], reached: Sequence[int], quarters: int) -> int | None:
    """Return the shortest time within which that many quarters of the weight were held; `reached` are running sums."""
    if not held:
        return None
    return held[bisect_left(reached, -(-quarters * reached[-1] // 4))]


def _net(nets: Sequence[int | None]) -> int | None:
    known = [net for net in nets if net is not None]
    return sum(known) if known or not nets else None
