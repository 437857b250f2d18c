"""Know when every entity traded, how well that is known, and what its transactions cost: one pass over the facts.

Facts lie in the order of time, so that looking up one entity would read all of them; this reads them once and then
those of the entities that new facts touch. It keeps 8 bytes for a trade, 24 for a transaction that was read in full.
Not responsible for noticing that the ledger has changed, or for what trades earned (`ledger_reader`).
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from data.store.connection import Database

DAY_S: Final = 86_400
"""How long a price is used after its candle is complete, as in the view `trade`."""

_ROUNDED, _NEEDS_PRICE, _UNVALUED, _UNCERTAIN, _UNPRICED, _FLAGS = 1, 2, 4, 8, 16, 32
# A cost in USD that is unknown, and one that is none: nothing was spent, at no price.
_UNKNOWN: Final = -(2**62)
_NOTHING: Final = _UNKNOWN + 1
_COST_FIELDS: Final = 3
_LONG_S: Final = 2**40

_CODES: Final = {
    "rounded": _ROUNDED,
    "needs_price": _NEEDS_PRICE,
    "unvalued": _UNVALUED,
    "uncertain": _UNCERTAIN,
    "unpriced": _UNPRICED,
    "flags": _FLAGS,
    "unknown": _UNKNOWN,
    "nothing": _NOTHING,
    "day": DAY_S,
}
# One sorted list of times for each wallet, each with its flags in the lowest bits. A price is looked up by time later:
# the order time of a trade is its block time where that is known.
_TRADES: Final = """
{some}
SELECT
    owner,
    list_sort(list(
        order_time * {flags}
        + {rounded} * (precision = 'rounded')::BIGINT
        + CASE
            WHEN quote_raw IS NULL THEN {unvalued}
            WHEN is_stable(quote_mint) THEN 0
            WHEN block_time IS NULL THEN {unpriced}
            ELSE {needs_price}
        END
        + {uncertain} * order_uncertain::BIGINT
    )) AS packed
FROM ledger_leg
WHERE class IN ('BUY', 'SELL', 'SWAP')
GROUP BY owner
"""
# Rent is locked less refunded.
_COSTS: Final = """
WITH {some} spent AS (
    SELECT
        e.owner, e.order_time, coalesce(e.block_time, e.order_time) AS at_s,
        e.rent_lamports + e.other_rent_lamports
            + CASE WHEN e.class = 'FAILED' THEN e.base_fee_lamports + e.priority_fee_lamports + e.tip_lamports
                ELSE 0 END AS lamports
    FROM ledger_effect AS e
)
SELECT
    s.owner,
    flatten(list([
        s.order_time,
        s.lamports,
        CASE
            WHEN s.lamports <> 0 AND (p.price_e12 IS NULL OR s.at_s - p.completed_at > {day}) THEN {unknown}
            ELSE coalesce(sign(s.lamports) * lamports_to_usd_micro(abs(s.lamports), p.price_e12), {nothing})
        END::BIGINT
    ])) AS packed
FROM spent AS s
ASOF LEFT JOIN sol_price AS p ON s.at_s >= p.completed_at
GROUP BY s.owner
"""
# The views of these names with what is asked for pushed to every scan: through them all facts would be read.
_SOME_EFFECTS: Final = """
standing AS (
    SELECT e.* FROM effect AS e
    ANTI JOIN reversed AS r ON r.slot = e.cluster_key AND r.signature = e.signature
    WHERE e.owner IN ({wallets})
), ledger_effect AS (
    SELECT e.* FROM standing AS e
    ANTI JOIN standing AS b
        ON b.signature = e.signature AND b.owner = e.owner
        AND (b.grade < e.grade OR (b.grade = e.grade AND b.cluster_key > e.cluster_key))
),
"""
_SOME_LEGS: Final = """
WITH {effects} ledger_leg AS (
    SELECT l.* FROM leg AS l
    ANTI JOIN reversed AS r ON r.slot = l.cluster_key AND r.signature = l.signature
    ANTI JOIN standing AS b
        ON b.signature = l.signature AND b.owner = l.owner
        AND (b.grade < l.grade OR (b.grade = l.grade AND b.cluster_key > l.cluster_key))
    WHERE l.owner IN ({wallets})
)
"""
_PRICED: Final = "SELECT completed_at FROM sol_price ORDER BY completed_at"
_OPENINGS: Final = "SELECT entity, count(*) FROM finding WHERE code = 'opening_balance' GROUP BY entity"
_TOKENS: Final = """
SELECT mint, max(decimals), max(order_time) FILTER (class IN ('BUY', 'SELL', 'SWAP')), max(order_time)
FROM leg WHERE batch_id > $1 GROUP BY mint
"""
_SEEN: Final = """
SELECT (SELECT value FROM meta WHERE key = 'last_batch'), count(*), count(*) FILTER (batch_id > $1) FROM reversed
"""
_MEMBERS: Final = "SELECT wallet, entity FROM entity_member"
# A candle prices what happens from its completion on, at most for a day.
_TOUCHED: Final = """
WITH priced AS (
    SELECT min(opened_at + interval_s) AS first, max(opened_at + interval_s) + {day} AS last
    FROM candle WHERE is_sol(mint) AND batch_id > $1
)
SELECT owner FROM leg WHERE batch_id > $1
UNION SELECT owner FROM effect WHERE batch_id > $1
UNION SELECT e.owner FROM effect AS e, priced AS p WHERE coalesce(e.block_time, e.order_time) BETWEEN p.first AND p.last
"""
_TAKEN_BACK: Final = """
SELECT DISTINCT l.owner FROM {table} AS l SEMI JOIN (FROM reversed WHERE batch_id > $1) AS r
    ON r.slot = l.cluster_key AND r.signature = l.signature
