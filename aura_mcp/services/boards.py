"""Rank wallets over a million trades in milliseconds, with the figures that `engine.wallets` computes.

A wallet is ranked when at least 90 % of its proceeds have a known basis and an episode of it is rated; others follow
without a rank, with the reason. The sums of a window are kept for the last state of the ledger and moved on in time
(`board_table`). Not responsible for the figures of one wallet (`reports`).
"""

import threading
from bisect import insort
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple

from aura_mcp.services.board_lotto import lotto_of_one
from aura_mcp.services.board_sums import Edge, add_up_one
from aura_mcp.services.board_table import Edges, Line, Table, move, table_of
from aura_mcp.services.cursors import read_cursor, write_cursor
from aura_mcp.services.figures import rounded, to_percent
from aura_mcp.services.leaderboard import Leaderboard, Standing
from aura_mcp.services.ledger_state import LedgerState
from aura_mcp.services.parties import Parties
from aura_mcp.services.questions import MAX_LIMIT, BoardQuestion, SortKey
from aura_mcp.services.results import Party, money, to_moment_or_none
from aura_mcp.services.scope import Revision
from aura_mcp.services.tracking import Completing, WalletCompleteness
from aura_mcp.services.windows import Period, period
from data.clock import Clock
from data.store import Store
from data.store.histories import Histories
from engine.ledger import Currency
from engine.wallets import Window

_MOST_TOUCHED: Final = 50
"""Wallets whose sums are added up one by one after a change of the ledger, rather than those of all at once."""

_KEPT: Final = 2
"""Moments of each window that are kept: the last one, and one that somebody pages through."""

_SORTED_BY: Final[Mapping[SortKey, str]] = {
    SortKey.LB95: "by_lower",
    SortKey.WIN_RATE: "by_win_rate",
    SortKey.PNL: "by_net",
    SortKey.ROI: "by_roi",
    SortKey.TRADES: "by_total",
    SortKey.COVERAGE: "by_coverage",
}


class _Place(NamedTuple):
    """Where a page ended: the moment that the board was for, and how many lines were shown."""

    as_of_s: int
    shown: int


