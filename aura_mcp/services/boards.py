"""Rank wallets over a million trades in milliseconds, with the figures that `engine.wallets` computes.

The figures of all wallets are added up in the database, once for each window and moment, and kept until the ledger
changes or the moment is too old; a board that is asked for again costs a look-up. The rules are those of the core, in
SQL: a test holds both to the same numbers. Not responsible for the figures of one wallet (`reports`).
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import inf
from typing import Final, NamedTuple

from aura_mcp.services.cursors import read_cursor, write_cursor
from aura_mcp.services.figures import rounded, to_percent
from aura_mcp.services.gathering import rows_of
from aura_mcp.services.leaderboard import Leaderboard, Standing
from aura_mcp.services.parties import Parties
from aura_mcp.services.questions import MAX_LIMIT, BoardQuestion, SortKey
from aura_mcp.services.results import Party, money, to_moment_or_none
from aura_mcp.services.scope import Revision, revision_of
from aura_mcp.services.windows import Period, period
from data.clock import Clock
from data.store import Store
from engine.ledger import DEFAULT_CONFIG, Currency
from engine.wallets import COVERAGE_MIN, Window, wilson
from engine.wallets.amounts import LOTTO_SHARE

FRESH_S: Final = 30
"""Seconds for which a board is shown again as of the moment it was computed for."""

_KEPT: Final = 6

_SUMS: Final = """
WITH sold AS (
    SELECT
        entity,
        count(*) FILTER (is_counted) AS counted,
        count(*) FILTER (is_counted AND net_lamports IS NOT NULL) AS priced_sol,
        count(*) FILTER (is_counted AND net_usd_micro IS NOT NULL) AS priced_usd,
        sum(net_lamports) FILTER (is_counted) AS net_lamports,
        sum(net_usd_micro) FILTER (is_counted) AS net_usd_micro,
        sum(proceeds_lamports) FILTER (is_counted) AS matched_lamports,
        sum(proceeds_usd_micro) FILTER (is_counted) AS matched_usd_micro,
        sum(proceeds_lamports) FILTER (basis = 'unknown' AND kind <> 'OUT') AS unmatched_lamports,
        sum(proceeds_usd_micro) FILTER (basis = 'unknown' AND kind <> 'OUT') AS unmatched_usd_micro
    FROM (
        SELECT
            *, basis = 'known' AND kind <> 'OUT' AS is_counted,
            proceeds_lamports - cost_lamports - buy_fee_lamports - sell_fee_lamports AS net_lamports,
            proceeds_usd_micro - cost_usd_micro - buy_fee_usd_micro - sell_fee_usd_micro AS net_usd_micro
        FROM realization
        WHERE disposed_at <= $until AND ($since::BIGINT IS NULL OR disposed_at > $since)
    )
    GROUP BY entity
),
closed AS (
    SELECT
        entity,
        count(*) FILTER (in_sol IS NOT NULL) AS total_sol,
        count(*) FILTER (in_sol = 1) AS wins_sol,
        count(*) FILTER (in_sol = -1) AS losses_sol,
        sum(net_lamports) FILTER (in_sol IS NOT NULL) AS closed_lamports,
        sum(cost_lamports) FILTER (in_sol IS NOT NULL) AS cost_lamports,
        count(*) FILTER (in_usd IS NOT NULL) AS total_usd,
        count(*) FILTER (in_usd = 1) AS wins_usd,
        count(*) FILTER (in_usd = -1) AS losses_usd,
        sum(net_usd_micro) FILTER (in_usd IS NOT NULL) AS closed_usd_micro,
        sum(cost_usd_micro) FILTER (in_usd IS NOT NULL) AS cost_usd_micro
    FROM ({judged})
    GROUP BY entity
)
SELECT
    s.entity, counted, priced_sol, priced_usd, {sums}
FROM sold AS s
LEFT JOIN closed AS c ON c.entity = s.entity
"""
# engine.ledger.judge: 1 win, -1 loss, 0 break-even, null not rated.
_OUTCOME: Final = """
CASE
    WHEN {net} IS NULL OR unmatched_{unit} IS NULL
        OR proceeds_{unit} * 10000 < $coverage_min_bps * (proceeds_{unit} + unmatched_{unit}) THEN NULL
    WHEN {net} * 10000 > {band} THEN 1
    WHEN {net} * 10000 < -{band} THEN -1
    ELSE 0
