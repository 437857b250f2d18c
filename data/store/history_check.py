"""Compare the packed histories of entities with the tables that they tell again.

Not responsible for comparing the tables with the facts (`verification`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from data.store.connection import Database
from data.store.histories import Histories, Key, Token, token_of
from engine.ledger import Basis, Disposal, Episode, FoldState, Realization

ENTITIES_AT_ONCE: Final = 200

_ENTITIES: Final = "SELECT entity FROM history UNION SELECT entity FROM fold_state ORDER BY entity"
_SELECT: Final = """
SELECT entity, mint, {columns} FROM {table}
WHERE entity IN (SELECT unnest($1)) ORDER BY entity, mint, number
"""
_EPISODES: Final = _SELECT.format(columns=", ".join(Episode._fields), table="episode")
_REALIZATIONS: Final = _SELECT.format(columns=", ".join(Realization._fields), table="realization")
_STATES: Final = "SELECT entity, mint, state FROM fold_state WHERE entity IN (SELECT unnest($1)) ORDER BY entity, mint"


def uneven_histories(database: Database) -> Iterator[Key]:
    """Yield the (entity, mint) of which the history is not what the tables say."""
    entities = [str(row[0]) for row in database.rows(_ENTITIES)]
    histories = Histories(database)
    for start in range(0, len(entities), ENTITIES_AT_ONCE):
        some = entities[start : start + ENTITIES_AT_ONCE]
        expected = _expected(database, some)
        for entity in some:
            stored = histories.of(entity).tokens
            yield from ((entity, mint) for mint in _different(stored, expected[entity]))


def _expected(database: Database, entities: Sequence[str]) -> defaultdict[str, dict[str, Token]]:
    episodes: defaultdict[Key, list[Episode]] = defaultdict(list)
    realizations: defaultdict[Key, list[Realization]] = defaultdict(list)
    for entity, mint, *values in database.rows(_EPISODES, [entities]):
        episodes[entity, mint].append(Episode._make(values))
    for entity, mint, *values in database.rows(_REALIZATIONS, [entities]):
        realizations[entity, mint].append(_realization(values))
    found: defaultdict[str, dict[str, Token]] = defaultdict(dict)
    for entity, mint, text in database.rows(_STATES, [entities]):
        key = (entity, mint)
        found[entity][mint] = token_of(
            mint, FoldState.from_json(text), realizations[key], episodes[key], starts_over=True
        )
    return found


def _different(stored: Mapping[str, Token], expected: Mapping[str, Token]) -> list[str]:
    mints = sorted(stored.keys() | expected.keys())
    return mints if list(stored) != sorted(stored) else [m for m in mints if stored.get(m) != expected.get(m)]


def _realization(values: Sequence[Any]) -> Realization:
    row = Realization._make(values)
    return row._replace(kind=Disposal(row.kind), basis=Basis(row.basis))
