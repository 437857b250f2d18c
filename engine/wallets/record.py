"""Work out once what the figures of all windows of an entity are made of: columns in the order of time.

A window is a slice of them, so that the next one costs no second look at episodes and realizations.
Not responsible for adding them up (`rates`, `amounts`, `holding`) or for rating an episode (`engine.ledger.judge`).
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import add, attrgetter, itemgetter, sub
from typing import Final, NamedTuple

from engine.ledger import (
    DEFAULT_CONFIG,
    Basis,
    Currency,
    Disposal,
    Episode,
    LedgerConfig,
    Outcome,
    Realization,
    Unrated,
    complete_flow,
    flow_of,
    is_moved,
    judge_flow,
    proceeds_of,
)
from engine.units import Mint
from engine.wallets.inputs import TokenHistory, Window
from engine.wallets.results import PnlBucket, bucket_of

_WEIGHT: Final = 10**12
_FLOW: Final = ("cost", "buy_fee", "proceeds", "sell_fee")
_UNITS: Final = ((Currency.USD, "usd_micro"), (Currency.SOL, "lamports"))
_ROW_AMOUNTS: Final = {currency: attrgetter(*(f"{name}_{unit}" for name in _FLOW)) for currency, unit in _UNITS}
_EPISODE_AMOUNTS: Final = {
    currency: attrgetter(*(f"{name}_{unit}" for name in (*_FLOW, "spent", "unmatched"))) for currency, unit in _UNITS
}


class Rated(NamedTuple):
    """Closed, rated episodes by the time of their close; an outlay is the cost with the fees of buying."""

    at: Sequence[int]
    mints: Sequence[Mint]
    outcomes: Sequence[Outcome]
    buckets: Sequence[PnlBucket]
    nets: Sequence[int]
    costs: Sequence[int]
    outlays: Sequence[int]


class Unratable(NamedTuple):
    """Closed episodes without a result, by the time of their close."""

    at: Sequence[int]
    reasons: Sequence[Unrated]


class Spent(NamedTuple):
    """What was spent in closed episodes and what they netted, None where unknown, by the time of their close."""

    at: Sequence[int]
    spent: Sequence[int | None]
    nets: Sequence[int | None]


class Counted(NamedTuple):
    """Proceeds of rows inside, or of sales outside of realized P&L, 0 where unknown, by the time of disposal."""

    at: Sequence[int]
    proceeds: Sequence[int]


class Known(NamedTuple):
    """What the rows of realized P&L of known value earned, by the time of disposal."""

    at: Sequence[int]
    gross: Sequence[int]
    nets: Sequence[int]


class Holds(NamedTuple):
    """Rows of realized P&L by the seconds held: when disposed of, weight of its quantity, and what it netted."""

    at: Sequence[int]
    held: Sequence[int]
    weights: Sequence[int]
    usd: Sequence[int | None]
    sol: Sequence[int | None]


class CurrencyRecord(NamedTuple):
    """All of it in one currency; open episodes belong to every window."""

    rated: Rated
    unratable: Unratable
    closed: Spent
    opened: Spent
    matched: Counted
    unmatched: Counted
    known: Known


class Selection(NamedTuple):
    """What of a record lies in a window; `spent` covers the episodes that closed in it or are still open."""

    rated: Rated
    unrated: Counter[Unrated]
    spent: Spent
    matched: Counted
    unmatched: Counted
    known: Known


class _Rows(NamedTuple):
    """Rows of realized P&L in the order of disposal with their weights, and sales of unknown basis."""

    counted: Sequence[Realization]
    weights: Sequence[int]
    unmatched: Sequence[Realization]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the statistics of one entity are computed from; see `record_of`."""

    usd: CurrencyRecord
    sol: CurrencyRecord
    holds: Holds
    last_trades: Sequence[int]

    def select(self, window: Window, as_of: int, currency: Currency) -> Selection:
        """Return what lies in a window that ends at `as_of`."""
        own = self.usd if currency is Currency.USD else self.sol
        closed = Spent._make(_cut(own.closed, window, as_of))
        unrated: Counter[Unrated] = Counter(Unratable._make(_cut(own.unratable, window, as_of)).reasons)
        unrated[Unrated.OPEN] += len(own.opened.at)
        return Selection(
            rated=Rated._make(_cut(own.rated, window, as_of)),
            unrated=unrated,
            spent=Spent._make([*left, *right] for left, right in zip(closed, own.opened, strict=True)),
            matched=Counted._make(_cut(own.matched, window, as_of)),
            unmatched=Counted._make(_cut(own.unmatched, window, as_of)),
            known=Known._make(_cut(own.known, window, as_of)),
        )


def record_of(histories: Iterable[TokenHistory], config: LedgerConfig = DEFAULT_CONFIG) -> Record:
    """Return the record of one entity from the histories of all of its tokens."""
    known = list(histories)
    rows = _rows_of(known)
    ongoing = [episode for history in known for episode in history.episodes if episode.closed_at is None]
    ended = [
        (episode.closed_at, history.mint, episode.number, is_moved(episode, config), episode)
        for history in known
        for episode in history.episodes
        if episode.closed_at is not None
    ]
    ended.sort(key=itemgetter(0, 1, 2))
    episodes = (ended, ongoing)
    usd, sol = (_earned(rows.counted, currency) for currency in (Currency.USD, Currency.SOL))
    return Record(
        usd=_in_currency(episodes, rows, usd, Currency.USD, config),
        sol=_in_currency(episodes, rows, sol, Currency.SOL, config),
        holds=_holds_of(rows, usd.nets, sol.nets),
        last_trades=[history.last_trade_at for history in known if history.last_trade_at is not None],
    )


