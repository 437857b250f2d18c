"""Know what the sums of a window say of every wallet, and move the window on: add what enters, take away what leaves.

Moving by a minute reads a few rows where adding up anew would read all. Not responsible for adding up (`board_sums`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from typing import Final, NamedTuple, TypeVar

from aura_mcp.services.board_lotto import Lotto, lotto_of_all, lotto_of_one
from aura_mcp.services.board_sums import NOTHING, Edge, Sums, add_up
from aura_mcp.services.windows import Period
from data.store import Store
from data.store.histories import Histories
from engine.ledger import Currency
from engine.wallets import COVERAGE_MIN, wilson

V = TypeVar("V")

_MEMORY_MB: Final = 64
_UNKNOWN: Final[Mapping[str, Lotto]] = {}


class Line(NamedTuple):
    """A wallet with its figures in one currency; the least of what it is sorted by comes first."""

    is_unranked: bool
    by_lower: float
    by_win_rate: float
    by_net: float
    by_roi: float
    by_total: int
    by_coverage: float
    by_n: int
    by_known_net: float
    entity: str
    sums: Sums
    wins: int
    losses: int

    @property
    def total(self) -> int:
        """Return how many rated round trips closed."""
        return -self.by_total

    @property
    def lower(self) -> float | None:
        """Return the lower bound of the win rate."""
        return _ascending(self.by_lower)

    @property
    def win_rate(self) -> float | None:
        """Return how many of 100 results were wins."""
        return _ascending(self.by_win_rate)

    @property
    def coverage(self) -> float | None:
        """Return the matched share of the proceeds."""
        return _ascending(self.by_coverage)

    @property
    def roi(self) -> float | None:
        """Return net ÷ cost of what was closed."""
        return _ascending(self.by_roi)

    @property
    def n(self) -> int:
        """Return how many round trips won or lost."""
        return self.wins + self.losses

    @property
    def unranked_reason(self) -> str | None:
        """Return why the wallet has no rank."""
        if not self.is_unranked:
            return None
        if not self.n:
            return "no closed episode won or lost"
        if self.coverage is None:
            return "no sale has known proceeds"
        return f"the cost of only {100 * self.coverage:.1f} % of its proceeds is known"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Table:
    """The sums of all wallets in one window, and what was worked out from them so far."""

    when: Period
    sums: Mapping[str, Sums]
    _lines: dict[Currency, dict[str, Line]] = field(default_factory=dict[Currency, dict[str, Line]])
    _lotto: dict[str, Lotto] = field(default_factory=dict[str, Lotto])

    def lines(self, currency: Currency) -> Mapping[str, Line]:
        """Return a line for every wallet that disposed of something in the window."""
        if currency not in self._lines:
            self._lines[currency] = _lines_of(self.sums, self.sums, currency)
        return self._lines[currency]

    def is_lotto(self, entity: str, currency: Currency, histories: Histories) -> bool | None:
        """Return whether one token made more than 60 % of a wallet's gains, None where nothing gained."""
        if entity not in self._lotto:
            self._lotto[entity] = lotto_of_one(histories.of(entity), self.when)
        return self._lotto[entity].judged_in(currency)

    def changed(self, when: Period, changes: Mapping[str, Sums], lotto: Mapping[str, Lotto] = _UNKNOWN) -> "Table":
        """Return the table with other sums of some wallets, or of another moment; what stays is taken over.

        `lotto` is that of the changed wallets, where it is known already.
        """
        if not changes:
            return Table(when=when, sums=self.sums, _lines=self._lines, _lotto=self._lotto)
        sums = {**self.sums, **changes}
        lines: dict[Currency, dict[str, Line]] = {}
        for currency, known in self._lines.items():
            lines[currency] = _without(known, changes) | _lines_of(sums, changes, currency)
        return Table(when=when, sums=sums, _lines=lines, _lotto={**_without(self._lotto, changes), **lotto})


def table_of(store: Store, when: Period) -> Table:
    """Return the table of a window."""
    table = store.database.repeatable(_MEMORY_MB, lambda: _added_up(store, when))
    for currency in Currency:
        # The first board takes long anyway; the first one in the other currency need not.
        table.lines(currency)
    return table


def _added_up(store: Store, when: Period) -> Table:
    sums = add_up(store, when.since_s, when.as_of_s)
    return Table(when=when, sums=sums, _lotto={**dict.fromkeys(sums, Lotto()), **lotto_of_all(store, when)})


class Edges(NamedTuple):
    """What enters and what leaves a window that moves."""

    entering: Edge
    leaving: Edge


def move(table: Table, when: Period, edges: Edges) -> Table | None:
    """Return the table of a window that moved; None where it moved by more than its length."""
    shift, seconds = when.as_of_s - table.when.as_of_s, when.window.seconds
    if seconds is not None and abs(shift) >= seconds:
        return None
    sign, (first, last) = (1 if shift > 0 else -1), sorted((table.when.as_of_s, when.as_of_s))
    changes = {entity: NOTHING.plus(sums, sign) for entity, sums in edges.entering.add_up(first, last).items()}
    if seconds is not None:
        for entity, sums in edges.leaving.add_up(first - seconds, last - seconds).items():
            changes[entity] = changes.get(entity, NOTHING).plus(sums, -sign)
    return table.changed(
        when, {entity: table.sums.get(entity, NOTHING).plus(change, 1) for entity, change in changes.items()}
    )


def _lines_of(sums: Mapping[str, Sums], entities: Iterable[str], currency: Currency) -> dict[str, Line]:
    found = ((entity, sums[entity]) for entity in entities)
    return {entity: _line(entity, row, currency) for entity, row in found if row.rows}


def _without(known: Mapping[str, V], entities: Iterable[str]) -> dict[str, V]:
    # Copying all and forgetting a few is quicker than looking at each.
    kept = dict(known)
    for entity in entities:
        kept.pop(entity, None)
    return kept


def _line(entity: str, sums: Sums, currency: Currency) -> Line:
    if currency is Currency.USD:
        total, wins, losses = sums.total_usd, sums.wins_usd, sums.losses_usd
        matched, unmatched = sums.matched_usd_micro, sums.unmatched_usd_micro
        closed, cost = sums.closed_usd_micro, sums.cost_usd_micro
    else:
        total, wins, losses = sums.total_sol, sums.wins_sol, sums.losses_sol
        matched, unmatched = sums.matched_lamports, sums.unmatched_lamports
        closed, cost = sums.closed_lamports, sums.cost_lamports
    n, proceeds, net = wins + losses, matched + unmatched, sums.net(currency)
    lower, by_net = _lower(wins, n), _descending(net)
    win_rate = 100 * wins / n if n else None
    coverage = matched / proceeds if proceeds else None
    roi = closed / cost if cost > 0 else None
    return Line(
        is_unranked=not n or coverage is None or coverage < COVERAGE_MIN,
        by_lower=_descending(lower),
        by_win_rate=_descending(win_rate),
        by_net=by_net,
        by_roi=_descending(roi),
        by_total=-total,
        by_coverage=_descending(coverage),
        by_n=-n,
        by_known_net=0 if net is None else by_net,
        entity=entity,
        sums=sums,
        wins=wins,
        losses=losses,
    )


def _descending(value: float | None) -> float:
    """Return what puts the largest first, and what has no value last."""
    return inf if value is None else -value


def _ascending(value: float) -> float | None:
    return None if value == inf else -value


@lru_cache(maxsize=4096)
def _lower(wins: int, n: int) -> float | None:
    bounds = wilson(wins, n)
    return None if bounds is None else bounds[0]