END
"""
_JUDGED: Final = """
SELECT
    entity, mint, cost_lamports, cost_usd_micro,
    proceeds_lamports - cost_lamports - buy_fee_lamports - sell_fee_lamports AS net_lamports,
    proceeds_usd_micro - cost_usd_micro - buy_fee_usd_micro - sell_fee_usd_micro AS net_usd_micro,
    {sol} AS in_sol,
    {usd} AS in_usd
FROM episode
WHERE closed_at <= $until AND ($since::BIGINT IS NULL OR closed_at > $since)
    AND NOT (moved_quantity > 0
        AND moved_quantity * 10000 >= $moved_min_bps * (sold_quantity + burned_quantity + moved_quantity))
""".format(
    sol=_OUTCOME.format(net="net_lamports", unit="lamports", band="(cost_lamports * $break_even_bps)"),
    usd=_OUTCOME.format(
        net="net_usd_micro",
        unit="usd_micro",
        band="greatest(cost_usd_micro * $break_even_bps, $break_even_usd_micro * 10000::HUGEINT)",
    ),
)
_SUM_COLUMNS: Final = (
    "net_lamports", "net_usd_micro", "matched_lamports", "matched_usd_micro", "unmatched_lamports",
    "unmatched_usd_micro", "total_sol", "wins_sol", "losses_sol", "closed_lamports", "cost_lamports", "total_usd",
    "wins_usd", "losses_usd", "closed_usd_micro", "cost_usd_micro",
)  # fmt: skip
_GAINS: Final = """
SELECT entity, max(gain), sum(gain) FROM (
    SELECT entity, mint, sum(net_{unit}) AS gain FROM ({judged})
    WHERE list_contains($entities, entity) AND in_{currency} IS NOT NULL
    GROUP BY entity, mint
    HAVING gain > 0
)
GROUP BY entity
"""
_LAST_TRADES: Final = """
SELECT entity, max(order_time) FROM ledger_leg
WHERE class IN ('BUY', 'SELL', 'SWAP') AND order_time <= $until AND list_contains($owners, owner)
GROUP BY entity
"""
_OWNERS: Final = """
SELECT wallet FROM entity_member WHERE list_contains($1, entity) UNION SELECT unnest($1) ORDER BY ALL
"""


class _Sums(NamedTuple):
    """What a wallet did in a window, in the smallest units; None where nothing was added up."""

    entity: str
    counted: int
    priced_sol: int
    priced_usd: int
    net_lamports: int | None
    net_usd_micro: int | None
    matched_lamports: int | None
    matched_usd_micro: int | None
    unmatched_lamports: int | None
    unmatched_usd_micro: int | None
    total_sol: int | None
    wins_sol: int | None
    losses_sol: int | None
    closed_lamports: int | None
    cost_lamports: int | None
    total_usd: int | None
    wins_usd: int | None
    losses_usd: int | None
    closed_usd_micro: int | None
    cost_usd_micro: int | None

    def net(self, currency: Currency) -> int | None:
        """Return what was realized, None where it was something but no value is known."""
        priced, net = (
            (self.priced_usd, self.net_usd_micro) if currency is Currency.USD else (self.priced_sol, self.net_lamports)
        )
        return net or 0 if priced or not self.counted else None


class _Line(NamedTuple):
    """A wallet with its figures in the board's currency."""

    sums: _Sums
    total: int
    wins: int
    losses: int
    lower: float | None
    net: int | None
    coverage: float | None
    roi: float | None

    @property
    def n(self) -> int:
        return self.wins + self.losses

    @property
    def unranked_reason(self) -> str | None:
        if not self.n:
            return "no closed episode won or lost"
        if self.coverage is None:
            return "no sale has known proceeds"
        if self.coverage >= COVERAGE_MIN:
            return None
        return f"the cost of only {100 * self.coverage:.1f} % of its proceeds is known"


class _Place(NamedTuple):
    as_of_s: int
    shown: int


class _Gain(NamedTuple):
    entity: str
    best: int
    whole: int


class _Last(NamedTuple):
    entity: str
    at: int


