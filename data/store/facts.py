"""Store facts: append-only, each batch in one transaction, the same fact any number of times.

What is written depends only on the facts, never on the order in which they arrive.
Not responsible for parsing files (`data.importer`) or for the ledger (`booking`).
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from enum import Enum
from typing import Final, NamedTuple

import duckdb

from data.store.arrow import Type, from_rows, registered
from data.store.connection import Database
from data.store.identity import place_key
from data.store.readings import BALANCE_COLUMNS, EFFECT_COLUMNS, LEG_COLUMNS, PLACE_COLUMNS, Placed, Source, place
from engine.facts import Reading

FEW: Final = 200
"""So many rows of a table at most are appended one by one."""

LOOKED_UP: Final = 500
"""Of so many readings at most it is looked up, by a list of keys, what is stored of their signatures and folds."""

_MANY: Final = 5_000
"""A batch of more has all of the memory."""

ROUNDED_COLUMNS: Final = {
    "block_time": Type.BIGINT,
    "id": Type.VARCHAR,
    "signature": Type.VARCHAR,
    "owner": Type.VARCHAR,
    "leg_no": Type.INTEGER,
    "side": Type.VARCHAR,
    "mint": Type.VARCHAR,
    "amount_raw": Type.UBIGINT,
    "decimals": Type.UTINYINT,
    "quote_raw": Type.UBIGINT,
    "pool": Type.VARCHAR,
}
CANDLE_COLUMNS: Final = {
    "opened_at": Type.BIGINT,
    "mint": Type.VARCHAR,
    "interval_s": Type.INTEGER,
    "source": Type.VARCHAR,
    "pool": Type.VARCHAR,
    "open_usd": Type.PRICE,
    "high_usd": Type.PRICE,
    "low_usd": Type.PRICE,
    "close_usd": Type.PRICE,
    "volume_usd": Type.VOLUME,
}
QUARANTINE_COLUMNS: Final = {
    "signature": Type.VARCHAR,
    "owner": Type.VARCHAR,
    "source": Type.VARCHAR,
    "reason": Type.VARCHAR,
    "detail": Type.VARCHAR,
}

_ISSUE_COLUMNS: Final = {
    "file": Type.VARCHAR,
    "reason": Type.VARCHAR,
    "first_line": Type.BIGINT,
    "occurrences": Type.BIGINT,
}

INSERT_ROUNDED: Final = """
INSERT INTO leg
SELECT
    block_time, id::UUID, signature, owner, leg_no, 'rows', 4, NULL, block_time, block_time, NULL, side, side,
    mint, amount_raw, decimals,
    CASE WHEN quote_raw IS NOT NULL THEN 'So11111111111111111111111111111111111111112' END, quote_raw,
    0, pool, 'rounded', true, {batch}
FROM incoming
ON CONFLICT DO NOTHING
"""
_PLACE_ROUNDED: Final = """
INSERT INTO fact_place
SELECT md5_number_lower(unnest([signature, owner || mint])), cluster_key FROM leg WHERE batch_id = {batch}
"""
_PLACES: Final = "SELECT key, cluster_key FROM fact_place WHERE key IN ({keys})"
_INSERT_CANDLES: Final = "INSERT INTO candle SELECT *, {batch} FROM incoming ON CONFLICT DO NOTHING"
_INSERT_PLACED: Final = """
INSERT INTO {table} BY NAME SELECT * REPLACE (id::UUID AS id), {batch} AS batch_id FROM incoming
"""
_FIND_STORED: Final = """
SELECT e.id::VARCHAR, e.digest, e.block_time IS NULL OR e.index_in_block IS NULL
FROM incoming AS i
JOIN effect AS e ON e.cluster_key = i.cluster_key AND e.id = i.id::UUID
"""
_FILL: Final = """
UPDATE {table} AS t SET
    block_time = coalesce(t.block_time, i.block_time),
    order_time = coalesce(t.block_time, i.block_time, t.order_time),
    index_in_block = coalesce(t.index_in_block, i.index_in_block){also}