class Boards:
    """Rankings of the wallets of the database. Safe to share between threads."""

    def __init__(self, store: Store, parties: Parties, ledger: LedgerState, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._ledger = ledger
        self._clock = clock
        self._completing = Completing(store)
        self._lock = threading.RLock()
        self._revision: Revision | None = None
        self._tables: dict[Window, OrderedDict[int, Table]] = {}
        self._orders: dict[tuple[Window, Currency, SortKey], _Order] = {}
        self._edges: Mapping[Window, Edges] = {}
        self._histories = Histories(store.database)

    def page(self, question: BoardQuestion, *, limit: int, cursor: str | None = None) -> Leaderboard:
        """Return the best wallets, or those after the page that ended at `cursor`, as of the same moment.

        Raises:
            CursorError: the cursor belongs to another question.
        """
        when, start = period(question.window, question.as_of, self._clock), 0
        if cursor is not None:
            place = read_cursor(question, cursor, _Place)
            when, start = when.ending_at(place.as_of_s), place.shown
        revision, activity = self._ledger.now()
        with self._lock:
            table = self._table(when, revision)
            order = self._in_order(table, question)
            end = start + min(limit, MAX_LIMIT)
            listed = ((place, line) for place, line in enumerate(order.lines, 1) if line.total >= question.min_trades)
            # One more than is shown tells whether there is a next page.
            shown = list(islice(listed, start, end + 1))
            has_more, shown = len(shown) > end - start, shown[: end - start]
            entities = [line.entity for _, line in shown]
            lotto = [table.is_lotto(entity, question.currency, self._histories) for entity in entities]
        names = self._parties.named(entities)
        histories = self._completing.of_entities(entities)
        return Leaderboard(
            as_of=when.as_of,
            since=when.since,
            window=question.window,
            by=question.by,
            currency=question.currency,
            standings=tuple(
                _standing(
                    line,
                    names[line.entity],
                    place=place,
                    is_lotto=is_lotto,
                    last_at=activity.last_trade_at(line.entity, when.as_of_s),
                    history=histories.get(line.entity),
                )
                for (place, line), is_lotto in zip(shown, lotto, strict=True)
            ),
            wallets=len(order.lines),
            ranked=order.ranked,
            low_coverage=order.low_coverage,
            unrated=order.unrated,
            unpriced=order.unpriced,
            next_cursor=write_cursor(question, _Place(when.as_of_s, end)) if has_more else None,
        )

    def _table(self, when: Period, revision: Revision) -> Table:
        if self._revision != revision:
            self._follow(revision)
        kept = self._tables.setdefault(when.window, OrderedDict())
        if when.as_of_s not in kept:
            nearest = min(kept.values(), key=lambda table: abs(table.when.as_of_s - when.as_of_s), default=None)
            moved = None if nearest is None else move(nearest, when, self._edges[when.window])
            kept[when.as_of_s] = table_of(self._store, when) if moved is None else moved
            while len(kept) > _KEPT:
                kept.popitem(last=False)
        return kept[when.as_of_s]

    def _follow(self, revision: Revision) -> None:
        """Bring what is kept to another state of the ledger: only what was booked of few wallets is added up anew."""
        before, self._revision = self._revision, revision
        entering = Edge(self._store)
        self._edges = {window: Edges(entering, Edge(self._store)) for window in Window}
        if before is None or revision.history < before.history:
            touched = None
        else:
            touched = self._histories.touched_since(before.history)
        if touched is None or len(touched) > _MOST_TOUCHED:
            self._tables.clear()
            return
        histories = [(entity, self._histories.of(entity)) for entity in touched]
        for kept in self._tables.values():
            for as_of_s, table in kept.items():
                sums = {entity: add_up_one(history, table.when) for entity, history in histories}
                lotto = {entity: lotto_of_one(history, table.when) for entity, history in histories}
                kept[as_of_s] = table.changed(table.when, sums, lotto)

    def _in_order(self, table: Table, question: BoardQuestion) -> "_Order":
        """Return all lines: ranks first, the largest value first, then more evidence, then the higher net."""
        key = (question.window, question.currency, question.by)
        lines, before = table.lines(question.currency), self._orders.get(key)
        if before is None or before.source is not lines:
            fields = ("is_unranked", _SORTED_BY[question.by], "by_n", "by_known_net", "entity")
            places = [Line._fields.index(name) for name in fields]
            before = self._orders[key] = _order(lines, _sorted(lines, () if before is None else before.lines, places))
        return before


def _sorted(lines: Mapping[str, Line], before: Sequence[Line], places: Sequence[int]) -> list[Line]:
    """Return lines sorted by their fields at these places, the first of which splits them in two."""
    found = [line for line in before if lines.get(line.entity) is line]
    if 2 * len(found) < len(lines):
        halves: tuple[list[Line], list[Line]] = ([], [])
        for line in lines.values():
            halves[line.is_unranked].append(line)
        # What is compared starts with a number, which is quicker than with what most lines share.
        for half in halves:
            half.sort(key=itemgetter(*places[1:]))
        return halves[0] + halves[1]
    # Few lines change their place from one moment to the next.
    known = {line.entity for line in found}
    for entity in lines.keys() - known:
        insort(found, lines[entity], key=itemgetter(*places))
    return found


class _Order(NamedTuple):
    """The lines of a table in order, and how many of them have no rank for which reason."""

    source: Mapping[str, Line]
    lines: list[Line]
    ranked: int
    low_coverage: int
    unrated: int
    unpriced: int


def _order(source: Mapping[str, Line], lines: list[Line]) -> _Order:
    others = [line for line in lines if line.is_unranked]
    unrated = [line for line in others if not line.n]
    return _Order(
        source=source,
        lines=lines,
        ranked=len(lines) - len(others),
        low_coverage=len(others) - len(unrated),
        unrated=len(unrated),
        unpriced=sum(line.sums.is_rated for line in unrated),
    )


def _standing(
    line: Line,
    wallet: Party,
    *,
    place: int,
    is_lotto: bool | None,
    last_at: int | None,
    history: WalletCompleteness | None,
) -> Standing:
    sums = line.sums
    return Standing(
        rank=None if line.is_unranked else place,
        unranked_reason=line.unranked_reason,
        wallet=wallet,
        total_trades=line.total,
        n=line.n,
        wins=line.wins,
        losses=line.losses,
        break_evens=line.total - line.n,
        win_rate=rounded(line.win_rate),
        win_rate_lb95=rounded(line.lower),
        net=money(sums.net(Currency.SOL), sums.net(Currency.USD)),
        unmatched_proceeds=money(sums.unmatched_lamports, sums.unmatched_usd_micro),
        roi_closed_pct=to_percent(line.roi),
        basis_coverage_pct=to_percent(line.coverage),
        is_lotto=is_lotto,
        last_trade_at=to_moment_or_none(last_at),
        history=history,
    )
