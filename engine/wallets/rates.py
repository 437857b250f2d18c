"""Count the results of closed episodes and bound the rate of wins.

Not responsible for choosing the episodes (`record`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.ledger import Currency, Outcome, Unrated
from engine.wallets.inputs import OpenPosition, PositionState
from engine.wallets.intervals import wilson
from engine.wallets.record import Selection
from engine.wallets.results import PnlBucket

# Looking a member up takes longer than comparing with it.
_DEAD: Final = PositionState.DEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often a wallet was right.

    `total_trades` are the closed rated episodes, break-evens among them. Rates are percentages of wins among wins
    and losses, `n` of them, None while there are none. `win_rate_incl_dead` adds open positions that are dead or worth
    at most half of their cost as losses. `unrated` counts the other episodes by reason.
    """

    total_trades: int
    wins: int
    losses: int
    break_evens: int
    n: int
    win_rate: float | None
    win_rate_lb95: float | None
    win_rate_ub95: float | None
    win_rate_incl_dead: float | None
    open_losses: int
    open_unmarked: int
    unrated: Mapping[Unrated, int]
    pnl_buckets: Mapping[PnlBucket, int]


def rates_of(
    selection: Selection, positions: Sequence[OpenPosition], currency: Currency, missing: dict[str, str]
) -> Rates:
    """Return the counts and rates of a selection, and say in `missing` why a rate is None."""
    outcomes = Counter(selection.rated.outcomes)
    wins, losses = outcomes[Outcome.WIN], outcomes[Outcome.LOSS]
    n = wins + losses
    bounds = wilson(wins, n)
    if bounds is None:
        missing |= dict.fromkeys(("win_rate", "win_rate_lb95", "win_rate_ub95"), "no closed episode won or lost")
    is_lost = [_is_lost(position, currency) for position in positions]
    open_losses, open_unmarked = is_lost.count(True), is_lost.count(None)
    if not n + open_losses:
        missing["win_rate_incl_dead"] = "no episode won or lost and no open position is lost"
    buckets = Counter(selection.rated.buckets)
    buckets[PnlBucket.DEAD] = [position.state for position in positions].count(_DEAD)
    return Rates(
        total_trades=len(selection.rated.at),
        wins=wins,
        losses=losses,
        break_evens=outcomes[Outcome.BREAK_EVEN],
        n=n,
        win_rate=100 * wins / n if n else None,
        win_rate_lb95=bounds[0] if bounds else None,
        win_rate_ub95=bounds[1] if bounds else None,
        win_rate_incl_dead=100 * wins / (n + open_losses) if n + open_losses else None,
        open_losses=open_losses,
        open_unmarked=open_unmarked,
        unrated={reason: selection.unrated[reason] for reason in Unrated},
        pnl_buckets={bucket: buckets[bucket] for bucket in PnlBucket},
    )


def _is_lost(position: OpenPosition, currency: Currency) -> bool | None:
    """Tell whether an open position counts as a loss, None when its value is unknown."""
    if position.state is _DEAD:
        return True
    cost, executable = position.cost(currency), position.executable(currency)
    if cost is None or executable is None:
        return None
    return 2 * executable <= cost