FROM incoming AS i
WHERE t.cluster_key = i.cluster_key AND t.signature = i.signature AND t.owner = i.owner AND t.source = i.source
"""
_FILL_UNCERTAIN: Final = """,
    order_uncertain = t.slot IS NULL OR coalesce(t.block_time, i.block_time) IS NULL
        OR coalesce(t.index_in_block, i.index_in_block) IS NULL"""
_MARK_FILLED: Final = """
INSERT INTO refold
SELECT DISTINCT coalesce(m.entity, f.owner), f.mint
FROM (
    SELECT l.owner, l.mint FROM leg AS l JOIN incoming AS i USING (cluster_key, signature, owner, source)
    UNION ALL
    SELECT b.owner, b.mint FROM account_balance AS b JOIN incoming AS i USING (cluster_key, signature, owner, source)
    WHERE NOT is_sol(b.mint) AND NOT is_stable(b.mint)
) AS f
LEFT JOIN entity_member AS m ON m.wallet = f.owner
"""


class Counts(NamedTuple):
    """How many facts of a batch were new, and how many were stored before."""

    new: int
    duplicate: int


class Outcome(Enum):
    """What became of one reading; a reading that cannot be stored has a reason instead."""

    NEW = "new"
    DUPLICATE = "duplicate"
    CONFLICT = "conflicts with the stored reading of the same transaction"


class Candle(NamedTuple):
    """Prices of one interval in USD per whole token, as decimal numbers; see CANDLE_COLUMNS."""

    opened_at: int
    mint: str
    interval_s: int
    source: str
    pool: str
    open_usd: object
    high_usd: object
    low_usd: object
    close_usd: object
    volume_usd: object


class Quarantined(NamedTuple):
    """A transaction that is known by its signature but cannot be trusted, with the reason."""

    signature: str
    owner: str
    source: str
    reason: str
    detail: str


class Newest(NamedTuple):
    """The highest slot and the latest block time, in epoch seconds, of all facts; None where no fact has one."""

    slot: int | None
    block_time: int | None


class Added(NamedTuple):
    """What became of some readings: their batch, those that are new, and the outcome of each.

    `places` are the rows of `fact_place` about their signatures, and about the mints of their owners, that were there
    before; None where there are too many readings to look. `is_fresh` tells that no signature is among those.
    """

    batch: int
    new: tuple[Placed, ...]
    outcomes: tuple[Outcome | str, ...]
    places: tuple[tuple[int, int], ...] | None
    is_fresh: bool


class Facts:
    """The tables of facts, for writing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_readings(self, readings: Sequence[Reading], source: Source) -> list[Outcome | str]:
        """Store readings in one transaction and say for each what became of it, or why it was refused.

        A block time or an index in the block that was missing is filled in when a duplicate brings it.
        A reading that differs from the stored one goes to quarantine.
        """
        return list(self.add(readings, source).outcomes)

    def add(self, readings: Sequence[Reading], source: Source) -> Added:
        """Do the same, and say what was stored."""
        placed = [place(reading, source) for reading in readings]
        candidates = [p for p in placed if not isinstance(p, str)]
        with self._batch(len(candidates)) as (cursor, batch):
            places = _known_places(cursor, candidates) if len(candidates) <= LOOKED_UP else None
            signatures = {place_key(p.reading.signature) for p in candidates}
            is_fresh = places is not None and signatures.isdisjoint(key for key, _ in places)
            sorted_ = _Sorted({} if is_fresh else _find_stored(cursor, candidates))
            outcomes = [p if isinstance(p, str) else sorted_.add(p) for p in placed]
            self._insert_placed(cursor, list(sorted_.new.values()), batch)
            _fill(cursor, sorted_.filling)
            _insert_quarantined(cursor, sorted_.conflicts)
        new = tuple(sorted_.new.values())
        return Added(batch, new, tuple(outcomes), None if places is None else tuple(places), is_fresh=is_fresh)

    def add_rounded(self, legs: object, count: int) -> Counts:
        """Store a table of ROUNDED_COLUMNS in one transaction; rows that are stored, or come twice, change nothing."""
        with self._batch(count) as (cursor, batch), registered(cursor, "incoming", legs):
            new = _count(cursor.execute(INSERT_ROUNDED.format(batch=batch)))
            cursor.execute(_PLACE_ROUNDED.format(batch=batch))
        return Counts(new, count - new)

    def add_candles(self, candles: Sequence[Candle]) -> Counts:
        """Store candles; the first of two that share mint, time, interval, source and pool stays."""
        table = from_rows(CANDLE_COLUMNS, candles)
        with self._batch(len(candles)) as (cursor, batch), registered(cursor, "incoming", table):
            new = _count(cursor.execute(_INSERT_CANDLES.format(batch=batch)))
        return Counts(new, len(candles) - new)

    def add_quarantined(self, rows: Sequence[Quarantined]) -> None:
        """Keep what cannot be trusted, once each."""
        with self._database.write() as cursor:
            _insert_quarantined(cursor, rows)

    def set_issues(self, file: str, reasons: Mapping[str, int], first_lines: Mapping[str, int]) -> None:
        """Replace what was noted about a file: how many of its records were refused for which reason."""
        rows = [(file, reason, first_lines[reason], count) for reason, count in sorted(reasons.items())]
        with self._database.write() as cursor:
            cursor.execute("DELETE FROM import_issue WHERE file = ?", [file])
            if rows:
                with registered(cursor, "incoming", from_rows(_ISSUE_COLUMNS, rows)):
                    cursor.execute("INSERT INTO import_issue SELECT * FROM incoming")

    def known_decimals(self) -> dict[str, int]:
        """Return the decimals of every mint that was read from exact balances."""
        rows = self._database.rows("SELECT mint, min(decimals) FROM leg WHERE precision = 'exact' GROUP BY mint")
        return dict(rows)

    def newest(self) -> Newest:
        """Return how far the facts reach."""
        return Newest(*self._database.rows("SELECT max(slot), max(block_time) FROM leg")[0])

    def _insert_placed(self, cursor: duckdb.DuckDBPyConnection, placed: Sequence[Placed], batch: int) -> None:
        tables: Iterable[tuple[str, dict[str, Type], list[tuple[object, ...]]]] = (
            ("effect", EFFECT_COLUMNS, [p.effect_row() for p in placed]),
            ("leg", LEG_COLUMNS, [row for p in placed for row in p.leg_rows()]),
            ("account_balance", BALANCE_COLUMNS, [row for p in placed for row in p.balance_rows()]),
        )
        for table, columns, rows in tables:
            if len(rows) > FEW:
                with registered(cursor, "incoming", from_rows(columns, rows)):
                    cursor.execute(_INSERT_PLACED.format(table=table, batch=batch))
            elif rows:
                self._database.insert(table, [*columns, "batch_id"], [(*row, batch) for row in rows])
        places = [row for p in placed for row in p.places()]
        if len(places) > FEW:
            with registered(cursor, "incoming", from_rows(PLACE_COLUMNS, places)):
                cursor.execute("INSERT INTO fact_place SELECT * FROM incoming")
        elif places:
            self._database.insert("fact_place", PLACE_COLUMNS, places)

    @contextmanager
    def _batch(self, rows: int) -> Generator[tuple[duckdb.DuckDBPyConnection, int]]:
        room = self._database.heavy() if rows > _MANY else nullcontext()
        with room, self._database.write() as cursor:
            yield cursor, next_batch(self._database)


