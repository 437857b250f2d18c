"""Name what a closed episode returned on its cost.

Not responsible for rating an episode (`engine.ledger.judge`) or for choosing them (`record`).
"""

from enum import StrEnum
from typing import Final


class PnlBucket(StrEnum):
    """A closed episode's return on the cost of what was closed, or an open position that died."""

    ABOVE_500 = "> 500 %"
    FROM_200 = "200-500 %"
    FROM_0 = "0-200 %"
    FROM_MINUS_50 = "-50-0 %"
    BELOW_MINUS_50 = "< -50 %"
    DEAD = "dead"


_AT_LEAST_PCT: Final = (
    (200, PnlBucket.FROM_200),
    (0, PnlBucket.FROM_0),
    (-50, PnlBucket.FROM_MINUS_50),
)


def bucket_of(cost: int, net: int) -> PnlBucket:
    """Return the bucket of net ÷ cost; a gain on no cost counts as the highest."""
    if cost == 0:
        return PnlBucket.ABOVE_500 if net > 0 else PnlBucket.FROM_0
    scaled = net * 100
    if scaled > 500 * cost:
        return PnlBucket.ABOVE_500
    for bound, bucket in _AT_LEAST_PCT:
        if scaled >= bound * cost:
            return bucket
    return PnlBucket.BELOW_MINUS_50
