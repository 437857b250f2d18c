"""Add up who bought and who sold which token in a span of time, entity by entity.

A purchase and a sale of one entity are netted before anything is counted, so that an entity is a buyer or a seller of
a token, never both. Not responsible for what a token is worth (`tokens`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from aura_mcp.services.cursors import read_cursor, write_cursor
from aura_mcp.services.gathering import rows_of
from aura_mcp.services.parties import Parties
from aura_mcp.services.results import NOTHING_KNOWN, Money, Party, money, to_moment
from aura_mcp.services.scope import Span, last_fact_at, span_of, tracked_entities
from data.clock import Clock
from data.store import Store
from engine.wallets import Window


class Whose(StrEnum):
    """Whose trades are counted: those of followed wallets, or of every wallet that is stored."""

    TRACKED = "tracked"
    ALL = "all"


class FlowOrder(StrEnum):
    """What comes first."""

    NET_BUYING = "net_buying"
    NET_SELLING = "net_selling"
    BUYERS = "buyers"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowQuestion:
    """Which flows are meant; tokens with fewer than `min_entities` net buyers and sellers are left out."""

    window: Window = Window.DAY
    since: datetime | None = None
    until: datetime | None = None
    whose: Whose = Whose.TRACKED
    mint: str | None = None
    order: FlowOrder = FlowOrder.NET_BUYING
    min_entities: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityFlow:
    """What one entity did in one token; `net` is bought less sold, None where no trade of it has a known value."""

    wallet: Party
    net: Money
    trades: int
    last_trade_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFlow:
    """What all counted entities did in one token.

    Sums leave out the `unvalued` trades, and are None where those are all.
    """

    mint: str
    buyers: int
    sellers: int
    trades: int
    unvalued: int
    bought: Money
    sold: Money
    net: Money
    last_trade_at: datetime
    entities: tuple[EntityFlow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """A page of tokens; `entities` and `tokens` count all that traded in the span."""

    span: Span
    last_fact_at: datetime | None
    whose: Whose
    order: FlowOrder
    tracked: int
    tokens: int
    trades: int
    unvalued: int
    flows: tuple[TokenFlow, ...]
    next_cursor: str | None


class _Place(NamedTuple):
    as_of_s: int
    shown: int


class _Row(NamedTuple):
    mint: str
    buyers: int
    sellers: int
    trades: int
    unvalued: int
    bought_lamports: int
    bought_usd_micro: int
    sold_lamports: int
    sold_usd_micro: int
    last_trade_at: int

    @property
    def net_usd_micro(self) -> int:
        return self.bought_usd_micro - self.sold_usd_micro

    @property
    def net_lamports(self) -> int:
        return self.bought_lamports - self.sold_lamports


class _EntityRow(NamedTuple):
    mint: str
    entity: str
    net_lamports: int
    net_usd_micro: int
    trades: int
    unvalued: int
    last_trade_at: int


_SIDES: Final = """
WITH sides AS (
    SELECT
        mint, entity, count(*) AS trades, max(order_time) AS last_trade_at,
        count(*) FILTER (value_lamports IS NULL OR value_usd_micro IS NULL) AS unvalued,
        coalesce(sum(value_lamports) FILTER (side = 'BUY'), 0) AS bought_lamports,
        coalesce(sum(value_usd_micro) FILTER (side = 'BUY'), 0) AS bought_usd_micro,
        coalesce(sum(value_lamports) FILTER (side = 'SELL'), 0) AS sold_lamports,
        coalesce(sum(value_usd_micro) FILTER (side = 'SELL'), 0) AS sold_usd_micro
    FROM trade
    WHERE class IN ('BUY', 'SELL', 'SWAP') AND order_time <= $until
        AND ($since::BIGINT IS NULL OR order_time > $since)
        AND ($mint::VARCHAR IS NULL OR mint = $mint)
        AND ($entities::VARCHAR[] IS NULL OR list_contains($entities, entity))
    GROUP BY mint, entity
)
"""
_BY_TOKEN: Final = (
    _SIDES
    + """
SELECT
    mint,
    count(*) FILTER (bought_lamports > sold_lamports),
    count(*) FILTER (bought_lamports < sold_lamports),
    sum(trades)::BIGINT, sum(unvalued)::BIGINT, sum(bought_lamports), sum(bought_usd_micro), sum(sold_lamports),
    sum(sold_usd_micro), max(last_trade_at)
FROM sides
GROUP BY mint
"""
)
_BY_ENTITY: Final = (
    _SIDES
    + """
