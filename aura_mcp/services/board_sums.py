"""Add up what every wallet did in a span of time, in SQL over all of them, or over the few rows of a short span.

The rules are those of `engine.ledger.judge` and `engine.wallets`; a test holds all to the same numbers.
Not responsible for what the sums say of a wallet (`board_table`).
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, Final, NamedTuple

from aura_mcp.services.windows import Period
from data.store import Store
from data.store.histories import History, Token
from data.store.ledger_reader import LedgerReader
from engine.ledger import DEFAULT_CONFIG, Basis, Currency, Disposal, Episode, Outcome, Realization, flow_of, judge

_SOLD: Final = """
SELECT
    entity, count(*),
    count(*) FILTER (is_counted),
    count(*) FILTER (net_lamports IS NOT NULL),
    count(*) FILTER (net_usd_micro IS NOT NULL),
    {sums}
FROM (
    SELECT
        *, basis = 'known' AND kind <> 'OUT' AS is_counted,
        basis = 'unknown' AND kind <> 'OUT' AS is_unmatched,
        CASE WHEN is_counted
            THEN proceeds_lamports - cost_lamports - buy_fee_lamports - sell_fee_lamports END AS net_lamports,
        CASE WHEN is_counted
            THEN proceeds_usd_micro - cost_usd_micro - buy_fee_usd_micro - sell_fee_usd_micro END AS net_usd_micro
    FROM realization
    WHERE disposed_at > $since AND disposed_at <= $until
)
GROUP BY entity
"""
_SOLD_SUMS: Final = (
    "sum(net_lamports)",
    "sum(net_usd_micro)",
    "sum(proceeds_lamports) FILTER (is_counted)",
    "sum(proceeds_usd_micro) FILTER (is_counted)",
    "sum(proceeds_lamports) FILTER (is_unmatched)",
    "sum(proceeds_usd_micro) FILTER (is_unmatched)",
)
# 1 win, -1 loss, 0 break-even, null not rated.
_OUTCOME: Final = """
CASE
    WHEN {net} IS NULL OR unmatched_{unit} IS NULL
        OR proceeds_{unit} * 10000 < $coverage_min_bps * (proceeds_{unit} + unmatched_{unit}) THEN NULL
    WHEN {net} * 10000 > {band} THEN 1
    WHEN {net} * 10000 < -{band} THEN -1
    ELSE 0
END
"""
JUDGED: Final = """
    SELECT
        entity, mint, cost_lamports, cost_usd_micro,
        proceeds_lamports - cost_lamports - buy_fee_lamports - sell_fee_lamports AS net_lamports,
        proceeds_usd_micro - cost_usd_micro - buy_fee_usd_micro - sell_fee_usd_micro AS net_usd_micro,
        {sol} AS in_sol,
        {usd} AS in_usd
    FROM episode
    WHERE closed_at > $since AND closed_at <= $until AND NOT (moved_quantity > 0
        AND moved_quantity * 10000 >= $moved_min_bps * (sold_quantity + burned_quantity + moved_quantity))
""".format(
    sol=_OUTCOME.format(net="net_lamports", unit="lamports", band="(cost_lamports * $break_even_bps)"),
    usd=_OUTCOME.format(
        net="net_usd_micro",
        unit="usd_micro",
        band="greatest(cost_usd_micro * $break_even_bps, $break_even_usd_micro * 10000::HUGEINT)",
    ),
)
_CLOSED: Final = """
SELECT
    entity,
    count(in_sol), count(*) FILTER (in_sol = 1), count(*) FILTER (in_sol = -1),
    count(in_usd), count(*) FILTER (in_usd = 1), count(*) FILTER (in_usd = -1),
    {sums}
