"""Read the events of many folds in bounded pieces, in the order in which the ledger books them.

Facts are staged once, sorted by bucket only; each bucket is valued and sorted in full on a thread that reads ahead.
Some fifty thousand events are in memory at a time, whatever the size of the history.
Not responsible for folding them (`booking`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import pairwise, repeat
from typing import Final, NamedTuple, cast

import duckdb

from data.store.arrow import Columns, query
from data.store.chains import Balances, Transaction, chain_order
from engine.ledger import Event, EventKind, signature_of

FROM_START: Final = -1

_KINDS: Final = tuple(EventKind)
_NO_BALANCES: Final[Balances] = ()

# Event._make is a function in Python, called for every trade; the type of tuple.__new__ is lost when it is passed on.
_new_tuple = tuple.__new__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
_make_event = cast("Callable[[tuple[object, ...]], Event]", partial(_new_tuple, Event))

_STAGE_PRICES: Final = "CREATE TEMP TABLE staged_price AS FROM sol_price ORDER BY completed_at"
# Entity and mint stay in `work`: texts are the width of this table.
_STAGE_EVENTS: Final = """
CREATE TEMP TABLE staged_event AS
SELECT
    w.bucket, w.fold_no, event_kind(l.class, l.side)::TINYINT AS kind, l.order_time, l.block_time,
    coalesce(l.slot, -1) AS slot, coalesce(l.index_in_block, -1) AS index_in_block,
    l.signature, l.leg_no, NULL AS observed, CASE WHEN l.owner <> l.entity THEN l.owner END AS owner,
    l.amount_raw, quote_kind(l.quote_mint)::TINYINT AS quote_kind, l.quote_raw, l.fee_lamports
FROM ledger_leg AS l
JOIN work AS w ON w.entity = l.entity AND w.mint = l.mint
WHERE l.batch_id > {after} AND l.batch_id <= {upto} AND l.batch_id > w.after_batch
UNION ALL
SELECT
    any_value(w.bucket), any_value(w.fold_no), 7, any_value(b.order_time), NULL,
    coalesce(any_value(b.slot), -1), coalesce(any_value(b.index_in_block), -1),
    b.signature, -1, b.mint, CASE WHEN b.owner <> b.entity THEN b.owner END,
    0::UBIGINT, NULL, NULL, 0
FROM ledger_balance AS b
JOIN work AS w ON w.entity = b.entity AND w.mint = b.mint
WHERE b.leg_no IS NULL AND b.batch_id > {after} AND b.batch_id <= {upto} AND b.batch_id > w.after_batch
GROUP BY b.entity, b.mint, b.owner, b.signature
ORDER BY bucket
"""
_STAGE_BALANCES: Final = """
CREATE TEMP TABLE staged_balance AS
SELECT
    w.bucket, w.fold_no,
    b.signature || '#' || coalesce(b.leg_no::VARCHAR, b.mint)
        || CASE WHEN b.owner = b.entity THEN '' ELSE '@' || b.owner END AS ref,
    b.account, b.pre_raw, b.post_raw
FROM ledger_balance AS b
JOIN work AS w ON w.entity = b.entity AND w.mint = b.mint
WHERE b.batch_id > {after} AND b.batch_id <= {upto} AND b.batch_id > w.after_batch
ORDER BY bucket
"""
_STAGED: Final = ("staged_price", "staged_event", "staged_balance")
_READ_WORK: Final = "SELECT entity, mint, is_stored, after_batch, fold_no FROM work WHERE bucket = {bucket}"
_READ_EVENTS: Final = """
SELECT
    e.fold_no, e.kind, e.order_time, e.slot, e.index_in_block,
    concat(e.signature, '#', coalesce(e.observed, e.leg_no::VARCHAR), '@' || e.owner) AS ref,
    e.owner, e.amount_raw, e.fee_lamports,
    fresh(e.block_time, p.completed_at, p.price_e12) AS price,
    coalesce(value_in_lamports(e.quote_kind, e.quote_raw, price), -1) AS value_lamports,
    coalesce(value_in_usd_micro(e.quote_kind, e.quote_raw, price), -1) AS value_usd_micro,
    coalesce(fee_in_usd_micro(e.fee_lamports, price), -1) AS fee_usd_micro