def _cut(columns: tuple[Sequence[object], ...], window: Window, as_of: int) -> list[Sequence[object]]:
    """Return the part of columns, of which the first are sorted times, that lies in a window."""
    at: Sequence[int] = columns[0]  # pyright: ignore[reportAssignmentType] - times come first
    start = 0 if window.seconds is None else bisect_right(at, as_of - window.seconds)
    end = bisect_right(at, as_of)
    return [column[start:end] for column in columns]


def _rows_of(histories: Sequence[TokenHistory]) -> _Rows:
    rows = [
        (place, row)
        for place, history in enumerate(histories)
        for row in history.realizations
        if row.kind is not Disposal.OUT
    ]
    counted = [found for found in rows if found[1].basis is Basis.KNOWN]
    unmatched = [row for _, row in rows if row.basis is Basis.UNKNOWN] if len(counted) < len(rows) else []
    quantities: defaultdict[tuple[int, int | None], int] = defaultdict(int)
    for place, row in counted:
        quantities[place, row.episode] += row.quantity
    counted.sort(key=lambda found: found[1].disposed_at)
    unmatched.sort(key=attrgetter("disposed_at"))
    weights = [_WEIGHT * row.quantity // quantities[place, row.episode] for place, row in counted]
    return _Rows([row for _, row in counted], weights, unmatched)


_Ended = tuple[int, Mint, int, bool, Episode]
"""When it closed, its mint and number, by which closed episodes are sorted, whether it moved, and the episode."""


class _Earned(NamedTuple):
    """Gross, net and proceeds of every row of realized P&L in one currency, None where a part is unknown."""

    gross: Sequence[int | None]
    nets: Sequence[int | None]
    proceeds: Sequence[int | None]
    is_complete: bool
    """Whether none is None."""


def _earned(rows: Sequence[Realization], currency: Currency) -> _Earned:
    if not rows:
        return _Earned((), (), (), is_complete=True)
    costs, buy_fees, proceeds, sell_fees = zip(*map(_ROW_AMOUNTS[currency], rows), strict=True)
    try:
        gross = list(map(sub, proceeds, costs))
        nets = list(map(sub, gross, map(add, buy_fees, sell_fees)))
    except TypeError:
        # An amount is None, which is seldom: looking for one first would take longer than all the rest.
        flows = [flow_of(row, currency) for row in rows]
        found = [flow and flow.gross for flow in flows], [flow and flow.net for flow in flows], proceeds
        return _Earned(*found, is_complete=False)
    return _Earned(gross, nets, proceeds, is_complete=True)


def _in_currency(
    episodes: tuple[Sequence[_Ended], Sequence[Episode]],
    rows: _Rows,
    earned: _Earned,
    currency: Currency,
    config: LedgerConfig,
) -> CurrencyRecord:
    at = [row.disposed_at for row in rows.counted]
    known: Sequence[Sequence[object]] = (at, earned.gross, earned.nets)
    if not earned.is_complete:
        known = _columns([row for row in zip(*known, strict=True) if None not in row], len(Known._fields))
    rated, unratable, closed, opened = _episodes_of(*episodes, currency, config)
    return CurrencyRecord(
        rated=rated,
        unratable=unratable,
        closed=closed,
        opened=opened,
        matched=Counted(at, [proceeds or 0 for proceeds in earned.proceeds]),
        unmatched=Counted(
            [row.disposed_at for row in rows.unmatched], [proceeds_of(row, currency) or 0 for row in rows.unmatched]
        ),
        known=Known._make(known),
    )


def _episodes_of(
    ended: Sequence[_Ended], ongoing: Sequence[Episode], currency: Currency, config: LedgerConfig
) -> tuple[Rated, Unratable, Spent, Spent]:
    rated: list[tuple[object, ...]] = []
    unratable: list[tuple[int, Unrated]] = []
    closed: list[tuple[int, int | None, int | None]] = []
    amounts_of = _EPISODE_AMOUNTS[currency]
    for at, mint, _, has_moved, episode in ended:
        *parts, spent, unmatched = amounts_of(episode)
        flow = complete_flow(*parts)
        if flow is None:
            closed.append((at, spent, None))
            unratable.append((at, Unrated.MOVED if has_moved else Unrated.UNPRICED))
            continue
        net = flow.net
        closed.append((at, spent, net))
        outcome = Unrated.MOVED if has_moved else judge_flow(flow, unmatched, currency, config)
        if isinstance(outcome, Unrated):
            unratable.append((at, outcome))
        else:
            rated.append((at, mint, outcome, bucket_of(flow), net, flow.cost, flow.cost + flow.buy_fee))
    opened: list[tuple[int, int | None, int | None]] = []
    for episode in ongoing:
        *parts, spent, _ = amounts_of(episode)
        flow = complete_flow(*parts)
        opened.append((episode.opened_at, spent, None if flow is None else flow.net))
    return (
        Rated._make(_columns(rated, len(Rated._fields))),
        Unratable._make(_columns(unratable, len(Unratable._fields))),
        Spent._make(_columns(closed, len(Spent._fields))),
        Spent._make(_columns(opened, len(Spent._fields))),
    )


def _holds_of(rows: _Rows, usd: Sequence[int | None], sol: Sequence[int | None]) -> Holds:
    at = [row.disposed_at for row in rows.counted]
    held = map(sub, at, [row.acquired_at for row in rows.counted])
    found = sorted(zip(at, held, rows.weights, usd, sol, strict=True), key=itemgetter(1))
    return Holds._make(_columns(found, len(Holds._fields)))


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[Sequence[object]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width
