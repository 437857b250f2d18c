"""Read the ledger of one entity for statistics: only the columns that figures are computed from, as fast as it goes.

The names of transactions are left empty, but for sales without known cost, and sums that fit are fetched as 64-bit
integers: over a million trades that is the difference between a tenth of a second and a few milliseconds.
Not responsible for provenance (`positions`).
"""

from collections.abc import Sequence
from typing import Any, Final

from data.store.connection import Database
from engine.ledger import Basis, Disposal, Episode, FoldState, Realization

_REFS: Final = frozenset({"opened_ref", "closed_ref", "disposed_ref", "acquired_ref"})
_WIDE: Final = ("_quantity", "_lamports", "_micro")

_KINDS: Final = {kind.value: kind for kind in Disposal}
_BASES: Final = {basis.value: basis for basis in Basis}


def _is_wide(name: str) -> bool:
    return name == "quantity" or name.endswith(_WIDE)


def _columns(fields: Sequence[str], *, is_narrow: bool) -> str:
    def column(name: str) -> str:
        if name == "disposed_ref":
            return "CASE WHEN basis = 'unknown' THEN disposed_ref ELSE '' END"
        if name in _REFS:
            return "''"
        return f"TRY_CAST({name} AS BIGINT)" if is_narrow and _is_wide(name) else name

    return ", ".join(map(column, fields))


def _lost(fields: Sequence[str]) -> str:
    wide = [name for name in fields if _is_wide(name)]
    return " OR ".join(f"({name} IS NOT NULL AND TRY_CAST({name} AS BIGINT) IS NULL)" for name in wide)


_EPISODES: Final = "SELECT mint, {columns} FROM episode WHERE entity = $1 ORDER BY mint, number"
_REALIZATIONS: Final = "SELECT mint, {columns} FROM realization WHERE entity = $1 ORDER BY mint, number"
# A position without lots anywhere: nothing in accounts, no known basis, nothing parked.
_OPEN_STATES: Final = """
SELECT mint, state FROM fold_state
WHERE entity = $1 AND (holding_raw <> 0 OR known_raw <> 0 OR NOT contains(state, '"parked":[]'))
ORDER BY mint
"""


class LedgerReader:
    """The derived tables of one entity at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def episodes(self, entity: str) -> list[tuple[str, Episode]]:
        """Return the round trips of an entity by mint and number, without the names of transactions."""
        return [(row[0], Episode._make(row[1:])) for row in self._rows(_EPISODES, Episode._fields, entity)]

    def realizations(self, entity: str) -> list[tuple[str, Realization]]:
        """Return the realized amounts of an entity by mint in booking order; only disposals without basis are named."""
        rows = self._rows(_REALIZATIONS, Realization._fields, entity)
        kind, basis = (1 + Realization._fields.index(name) for name in ("kind", "basis"))
        return [
            (row[0], Realization._make((_KINDS[row[kind]], *row[2:basis], _BASES[row[basis]], *row[basis + 1 :])))
            for row in rows
        ]

    def open_states(self, entity: str) -> dict[str, FoldState]:
        """Return the states of an entity that hold lots, by mint."""
        return {row[0]: FoldState.from_json(row[1]) for row in self._database.rows(_OPEN_STATES, [entity])}

    def _rows(self, sql: str, fields: Sequence[str], entity: str) -> list[tuple[Any, ...]]:
        narrow = f"{_columns(fields, is_narrow=True)}, {_lost(fields)}"
        rows = self._database.rows(sql.format(columns=narrow), [entity])
        if any(row[-1] for row in rows):
            return self._database.rows(sql.format(columns=_columns(fields, is_narrow=False)), [entity])
        return [row[:-1] for row in rows]