"""

_WALLETS_AT_ONCE: Final = 100
_MEMORY_MB: Final = 128

MOST_WALLETS: Final = 200
"""Wallets of which facts are read again after a change, rather than those of all."""


class Seen(NamedTuple):
    """Up to which batch facts were read, and how many were taken back by then."""

    batch: int
    reversals: int


class TradeCounts(NamedTuple):
    """How many trades leave something unknown: rounded by their source, without a price, a value, a certain place."""

    rounded: int
    unpriced: int
    unvalued: int
    uncertain: int


class Costs(NamedTuple):
    """Fees of failed transactions and rent still locked, None where that is unknown, and over how many transactions."""

    transactions: int
    lamports: int | None
    usd_micro: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What all entities did, at one state of the ledger.

    Spans exclude `since_s` (None: from the first) and include `until_s`; all times are epoch seconds.
    """

    decimals: Mapping[str, int]
    last_traded: Mapping[str, int]
    last_fact_at: int | None
    _openings: Mapping[str, int]
    _unpriced: Sequence[tuple[int, int]]
    members: Mapping[str, str]
    packed_trades: Mapping[str, memoryview]
    packed_costs: Mapping[str, memoryview]
    seen: Seen

    def openings(self, entity: str) -> int:
        """Return how many tokens an entity held before the first transaction stored."""
        return self._openings.get(entity, 0)

    def last_trade_at(self, entity: str, until_s: int) -> int | None:
        """Return when an entity traded last."""
        found = [
            packed[place - 1] // _FLAGS
            for packed in self._of(entity, self.packed_trades)
            if (place := _place_after(packed, until_s))
        ]
        return max(found, default=None)

    def trades(self, entity: str, since_s: int | None, until_s: int) -> TradeCounts:
        """Return what is not known of the trades in a span."""
        found: Counter[int] = Counter()
        unpriced = 0
        for packed in self._of(entity, self.packed_trades):
            start = 0 if since_s is None else _place_after(packed, since_s)
            end = _place_after(packed, until_s)
            found.update([trade % _FLAGS for trade in packed[start:end]])
            for first, last in self._unpriced:
                without = packed[max(start, _place_after(packed, first - 1)) : min(end, _place_after(packed, last))]
                unpriced += sum(1 for trade in without if trade & _NEEDS_PRICE)

        def count(flag: int) -> int:
            return sum(number for flags, number in found.items() if flags & flag)

        return TradeCounts(
            rounded=count(_ROUNDED),
            unpriced=unpriced + count(_UNPRICED),
            unvalued=count(_UNVALUED),
            uncertain=count(_UNCERTAIN),
        )

    def costs(self, entity: str, since_s: int | None, until_s: int) -> Costs:
        """Return what the transactions of a span cost outside of trades."""
        rows = (
            row
            for packed in self._of(entity, self.packed_costs)
            for row in zip(*(packed[place::_COST_FIELDS].tolist() for place in range(_COST_FIELDS)), strict=True)
        )
        found = [row for row in rows if row[0] <= until_s and (since_s is None or row[0] > since_s)]
        in_usd = [usd_micro for _, _, usd_micro in found if usd_micro != _NOTHING]
        return Costs(
            transactions=len(found),
            lamports=sum(lamports for _, lamports, _ in found) if found else None,
            usd_micro=sum(in_usd) if in_usd and _UNKNOWN not in in_usd else None,
        )

    def _of(self, entity: str, packed: Mapping[str, memoryview]) -> list[memoryview]:
        """Return what is kept of the wallets of an entity, most often of one: itself."""
        own = () if entity in self.members else (entity,)
        wallets = (*own, *(wallet for wallet, of in self.members.items() if of == entity))
        return [packed[wallet] for wallet in wallets if wallet in packed]


