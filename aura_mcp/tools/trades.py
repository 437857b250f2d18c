"""Tools about single trades and where a result comes from."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from mcp_types import CallToolResult
from pydantic import Field

from aura_mcp.services.explaining import Explained, ExplainedSale, LotPart
from aura_mcp.services.finding import FoundTrade, FoundTrades, TradeOrder, TradeQuestion
from aura_mcp.services.questions import ExplainQuestion
from aura_mcp.tools._reply import (
    CursorArgument,
    DetailArgument,
    Moment,
    Number,
    Part,
    TokensAnswer,
    WalletName,
    amounts,
    counted,
    dollars,
    fitting,
    name_of,
    pct,
    reply,
    shown,
    sol,
    usd,
)
from aura_mcp.tools.toolbox import ToolContext, ToolSpec
from engine.facts import Side
from engine.ledger import Currency
from engine.wallets import Window

WalletArgument = Annotated[
    str | None, Field(description="Address or nickname; default all wallets.", min_length=1, max_length=64)
]
MintArgument = Annotated[
    str | None, Field(description="Mint of a token; default all tokens.", min_length=32, max_length=44)
]
SinceArgument = Annotated[datetime | None, Field(description="From this moment (ISO 8601, UTC); replaces window.")]
UntilArgument = Annotated[datetime | None, Field(description="Up to this moment (ISO 8601, UTC); default now.")]


class TradeModel(Part):
    """One trade. Realized fields belong to the part sold whose cost is known."""

    at: Moment | None
    side: Side
    wallet: WalletName | None = None
    mint: str | None = None
    amount: Number = Field(description="Whole tokens.")
    value_usd: Number | None
    value_sol: Number | None
    net_usd: Number | None = None
    net_sol: Number | None = None
    return_pct: Number | None = Field(default=None, description="Net ÷ outlay.")
    matched_pct: Number | None = Field(default=None, description="Share of the quantity sold whose cost is known.")
    signature: str | None = None
    ref: str | None = Field(default=None, description="Stands for the signature where the source gave none.")
    is_exact: bool | None = Field(default=None, description="False: the source had rounded the amounts.")
    pool: str | None = None


class TradeList(TokensAnswer):
    """A page of trades."""

    since: Moment | None
    until: Moment
    wallet: WalletName | None = Field(default=None, description="Whose trades these are, where one was asked for.")
    mint: str | None = None
    order: TradeOrder
    trades: list[TradeModel]
    next_cursor: str | None = None


class PartModel(Part):
    """What one lot contributed: net = proceeds - cost - fees."""

    basis: str
    bought_at: Moment
    bought_in: str = Field(description="Signature, or a row: reference where the source gave none.")
    held_s: int
    quantity: Number
    cost_usd: Number | None
    cost_sol: Number | None
    proceeds_usd: Number | None
    proceeds_sol: Number | None
    fees_usd: Number | None = None
    fees_sol: Number | None = None
    net_usd: Number | None
    net_sol: Number | None
    price_source: str | None = None
    price_age_s: int | None = None


class SaleModel(Part):
    """One disposal and the lots it was matched to, oldest first."""

    kind: str
    sold_at: Moment
    sold_in: str = Field(description="Signature, or a row: reference where the source gave none.")
    mint: str | None = None
    trip: int | None = None
    quantity: Number
    matched_pct: Number | None
    net_usd: Number | None
    net_sol: Number | None
    unmatched_usd: Number | None = None
    unmatched_sol: Number | None = None
    price_source: str | None = None
    price_age_s: int | None = None
    parts: list[PartModel]
    parts_total: int


class Explanation(TokensAnswer):
    """A realized figure and what it is the sum of."""

    wallet: WalletName
    mint: str | None
    disposals_total: int
    parts_total: int
    cost_usd: Number | None
    cost_sol: Number | None
    fees_usd: Number | None
    fees_sol: Number | None
    proceeds_usd: Number | None
    proceeds_sol: Number | None
    net_usd: Number | None = Field(description="Sum over all disposals, also those on other pages.")
    net_sol: Number | None
    unmatched_usd: Number | None = Field(description="Proceeds of unknown cost: outside of net.")
    unmatched_sol: Number | None
    matched_pct: Number | None
    sales: list[SaleModel]
    next_cursor: str | None = None


async def find_trades(  # noqa: PLR0913 - every argument is one that a model may need
    context: ToolContext,
    *,
    wallet: WalletArgument = None,
    mint: MintArgument = None,
    side: Annotated[Literal["BUY", "SELL"] | None, Field(description="Default both.")] = None,
    window: Annotated[Window, Field(description="Span that ends now, or at until.")] = Window.ALL,
    since: SinceArgument = None,
    until: UntilArgument = None,
    order: Annotated[TradeOrder, Field(description="By time, or sales by net or by return.")] = TradeOrder.NEWEST,
    currency: Annotated[Currency, Field(description="Currency of an order by result.")] = Currency.USD,
    limit: Annotated[int, Field(ge=1, le=100, description="Trades on a page.")] = 10,
    cursor: CursorArgument = None,
    detail: DetailArgument = False,
) -> Annotated[CallToolResult, TradeList]:
    """List single trades by wallet, token and span: "my best performing trades from last week".

    For that: wallet, since and until of the week, order best_pnl or best_pct. Orders by result list sales of known cost
    only. Sums over many trades are in wallet_report (a wallet) and token_flows (a token); explain_pnl takes a sale's
    signature or ref and shows its lots.
    """
    question = TradeQuestion(
        wallet=wallet,
        mint=mint,
        side=None if side is None else Side(side),
        window=window,
        since=since,
        until=until,
        order=order,
        currency=currency,
    )
    answers = context.request_context.lifespan_context.answers

    def build(rows: int) -> CallToolResult:
        return _trades(question, answers.finding.page(question, limit=rows, cursor=cursor), detail=detail)

    return await fitting(limit, build, detail=detail, symbols=answers.search.symbols)


async def explain_pnl(  # noqa: PLR0913 - every argument is one that a model may need
    wallet: Annotated[str, Field(description="Address or nickname.", min_length=1, max_length=64)],
    context: ToolContext,
    *,
    signature: Annotated[
        str | None, Field(description="Signature or ref of one sale, as find_trades gives it.", max_length=150)
    ] = None,
    mint: Annotated[str | None, Field(description="All sales of this token.", min_length=32, max_length=44)] = None,
    trip: Annotated[int | None, Field(ge=1, le=10**9, description="Only this round trip of the mint.")] = None,
    limit: Annotated[int, Field(ge=1, le=50, description="Sales on a page.")] = 5,
    cursor: CursorArgument = None,
    detail: DetailArgument = False,
) -> Annotated[CallToolResult, Explanation]:
    """Show the lots and signatures behind one realized number, so that anybody can check it on an explorer.

    Name the sale (signature), or the token (mint) with or without the number of a round trip. FIFO: each part names the
    purchase it consumed; what has no known cost is unmatched and in no net. Use find_trades to find the sale first.
    """
    question = ExplainQuestion(wallet=wallet, signature=signature, mint=mint, trip=trip)
    answers = context.request_context.lifespan_context.answers

    def build(rows: int) -> CallToolResult:
        return _explanation(question, answers.explaining.page(question, limit=rows, cursor=cursor), detail=detail)

    return await fitting(limit, build, detail=detail, symbols=answers.search.symbols)


def _trades(question: TradeQuestion, page: FoundTrades, *, detail: bool) -> CallToolResult:
    notes: list[str] = []
    if page.unpriced:
        notes.append(
            f"{page.unpriced} sales of known cost are not listed: no price, hence no {question.currency.value} result"
        )
    if any(trade.matched_pct is not None and trade.matched_pct < 100 for trade in page.trades):  # noqa: PLR2004 - all of it
        notes.append("where matched_pct is below 100 the rest was sold without a known cost and is in no net")
    if any(not trade.is_exact for trade in page.trades):
        notes.append("amounts with is_exact false were rounded by their source, without network fees")
    answer = TradeList.model_validate(
        {
            "as_of": page.span.as_of,
            "last_fact_at": page.last_fact_at,
            "notes": notes,
            "since": page.span.since,
            "until": page.span.until,
            "order": question.order,
            **({} if page.wallet is None else {"wallet": name_of(page.wallet)}),
            **({} if question.mint is None else {"mint": question.mint}),
            "trades": [_trade(trade, question, detail=detail) for trade in page.trades],
            "next_cursor": page.next_cursor,
        }
    )
    if not page.trades:
        return reply("No such trade is stored in that span.", answer)
    more = " More follow with next_cursor." if page.next_cursor else ""
    head = f"{counted(len(page.trades), 'trade')}, {question.order.value.replace('_', ' ')} first.{more}"
    return reply("\n".join([head, *(_trade_line(trade) for trade in page.trades[:3])]), answer)


def _trade_line(trade: FoundTrade) -> str:
    at = "time unknown" if trade.at is None else f"{trade.at:%Y-%m-%d %H:%M} UTC"
    what = f"{at} {shown(trade.wallet)} {trade.side.value} {trade.mint}"
    if trade.realized is None:
        return f"{what}: {dollars(trade.value.usd)}"
    return f"{what}: net {usd(trade.realized.usd)} / {sol(trade.realized.sol)}, {pct(trade.return_pct)}"


def _trade(trade: FoundTrade, question: TradeQuestion, *, detail: bool) -> TradeModel:
    fields: dict[str, Any] = {
        "at": trade.at,
        "side": trade.side,
        "amount": trade.amount,
        **amounts("value", trade.value),
    }
    if question.wallet is None:
        fields["wallet"] = name_of(trade.wallet)
    if question.mint is None:
        fields["mint"] = trade.mint
    if trade.side is Side.SELL:
        fields["matched_pct"] = trade.matched_pct
        if trade.realized is not None:
            fields |= {**amounts("net", trade.realized), "return_pct": trade.return_pct}
    if trade.signature is None or detail:
        fields["ref"] = trade.ref
    if trade.signature is not None:
        fields["signature"] = trade.signature
    if not trade.is_exact or detail:
        fields["is_exact"] = trade.is_exact
    if detail and trade.pool is not None:
        fields["pool"] = trade.pool
    return TradeModel.model_validate(fields)


def _explanation(question: ExplainQuestion, found: Explained, *, detail: bool) -> CallToolResult:
    notes: list[str] = []
    if not found.is_exact:
        notes.append("some amounts were rounded by their source, which left out network fees: net is before those")
    if found.net.usd is None and found.net.sol is not None:
        notes.append("USD sums are unknown: a trade has no SOL/USD price of its hour")
    if any(len(sale.parts) > _most_parts(detail=detail) for sale in found.sales):
        notes.append("a sale names its first lots only; query_sql over realized_pnl lists the other ones")
    answer = Explanation.model_validate(
        {
            "as_of": found.as_of,
            "last_fact_at": found.last_fact_at,
            "notes": notes,
            "wallet": name_of(found.wallet),
            "mint": found.mint,
            "disposals_total": found.disposals_total,
            "parts_total": found.parts_total,
            **amounts("cost", found.cost),
            **amounts("fees", found.fees),
            **amounts("proceeds", found.proceeds),
            **amounts("net", found.net),
            **amounts("unmatched", found.unmatched),
            "matched_pct": found.matched_pct,
            "sales": [_sale(sale, question, detail=detail) for sale in found.sales],
            "next_cursor": found.next_cursor,
        }
    )
    text = (
        f"{shown(found.wallet)}: {counted(found.disposals_total, 'disposal')} matched to "
        f"{counted(found.parts_total, 'lot')}; "
        f"proceeds {dollars(found.proceeds.usd)} less cost {dollars(found.cost.usd)} and fees "
        f"{dollars(found.fees.usd)}: net {usd(found.net.usd)} / {sol(found.net.sol)}."
    )
    return reply(text, answer)


_PARTS: Final = 6
_PARTS_DETAILED: Final = 50
"""Lots of one sale that an answer names."""


def _sale(sale: ExplainedSale, question: ExplainQuestion, *, detail: bool) -> SaleModel:
    fields: dict[str, Any] = {
        "kind": sale.kind.value,
        "sold_at": sale.disposed.at,
        "sold_in": sale.disposed.signature or sale.disposed.ref,
        "quantity": sale.quantity,
        "matched_pct": sale.matched_pct,
        **amounts("net", sale.net),
        "parts": [_part(part, detail=detail) for part in sale.parts[: _most_parts(detail=detail)]],
        "parts_total": len(sale.parts),
    }
    if question.mint is None:
        fields["mint"] = sale.mint
    if sale.trip is not None and question.trip is None:
        fields["trip"] = sale.trip
    if sale.unmatched.sol or sale.unmatched.usd:
        fields |= amounts("unmatched", sale.unmatched)
    if detail:
        fields |= {"price_source": sale.disposed.price_source, "price_age_s": sale.disposed.price_age_s}
    return SaleModel.model_validate(fields)


def _most_parts(*, detail: bool) -> int:
    return _PARTS_DETAILED if detail else _PARTS


def _part(part: LotPart, *, detail: bool) -> PartModel:
    fields: dict[str, Any] = {
        "basis": part.basis.value,
        "bought_at": part.acquired.at,
        "bought_in": part.acquired.signature or part.acquired.ref,
        "held_s": part.held_s,
        "quantity": part.quantity,
        **amounts("cost", part.cost),
        **amounts("proceeds", part.proceeds),
        **amounts("net", part.net),
    }
    if detail:
        fields |= {
            **amounts("fees", part.fees),
            "price_source": part.acquired.price_source,
            "price_age_s": part.acquired.price_age_s,
        }
    return PartModel.model_validate(fields)


TOOLS: Final = (
    ToolSpec(function=find_trades, title="Find trades"),
    ToolSpec(function=explain_pnl, title="Explain a result"),
)
