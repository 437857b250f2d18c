"""Find the folds that facts of later batches touch, and say for each where to go on.

A fold goes on from its state when everything new lies after its last event; it starts over when something
older arrived, when a better reading replaced one of its facts, when a price or a member changed.
Not responsible for reading or folding their events.
"""

from typing import Final, NamedTuple

import duckdb

from data.store.chunks import Span

BUCKET_EVENTS: Final = 50_000

_MARK_STORED: Final = "CREATE TEMP TABLE marked AS SELECT DISTINCT entity, mint FROM refold"
_HAS_EFFECTS: Final = "SELECT 1 FROM effect WHERE batch_id > {after} AND batch_id <= {upto} LIMIT 1"
_HAS_PRICES: Final = "SELECT 1 FROM candle WHERE is_sol(mint) AND batch_id > {after} AND batch_id <= {upto} LIMIT 1"
_MARK_REPLACED: Final = (
    """
    INSERT INTO marked
    SELECT DISTINCT coalesce(m.entity, l.owner), l.mint
    FROM leg AS l
    JOIN effect AS e ON e.signature = l.signature AND e.owner = l.owner
    LEFT JOIN entity_member AS m ON m.wallet = l.owner
    WHERE e.batch_id > {after} AND e.batch_id <= {upto} AND l.batch_id <= {after}
        AND (e.grade < l.grade OR (e.grade = l.grade AND e.cluster_key > l.cluster_key))
    """,
    """
    INSERT INTO marked
    SELECT DISTINCT coalesce(m.entity, b.owner), b.mint
    FROM effect AS e
    JOIN effect AS o ON o.signature = e.signature AND o.owner = e.owner
    JOIN account_balance AS b
        ON b.cluster_key = o.cluster_key AND b.signature = o.signature AND b.owner = o.owner AND b.source = o.source
    LEFT JOIN entity_member AS m ON m.wallet = b.owner
    WHERE e.batch_id > {after} AND e.batch_id <= {upto} AND o.batch_id <= {after}
        AND (e.grade < o.grade OR (e.grade = o.grade AND e.cluster_key > o.cluster_key))
        AND NOT is_sol(b.mint) AND NOT is_stable(b.mint)
    """,
)
# A candle prices legs from its completion until the next one, at most for a day.
_MARK_PRICED: Final = """
INSERT INTO marked
SELECT DISTINCT l.entity, l.mint
FROM ledger_leg AS l, (
    SELECT min(opened_at + interval_s) AS first, max(opened_at + interval_s) + 86400 AS last
    FROM candle WHERE is_sol(mint) AND batch_id > {after} AND batch_id <= {upto}
) AS c
WHERE l.block_time >= c.first AND l.block_time <= c.last AND l.batch_id <= {after}
"""
# In the order of entities: what is written of one lies side by side then, and reading it skips all the rest.
_DECIDE: Final = """
CREATE TEMP TABLE work AS
WITH fresh AS (
    SELECT
        entity, mint, count(*) AS events, min(order_time) AS first_time
    FROM (
        SELECT entity, mint, order_time FROM ledger_leg WHERE batch_id > {after} AND batch_id <= {upto}
        UNION ALL
        SELECT entity, mint, order_time FROM ledger_balance
        WHERE leg_no IS NULL AND batch_id > {after} AND batch_id <= {upto}
    )
    GROUP BY entity, mint
),
merged AS (
    SELECT
        entity, mint, coalesce(f.events, 0) AS events, f.first_time,
        k.mint IS NOT NULL AS is_marked
    FROM fresh AS f
    FULL JOIN (SELECT DISTINCT entity, mint FROM marked) AS k USING (entity, mint)
),
decided AS (
    SELECT
        m.entity, m.mint, s.mint IS NOT NULL AS is_stored, m.events + coalesce(s.events, 0) AS events,
        CASE
            WHEN s.mint IS NULL OR m.is_marked OR m.first_time <= s.last_order_time THEN -1
            ELSE {after}
        END AS after_batch
    FROM merged AS m
    LEFT JOIN fold_state AS s ON s.entity = m.entity AND s.mint = m.mint
)
SELECT
    (row_number() OVER (ORDER BY entity, mint))::INTEGER AS fold_no,
    entity, mint, is_stored, after_batch, events,
    (sum(greatest(events, 1)) OVER (ORDER BY entity, mint) // {bucket_events})::BIGINT AS bucket
FROM decided
"""


class Work(NamedTuple):
    """What there is to do: folds, an upper estimate of their events, buckets, and the earliest batch to read."""

    folds: int
    events: int
    buckets: int
    after: int


def find_work(cursor: duckdb.DuckDBPyConnection, span: Span, bucket_events: int = BUCKET_EVENTS) -> Work:
    """Leave the folds to run in the cursor's temporary table `work`, in buckets of about equal size."""
    bounds = span._asdict()
    cursor.execute(_MARK_STORED)
    if cursor.execute(_HAS_EFFECTS.format(**bounds)).fetchall():
        for statement in _MARK_REPLACED:
            cursor.execute(statement.format(**bounds))
    if span.after > 0 and cursor.execute(_HAS_PRICES.format(**bounds)).fetchall():
        cursor.execute(_MARK_PRICED.format(**bounds))
    cursor.execute(_DECIDE.format(**bounds, bucket_events=bucket_events))
    row = cursor.execute(
        "SELECT count(*), coalesce(sum(events), 0)::BIGINT, coalesce(max(bucket) + 1, 0), "
        "coalesce(min(after_batch), 0) FROM work"
    ).fetchall()[0]
    return Work(*row)