FROM (FROM staged_event WHERE bucket = {bucket}) AS e
ASOF LEFT JOIN staged_price AS p ON e.block_time >= p.completed_at
ORDER BY e.fold_no, e.order_time, e.slot, e.index_in_block, e.signature, e.leg_no, e.owner
"""
_READ_BALANCES: Final = (
    "SELECT fold_no, ref, account, pre_raw, post_raw FROM staged_balance WHERE bucket = {bucket} "
    "ORDER BY fold_no, ref, account"
)


class Span(NamedTuple):
    """The batches to read: later than `after`, up to `upto`."""

    after: int
    upto: int


class Task(NamedTuple):
    """Whether a fold has stored state, and which batches that state holds: FROM_START to start over."""

    is_stored: bool
    after_batch: int

    @property
    def goes_on(self) -> bool:
        """Tell whether the fold continues its stored state."""
        return self.after_batch != FROM_START


Key = tuple[str, str]
"""An (entity, mint): what a fold is of."""


_Place = tuple[int, str]
"""The number of a fold, and a ref in it."""


class FoldEvents(NamedTuple):
    """The events of one (entity, mint), in order."""

    entity: str
    mint: str
    events: Sequence[Event]


class Chunk(NamedTuple):
    """One bucket: the folds to run, also those that are left without any event, and the events there are."""

    work: dict[Key, Task]
    folds: list[FoldEvents]


class _Piece(NamedTuple):
    work: Columns
    events: Columns
    balances: Columns


def read_chunks(cursor: duckdb.DuckDBPyConnection, span: Span, buckets: int) -> Iterator[Chunk]:
    """Yield the folds of the cursor's table `work` bucket by bucket, reading ahead on a thread.

    The cursor belongs to this reader until the last bucket.
    """
    for stage in (_STAGE_PRICES, _STAGE_EVENTS, _STAGE_BALANCES):
        cursor.execute(stage.format(after=span.after, upto=span.upto))
    with ThreadPoolExecutor(1, "booking-reader") as reader:
        pending: Future[_Piece] | None = None
        try:
            for bucket in range(buckets):
                piece = (pending or reader.submit(_read, cursor, bucket)).result()
                pending = reader.submit(_read, cursor, bucket + 1) if bucket + 1 < buckets else None
                yield _chunk(piece)
        finally:
            if pending is not None:
                pending.result()
            for table in _STAGED:
                cursor.execute(f"DROP TABLE {table}")


def _read(cursor: duckdb.DuckDBPyConnection, bucket: int) -> _Piece:
    work, events, balances = (
        query(cursor, sql.format(bucket=bucket)) for sql in (_READ_WORK, _READ_EVENTS, _READ_BALANCES)
    )
    return _Piece(work, events, balances)


def _chunk(piece: _Piece) -> Chunk:
    keys = list(zip(piece.work.texts("entity"), piece.work.texts("mint"), strict=True))
    tasks = map(Task, piece.work.values("is_stored"), piece.work.integers("after_batch"))
    numbers = dict(zip(piece.work.integers("fold_no"), keys, strict=True))
    return Chunk(dict(zip(keys, tasks, strict=True)), _group(piece, numbers))


def _group(piece: _Piece, keys: dict[int, Key]) -> list[FoldEvents]:
    folds = piece.events.integers("fold_no")
    if not folds:
        return []
    starts = [0, *(place for place, (a, b) in enumerate(pairwise(folds), 1) if a != b), len(folds)]
    entities = [keys[folds[start]][0] for start in starts[:-1]]
    owners = [
        entity for entity, (start, end) in zip(entities, pairwise(starts), strict=True) for _ in range(start, end)
    ]
    events = _build_events(piece.events, _owners(piece.events, owners), _read_balances(piece.balances))
    groups = [FoldEvents(*keys[folds[start]], events[start:end]) for start, end in pairwise(starts)]
    return _chain(groups, piece.events, starts) if len(piece.balances) else groups


def _owners(columns: Columns, entities: list[str]) -> list[str]:
    """Return the owner of each event: most are the entity itself."""
    if columns.is_empty("owner"):
        return entities
    return [owner or entity for owner, entity in zip(columns.values("owner"), entities, strict=True)]


def _build_events(columns: Columns, owners: list[str], balances: dict[_Place, Balances]) -> list[Event]:
    folds, refs = columns.integers("fold_no"), columns.texts("ref")
    fields = zip(
        map(_KINDS.__getitem__, columns.integers("kind")),
        columns.integers("order_time"),
        refs,
        owners,
        columns.integers("amount_raw"),
        _optional(columns.integers("value_lamports")),
        _optional(columns.integers("value_usd_micro")),
        columns.integers("fee_lamports"),
        _optional(columns.integers("fee_usd_micro")),
        (balances.get(place, _NO_BALANCES) for place in zip(folds, refs, strict=True))
        if balances
        else repeat(_NO_BALANCES, len(refs)),
        strict=True,
    )
    return list(map(_make_event, fields))


def _optional(values: list[int]) -> list[int | None]:
    return [None if value < 0 else value for value in values]


def _read_balances(columns: Columns) -> dict[_Place, Balances]:
    # Two wallets of one transaction have the same ref, each in the folds of its own entity.
    found: defaultdict[_Place, list[tuple[str, int, int]]] = defaultdict(list)
    rows = zip(
        columns.integers("fold_no"),
        columns.texts("ref"),
        columns.texts("account"),
        columns.integers("pre_raw"),
        columns.integers("post_raw"),
        strict=True,
    )
    for fold, ref, account, before, after in rows:
        found[fold, ref].append((account, before, after))
    return {place: tuple(balances) for place, balances in found.items()}


def _chain(groups: list[FoldEvents], columns: Columns, starts: list[int]) -> list[FoldEvents]:
    """Where the index in the block is unknown, let the balances tell the order inside a slot."""
    keys = list(
        zip(columns.integers("order_time"), columns.integers("slot"), columns.integers("index_in_block"), strict=True)
    )
    result: list[FoldEvents] = []
    for group, start in zip(groups, starts, strict=False):
        transactions: list[Transaction] = []
        for event, key in zip(group.events, keys[start : start + len(group.events)], strict=True):
            signature = signature_of(event.ref)
            if transactions and transactions[-1].signature == signature and transactions[-1].key == key:
                transactions[-1].events.append(event)
            else:
                transactions.append(Transaction(key, signature, [event]))
        result.append(group._replace(events=chain_order(transactions)))
    return result