class Boards:
    """Rankings of the wallets of the database, for those who ask often. Safe to share between threads."""

    def __init__(self, store: Store, parties: Parties, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._clock = clock
        self._lock = threading.Lock()
        self._tables: OrderedDict[tuple[Revision, Window, int], list[_Sums]] = OrderedDict()
        self._pages: OrderedDict[object, Leaderboard] = OrderedDict()

    def page(self, question: BoardQuestion, *, limit: int, cursor: str | None = None) -> Leaderboard:
        """Return the best wallets, or those after the page that ended at `cursor`, as of the same moment.

        Raises:
            CursorError: the cursor belongs to another question.
        """
        place = None if cursor is None else read_cursor(question, cursor, _Place)
        revision = revision_of(self._store)
        when = self._moment(question, place, revision)
        start, size = 0 if place is None else place.shown, min(limit, MAX_LIMIT)
        key = (revision, question, when.as_of_s, start, size)
        with self._lock:
            known = self._pages.get(key)
        if known is None:
            known = self._page(question, when, revision, start, size)
            with self._lock:
                self._pages[key] = known
                while len(self._pages) > 8 * _KEPT:
                    self._pages.popitem(last=False)
        # Nicknames change without the ledger.
        names = self._parties.named([standing.wallet.address for standing in known.standings])
        return _renamed(known, names)

    def _moment(self, question: BoardQuestion, place: _Place | None, revision: Revision) -> Period:
        when = period(question.window, question.as_of, self._clock)
        if place is not None:
            return when.ending_at(place.as_of_s)
        if question.as_of is not None:
            return when
        with self._lock:
            moments = [at for known, window, at in self._tables if (known, window) == (revision, question.window)]
        recent = [at for at in moments if 0 <= when.as_of_s - at <= FRESH_S]
        return when.ending_at(max(recent)) if recent else when

    def _table(self, window: Window, when: Period, revision: Revision) -> list[_Sums]:
        key = (revision, window, when.as_of_s)
        with self._lock:
            known = self._tables.get(key)
        if known is None:
            known = self._add_up(when)
            with self._lock:
                self._tables[key] = known
                for old in [old for old in self._tables if old[0] != revision]:
                    del self._tables[old]
                while len(self._tables) > _KEPT:
                    self._tables.popitem(last=False)
        return known

    def _add_up(self, when: Period) -> list[_Sums]:
        named = _bounds(when)
        # Fetching 64-bit integers is several times faster; sums beyond them are rare, and then all are fetched as is.
        narrow = ", ".join(f"TRY_CAST({column} AS BIGINT)" for column in _SUM_COLUMNS)
        lost = " OR ".join(
            f"({column} IS NOT NULL AND TRY_CAST({column} AS BIGINT) IS NULL)" for column in _SUM_COLUMNS
        )
        rows = self._store.database.rows(_SUMS.format(judged=_JUDGED, sums=f"{narrow}, {lost}"), named)
        if any(row[-1] for row in rows):
            rows = self._store.database.rows(_SUMS.format(judged=_JUDGED, sums=", ".join(_SUM_COLUMNS)), named)
            return [_Sums._make(row) for row in rows]
        return [_Sums._make(row[:-1]) for row in rows]

    def _page(self, question: BoardQuestion, when: Period, revision: Revision, start: int, size: int) -> Leaderboard:
        lines = [_line(sums, question.currency) for sums in self._table(question.window, when, revision)]
        ranked = _sorted([line for line in lines if line.unranked_reason is None], question.by)
        others = _sorted([line for line in lines if line.unranked_reason is not None], question.by)
        listed = [line for line in (*ranked, *others) if line.total >= question.min_trades]
        shown = listed[start : start + size]
        entities = [line.sums.entity for line in shown]
        lotto, last = self._is_lotto(entities, question.currency, when), self._last_trades(entities, when)
        names = self._parties.named(entities)
        places = {line.sums.entity: number for number, line in enumerate(ranked, start=1)}
        unrated = [line for line in others if not line.n]
        end = start + len(shown)
        return Leaderboard(
            as_of=when.as_of,
            since=when.since,
            window=question.window,
            by=question.by,
            currency=question.currency,
            standings=tuple(
                _standing(line, places.get(of), names[of], is_lotto=lotto.get(of), last_at=last.get(of))
                for line, of in zip(shown, entities, strict=True)
            ),
            wallets=len(lines),
            ranked=len(ranked),
            low_coverage=len(others) - len(unrated),
            unrated=len(unrated),
            unpriced=sum(_is_rated(line.sums) for line in unrated),
            next_cursor=write_cursor(question, _Place(when.as_of_s, end)) if end < len(listed) else None,
        )

    def _is_lotto(self, entities: Sequence[str], currency: Currency, when: Period) -> dict[str, bool]:
        if not entities:
            return {}
        unit = "usd_micro" if currency is Currency.USD else "lamports"
        sql = _GAINS.format(judged=_JUDGED, unit=unit, currency=currency.value)
        rows = rows_of(self._store, _Gain, sql, _bounds(when) | {"entities": list(entities)})
        return {row.entity: row.best / row.whole > LOTTO_SHARE for row in rows}

    def _last_trades(self, entities: Sequence[str], when: Period) -> dict[str, int]:
        if not entities:
            return {}
        owners = [str(row[0]) for row in self._store.database.rows(_OWNERS, [list(entities)])]
        return dict(rows_of(self._store, _Last, _LAST_TRADES, {"until": when.as_of_s, "owners": owners}))


def _renamed(board: Leaderboard, names: Mapping[str, Party]) -> Leaderboard:
    standings = tuple(replace(standing, wallet=names[standing.wallet.address]) for standing in board.standings)
    return replace(board, standings=standings)


def _bounds(when: Period) -> dict[str, object]:
    return {
        "since": when.since_s,
        "until": when.as_of_s,
        "coverage_min_bps": DEFAULT_CONFIG.coverage_min_bps,
        "moved_min_bps": DEFAULT_CONFIG.moved_min_bps,
        "break_even_bps": DEFAULT_CONFIG.break_even_bps,
        "break_even_usd_micro": DEFAULT_CONFIG.break_even_usd_micro,
    }


def _line(sums: _Sums, currency: Currency) -> _Line:
    if currency is Currency.USD:
        total, wins, losses = sums.total_usd, sums.wins_usd, sums.losses_usd
        matched, unmatched = sums.matched_usd_micro, sums.unmatched_usd_micro
        net, cost = sums.closed_usd_micro, sums.cost_usd_micro
    else:
        total, wins, losses = sums.total_sol, sums.wins_sol, sums.losses_sol
        matched, unmatched = sums.matched_lamports, sums.unmatched_lamports
        net, cost = sums.closed_lamports, sums.cost_lamports
    proceeds = (matched or 0) + (unmatched or 0)
    return _Line(
        sums=sums,
        total=total or 0,
        wins=wins or 0,
        losses=losses or 0,
        lower=_lower(wins or 0, (wins or 0) + (losses or 0)),
        net=sums.net(currency),
        coverage=(matched or 0) / proceeds if proceeds else None,
        roi=(net or 0) / cost if cost else None,
    )


@lru_cache(maxsize=4096)
def _lower(wins: int, n: int) -> float | None:
    bounds = wilson(wins, n)
    return None if bounds is None else bounds[0]


def _is_rated(sums: _Sums) -> bool:
    """Tell whether either currency has results."""
    return any((sums.wins_sol, sums.losses_sol, sums.wins_usd, sums.losses_usd))


def _sorted(lines: list[_Line], by: SortKey) -> list[_Line]:
    """Return the largest first, what has no value last; ties go to more evidence, then to the higher net."""

    def key(line: _Line) -> tuple[float, int, int, str]:
        value = _value(line, by)
        return (inf if value is None else -value, -line.n, -(line.net or 0), line.sums.entity)

    return sorted(lines, key=key)


def _value(line: _Line, by: SortKey) -> float | None:
    values: dict[SortKey, float | None] = {
        SortKey.LB95: line.lower,
        SortKey.WIN_RATE: 100 * line.wins / line.n if line.n else None,
        SortKey.PNL: line.net,
        SortKey.ROI: line.roi,
        SortKey.TRADES: line.total,
        SortKey.COVERAGE: line.coverage,
    }
    return values[by]


def _standing(line: _Line, place: int | None, wallet: Party, *, is_lotto: bool | None, last_at: int | None) -> Standing:
    sums = line.sums
    return Standing(
        rank=place,
        unranked_reason=line.unranked_reason,
        wallet=wallet,
        total_trades=line.total,
        n=line.n,
        wins=line.wins,
        losses=line.losses,
        break_evens=line.total - line.n,
        win_rate=rounded(100 * line.wins / line.n if line.n else None),
        win_rate_lb95=rounded(line.lower),
        net=money(sums.net(Currency.SOL), sums.net(Currency.USD)),
        unmatched_proceeds=money(sums.unmatched_lamports or 0, sums.unmatched_usd_micro or 0),
        roi_closed_pct=to_percent(line.roi),
        basis_coverage_pct=to_percent(line.coverage),
        is_lotto=is_lotto,
        last_trade_at=to_moment_or_none(last_at),
    )
