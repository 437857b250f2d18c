"""Read rows of the ledger for statistics: only the columns that figures are computed from.

The names of transactions are left empty, but for sales without known cost: they are most of the table.
Not responsible for provenance (`positions`) or for what facts say beside the ledger (`activity`).
"""

from collections.abc import Sequence
from typing import Any, Final

from data.store.connection import Database
from engine.ledger import Basis, Disposal, Episode, Realization

_REFS: Final = frozenset({"opened_ref", "closed_ref", "disposed_ref", "acquired_ref"})
_KINDS: Final = {kind.value: kind for kind in Disposal}
_BASES: Final = {basis.value: basis for basis in Basis}


def _columns(fields: Sequence[str]) -> str:
    named = dict.fromkeys(_REFS, "''") | {"disposed_ref": "CASE WHEN basis = 'unknown' THEN disposed_ref ELSE '' END"}
    return ", ".join(named.get(name, name) for name in fields)


_EPISODES: Final = "SELECT {also}, {columns} FROM episode WHERE {condition} ORDER BY {order}"
_REALIZATIONS: Final = "SELECT {also}, {columns} FROM realization WHERE {condition} ORDER BY {order}"


class LedgerReader:
    """The derived tables, for a few entities or a short span of time. No transaction is named, see above."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def closed_in(self, since_s: int, until_s: int) -> list[tuple[str, Episode]]:
        """Return the round trips that closed after `since_s` and up to `until_s`, each after its entity."""
        rows = self._episodes("entity", "closed_at > $1 AND closed_at <= $2", "entity", [since_s, until_s])
        return [(row[0], Episode._make(row[1:])) for row in rows]

    def realized_in(self, since_s: int, until_s: int) -> list[tuple[str, Realization]]:
        """Return what was disposed of after `since_s` and up to `until_s`, each after its entity."""
        return self._realizations("entity", "disposed_at > $1 AND disposed_at <= $2", "entity", [since_s, until_s])

    def _episodes(self, also: str, condition: str, order: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        columns = _columns(Episode._fields)
        return self._database.rows(
            _EPISODES.format(also=also, columns=columns, condition=condition, order=order), values
        )

    def _realizations(
        self, also: str, condition: str, order: str, values: Sequence[object]
    ) -> list[tuple[str, Realization]]:
        columns = _columns(Realization._fields)
        rows = self._database.rows(
            _REALIZATIONS.format(also=also, columns=columns, condition=condition, order=order), values
        )
        kind, basis = (1 + Realization._fields.index(name) for name in ("kind", "basis"))
        return [
            (row[0], Realization._make((_KINDS[row[kind]], *row[2:basis], _BASES[row[basis]], *row[basis + 1 :])))
            for row in rows
        ]
