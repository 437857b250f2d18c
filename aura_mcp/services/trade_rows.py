"""Read the rows of trades: the newest of a span, the best of a span, and what sales of theirs realized.

Each way finds the few rows of a page first and looks up values and prices for those only: over a million trades that
is the difference between milliseconds and a second. Not responsible for what a page shows (`finding`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from aura_mcp.services.gathering import rows_of
from data.store import Store
from engine.facts import Precision, Side
from engine.ledger import Currency


class Place(NamedTuple):
    """Where a page ended: a time or a result, then what is unique."""

    value: int
    unique: str


class TradeRow(NamedTuple):
    """A trade as stored, valued; `unique` orders trades of one second."""

    order_time: int
    unique: str
    entity: str
    block_time: int | None
    side: Side
    mint: str
    amount_raw: int
    decimals: int
    value_lamports: int | None
    value_usd_micro: int | None
    precision: Precision
    pool: str | None
    signature: str
    ref: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the trade in the ledger."""
        return (self.entity, self.mint, self.ref)


class RankedSale(NamedTuple):
    """A sale with the result that ranks it."""

    value: int
    entity: str
    mint: str
    ref: str
    sold_at: int

    @property
    def place(self) -> Place:
        """Where a page that ends with this sale ends."""
        return Place(self.value, f"{self.entity} {self.mint} {self.ref}")


class MatchedSale(NamedTuple):
    """What the part of a sale realized whose cost is known; costs include the fees of the purchase."""

    entity: str
    mint: str
    ref: str
    quantity: int
    cost_lamports: int | None
    cost_usd_micro: int | None
    net_lamports: int | None
    net_usd_micro: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeScope:
    """Which trades are meant: wallets of one entity or of all (empty), and the span in epoch seconds."""

    entity: str | None
    owners: Sequence[str]
    mint: str | None
    side: Side | None
    since_s: int | None
    until_s: int

    def values(self) -> dict[str, object]:
        """Return what the names in the statements stand for."""
        named: dict[str, object] = {
            "since": self.since_s,
            "until": self.until_s,
            "mint": self.mint,
            "side": None if self.side is None else self.side.value,
            "entity": self.entity,
        }
        return named | {f"o{number}": owner for number, owner in enumerate(self.owners)}

    def owned(self) -> str:
        """Return the condition on the owner: a plain one, which reaches the scan of the facts."""
        names = ", ".join(f"$o{number}" for number in range(len(self.owners)))
        return f"AND owner IN ({names})" if names else ""


_REF: Final = "signature || '#' || leg_no || CASE WHEN owner = entity THEN '' ELSE '@' || owner END"
_UNIQUE: Final = (
    "printf('%020d %010d ', coalesce(slot, 0), coalesce(index_in_block, 0)) || signature || ' ' || owner || "
    "printf(' %05d', leg_no)"
)
_WHERE: Final = """
class IN ('BUY', 'SELL', 'SWAP') AND order_time <= $until AND ($since::BIGINT IS NULL OR order_time > $since)
    {owned}
    AND ($mint::VARCHAR IS NULL OR mint = $mint) AND ($side::VARCHAR IS NULL OR side = $side)
"""
_AFTER: Final = "($k0::BIGINT IS NULL OR {key} {step} $k0 OR ({key} = $k0 AND {unique} {step} $k1))"
_TIMES: Final = """
SELECT order_time FROM ledger_leg
WHERE {where} AND {after}
ORDER BY order_time {way} LIMIT $count
"""
_COLUMNS: Final = """
SELECT
    order_time, {unique} AS place, entity, block_time, side, mint, amount_raw, decimals, value_lamports,
    value_usd_micro, precision, pool, signature, {ref} AS ref
FROM trade
""".format(unique=_UNIQUE, ref=_REF)  # noqa: UP032  # SQL in an f-string looks like an injection
_PAGE: Final = """
{columns}
WHERE {where} AND order_time BETWEEN $first AND $last AND {after}
ORDER BY order_time {way}, place {way} LIMIT $count
"""
_BY_REF: Final = (
    _COLUMNS + "WHERE order_time BETWEEN $first AND $last AND list_contains($times, order_time) "
    "AND list_contains($signatures, signature)"
)
_SALES: Final = """
FROM realized_pnl
WHERE kind = 'SELL' AND basis = 'known' AND disposed_at <= $until AND ($since::BIGINT IS NULL OR disposed_at > $since)
    AND ($entity::VARCHAR IS NULL OR entity = $entity) AND ($mint::VARCHAR IS NULL OR mint = $mint)
"""
_RANKED: Final = """
SELECT value, entity, mint, disposed_ref, sold_at FROM (
    SELECT entity, mint, disposed_ref, any_value(disposed_at) AS sold_at, sum({net}) AS net, sum({cost}) AS cost,
        {value} AS value
    {sales}
    GROUP BY entity, mint, disposed_ref
    HAVING count(*) = count({net})
)
WHERE value IS NOT NULL AND {after}
ORDER BY value {way}, entity || ' ' || mint || ' ' || disposed_ref {way} LIMIT $count
"""
_UNPRICED: Final = "SELECT count(DISTINCT (entity, mint, disposed_ref)) {sales} AND {net} IS NULL"
_MATCHED: Final = """
SELECT
    entity, mint, disposed_ref, sum(quantity),
    CASE WHEN count(*) = count(cost_lamports + buy_fee_lamports) THEN sum(cost_lamports + buy_fee_lamports) END,
    CASE WHEN count(*) = count(cost_usd_micro + buy_fee_usd_micro) THEN sum(cost_usd_micro + buy_fee_usd_micro) END,
    CASE WHEN count(*) = count(net_lamports) THEN sum(net_lamports) END,
    CASE WHEN count(*) = count(net_usd_micro) THEN sum(net_usd_micro) END
FROM realized_pnl
WHERE basis = 'known' AND kind = 'SELL' AND disposed_at BETWEEN $first AND $last
    AND list_contains($entities, entity) AND list_contains($refs, disposed_ref)
GROUP BY entity, mint, disposed_ref
"""
# Basis points of the outlay as an integer, so that a page can go on after it exactly.
_RESULT: Final = "net::HUGEINT"
_RETURN: Final = "CASE WHEN cost > 0 THEN (net::HUGEINT * 1000000) // cost END"
_IN_CURRENCY: Final = {
    Currency.SOL: ("net_lamports", "cost_lamports + buy_fee_lamports"),
    Currency.USD: ("net_usd_micro", "cost_usd_micro + buy_fee_usd_micro"),
}
_NAME: Final = re.compile(r"\$(\w+)")


