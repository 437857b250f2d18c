"""Write what folds produced, and replace what they produced before.

Not responsible for deciding which folds to run (`booking`) or for comparing results (`verification`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple

import duckdb

from data.store.arrow import FEW_ROWS, Repeated, Type, from_columns, from_rows, registered
from data.store.histories import HISTORY_COLUMNS, Token, gone, history_rows, token_of
from engine.ledger import Episode, FoldResult, FoldState, Realization

FOLD_COLUMNS: Final = {
    "entity": Type.VARCHAR,
    "mint": Type.VARCHAR,
    "state": Type.VARCHAR,
    "last_order_time": Type.BIGINT,
    "events": Type.BIGINT,
    "realizations": Type.BIGINT,
    "findings": Type.BIGINT,
    "holding_raw": Type.HUGEINT,
    "known_raw": Type.HUGEINT,
    "gaps": Type.BIGINT,
}
_REMOVE: Final = "DELETE FROM {table} AS t USING gone AS g WHERE t.entity = g.entity AND t.mint = g.mint"
_REMOVE_NUMBERED: Final = _REMOVE + " AND t.number = g.number"
_APPEND: Final = "INSERT INTO {table} BY NAME SELECT * FROM produced"
_FIND_STATES: Final = """
SELECT entity, mint, state, events, realizations, findings FROM fold_state SEMI JOIN wanted USING (entity, mint)
"""
# Lists of constants reach the scan, a join with few rows does not: a third of the time.
_FEW: Final = 200
_ARE_AMONG: Final = "mint IN ({mints}) AND entity IN ({entities})"
_FIND_FEW: Final = "SELECT entity, mint, state, events, realizations, findings FROM fold_state WHERE {condition}"

KEY_COLUMNS: Final = {"entity": Type.VARCHAR, "mint": Type.VARCHAR}
NUMBERED_COLUMNS: Final = {**KEY_COLUMNS, "number": Type.BIGINT}
_TEXTS: Final = frozenset({"kind", "basis", "disposed_ref", "acquired_ref", "opened_ref", "closed_ref"})

REALIZATION_COLUMNS: Final = {
    **NUMBERED_COLUMNS,
    **{name: Type.VARCHAR if name in _TEXTS else Type.BIGINT for name in Realization._fields},
    "quantity": Type.HUGEINT,
}
EPISODE_COLUMNS: Final = {
    **KEY_COLUMNS,
    **{
        name: Type.VARCHAR
        if name in _TEXTS
        else Type.HUGEINT
        if name.endswith(("_quantity", "_lamports", "_micro"))
        else Type.BIGINT
        for name in Episode._fields
    },
}
FINDING_COLUMNS: Final = {
    **NUMBERED_COLUMNS,
    "code": Type.VARCHAR,
    "found_at": Type.BIGINT,
    "ref": Type.VARCHAR,
    "quantity": Type.HUGEINT,
}


DERIVED: Final = ("fold_state", "realization", "episode", "finding")
"""The tables that a booking writes."""


class Stored(NamedTuple):
    """What the database holds of a fold: its state and how many rows of each kind it has written."""

    state: FoldState
    events: int
    realizations: int
    findings: int


@dataclass(slots=True)
class Output:
    """The rows of many folds, gathered column by column for one write."""

    folds: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])
    realizations: list[tuple[Realization, ...]] = field(default_factory=list[tuple[Realization, ...]])
    realization_keys: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])
    episodes: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])
    findings: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])
    marked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    histories: defaultdict[str, list[Token]] = field(default_factory=lambda: defaultdict[str, list[Token]](list))
    states: dict[tuple[str, str], Stored] = field(default_factory=dict[tuple[str, str], "Stored"])
    """What is stored of the folds once their rows are."""

    def add(self, key: tuple[str, str], events: int, result: FoldResult, before: Stored | None) -> None:
        """Take over the result of folding a number of events onto what was stored before."""
        entity, mint = key
        state, realizations, episodes, issues = result
        _, seen, first, found = before or (None, 0, 0, 0)
        if realizations:
            self.realizations.append(realizations)
            self.realization_keys.append((entity, mint, first))
        self.episodes += [(entity, mint, *episode) for episode in episodes]
        self.histories[entity].append(token_of(mint, state, realizations, episodes, starts_over=before is None))
        self.findings += [(entity, mint, number, *issue) for number, issue in enumerate(issues, found)]
        self.states[key] = Stored(state, seen + events, first + len(realizations), found + len(issues))
        self.folds.append((
            entity,
            mint,
            state.to_json(),
            state.last_at,
            seen + events,
            first + len(realizations),
            found + len(issues),
            state.holding,
            state.known_quantity,
            state.gaps,
        ))  # fmt: skip

    def remove(self, folds: Iterable[tuple[str, str]]) -> None:
        """Tell histories that of folds which were stored nothing is left, but for those that are here."""
        here = {(fold[0], fold[1]) for fold in self.folds}
        for entity, mint in folds:
            if (entity, mint) not in here:
                self.histories[entity].append(gone(mint))

    def tables(self) -> dict[str, object]:
        """Return the rows as Arrow tables by the name of the table they belong to, leaving out empty ones."""
        tables: dict[str, object] = {}
        if self.folds:
            tables["fold_state"] = from_rows(FOLD_COLUMNS, self.folds)
        if self.realizations:
            tables["realization"] = self._realization_table()
        if self.episodes:
            tables["episode"] = from_rows(EPISODE_COLUMNS, self.episodes)
        if self.findings:
            tables["finding"] = from_rows(FINDING_COLUMNS, self.findings)
        if self.marked:
            tables["refold"] = from_rows(KEY_COLUMNS, self.marked)
        return tables

    def rows(self) -> dict[str, tuple[Iterable[str], list[tuple[object, ...]]]]:
        """Return what `tables` has as columns and rows by the name of the table: what is little needs no more."""
        tables: dict[str, tuple[Iterable[str], list[tuple[object, ...]]]] = {
            "fold_state": (FOLD_COLUMNS, self.folds),
            "realization": (REALIZATION_COLUMNS, self._realization_rows()),
            "episode": (EPISODE_COLUMNS, self.episodes),
            "finding": (FINDING_COLUMNS, self.findings),
            "refold": (KEY_COLUMNS, list(self.marked)),
            "history": (HISTORY_COLUMNS, history_rows(self.histories)),
        }
        return {name: (columns, rows) for name, (columns, rows) in tables.items() if rows}

    def _realization_table(self) -> object:
        if sum(map(len, self.realizations)) <= FEW_ROWS:
            return from_rows(REALIZATION_COLUMNS, self._realization_rows())
        return from_columns(REALIZATION_COLUMNS, self._realization_columns())

    def _realization_rows(self) -> list[tuple[object, ...]]:
        return [
            (entity, mint, number, *realization)
            for (entity, mint, first), rows in zip(self.realization_keys, self.realizations, strict=True)
            for number, realization in enumerate(rows, first)
        ]

    def _realization_columns(self) -> list[Sequence[object] | Repeated]:
        places: list[int] = []
        numbers: list[int] = []
        for place, ((_, _, first), rows) in enumerate(zip(self.realization_keys, self.realizations, strict=True)):
            count = len(rows)
            places += [place] * count
            numbers += range(first, first + count)
        entities, mints, _ = zip(*self.realization_keys, strict=True)
        kinds, *values = zip(*chain.from_iterable(self.realizations), strict=True)
        basis = Realization._fields.index("basis") - 1
        values[basis] = _repeated(values[basis])
        return [Repeated(entities, places), Repeated(mints, places), numbers, _repeated(kinds), *values]


def _repeated(values: Sequence[str]) -> Repeated:
    choices = sorted(set(values))
    return Repeated(choices, list(map({choice: place for place, choice in enumerate(choices)}.__getitem__, values)))


def remove_folds(cursor: duckdb.DuckDBPyConnection, folds: Sequence[tuple[str, str]]) -> None:
    """Remove everything that folds have written."""
    if not folds:
        return
    with registered(cursor, "gone", from_rows(KEY_COLUMNS, folds)):
        for table in DERIVED:
            cursor.execute(_REMOVE.format(table=table))


def forget_marks(cursor: duckdb.DuckDBPyConnection, folds: Sequence[tuple[str, str]]) -> None:
    """Remove the marks of folds that have just been replayed."""
    if folds and cursor.execute("SELECT 1 FROM refold LIMIT 1").fetchall():
        with registered(cursor, "gone", from_rows(KEY_COLUMNS, folds)):
            cursor.execute(_REMOVE.format(table="refold"))


def remove_changed(
    cursor: duckdb.DuckDBPyConnection, folds: Sequence[tuple[str, str]], episodes: Sequence[tuple[object, ...]]
) -> None:
    """Remove the states that folds go on from and the episodes that replace stored ones; the other rows stay."""
    if not folds:
        return
    with registered(cursor, "gone", from_rows(KEY_COLUMNS, folds)):
        cursor.execute(_REMOVE.format(table="fold_state"))
    if episodes:
        with registered(cursor, "gone", from_rows(NUMBERED_COLUMNS, [row[:3] for row in episodes])):
            cursor.execute(_REMOVE_NUMBERED.format(table="episode"))


def read_states(cursor: duckdb.DuckDBPyConnection, folds: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
    """Return what is stored of folds, by (entity, mint)."""
    if not folds:
        return {}
    if len(folds) <= _FEW:
        entities, mints = (sorted(set(names)) for names in zip(*folds, strict=True))
        marks = [", ".join("?" * len(names)) for names in (mints, entities)]
        sql = _FIND_FEW.format(condition=_ARE_AMONG.format(mints=marks[0], entities=marks[1]))
        among = set(folds)
        rows = [row for row in cursor.execute(sql, [*mints, *entities]).fetchall() if (row[0], row[1]) in among]
    else:
        with registered(cursor, "wanted", from_rows(KEY_COLUMNS, folds)):
            rows = cursor.execute(_FIND_STATES).fetchall()
    return {(row[0], row[1]): Stored(FoldState.from_json(row[2]), *row[3:]) for row in rows}


def append(cursor: duckdb.DuckDBPyConnection, tables: Mapping[str, object], prefix: str = "") -> None:
    """Append rows to the tables of their names; what they replace must have been removed."""
    for name, rows in tables.items():
        with registered(cursor, "produced", rows):
            cursor.execute(_APPEND.format(table=f"{prefix}{name}"))
