"""Know when every entity traded, how well that is known, and what its transactions cost: one pass over the facts.

Facts lie in the order of time, so that looking up one entity would read all of them; this reads them once for each
state of the ledger and keeps 8 bytes for a trade, 24 for a transaction that was read in full.
Not responsible for noticing that the ledger has changed, or for what trades earned (`ledger_reader`).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from data.store.arrow import query
from data.store.connection import Database

DAY_S: Final = 86_400
"""How long a price is used after its candle is complete, as in the view `trade`."""

_ROUNDED, _NEEDS_PRICE, _UNVALUED, _UNCERTAIN, _UNPRICED, _FLAGS = 1, 2, 4, 8, 16, 32
# A cost in USD that is unknown, and one that is none: nothing was spent, at no price.
_UNKNOWN: Final = -(2**62)
_NOTHING: Final = _UNKNOWN + 1
_COST_FIELDS: Final = 3

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
# One sorted list of times for each entity, each with its flags in the lowest bits. A price is looked up by time later:
# the order time of a trade is its block time where that is known.
_TRADES: Final = """
SELECT
    entity,
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
GROUP BY entity
"""
# Rent is locked less refunded.
_COSTS: Final = """
WITH spent AS (
    SELECT
        coalesce(m.entity, e.owner) AS entity, e.order_time, coalesce(e.block_time, e.order_time) AS at_s,
        e.rent_lamports + e.other_rent_lamports
            + CASE WHEN e.class = 'FAILED' THEN e.base_fee_lamports + e.priority_fee_lamports + e.tip_lamports
                ELSE 0 END AS lamports
    FROM ledger_effect AS e
    LEFT JOIN entity_member AS m ON m.wallet = e.owner
)
SELECT
    s.entity,
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
GROUP BY s.entity
"""
_PRICED: Final = "SELECT completed_at FROM sol_price ORDER BY completed_at"
_OPENINGS: Final = "SELECT entity, count(*) FROM finding WHERE code = 'opening_balance' GROUP BY entity"
_TOKENS: Final = """
SELECT mint, max(decimals), max(order_time) FILTER (class IN ('BUY', 'SELL', 'SWAP')) FROM leg GROUP BY mint
"""
_LAST_FACT: Final = "SELECT max(order_time) FROM leg"


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
    _priced_at: Sequence[int]
    _trades: Mapping[str, memoryview]
    _costs: Mapping[str, memoryview]

    def openings(self, entity: str) -> int:
        """Return how many tokens an entity held before the first transaction stored."""
        return self._openings.get(entity, 0)

    def last_trade_at(self, entity: str, until_s: int) -> int | None:
        """Return when an entity traded last."""
        packed = self._trades.get(entity)
        place = 0 if packed is None else _place_after(packed, until_s)
        return packed[place - 1] // _FLAGS if packed is not None and place else None

    def trades(self, entity: str, since_s: int | None, until_s: int) -> TradeCounts:
        """Return what is not known of the trades in a span."""
        packed = self._trades.get(entity)
        if packed is None:
            return TradeCounts(0, 0, 0, 0)
        start = 0 if since_s is None else _place_after(packed, since_s)
        found = packed[start : _place_after(packed, until_s)].tolist()
        return TradeCounts(
            rounded=sum(1 for trade in found if trade & _ROUNDED),
            unpriced=sum(
                1 for trade in found if trade & _UNPRICED or (trade & _NEEDS_PRICE and self._lacks_price(trade))
            ),
            unvalued=sum(1 for trade in found if trade & _UNVALUED),
            uncertain=sum(1 for trade in found if trade & _UNCERTAIN),
        )

    def costs(self, entity: str, since_s: int | None, until_s: int) -> Costs:
        """Return what the transactions of a span cost outside of trades."""
        packed = self._costs.get(entity)
        if packed is None:
            return Costs(0, None, None)
        fields = (packed[place::_COST_FIELDS].tolist() for place in range(_COST_FIELDS))
        found = [
            row for row in zip(*fields, strict=True) if row[0] <= until_s and (since_s is None or row[0] > since_s)
        ]
        in_usd = [usd_micro for _, _, usd_micro in found if usd_micro != _NOTHING]
        return Costs(
            transactions=len(found),
            lamports=sum(lamports for _, lamports, _ in found) if found else None,
            usd_micro=sum(in_usd) if in_usd and _UNKNOWN not in in_usd else None,
        )

    def _lacks_price(self, trade: int) -> bool:
        at = trade // _FLAGS
        place = bisect_right(self._priced_at, at)
        return not place or at - self._priced_at[place - 1] > DAY_S


def read_activity(database: Database) -> Activity:
    """Return what all entities did, as the facts say now."""
    with database.heavy():
        cursor = database.cursor()
        trades, costs = (query(cursor, sql.format(**_CODES)) for sql in (_TRADES, _COSTS))
        tokens = database.rows(_TOKENS)
        return Activity(
            decimals={mint: decimals for mint, decimals, _ in tokens},
            last_traded={mint: at for mint, _, at in tokens if at is not None},
            last_fact_at=database.rows(_LAST_FACT)[0][0],
            _openings=dict(database.rows(_OPENINGS)),
            _priced_at=[row[0] for row in database.rows(_PRICED)],
            _trades=dict(zip(trades.texts("entity"), trades.integer_lists("packed"), strict=True)),
            _costs=dict(zip(costs.texts("entity"), costs.integer_lists("packed"), strict=True)),
        )


def _place_after(packed: memoryview, at_s: int) -> int:
    return bisect_left(packed, (at_s + 1) * _FLAGS)
