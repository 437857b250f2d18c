"""Measure how long a wallet holds, and what it earns by the time it holds.

Each realization of known basis weighs with its share of its episode's quantity, so every episode has the weight 1
whatever the decimals of its token. Not responsible for open positions.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.ledger import Currency, Realization, flow_of
from engine.wallets.inputs import DAY_S, HOUR_S, MINUTE_S, TokenHistory, Window

_WEIGHT: Final = 10**12


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


def hold_times(histories: Iterable[TokenHistory], window: Window, as_of: int) -> HoldTimes:
    """Return the holding times of what was disposed of in a window that ends at `as_of`."""
    weights: list[tuple[int, int]] = []
    rows_of: defaultdict[HoldBucket, list[Realization]] = defaultdict(list)
    for history in histories:
        quantities: defaultdict[int | None, int] = defaultdict(int)
        rows = [row for row in history.realizations if row.is_profit_or_loss]
        for row in rows:
            quantities[row.episode] += row.quantity
        for row in rows:
            if window.contains(row.disposed_at, as_of):
                weights.append((row.held_s, _WEIGHT * row.quantity // quantities[row.episode]))
                rows_of[hold_bucket(row.held_s)].append(row)
    weights.sort()
    return HoldTimes(
        mean_s=_mean(weights),
        quartile1_s=_quantile(weights, 1),
        median_s=_quantile(weights, 2),
        quartile3_s=_quantile(weights, 3),
        buckets=tuple(_bucket_result(bucket, rows_of[bucket]) for bucket in HoldBucket),
    )


def hold_bucket(held_s: int) -> HoldBucket:
    """Return the span that a holding time belongs to."""
    return next((bucket for bound, bucket in _AT_LEAST_S if held_s >= bound), HoldBucket.UNDER_1_MIN)


def _mean(weights: Sequence[tuple[int, int]]) -> int | None:
    whole = sum(weight for _, weight in weights)
    return (2 * sum(held * weight for held, weight in weights) + whole) // (2 * whole) if whole else None


def _quantile(weights: Sequence[tuple[int, int]], quarters: int) -> int | None:
    """Return the shortest time within which that many quarters of the weight were held."""
    whole = sum(weight for _, weight in weights)
    reached = 0
    for held, weight in weights:
        reached += weight
        if 4 * reached >= quarters * whole:
            return held
    return None


def _bucket_result(bucket: HoldBucket, rows: Sequence[Realization]) -> BucketResult:
    return BucketResult(
        bucket=bucket,
        realizations=len(rows),
        net_usd_micro=_net(rows, Currency.USD),
        net_lamports=_net(rows, Currency.SOL),
    )


def _net(rows: Sequence[Realization], currency: Currency) -> int | None:
    flows = [flow_of(row, currency) for row in rows]
    known = [flow.net for flow in flows if flow is not None]
    return sum(known) if known or not flows else None
