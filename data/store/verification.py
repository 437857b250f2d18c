"""Prove that the stored ledger follows from the facts: balances conserved, and a replay gives the same bytes.

Not responsible for repairing what differs: `Booking.rebuild` does.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

import duckdb

from data.store.booking import Booking, Progress
from data.store.connection import Database
from data.store.derived import DERIVED
from data.store.history_check import uneven_histories
from engine.ledger import FoldState

MAX_DIFFERENCES: Final = 20
STATES_AT_ONCE: Final = 5_000

_KEYS: Final = {
    "fold_state": ("entity", "mint"),
    "realization": ("entity", "mint", "number"),
    "episode": ("entity", "mint", "number"),
    "finding": ("entity", "mint", "number"),
}
_EPISODE_SUMS: Final = (
    "cost_lamports",
    "cost_usd_micro",
    "buy_fee_lamports",
    "buy_fee_usd_micro",
    "proceeds_lamports",
    "proceeds_usd_micro",
    "sell_fee_lamports",
    "sell_fee_usd_micro",
)
_SUM: Final = "CASE WHEN count(*) = count(r.{name}) THEN coalesce(sum(r.{name}), 0) END AS {name}"
_DIFFERS: Final = "e.{name} IS DISTINCT FROM CASE WHEN s.mint IS NULL THEN 0 ELSE s.{name} END"
_UNEVEN_EPISODES: Final = """
SELECT e.entity, e.mint, e.number
FROM episode AS e
LEFT JOIN (
    SELECT entity, mint, episode, {sums} FROM realization AS r
    WHERE basis = 'known' AND kind <> 'OUT' GROUP BY entity, mint, episode
) AS s ON s.entity = e.entity AND s.mint = e.mint AND s.episode = e.number
WHERE {differs}
ORDER BY ALL LIMIT {limit}
"""
_DIFFERENT_KEYS: Final = """
SELECT DISTINCT {keys} FROM (
    (FROM {table} EXCEPT ALL FROM replayed_{table}) UNION ALL (FROM replayed_{table} EXCEPT ALL FROM {table})
) ORDER BY ALL LIMIT {limit}
"""
_ROW: Final = "FROM {table} WHERE {condition} ORDER BY ALL"
_COUNTS: Final = "SELECT (SELECT count(*) FROM fold_state), (SELECT count(*) FROM realization)"


class Difference(NamedTuple):
    """One value that is not what it must be; None stands for a null or for a row that is not there."""

    table: str
    entity: str
    mint: str
    number: int | None
    column: str
    stored: str | None
    expected: str | None


class Verified(NamedTuple):
    """What a verification looked at, and the first differences it found."""

    folds: int
    realizations: int
    differences: tuple[Difference, ...]

    @property
    def is_sound(self) -> bool:
        """Tell whether nothing differs."""
        return not self.differences


class Verification:
    """Checks of the stored ledger against its own laws and against the facts."""

    def __init__(self, database: Database, booking: Booking) -> None:
        self._database = database
        self._booking = booking

    def verify(self, progress: Progress | None = None) -> Verified:
        """Book what is pending, then check conservation of every fold and compare a full replay row by row."""
        with self._database.writing():
            self._booking.book()
            found = [*self._unconserved(), *self._uneven_episodes(), *self._uneven_histories()]
            with self._booking.replayed(progress) as cursor:
                for table in DERIVED:
                    found += _compare(cursor, table)
            ((folds, realizations),) = self._database.rows(_COUNTS)
        return Verified(folds, realizations, tuple(found[:MAX_DIFFERENCES]))

    def _unconserved(self) -> Iterator[Difference]:
        """Yield folds whose totals, holding and lots do not agree."""
        with self._database.second_cursor() as cursor:
            cursor.execute("SELECT entity, mint, state, holding_raw, known_raw FROM fold_state ORDER BY entity, mint")
            while rows := cursor.fetchmany(STATES_AT_ONCE):
                for entity, mint, text, holding, known in rows:
                    yield from _check_state(entity, mint, text, holding, known)

    def _uneven_episodes(self) -> Iterator[Difference]:
        """Yield episodes whose sums are not those of their realizations."""
        sums = ", ".join(_SUM.format(name=name) for name in _EPISODE_SUMS)
        differs = " OR ".join(_DIFFERS.format(name=name) for name in _EPISODE_SUMS)
        query = _UNEVEN_EPISODES.format(sums=sums, differs=differs, limit=MAX_DIFFERENCES)
        for entity, mint, number in self._database.rows(query):
            yield Difference("episode", entity, mint, number, "sums", "not those of its realizations", None)

    def _uneven_histories(self) -> Iterator[Difference]:
        """Yield tokens of which the packed history tells something else than the tables."""
        for entity, mint in islice(uneven_histories(self._database), MAX_DIFFERENCES):
            yield Difference("history", entity, mint, None, "body", "not what the tables say", None)


def _check_state(entity: str, mint: str, text: str, holding: int, known: int) -> Iterator[Difference]:
    state = FoldState.from_json(text)
    totals = state.totals
    lots = sum(lot.left for lot in (*state.known, *state.unknown))
    parked = sum(lot.left for lot in state.parked)
    checks = (
        ("lots", lots, totals.holding),
        ("parked lots", parked, totals.parked - totals.unparked),
        ("holding_raw", holding, totals.holding),
        ("known_raw", known, state.known_quantity),
    )
    for column, stored, expected in checks:
        if stored != expected:
            yield Difference("fold_state", entity, mint, None, column, str(stored), str(expected))


def _compare(cursor: duckdb.DuckDBPyConnection, table: str) -> Iterator[Difference]:
    keys = ", ".join(_KEYS[table])
    rows = cursor.execute(_DIFFERENT_KEYS.format(table=table, keys=keys, limit=MAX_DIFFERENCES)).fetchall()
    for key in rows:
        yield from _compare_row(cursor, table, key)


def _compare_row(cursor: duckdb.DuckDBPyConnection, table: str, key: tuple[object, ...]) -> Iterator[Difference]:
    condition = " AND ".join(f"{name} = ?" for name in _KEYS[table])
    stored, expected = (
        cursor.execute(_ROW.format(table=name, condition=condition), key).fetchall()
        for name in (table, f"replayed_{table}")
    )
    columns = [column[0] for column in cursor.description or ()]
    entity, mint, number = (*key, None)[:3]
    place = (table, str(entity), str(mint), None if number is None else int(str(number)))
    if len(stored) != 1 or len(expected) != 1:
        yield Difference(*place, "rows", str(len(stored)), str(len(expected)))
        return
    for column, left, right in zip(columns, stored[0], expected[0], strict=True):
        if left != right:
            yield Difference(*place, column, None if left is None else str(left), None if right is None else str(right))
