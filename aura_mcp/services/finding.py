"""Find trades by wallet, token and span of time, in order of time or of what they earned.

Not responsible for reading them (`trade_rows`) or for following one result to its lots (`explaining`).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from aura_mcp.services.cursors import read_cursor, write_cursor
from aura_mcp.services.parties import Parties
from aura_mcp.services.results import Money, Party, money, percent_of, to_moment_or_none, whole
from aura_mcp.services.scope import Span, last_fact_at, members_of, span_of
from aura_mcp.services.trade_rows import (
    MatchedSale,
    Place,
    TradeRow,
    TradeScope,
    count_unpriced,
    matched_sales,
    sales_by_result,
    trades_by_time,
    trades_of,
)
from data.clock import Clock, FixedClock
from data.store import Store
from data.store.identity import ROW_PREFIX
from engine.facts import Precision, Side
from engine.ledger import Currency
from engine.wallets import Window


class TradeOrder(StrEnum):
    """What comes first; all but the first two list only sales whose result is known."""

    NEWEST = "newest"
    OLDEST = "oldest"
    BEST_PNL = "best_pnl"
    WORST_PNL = "worst_pnl"
    BEST_PCT = "best_pct"
    WORST_PCT = "worst_pct"


_BY_TIME: Final = frozenset({TradeOrder.NEWEST, TradeOrder.OLDEST})
_RELATIVE: Final = frozenset({TradeOrder.BEST_PCT, TradeOrder.WORST_PCT})
_BEST_FIRST: Final = frozenset({TradeOrder.BEST_PNL, TradeOrder.BEST_PCT})


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeQuestion:
    """Which trades are meant; None means any. `since` and `until` replace the ends of the window."""

    wallet: str | None = None
    mint: str | None = None
    side: Side | None = None
    window: Window = Window.ALL
    since: datetime | None = None
    until: datetime | None = None
    order: TradeOrder = TradeOrder.NEWEST
    currency: Currency = Currency.USD


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTrade:
    """One trade. Realized figures are of the part sold whose cost is known, None for purchases.

    `return_pct` is net ÷ (cost + fees of the purchase) in the currency asked for.
    """

    at: datetime | None
    wallet: Party
    side: Side
    mint: str
    amount: Decimal
    value: Money
    realized: Money | None
    return_pct: Decimal | None
    matched_pct: Decimal | None
    is_exact: bool
    pool: str | None
    signature: str | None
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTrades:
    """One page. `unpriced` counts the sales that an order by result leaves out because a value is unknown."""

    span: Span
    last_fact_at: datetime | None
    wallet: Party | None
    trades: tuple[FoundTrade, ...]
    unpriced: int
    next_cursor: str | None


class _End(NamedTuple):
    as_of_s: int
    place: Place


class Finding:
    """Questions about single trades."""

    def __init__(self, store: Store, parties: Parties, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._clock = clock

    def page(self, question: TradeQuestion, *, limit: int, cursor: str | None = None) -> FoundTrades:
        """Return the first trades, or those after the page that ended at `cursor`, as of the same moment.

        Raises:
            NotFoundError: no such wallet.
            CursorError: the cursor belongs to another question.
        """
        end = None if cursor is None else read_cursor(question, cursor, _End)
        clock = self._clock if end is None else FixedClock(end.as_of_s)
        span = span_of(clock, question.window, question.since, question.until)
        wallet = None if question.wallet is None else self._parties.find(question.wallet)
        scope = TradeScope(
            entity=None if wallet is None else wallet.address,
            owners=() if wallet is None else members_of(self._store, wallet.address),
            mint=question.mint,
            side=question.side,
            since_s=span.since_s,
            until_s=min(span.until_s, span.as_of_s),
        )
        rows, places, unpriced = self._gather(question, scope, None if end is None else end.place, limit + 1)
        shown = rows[:limit]
        names = self._parties.named({row.entity for row in shown})
        matched = matched_sales(self._store, shown)
        return FoundTrades(
            span=span,
            last_fact_at=last_fact_at(self._store),
            wallet=wallet,
            trades=tuple(_found(row, names[row.entity], matched.get(row.key), question.currency) for row in shown),
            unpriced=unpriced,
            next_cursor=write_cursor(question, _End(span.as_of_s, places[limit - 1])) if len(rows) > limit else None,
        )

    def _gather(
        self, question: TradeQuestion, scope: TradeScope, after: Place | None, count: int
    ) -> tuple[list[TradeRow], list[Place], int]:
        if question.order in _BY_TIME:
            is_newest_first = question.order is TradeOrder.NEWEST
            rows = trades_by_time(self._store, scope, after, count, is_newest_first=is_newest_first)
            return rows, [Place(row.order_time, row.unique) for row in rows], 0
        sales = sales_by_result(
            self._store,
            scope,
            after,
            count,
            currency=question.currency,
            is_relative=question.order in _RELATIVE,
            is_best_first=question.order in _BEST_FIRST,
        )
        unpriced = count_unpriced(self._store, scope, question.currency)
        return trades_of(self._store, sales), [sale.place for sale in sales], unpriced


def _found(row: TradeRow, wallet: Party, sale: MatchedSale | None, currency: Currency) -> FoundTrade:
    is_sale = row.side is Side.SELL
    return FoundTrade(
        at=to_moment_or_none(row.block_time),
        wallet=wallet,
        side=row.side,
        mint=row.mint,
        amount=whole(row.amount_raw, row.decimals),
        value=money(row.value_lamports, row.value_usd_micro),
        realized=None if sale is None else money(sale.net_lamports, sale.net_usd_micro),
        return_pct=None if sale is None else _return_pct(sale, currency),
        matched_pct=percent_of(0 if sale is None else sale.quantity, row.amount_raw) if is_sale else None,
        is_exact=row.precision is Precision.EXACT,
        pool=row.pool,
        signature=None if row.signature.startswith(ROW_PREFIX) else row.signature,
        ref=row.ref,
    )


def _return_pct(sale: MatchedSale, currency: Currency) -> Decimal | None:
    if currency is Currency.USD:
        net, cost = sale.net_usd_micro, sale.cost_usd_micro
    else:
        net, cost = sale.net_lamports, sale.cost_lamports
    return None if net is None or cost is None else percent_of(net, cost)