def trades_by_time(
    store: Store, scope: TradeScope, after: Place | None, count: int, *, is_newest_first: bool
) -> list[TradeRow]:
    """Return the first trades of a scope after a place, in order of time."""
    step, way = _direction(is_descending=is_newest_first)
    where = _WHERE.format(owned=scope.owned())
    later = _AFTER.format(key="order_time", unique=_UNIQUE, step=step)
    values = scope.values() | {"count": count, **_bounds(after)}
    sql = _TIMES.format(where=where, after=later, way=way)
    times = [int(row[0]) for row in store.database.rows(*_statement(sql, values))]
    if not times:
        return []
    later = _AFTER.format(key="order_time", unique="place", step=step)
    sql = _PAGE.format(columns=_COLUMNS, where=where, after=later, way=way)
    values |= {"first": min(times), "last": max(times)}
    return rows_of(store, TradeRow, *_statement(sql, values))


def sales_by_result(
    store: Store,
    scope: TradeScope,
    after: Place | None,
    count: int,
    *,
    currency: Currency,
    is_relative: bool,
    is_best_first: bool,
) -> list[RankedSale]:
    """Return the sales of a scope after a place, by what they netted or by that in relation to the outlay."""
    step, way = _direction(is_descending=is_best_first)
    net, cost = _IN_CURRENCY[currency]
    sql = _RANKED.format(
        net=net,
        cost=cost,
        value=_RETURN if is_relative else _RESULT,
        sales=_SALES,
        after=_AFTER.format(key="value", unique="entity || ' ' || mint || ' ' || disposed_ref", step=step),
        way=way,
    )
    values = scope.values() | {"count": count, **_bounds(after)}
    return rows_of(store, RankedSale, *_statement(sql, values))


def count_unpriced(store: Store, scope: TradeScope, currency: Currency) -> int:
    """Return how many sales of known cost have no known result in a currency."""
    sql = _UNPRICED.format(sales=_SALES, net=_IN_CURRENCY[currency][0])
    return int(store.database.rows(*_statement(sql, scope.values()))[0][0])


def trades_of(store: Store, sales: Sequence[RankedSale]) -> list[TradeRow]:
    """Return the trades behind ranked sales, in their order."""
    if not sales:
        return []
    times = [sale.sold_at for sale in sales]
    signatures = [sale.ref.partition("#")[0] for sale in sales]
    values = {"first": min(times), "last": max(times), "times": times, "signatures": signatures}
    found = {row.key: row for row in rows_of(store, TradeRow, _BY_REF, values)}
    return [found[sale.entity, sale.mint, sale.ref] for sale in sales]


def matched_sales(store: Store, rows: Sequence[TradeRow]) -> dict[tuple[str, str, str], MatchedSale]:
    """Return what those of the trades realized that are sales of known cost."""
    sales = [row for row in rows if row.side is Side.SELL]
    if not sales:
        return {}
    values = {
        "refs": [row.ref for row in sales],
        "entities": sorted({row.entity for row in sales}),
        "first": min(row.order_time for row in sales),
        "last": max(row.order_time for row in sales),
    }
    return {(sale.entity, sale.mint, sale.ref): sale for sale in rows_of(store, MatchedSale, _MATCHED, values)}


def _direction(*, is_descending: bool) -> tuple[str, str]:
    return ("<", "DESC") if is_descending else (">", "ASC")


def _bounds(after: Place | None) -> dict[str, object]:
    return {"k0": None, "k1": None} if after is None else {"k0": after.value, "k1": after.unique}


def _statement(sql: str, values: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """Return a statement with the values that it names: DuckDB refuses others."""
    return sql, {name: values[name] for name in set(_NAME.findall(sql))}