def next_batch(database: Database) -> int:
    """Start a batch inside a transaction and return its number: the booking looks for later ones."""
    batch = database.mark("last_batch") + 1
    database.set_mark("last_batch", batch)
    return batch


def places_query(keys: Iterable[int]) -> str:
    """Return the query for the rows of `fact_place` with one of some keys, at least one: keys and cluster keys."""
    return _PLACES.format(keys=", ".join(map(str, keys)))


class _Stored(NamedTuple):
    content: int
    has_gaps: bool


class _Sorted:
    """What is to be done with the readings of a batch."""

    def __init__(self, stored: Mapping[str, _Stored]) -> None:
        self._stored = stored
        self.new: dict[str, Placed] = {}
        self.filling: list[Placed] = []
        self.conflicts: list[Quarantined] = []

    def add(self, candidate: Placed) -> Outcome:
        known, twin = self._stored.get(candidate.id), self.new.get(candidate.id)
        if known is None and twin is None:
            self.new[candidate.id] = candidate
            return Outcome.NEW
        if candidate.content not in {known and known.content, twin and twin.content}:
            self.conflicts.append(_describe_conflict(candidate))
            return Outcome.CONFLICT
        if twin is not None:
            self.new[candidate.id] = twin.filled(candidate)
        elif known is not None and known.has_gaps:
            self.filling.append(candidate)
        return Outcome.DUPLICATE


def _known_places(cursor: duckdb.DuckDBPyConnection, placed: Sequence[Placed]) -> list[tuple[int, int]]:
    keys = {key for p in placed for key, _ in p.places()}
    return cursor.execute(places_query(keys)).fetchall() if keys else []


def _find_stored(cursor: duckdb.DuckDBPyConnection, placed: Sequence[Placed]) -> dict[str, _Stored]:
    if not placed:
        return {}
    with registered(cursor, "incoming", _keys(placed)):
        rows = cursor.execute(_FIND_STORED).fetchall()
    return {row[0].replace("-", ""): _Stored(row[1], row[2]) for row in rows}


def _fill(cursor: duckdb.DuckDBPyConnection, placed: Sequence[Placed]) -> None:
    if not placed:
        return
    with registered(cursor, "incoming", _keys(placed)):
        cursor.execute(_FILL.format(table="effect", also=""))
        cursor.execute(_FILL.format(table="leg", also=_FILL_UNCERTAIN))
        cursor.execute(_MARK_FILLED)


def _keys(placed: Sequence[Placed]) -> object:
    names = ("cluster_key", "id", "signature", "owner", "source", "block_time", "index_in_block")
    rows = [
        (p.cluster_key, p.id, r.signature, r.wallet, p.source.value, r.block_time, r.index_in_block)
        for p in placed
        for r in (p.reading,)
    ]
    return from_rows({name: EFFECT_COLUMNS[name] for name in names}, rows)


def _describe_conflict(placed: Placed) -> Quarantined:
    reading = placed.reading
    return Quarantined(
        reading.signature,
        reading.wallet,
        placed.source.value,
        "conflicting_reading",
        f"{reading.tx_class.value} {reading.legs}",
    )


def _insert_quarantined(cursor: duckdb.DuckDBPyConnection, rows: Sequence[Quarantined]) -> None:
    if rows:
        with registered(cursor, "incoming", from_rows(QUARANTINE_COLUMNS, rows)):
            cursor.execute("INSERT INTO quarantine SELECT * FROM incoming ON CONFLICT DO NOTHING")


def _count(result: duckdb.DuckDBPyConnection) -> int:
    return int(result.fetchall()[0][0])
