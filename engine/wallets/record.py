"""Work out once what the figures of all windows of an entity are made of: columns in the order of time.

A window is a slice of them, so that the next one costs no second look at episodes and realizations.
Not responsible for adding them up (`rates`, `amounts`, `holding`) or for rating an episode (`engine.ledger.judge`).
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import add, attrgetter, itemgetter, sub
from typing import Any, Final, NamedTuple, TypeAlias

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
    is_moved,
    judge_amounts,
    proceeds_of,
)
from engine.units import Mint
from engine.wallets.inputs import TokenHistory, Window
from engine.wallets.results import PnlBucket, bucket_of

_WEIGHT: Final = 10**12
_OUT: Final = Disposal.OUT
_KNOWN: Final = Basis.KNOWN
_UNKNOWN: Final = Basis.UNKNOWN
_MOVED: Final = Unrated.MOVED
_PARTS: Final = ("cost", "buy_fee", "proceeds", "sell_fee")
_UNIT: Final = {Currency.USD: "usd_micro", Currency.SOL: "lamports"}
_FLOW: Final = {currency: [f"{part}_{unit}" for part in _PARTS] for currency, unit in _UNIT.items()}


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


_Columns: TypeAlias = Mapping[str, Sequence[Any]]
"""What rows or episodes hold, by the name of the field: to look at all values at once takes a part of the time."""


class _Rows(NamedTuple):
    """Rows of realized P&L in the order of disposal with their weights, and sales of unknown basis."""

    columns: _Columns
    at: Sequence[int]
    held: Sequence[int]
    weights: Sequence[int]
    unmatched: Sequence[Realization]


class _Ended(NamedTuple):
    """Closed episodes in the order of their close, with their mints, and whether what they held was moved."""

    columns: _Columns
    at: Sequence[int]
    mints: Sequence[Mint]
    has_moved: Sequence[bool]


class _Earned(NamedTuple):
    """Gross and net of rows or episodes in one currency, None where a part is unknown."""

    gross: Sequence[int | None]
    nets: Sequence[int | None]
    is_complete: bool
    """Whether none is None."""


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
    rows, ended = _rows_of(known), _ended_of(known, config)
    ongoing = [episode for history in known for episode in history.episodes if episode.closed_at is None]
    episodes = (ended, _columns_of(ongoing, Episode._fields))
    usd, sol = (_earned(rows.columns, currency) for currency in (Currency.USD, Currency.SOL))
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
    counted: list[Realization] = []
    weights: list[int] = []
    unmatched: list[Realization] = []
    for history in histories:
        rows = history.realizations
        known = [row for row in rows if row.basis is _KNOWN and row.kind is not _OUT]
        if len(known) < len(rows):
            unmatched += [row for row in rows if row.basis is _UNKNOWN and row.kind is not _OUT]
        counted += known
        weights += _weights_of(known)
    order = sorted(range(len(counted)), key=[row.disposed_at for row in counted].__getitem__)
    columns = _columns_of([counted[place] for place in order], Realization._fields)
    at = columns["disposed_at"]
    return _Rows(
        columns=columns,
        at=at,
        held=list(map(sub, at, columns["acquired_at"])),
        weights=[weights[place] for place in order],
        unmatched=sorted(unmatched, key=attrgetter("disposed_at")),
    )


def _weights_of(rows: Sequence[Realization]) -> list[int]:
    """Return the share of each row of one token in the quantity of its episode."""
    if len(rows) == 1:
        return [_WEIGHT]
    quantities: defaultdict[int | None, int] = defaultdict(int)
    for row in rows:
        quantities[row.episode] += row.quantity
    return [_WEIGHT * row.quantity // quantities[row.episode] for row in rows]


def _ended_of(histories: Sequence[TokenHistory], config: LedgerConfig) -> _Ended:
    found = [
        (episode.closed_at, history.mint, episode.number, episode)
        for history in histories
        for episode in history.episodes
        if episode.closed_at is not None
    ]
    found.sort(key=itemgetter(0, 1, 2))
    return _Ended(
        columns=_columns_of([episode for *_, episode in found], Episode._fields),
        at=[at for at, *_ in found],
        mints=[mint for _, mint, *_ in found],
        has_moved=[is_moved(episode, config) for *_, episode in found],
    )


def _earned(columns: _Columns, currency: Currency) -> _Earned:
    costs, buy_fees, proceeds, sell_fees = amounts = [columns[name] for name in _FLOW[currency]]
    try:
        # An amount is None seldom: looking for one first would take longer than all the rest.
        gross = list(map(sub, proceeds, costs))
        nets = list(map(sub, gross, map(add, buy_fees, sell_fees)))
    except TypeError:
        flows = [complete_flow(*parts) for parts in zip(*amounts, strict=True)]
        return _Earned(
            [flow and flow.gross for flow in flows], [flow and flow.net for flow in flows], is_complete=False
        )
    return _Earned(gross, nets, is_complete=True)


def _in_currency(
    episodes: tuple[_Ended, _Columns],
    rows: _Rows,
    earned: _Earned,
    currency: Currency,
    config: LedgerConfig,
) -> CurrencyRecord:
    known: Sequence[Sequence[object]] = (rows.at, earned.gross, earned.nets)
    if not earned.is_complete:
        known = _columns([row for row in zip(*known, strict=True) if None not in row], len(Known._fields))
    rated, unratable, closed, opened = _episodes_of(*episodes, currency, config)
    return CurrencyRecord(
        rated=rated,
        unratable=unratable,
        closed=closed,
        opened=opened,
        matched=Counted(rows.at, [proceeds or 0 for proceeds in rows.columns[f"proceeds_{_UNIT[currency]}"]]),
        unmatched=Counted(
            [row.disposed_at for row in rows.unmatched], [proceeds_of(row, currency) or 0 for row in rows.unmatched]
        ),
        known=Known._make(known),
    )


def _episodes_of(
    ended: _Ended, ongoing: _Columns, currency: Currency, config: LedgerConfig
) -> tuple[Rated, Unratable, Spent, Spent]:
    columns, unit = ended.columns, _UNIT[currency]
    costs, buy_fees, proceeds, _ = (columns[name] for name in _FLOW[currency])
    nets = _earned(columns, currency).nets
    amounts = zip(costs, nets, proceeds, columns[f"unmatched_{unit}"], strict=True)
    outcomes = [
        _MOVED if has_moved else judge_amounts(*parts, currency, config)
        for has_moved, parts in zip(ended.has_moved, amounts, strict=True)
    ]
    is_rated = [isinstance(outcome, Outcome) for outcome in outcomes]
    at, mints, results, earned, cost, fees = _chosen((ended.at, ended.mints, outcomes, nets, costs, buy_fees), is_rated)
    return (
        Rated(
            at=at,
            mints=mints,
            outcomes=results,
            buckets=list(map(bucket_of, cost, earned)),
            nets=earned,
            costs=cost,
            outlays=[sum(parts) for parts in zip(cost, fees, strict=True)],
        ),
        Unratable._make(_chosen((ended.at, outcomes), [not found for found in is_rated])),
        Spent(ended.at, columns[f"spent_{unit}"], nets),
        Spent(ongoing["opened_at"], ongoing[f"spent_{unit}"], _earned(ongoing, currency).nets),
    )


def _holds_of(rows: _Rows, usd: Sequence[int | None], sol: Sequence[int | None]) -> Holds:
    order = sorted(range(len(rows.at)), key=rows.held.__getitem__)
    columns = (rows.at, rows.held, rows.weights, usd, sol)
    return Holds._make([list(map(column.__getitem__, order)) for column in columns])


def _chosen(columns: Sequence[Sequence[Any]], is_chosen: Sequence[bool]) -> list[list[Any]]:
    return [list(compress(column, is_chosen)) for column in columns]


def _columns_of(rows: Sequence[tuple[object, ...]], names: Sequence[str]) -> _Columns:
    return dict(zip(names, _columns(rows, len(names)), strict=True))


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[Sequence[object]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width