SELECT
    mint, entity, bought_lamports - sold_lamports, bought_usd_micro - sold_usd_micro, trades, unvalued, last_trade_at
FROM sides
WHERE list_contains($mints, mint)
QUALIFY row_number() OVER (PARTITION BY mint ORDER BY abs(bought_lamports - sold_lamports) DESC, entity) <= $each
ORDER BY mint, abs(bought_lamports - sold_lamports) DESC, entity
"""
)


class TokenFlows:
    """Questions about what groups of wallets buy and sell."""

    def __init__(self, store: Store, parties: Parties, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._clock = clock

    def page(self, question: FlowQuestion, *, limit: int, cursor: str | None = None, each: int = 3) -> Flows:
        """Return the first tokens, or those after the page that ended at `cursor`, as of the same moment.

        `each` entities of every token are named, those that moved most first.

        Raises:
            CursorError: the cursor belongs to another question.
        """
        place = None if cursor is None else read_cursor(question, cursor, _Place)
        span = span_of(self._clock, question.window, question.since, question.until)
        if place is not None:
            span = _ending_at(span, place.as_of_s, question)
        tracked = tracked_entities(self._store)
        named: dict[str, object] = {
            "since": span.since_s,
            "until": min(span.until_s, span.as_of_s),
            "mint": question.mint,
            "entities": tracked if question.whose is Whose.TRACKED else None,
        }
        rows = rows_of(self._store, _Row, _BY_TOKEN, named)
        counted = (row for row in rows if row.buyers + row.sellers >= question.min_entities)
        wanted = sorted(counted, key=lambda row: _rank(row, question.order))
        start = 0 if place is None else place.shown
        page = wanted[start : start + limit]
        entities = self._entities(page, named, each)
        end = start + len(page)
        return Flows(
            span=span,
            last_fact_at=last_fact_at(self._store),
            whose=question.whose,
            order=question.order,
            tracked=len(tracked),
            tokens=len(wanted),
            trades=sum(row.trades for row in rows),
            unvalued=sum(row.unvalued for row in rows),
            flows=tuple(_flow(row, entities.get(row.mint, ())) for row in page),
            next_cursor=write_cursor(question, _Place(span.as_of_s, end)) if end < len(wanted) else None,
        )

    def _entities(self, page: list[_Row], named: dict[str, object], each: int) -> dict[str, tuple[EntityFlow, ...]]:
        if not page or not each:
            return {}
        rows = rows_of(self._store, _EntityRow, _BY_ENTITY, named | {"mints": [row.mint for row in page], "each": each})
        names = self._parties.named({row.entity for row in rows})
        return {
            row.mint: tuple(_entity_flow(of, names[of.entity]) for of in rows if of.mint == row.mint) for row in page
        }


def _rank(row: _Row, order: FlowOrder) -> tuple[int, int, str]:
    if order is FlowOrder.BUYERS:
        return (-row.buyers, -row.net_lamports, row.mint)
    if order is FlowOrder.VOLUME:
        return (-row.bought_lamports - row.sold_lamports, 0, row.mint)
    return (row.net_lamports if order is FlowOrder.NET_SELLING else -row.net_lamports, 0, row.mint)


def _ending_at(span: Span, as_of_s: int, question: FlowQuestion) -> Span:
    """Return the span as the first page saw it: free ends stay, the others move with the moment."""
    shift = as_of_s - span.as_of_s
    return Span(
        since_s=span.since_s if question.since or question.until or span.since_s is None else span.since_s + shift,
        until_s=span.until_s if question.until else span.until_s + shift,
        as_of_s=as_of_s,
    )


def _flow(row: _Row, entities: tuple[EntityFlow, ...]) -> TokenFlow:
    is_known = row.unvalued < row.trades
    return TokenFlow(
        mint=row.mint,
        buyers=row.buyers,
        sellers=row.sellers,
        trades=row.trades,
        unvalued=row.unvalued,
        bought=money(row.bought_lamports, row.bought_usd_micro) if is_known else NOTHING_KNOWN,
        sold=money(row.sold_lamports, row.sold_usd_micro) if is_known else NOTHING_KNOWN,
        net=money(row.net_lamports, row.net_usd_micro) if is_known else NOTHING_KNOWN,
        last_trade_at=to_moment(row.last_trade_at),
        entities=entities,
    )


def _entity_flow(row: _EntityRow, wallet: Party) -> EntityFlow:
    return EntityFlow(
        wallet=wallet,
        net=money(row.net_lamports, row.net_usd_micro) if row.unvalued < row.trades else NOTHING_KNOWN,
        trades=row.trades,
        last_trade_at=to_moment(row.last_trade_at),
    )
