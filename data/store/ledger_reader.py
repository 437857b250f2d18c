"""Read the ledger of one entity for statistics: only the columns that figures are computed from.

The names of transactions are left empty, but for sales without known cost: they are most of the table.
Not responsible for provenance (`positions`) or for what facts say beside the ledger (`activity`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from data.store.connection import Database
from engine.ledger import Basis, Disposal, Episode, FoldState, Realization

_REFS: Final = frozenset({"opened_ref", "closed_ref", "disposed_ref", "acquired_ref"})
_KINDS: Final = {kind.value: kind for kind in Disposal}
_BASES: Final = {basis.value: basis for basis in Basis}


def _columns(fields: Sequence[str]) -> str:
    named = dict.fromkeys(_REFS, "''") | {"disposed_ref": "CASE WHEN basis = 'unknown' THEN disposed_ref ELSE '' END"}
    return ", ".join(named.get(name, name) for name in fields)


_EPISODES: Final = "SELECT {also}, {columns} FROM episode WHERE {condition} ORDER BY {order}"
_REALIZATIONS: Final = "SELECT {also}, {columns} FROM realization WHERE {condition} ORDER BY {order}"
# A position without lots anywhere: nothing in accounts, no known basis, nothing parked.
_FOLDS: Final = """
SELECT
    mint, gaps, CASE WHEN holding_raw <> 0 OR known_raw <> 0 OR NOT contains(state, '"parked":[]') THEN state END
FROM fold_state WHERE entity = $1
ORDER BY mint
"""


class Folds(NamedTuple):
    """How many tokens an entity ever moved, the gaps in them, and the states of those of which it holds lots."""

    total: int
    gaps: int
    open_states: Mapping[str, FoldState]


class LedgerReader:
    """The derived tables of one entity at a time, or of a short span of time. No transaction is named, see above."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def episodes(self, entity: str) -> list[tuple[str, Episode]]:
        """Return the round trips of an entity, each after its mint, by mint and number."""
        rows = self._episodes("mint", "entity = $1", "mint, number", [entity])
        return [(row[0], Episode._make(row[1:])) for row in rows]

    def episodes_of(self, entities: Sequence[str]) -> dict[str, list[tuple[str, Episode]]]:
        """Return the same of several entities, by entity."""
        found: dict[str, list[tuple[str, Episode]]] = {entity: [] for entity in entities}
        condition = f"entity IN ({', '.join(f'${number}' for number in range(1, len(found) + 1))})"
        for row in self._episodes("entity, mint", condition, "entity, mint, number", list(found)):
            found[row[0]].append((row[1], Episode._make(row[2:])))
        return found

    def closed_in(self, since_s: int, until_s: int) -> list[tuple[str, Episode]]:
        """Return the round trips that closed after `since_s` and up to `until_s`, each after its entity."""
        rows = self._episodes("entity", "closed_at > $1 AND closed_at <= $2", "entity", [since_s, until_s])
        return [(row[0], Episode._make(row[1:])) for row in rows]

    def realizations(self, entity: str) -> list[tuple[str, Realization]]:
        """Return the realized amounts of an entity, each after its mint, by mint in booking order."""
        return self._realizations("mint", "entity = $1", "mint, number", [entity])

    def realized_in(self, since_s: int, until_s: int) -> list[tuple[str, Realization]]:
        """Return what was disposed of after `since_s` and up to `until_s`, each after its entity."""
        return self._realizations("entity", "disposed_at > $1 AND disposed_at <= $2", "entity", [since_s, until_s])

    def folds(self, entity: str) -> Folds:
        """Return what is left of every token that an entity moved."""
        rows = self._database.rows(_FOLDS, [entity])
        states = {mint: FoldState.from_json(state) for mint, _, state in rows if state is not None}
        return Folds(len(rows), sum(gaps for _, gaps, _ in rows), states)

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