def read_activity(database: Database, known: Activity | None = None) -> Activity:
    """Return what all entities did, as the facts say now; with a `known` earlier state only what changed is read."""
    before = Seen(-1, 0) if known is None else known.seen
    ((batch, reversals, taken_back),) = database.rows(_SEEN, [before.batch])
    seen = Seen(batch, reversals)
    # What was taken back and stands again leaves no batch behind.
    is_plain = reversals == before.reversals + taken_back
    touched = None if known is None or not is_plain else _touched(database, before, seen)
    if known is None or touched is None:
        trades, costs = (
            database.repeatable(_MEMORY_MB, partial(_read_all, database, sql)) for sql in (_TRADES, _COSTS)
        )
        return _activity(database, seen, None, trades, costs)
    trades, costs = (
        {wallet: packed for wallet, packed in old.items() if wallet not in touched} | _read_some(database, sql, touched)
        for old, sql in ((known.packed_trades, _TRADES), (known.packed_costs, _COSTS))
    )
    return _activity(database, seen, known, trades, costs)


def _activity(
    database: Database,
    seen: Seen,
    known: Activity | None,
    trades: Mapping[str, memoryview],
    costs: Mapping[str, memoryview],
) -> Activity:
    tokens = database.rows(_TOKENS, [-1 if known is None else known.seen.batch])
    decimals, last_traded = ({}, {}) if known is None else (dict(known.decimals), dict(known.last_traded))
    times = [] if known is None or known.last_fact_at is None else [known.last_fact_at]
    for mint, digits, traded_at, moved_at in tokens:
        decimals[mint] = max(digits, decimals.get(mint, 0))
        if traded_at is not None:
            last_traded[mint] = max(traded_at, last_traded.get(mint, traded_at))
        times.append(moved_at)
    return Activity(
        decimals=decimals,
        last_traded=last_traded,
        last_fact_at=max(times, default=None),
        _openings=dict(database.rows(_OPENINGS)),
        _unpriced=_without_price([row[0] for row in database.rows(_PRICED)]),
        members=dict(database.rows(_MEMBERS)),
        packed_trades=trades,
        packed_costs=costs,
        seen=seen,
    )


def _without_price(priced_at: Sequence[int]) -> list[tuple[int, int]]:
    """Return the first and the last second of every span without a price, which is used for a day."""
    starts = (-_LONG_S, *(at + DAY_S + 1 for at in priced_at))
    ends = (*(at - 1 for at in priced_at), _LONG_S)
    return [span for span in zip(starts, ends, strict=True) if span[0] <= span[1]]


def _touched(database: Database, before: Seen, seen: Seen) -> set[str] | None:
    """Return the wallets of which facts or their prices changed since; None where they are many."""
    if seen == before:
        return set()
    found = {str(row[0]) for row in database.rows(_TOUCHED.format(day=DAY_S), [before.batch])}
    if seen.reversals > before.reversals:
        for table in ("leg", "effect"):
            found |= {str(row[0]) for row in database.rows(_TAKEN_BACK.format(table=table), [before.batch])}
    return found if len(found) <= MOST_WALLETS else None


def _read_all(database: Database, sql: str) -> dict[str, memoryview]:
    # A part at a time: numbers take four times the room until they are packed.
    found = database.cursor().execute(sql.format(**_CODES, some=""))
    parts = iter(lambda: found.fetchmany(_WALLETS_AT_ONCE), [])
    return {wallet: memoryview(array("q", packed)) for part in parts for wallet, packed in part}


def _read_some(database: Database, sql: str, wallets: Collection[str]) -> dict[str, memoryview]:
    if not wallets:
        return {}
    marks = ", ".join(f"${number}" for number in range(1, len(wallets) + 1))
    effects = _SOME_EFFECTS.format(wallets=marks)
    some = effects if sql is _COSTS else _SOME_LEGS.format(effects=effects, wallets=marks)
    rows = database.rows(sql.format(**_CODES, some=some), list(wallets))
    return {wallet: memoryview(array("q", packed)) for wallet, packed in rows}


def _place_after(packed: memoryview, at_s: int) -> int:
    return bisect_left(packed, (at_s + 1) * _FLAGS)
