"""Read the ledger: episodes, realized amounts, open lots and costs of an entity, as the core's own types.

Not responsible for statistics over them (`engine.wallets`) or for current prices.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from data.store.connection import Database
from engine.ledger import Basis, Disposal, Episode, FoldState, Realization

_SELECT: Final = "SELECT {columns} FROM {table} WHERE $1 IS NULL OR entity = $1 ORDER BY {order}"
_EPISODE_COLUMNS: Final = ", ".join(("entity", "mint", *Episode._fields))
_REALIZATION_COLUMNS: Final = ", ".join(("entity", "mint", *Realization._fields))


class EpisodeOf(NamedTuple):
    """An episode of an (entity, mint)."""

    entity: str
    mint: str
    episode: Episode


class RealizationOf(NamedTuple):
    """A realized amount of an (entity, mint)."""

    entity: str
    mint: str
    realization: Realization


class Costs(NamedTuple):
    """What an entity's transactions cost besides its trades; rent is locked less refunded."""

    entity: str
    transactions: int
    failed_transactions: int
    failed_fee_lamports: int
    trade_fee_lamports: int
    other_fee_lamports: int
    rent_lamports: int
    other_rent_lamports: int


class Positions:
    """The derived tables, for reading. They hold what was booked last: see `Booking.is_pending`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entities(self) -> list[str]:
        """Return every entity with a ledger, sorted."""
        return [str(row[0]) for row in self._database.rows("SELECT DISTINCT entity FROM fold_state ORDER BY entity")]

    def episodes(self, entity: str | None = None) -> list[EpisodeOf]:
        """Return the episodes of an entity, or all, by entity, mint and number."""
        rows = self._select("episode", _EPISODE_COLUMNS, "entity, mint, number", entity)
        return [EpisodeOf(row[0], row[1], Episode._make(row[2:])) for row in rows]

    def realizations(self, entity: str | None = None) -> list[RealizationOf]:
        """Return the realized amounts of an entity, or all, by entity and mint in the order of booking."""
        rows = self._select("realization", _REALIZATION_COLUMNS, "entity, mint, number", entity)
        return [RealizationOf(row[0], row[1], _realization(row[2:])) for row in rows]

    def states(self, entity: str) -> dict[str, FoldState]:
        """Return the state of each mint of an entity: open lots, parked lots, totals, gaps."""
        rows = self._select("fold_state", "mint, state", "mint", entity)
        return {row[0]: FoldState.from_json(row[1]) for row in rows}

    def costs(self, entity: str | None = None) -> dict[str, Costs]:
        """Return what transactions cost besides trades, for every entity with exact readings, or for one."""
        rows = self._select("entity_cost", ", ".join(Costs._fields), "entity", entity)
        return {row[0]: Costs._make(row) for row in rows}

    def by_entity(self, rows: Sequence[EpisodeOf]) -> dict[str, list[EpisodeOf]]:
        """Return episodes grouped by entity."""
        groups: defaultdict[str, list[EpisodeOf]] = defaultdict(list)
        for row in rows:
            groups[row.entity].append(row)
        return dict(groups)

    def _select(self, table: str, columns: str, order: str, entity: str | None) -> list[tuple[Any, ...]]:
        return self._database.rows(_SELECT.format(columns=columns, table=table, order=order), [entity])


def _realization(values: tuple[Any, ...]) -> Realization:
    row = Realization._make(values)
    return row._replace(kind=Disposal(row.kind), basis=Basis(row.basis))
