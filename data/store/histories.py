"""Keep what the ledger holds of each entity in one place, so that one look-up brings all of it.

A booking appends a row for every entity that it touches: what is new of its tokens, or all of those that started over.
Reading puts the rows of an entity together; now and then that is done for good, where small rows have gathered.
The names of transactions are left out, but for open lots and for sales without known cost: they are most of the data.
Not responsible for provenance (`positions`) or for what facts say beside the ledger (`activity`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import duckdb
import msgspec

from data.store.arrow import Type, from_rows, registered
from data.store.connection import Database
from engine.ledger import Basis, Episode, FoldState, Lot, Realization

MOST_ROWS: Final = 64
"""Rows of one entity that are left as they are."""

LARGE_BYTES: Final = 256 * 1024
"""Rows of this size are not written again when smaller ones follow."""

HISTORY_COLUMNS: Final = {"entity": Type.VARCHAR, "body": Type.BLOB}
_KEPT_COLUMNS: Final = {"number": Type.BIGINT, **HISTORY_COLUMNS}
_OF_ENTITY: Final = "SELECT number, body FROM history WHERE entity = $1"
_CROWDED: Final = "SELECT entity FROM history GROUP BY entity HAVING count(*) > $1"
_APPEND: Final = "INSERT INTO history BY NAME SELECT * FROM produced"
_REMOVE: Final = "DELETE FROM history WHERE entity = $1 AND number >= $2 AND number <= $3"
_SINCE: Final = "SELECT DISTINCT entity FROM history WHERE number > $1"

Key = tuple[str, str]
"""An (entity, mint)."""


class Token(NamedTuple):
    """What a row tells of one token of an entity.

    `starts_over` makes what earlier rows tell of it void, `is_gone` says that there is nothing in its place.
    Lots are those of which something is left. Episodes are new, or replace those of their number.
    """

    mint: str
    starts_over: bool
    is_gone: bool
    gaps: int
    known: Sequence[Lot]
    unknown: Sequence[Lot]
    parked: Sequence[Lot]
    episodes: Sequence[Episode]
    realizations: Sequence[Realization]


class History(NamedTuple):
    """What the ledger holds of an entity: its tokens by mint, in order, without gone ones."""

    tokens: Mapping[str, Token]

    @property
    def rows(self) -> int:
        """Return of how many rows of the ledger it tells."""
        return sum(1 + len(token.episodes) + len(token.realizations) for token in self.tokens.values())


_packed: Final = msgspec.msgpack.Decoder(list[Token])
_written: Final = msgspec.json.Decoder(list[Token])


class Histories:
    """The histories of entities, for reading."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, entity: str) -> History:
        """Return the history of an entity; empty for one without a ledger."""
        rows = sorted(self._database.rows(_OF_ENTITY, [entity]))
        tokens = _merged([_decoded(body) for _, body in rows])
        return History({mint: tokens[mint] for mint in sorted(tokens) if not tokens[mint].is_gone})

    def touched_since(self, number: int) -> set[str]:
        """Return the entities of which something was written after that number."""
        return {str(row[0]) for row in self._database.rows(_SINCE, [number])}


def token_of(
    mint: str, state: FoldState, realizations: Iterable[Realization], episodes: Sequence[Episode], *, starts_over: bool
) -> Token:
    """Return what a fold produced, without the names of transactions."""
    return Token(
        mint=mint,
        starts_over=starts_over,
        is_gone=False,
        gaps=state.gaps,
        known=_left(state.known),
        unknown=_left(state.unknown),
        parked=_left(state.parked),
        episodes=[Episode._make((*row[:2], "", row[3], None, *row[5:])) for row in episodes],
        realizations=[_unnamed(row) for row in realizations],
    )


def gone(mint: str) -> Token:
    """Return what says that nothing of a token is left."""
    return Token(
        mint=mint,
        starts_over=True,
        is_gone=True,
        gaps=0,
        known=(),
        unknown=(),
        parked=(),
        episodes=(),
        realizations=(),
    )


def history_rows(tokens: Mapping[str, Sequence[Token]]) -> list[tuple[object, ...]]:
    """Return a row for every entity, without a number."""
    return [(entity, _encoded(of_entity)) for entity, of_entity in tokens.items()]


def append_histories(cursor: duckdb.DuckDBPyConnection, tokens: Mapping[str, Sequence[Token]]) -> None:
    """Append a row for every entity."""
    if tokens:
        with registered(cursor, "produced", from_rows(HISTORY_COLUMNS, history_rows(tokens))):
            cursor.execute(_APPEND)


def crowded_entities(cursor: duckdb.DuckDBPyConnection, most_rows: int = MOST_ROWS) -> list[str]:
    """Return the entities that have more than `most_rows` rows."""
    return [str(entity) for (entity,) in cursor.execute(_CROWDED, [most_rows]).fetchall()]


def tidy_history(cursor: duckdb.DuckDBPyConnection, entity: str, large_bytes: int = LARGE_BYTES) -> None:
    """Put the rows of an entity together, except for what is large already; they tell the same as before."""
    rows: list[tuple[int, bytes]] = sorted(cursor.execute(_OF_ENTITY, [entity]).fetchall())
    large = [place for place, (_, body) in enumerate(rows) if len(body) >= large_bytes]
    tail = rows[large[-1] + 1 if large else 0 :]
    if not tail:
        return
    tokens = _merged([_decoded(body) for _, body in tail])
    cursor.execute(_REMOVE, [entity, tail[0][0], tail[-1][0]])
    table = from_rows(_KEPT_COLUMNS, [(tail[-1][0], entity, _encoded(list(tokens.values())))])
    with registered(cursor, "produced", table):
        cursor.execute(_APPEND)


def _merged(rows: Sequence[Sequence[Token]]) -> dict[str, Token]:
    """Return what rows tell together, by mint."""
    if len(rows) == 1 and len(alone := {token.mint: token for token in rows[0]}) == len(rows[0]):
        return alone
    tellings: defaultdict[str, list[Token]] = defaultdict(list)
    for row in rows:
        for token in row:
            if token.starts_over:
                tellings[token.mint].clear()
            tellings[token.mint].append(token)
    return {mint: found[0] if len(found) == 1 else _joined(found) for mint, found in tellings.items()}


def _joined(tellings: Sequence[Token]) -> Token:
    episodes = {episode.number: episode for token in tellings for episode in token.episodes}
    return tellings[-1]._replace(
        starts_over=tellings[0].starts_over,
        episodes=[episodes[number] for number in sorted(episodes)],
        realizations=[row for token in tellings for row in token.realizations],
    )


def _left(lots: Iterable[Lot]) -> list[Lot]:
    return [lot for lot in lots if lot.left]


def _unnamed(row: Realization) -> Realization:
    kind, episode, disposed_ref, disposed_at, _, acquired_at, basis, *amounts = row
    named = disposed_ref if basis is Basis.UNKNOWN else ""
    return Realization._make((kind, episode, named, disposed_at, "", acquired_at, basis, *amounts))


def _encoded(tokens: Sequence[Token]) -> bytes:
    try:
        return msgspec.msgpack.encode(tokens)
    except OverflowError:
        # Sums of large supplies exceed 64 bits; what is rare may take more room.
        return msgspec.json.encode(tokens)


def _decoded(body: bytes) -> list[Token]:
    return (_written if body.startswith(b"[") else _packed).decode(body)
