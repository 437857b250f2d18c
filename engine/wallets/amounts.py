"""Add up what a wallet realized, as integers in the smallest unit of one currency.

Two views of the same trades: `Realized` is every matched disposal in the window, `Closed` the rated episodes that
closed in it. Ratios are 0-1 of what their names say. Not responsible for how often it was right (`rates`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Final

from engine.ledger import Currency, Outcome
from engine.units import Mint
from engine.wallets.inputs import OtherCosts
from engine.wallets.record import Rated, Selection, Spent

LOTTO_SHARE: Final = 0.6
"""A share of the best token in all gains above which the rest says little (fit)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Realized:
    """What the disposals of a window realized.

    `gross` is proceeds less cost, `net` also less the network fees and tips of both sides, `net_after_costs` also less
    `other_costs`. `fee_drag` is fees ÷ gross. Sums leave out the `unpriced` realizations, and are None when those are
    all. `basis_coverage` is the matched share of all proceeds; leaderboards need 0.9.
    """

    gross: int | None
    fees: int | None
    net: int | None
    other_costs: int | None
    net_after_costs: int | None
    fee_drag: float | None
    proceeds: int
    unmatched_proceeds: int
    basis_coverage: float | None
    realizations: int
    unpriced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What the rated episodes that closed in a window earned.

    `roi_closed` is net ÷ cost of what was closed; `pnl_ratio` is the net of the episodes that closed in the window or
    are still open ÷ everything `spent` in them. `expectancy` is the mean net of an episode, `profit_factor` gains ÷
    losses, `max_drawdown` the deepest fall of the cumulative net by closing time, `top1_share` the best token's share
    of all tokens' gains, `is_lotto` whether that exceeds 0.6.
    """

    net: int
    cost: int
    roi_closed: float | None
    spent: int | None
    pnl_ratio: float | None
    expectancy: int | None
    profit_factor: float | None
    max_drawdown: int | None
    top1_share: float | None
    is_lotto: bool | None


def realized_of(selection: Selection, costs: OtherCosts, currency: Currency, missing: dict[str, str]) -> Realized:
    """Return what the rows of a selection realized, and say in `missing` why a figure is None."""
    counted, known = len(selection.matched.at), len(selection.known.at)
    is_known = bool(known) or not counted
    if not is_known:
        missing |= dict.fromkeys(("gross", "fees", "net", "net_after_costs"), "no realization has a known value")
    gross, net = sum(selection.known.gross), sum(selection.known.nets)
    fees = gross - net
    other = costs.amount(currency)
    if other is None:
        missing |= dict.fromkeys(("other_costs", "net_after_costs"), "costs outside of trades are unknown")
    if not is_known or gross <= 0:
        missing["fee_drag"] = "gross is not positive" if is_known else "no realization has a known value"
    matched, unmatched = sum(selection.matched.proceeds), sum(selection.unmatched.proceeds)
    if not matched + unmatched:
        missing["basis_coverage"] = "no sale has known proceeds"
    return Realized(
        gross=gross if is_known else None,
        fees=fees if is_known else None,
        net=net if is_known else None,
        other_costs=other,
        net_after_costs=net - other if is_known and other is not None else None,
        fee_drag=fees / gross if is_known and gross > 0 else None,
        proceeds=matched + unmatched,
        unmatched_proceeds=unmatched,
        basis_coverage=matched / (matched + unmatched) if matched + unmatched else None,
        realizations=counted,
        unpriced=counted - known,
    )


def closed_of(selection: Selection, missing: dict[str, str]) -> Closed:
    """Return what the episodes of a selection earned, and say in `missing` why a figure is None."""
    rated = selection.rated
    net, cost, results = sum(rated.nets), sum(rated.costs), len(rated.at)
    gains, losses = _net_of(rated, Outcome.WIN), -_net_of(rated, Outcome.LOSS)
    spent, pnl_ratio = _pnl_ratio(selection.spent)
    share = _top_share(gains_by_token(rated).values())
    figures = {
        "roi_closed": (cost > 0, "no closed episode had a cost"),
        "spent": (spent is not None, "a purchase has no known value"),
        "pnl_ratio": (pnl_ratio is not None, "a purchase or a result has no known value, or nothing was spent"),
        "expectancy": (bool(results), "no closed episode is rated"),
        "profit_factor": (losses > 0, "no closed episode lost"),
        "max_drawdown": (bool(results), "no closed episode is rated"),
        "top1_share": (share is not None, "no token gained"),
        "is_lotto": (share is not None, "no token gained"),
    }
    missing |= {name: reason for name, (is_known, reason) in figures.items() if not is_known}
    return Closed(
        net=net,
        cost=cost,
        roi_closed=net / cost if cost > 0 else None,
        spent=spent,
        pnl_ratio=pnl_ratio,
        expectancy=round(Fraction(net, results)) if results else None,
        profit_factor=gains / losses if losses > 0 else None,
        max_drawdown=_max_drawdown(rated.nets) if results else None,
        top1_share=share,
        is_lotto=None if share is None else share > LOTTO_SHARE,
    )


def gains_by_token(rated: Rated) -> dict[Mint, int]:
    """Return the net of every token that gained over all of its episodes."""
    nets: defaultdict[Mint, int] = defaultdict(int)
    for mint, net in zip(rated.mints, rated.nets, strict=True):
        nets[mint] += net
    return {mint: net for mint, net in nets.items() if net > 0}


def _net_of(rated: Rated, outcome: Outcome) -> int:
    return sum(net for net, is_it in zip(rated.nets, rated.outcomes, strict=True) if is_it is outcome)


def _pnl_ratio(spent: Spent) -> tuple[int | None, float | None]:
    costs, nets = ([value for value in column if value is not None] for column in spent[1:])
    if len(costs) < len(spent.at) or len(nets) < len(spent.at):
        return None, None
    whole = sum(costs)
    return whole, sum(nets) / whole if whole else None


def _max_drawdown(nets: Sequence[int]) -> int:
    totals = list(accumulate(nets))
    return max(0, *(peak - total for peak, total in zip(accumulate(totals, max, initial=0), (0, *totals), strict=True)))


def _top_share(gains: Iterable[int]) -> float | None:
    known = list(gains)
    return max(known) / sum(known) if known else None
