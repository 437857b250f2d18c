"""Select the episodes and rows of a window and name the result of each closed episode.

Not responsible for adding them up (`stats`) or for rating an episode (`engine.ledger.judge`).
"""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from engine.ledger import Currency, Episode, Flow, LedgerConfig, Outcome, Realization, Unrated, judge
from engine.units import Mint
from engine.wallets.inputs import TokenHistory, Window


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


class Result(NamedTuple):
    """A closed, rated episode."""

    mint: Mint
    closed_at: int
    flow: Flow
    outcome: Outcome


class Selection(NamedTuple):
    """What of some histories lies in a window, judged in one currency.

    `results` are in order of closing. `counted` are the episodes that closed in the window or are still open,
    `rows` the realizations whose disposal lies in it.
    """

    results: tuple[Result, ...]
    unrated: Counter[Unrated]
    counted: tuple[Episode, ...]
    rows: tuple[Realization, ...]


def select(
    histories: Iterable[TokenHistory], window: Window, as_of: int, currency: Currency, config: LedgerConfig
) -> Selection:
    """Return the part of the histories that lies in a window that ends at `as_of`."""
    results: list[tuple[int, str, Result]] = []
    unrated: Counter[Unrated] = Counter()
    counted: list[Episode] = []
    rows: list[Realization] = []
    for history in histories:
        rows.extend(row for row in history.realizations if window.contains(row.disposed_at, as_of))
        for episode in history.episodes:
            if not (episode.closed_at is None or window.contains(episode.closed_at, as_of)):
                continue
            counted.append(episode)
            outcome, flow = judge(episode, currency, config), episode.flow(currency)
            if isinstance(outcome, Unrated) or flow is None or episode.closed_at is None:
                unrated[outcome if isinstance(outcome, Unrated) else Unrated.UNPRICED] += 1
            else:
                result = Result(history.mint, episode.closed_at, flow, outcome)
                results.append((episode.closed_at, f"{history.mint}:{episode.number:09}", result))
    results.sort(key=lambda row: row[:2])
    return Selection(tuple(result for _, _, result in results), unrated, tuple(counted), tuple(rows))


def bucket_of(flow: Flow) -> PnlBucket:
    """Return the bucket of net ÷ cost; a gain on no cost counts as the highest."""
    if flow.cost == 0:
        return PnlBucket.ABOVE_500 if flow.net > 0 else PnlBucket.FROM_0
    scaled = flow.net * 100
    if scaled > 500 * flow.cost:
        return PnlBucket.ABOVE_500
    at_least = (bucket for bound, bucket in _AT_LEAST_PCT if scaled >= bound * flow.cost)
    return next(at_least, PnlBucket.BELOW_MINUS_50)