FROM ({judged})
GROUP BY entity
"""
_CLOSED_SUMS: Final = (
    "sum(net_lamports) FILTER (in_sol IS NOT NULL)",
    "sum(cost_lamports) FILTER (in_sol IS NOT NULL)",
    "sum(net_usd_micro) FILTER (in_usd IS NOT NULL)",
    "sum(cost_usd_micro) FILTER (in_usd IS NOT NULL)",
)

BEFORE_ALL: Final = -(2**62)
# Rows of a span lie all over the tables: what is read ahead costs more with every one of them.
_BEHIND_S: Final = 10
_AHEAD_S: Final = 120


class Sums(NamedTuple):
    """What a wallet did in a window, counts and amounts in the smallest units."""

    rows: int = 0
    counted: int = 0
    priced_sol: int = 0
    priced_usd: int = 0
    net_lamports: int = 0
    net_usd_micro: int = 0
    matched_lamports: int = 0
    matched_usd_micro: int = 0
    unmatched_lamports: int = 0
    unmatched_usd_micro: int = 0
    total_sol: int = 0
    wins_sol: int = 0
    losses_sol: int = 0
    total_usd: int = 0
    wins_usd: int = 0
    losses_usd: int = 0
    closed_lamports: int = 0
    cost_lamports: int = 0
    closed_usd_micro: int = 0
    cost_usd_micro: int = 0

    def net(self, currency: Currency) -> int | None:
        """Return what was realized, None where it was something but no value is known."""
        is_usd = currency is Currency.USD
        priced, net = (self.priced_usd, self.net_usd_micro) if is_usd else (self.priced_sol, self.net_lamports)
        return net if priced or not self.counted else None

    @property
    def is_rated(self) -> bool:
        """Tell whether either currency has results."""
        return any((self.wins_sol, self.losses_sol, self.wins_usd, self.losses_usd))

    def plus(self, other: "Sums", sign: int) -> "Sums":
        """Return the sums with others added, or with sign -1 taken away."""
        return Sums._make(own + sign * its for own, its in zip(self, other, strict=True))


NOTHING: Final = Sums()
_SOLD_FIELDS: Final = 10


def add_up(store: Store, since_s: int | None, until_s: int) -> dict[str, Sums]:
    """Return the sums of every wallet that disposed of something, or closed a round trip, in a span."""
    bounds = {"since": BEFORE_ALL if since_s is None else since_s, "until": until_s}
    found = {row[0]: Sums(*row[1:]) for row in _fetch(store, _SOLD, _SOLD_SUMS, bounds)}
    for entity, *values in _fetch(store, _CLOSED, _CLOSED_SUMS, {**bounds, **rules()}):
        found[entity] = Sums(*found.get(entity, NOTHING)[:_SOLD_FIELDS], *values)
    return found


def add_up_one(history: History, when: Period) -> Sums:
    """Return the same of one wallet from its history."""
    found = [NOTHING]
    for token in history.tokens.values():
        found += [_sold(row) for row in token.realizations if when.contains(row.disposed_at)]
        found += closed_in(token, when)
    return Sums._make(map(sum, zip(*found, strict=True)))


class Edge:
    """What happened around one end of a window, read ahead: a window moves on by seconds, hundreds of times."""

    def __init__(self, store: Store) -> None:
        self._reader = LedgerReader(store.database)
        self._since_s = self._until_s = 0
        self._rows: list[tuple[int, str, Sums]] = []

    def add_up(self, since_s: int, until_s: int) -> dict[str, Sums]:
        """Return the sums of a span that holds few rows."""
        if not self._since_s <= since_s <= until_s <= self._until_s:
            self._read(since_s - _BEHIND_S, max(until_s, since_s + _AHEAD_S))
        found: defaultdict[str, Sums] = defaultdict(Sums)
        start, end = (bisect_right(self._rows, at, key=itemgetter(0)) for at in (since_s, until_s))
        for _, entity, sums in self._rows[start:end]:
            found[entity] = found[entity].plus(sums, 1)
        return dict(found)

    def _read(self, since_s: int, until_s: int) -> None:
        sold = self._reader.realized_in(since_s, until_s)
        closed = self._reader.closed_in(since_s, until_s)
        rows = [(row.disposed_at, entity, _sold(row)) for entity, row in sold]
        rows += [(row.closed_at, entity, _closed(row)) for entity, row in closed if row.closed_at is not None]
        self._rows = sorted(rows, key=itemgetter(0))
        self._since_s, self._until_s = since_s, until_s


def closed_in(token: Token, when: Period) -> list[Sums]:
    """Return the sums of every round trip in a token that closed in a period."""
    return [_closed(row) for row in token.episodes if row.closed_at is not None and when.contains(row.closed_at)]


def _closed(episode: Episode) -> Sums:
    """Return the sums of one closed round trip."""
    found: dict[str, int] = {}
    for currency, unit in ((Currency.SOL, "lamports"), (Currency.USD, "usd_micro")):
        outcome, flow = judge(episode, currency), episode.flow(currency)
        if isinstance(outcome, Outcome) and flow is not None:
            found |= {
                f"total_{currency.value}": 1,
                f"wins_{currency.value}": int(outcome is Outcome.WIN),
                f"losses_{currency.value}": int(outcome is Outcome.LOSS),
                f"closed_{unit}": flow.net,
                f"cost_{unit}": flow.cost,
            }
    return Sums(**found)


def rules() -> dict[str, object]:
    """Return what `JUDGED` judges by."""
    return {
        "coverage_min_bps": DEFAULT_CONFIG.coverage_min_bps,
        "moved_min_bps": DEFAULT_CONFIG.moved_min_bps,
        "break_even_bps": DEFAULT_CONFIG.break_even_bps,
        "break_even_usd_micro": DEFAULT_CONFIG.break_even_usd_micro,
    }


def _sold(row: Realization) -> Sums:
    sol, usd = flow_of(row, Currency.SOL), flow_of(row, Currency.USD)
    is_unmatched = row.basis is Basis.UNKNOWN and row.kind is not Disposal.OUT
    proceeds = (row.proceeds_lamports or 0, row.proceeds_usd_micro or 0)
    matched, unmatched = (proceeds if is_it else (0, 0) for is_it in (row.is_profit_or_loss, is_unmatched))
    return Sums(
        rows=1,
        counted=int(row.is_profit_or_loss),
        priced_sol=int(sol is not None),
        priced_usd=int(usd is not None),
        net_lamports=0 if sol is None else sol.net,
        net_usd_micro=0 if usd is None else usd.net,
        matched_lamports=matched[0],
        matched_usd_micro=matched[1],
        unmatched_lamports=unmatched[0],
        unmatched_usd_micro=unmatched[1],
    )


def _fetch(store: Store, sql: str, sums: Iterable[str], named: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """Return the rows with 0 for what was not there.

    64-bit integers are fetched several times faster; larger sums are rare, and then all come as they are.
    """
    columns = tuple(sums)
    narrow = ", ".join(f"TRY_CAST({column} AS BIGINT)" for column in columns)
    lost = " OR ".join(f"({column} IS NOT NULL AND TRY_CAST({column} AS BIGINT) IS NULL)" for column in columns)
    rows = store.database.rows(sql.format(sums=f"{narrow}, {lost}", judged=JUDGED), dict(named))
    if not any(row[-1] for row in rows):
        return [_filled(row[:-1]) for row in rows]
    return [
        _filled(row) for row in store.database.rows(sql.format(sums=", ".join(columns), judged=JUDGED), dict(named))
    ]


def _filled(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(0 if value is None else value for value in row)
