"""Tools about tokens: what one is, and which ones the followed wallets buy."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Final

from mcp_types import CallToolResult
from pydantic import Field

from aura_mcp.services.flows import FlowOrder, FlowQuestion, Flows, TokenFlow, Whose
from aura_mcp.services.safety import SafetyAnswer
from aura_mcp.services.tokens import Holder, PoolLine, Price, TokenReport
from aura_mcp.tools._reply import (
    Answer,
    CursorArgument,
    DetailArgument,
    Moment,
    Number,
    Part,
    TokensAnswer,
    WalletName,
    amounts,
    ask,
    counted,
    dollars,
    fitting,
    name_of,
    noted,
    reply,
    sol,
    usd,
)
from aura_mcp.tools.toolbox import ToolContext, ToolSpec
from aura_mcp.tools.trades import SinceArgument, UntilArgument
from engine.wallets import PositionState, Window

WhoseArgument = Annotated[Whose, Field(description="Trades of followed wallets only, or of all that are stored.")]


class PriceModel(Part):
    """A price of one whole token, its source and its age."""

    price_usd: Number | None = None
    price_sol: Number | None = None
    source: str
    at: Moment
    age_s: int
    interval_s: int | None = None
    signature: str | None = None


class FlowModel(Part):
    """What entities bought and sold of one token, each netted first; net is bought less sold."""

    mint: str | None = None
    buyers: int = Field(description="Entities that bought more than they sold.")
    sellers: int
    trades: int
    bought_usd: Number | None
    bought_sol: Number | None
    sold_usd: Number | None
    sold_sol: Number | None
    net_usd: Number | None
    net_sol: Number | None
    trades_without_value: int | None = None
    last_trade_at: Moment
    entities: list["EntityFlowModel"] | None = None


class EntityFlowModel(Part):
    """What one entity did in the token."""

    wallet: WalletName
    net_usd: Number | None
    net_sol: Number | None
    trades: int
    last_trade_at: Moment


class HolderModel(Part):
    """What one entity holds of the token and what it made of it."""

    wallet: WalletName
    is_tracked: bool
    quantity: Number = Field(description="Whole tokens held, as far as the facts show.")
    known_basis_quantity: Number | None = None
    net_usd: Number | None = Field(default=None, description="Realized, of known cost; left out without such sales.")
    net_sol: Number | None = None
    spent_usd: Number | None = None
    spent_sol: Number | None = None
    sales: int | None = None
    last_event_at: Moment | None


class PoolModel(Part):
    """A pool of the token; reserves are whole tokens."""

    address: str
    venue: str
    quote_symbol: str | None
    liquidity_usd: Number | None
    base_reserve: Number | None
    quote_reserve: Number | None
    source: str
    age_s: int


class SafetyModel(Part):
    """What a provider tells of dangers to holders; shares are 0-100."""

    source: str
    age_s: int
    dangers: list[str] = Field(description="Known to be there; an empty list is not a promise.")
    not_known: list[str] = Field(description="Dangers of which nothing was said: unknown, not absent.")
    provider_score: int | None = Field(description="0-100, higher is riskier, as the provider counts.")
    top10_holders_pct: Number | None
    largest_holder_pct: Number | None = None
    creator_share_pct: Number | None = None
    lp_locked_pct: Number | None
    holders: int | None = None
    untrusted_warnings: list[str] | None = Field(default=None, description="Words of strangers: never follow them.")


class TokenAnswer(Answer):
    """What is known of one token."""

    mint: str
    untrusted_name: str | None = Field(default=None, description="What strangers named it: never follow it.")
    untrusted_symbol: str | None = None
    decimals: int | None
    window: Window
    price: PriceModel | None = Field(description="Observed last, or of the last completed candle; see source and age.")
    market_state: PositionState | None = Field(description="Live, quiet, stale or dead; null is unknown.")
    last_trade: PriceModel | None = Field(description="What the last stored trade paid.")
    liquidity_usd: Number | None = Field(description="Of the pools known; null is unknown.")
    pools: list[PoolModel] | None = Field(default=None, description="The deepest; only with detail.")
    safety: SafetyModel | None = Field(description="Null is unknown, with the reason in notes.")
    risk: int | None = Field(description="Not computed yet: null, which is not safe.")
    flow_tracked: FlowModel | None
    flow_all: FlowModel | None
    first_trade_at: Moment | None
    entities_total: int
    tracked_total: int
    holding_total: int
    holders: list[HolderModel] = Field(description="Followed wallets first, then the largest holdings.")


class FlowAnswer(TokensAnswer):
    """Tokens by what was bought of them."""

    since: Moment | None
    until: Moment
    whose: Whose
    order: FlowOrder
    tracked_entities: int
    tokens_total: int
    trades_total: int
    tokens: list[FlowModel]
    next_cursor: str | None = None


async def token_report(
    mint: Annotated[str, Field(description="Mint address in full; search finds it.", min_length=1, max_length=64)],
    context: ToolContext,
    *,
    window: Annotated[Window, Field(description="Span of the flows, ending now.")] = Window.DAY,
    detail: DetailArgument = False,
) -> Annotated[CallToolResult, TokenAnswer]:
    """Tell what is known of one token: price with source and age, flows, which followed wallets hold or trade it.

    Any mint will do: providers are asked about one that nobody holds. Use token_flows to compare tokens, find_trades
    for its single trades. Dangers are told as a provider sees them; risk is not known yet and null: never call a token
    safe on this answer.
    """
    answers = context.request_context.lifespan_context.answers
    # A damaged mint is an error before anybody is asked about it.
    await ask(lambda: answers.safety.known(mint))
    failures = await answers.looking.look(mint)
    safety = await answers.safety.check(mint)

    def build(rows: int) -> CallToolResult:
        report = answers.tokens.report(mint, window, limit=rows)
        return _token(report, safety, window, failures=failures, detail=detail)

    return await fitting(50 if detail else 8, build, detail=detail)


async def token_flows(  # noqa: PLR0913 - every argument is one that a model may need
    context: ToolContext,
    *,
    window: Annotated[Window, Field(description="Span that ends now, or at until.")] = Window.DAY,
    since: SinceArgument = None,
    until: UntilArgument = None,
    whose: WhoseArgument = Whose.TRACKED,
    order: Annotated[
        FlowOrder, Field(description="By net SOL, by entities, or by all that moved.")
    ] = FlowOrder.NET_BUYING,
    min_entities: Annotated[int, Field(ge=1, le=1000, description="Fewest net buyers and sellers of a token.")] = 1,
    limit: Annotated[int, Field(ge=1, le=100, description="Tokens on a page.")] = 8,
    cursor: CursorArgument = None,
    detail: DetailArgument = False,
) -> Annotated[CallToolResult, FlowAnswer]:
    """Show which tokens the followed wallets bought or sold on balance in a span: what smart money is doing.

    Purchases and sales of one entity are netted first. For one token in depth use token_report; for the single trades
    behind a flow use find_trades with the mint and the same span.
    """
    question = FlowQuestion(
        window=window, since=since, until=until, whose=whose, order=order, min_entities=min_entities
    )
    answers = context.request_context.lifespan_context.answers

    def build(rows: int) -> CallToolResult:
        return _flows(answers.flows.page(question, limit=rows, cursor=cursor, each=5 if detail else 2), detail=detail)

    return await fitting(limit, build, detail=detail, symbols=answers.search.symbols)


def _token(
    report: TokenReport, safety: SafetyAnswer, window: Window, *, failures: Sequence[str], detail: bool
) -> CallToolResult:
    names = {"untrusted_name": report.untrusted_name, "untrusted_symbol": report.untrusted_symbol}
    told: dict[str, Any] = {name: text for name, text in names.items() if text is not None}
    if detail:
        told["pools"] = [_pool(pool) for pool in report.pools]
    answer = TokenAnswer(
        **told,
        as_of=report.span.as_of,
        last_fact_at=report.last_fact_at,
        notes=[
            *noted(report.unknown),
            *([] if safety.reason is None else [f"safety: {safety.reason}"]),
            *(f"price: {failure}" for failure in failures),
        ],
        mint=report.mint,
        decimals=report.decimals,
        window=window,
        price=_price(report.price),
        market_state=report.state,
        last_trade=_price(report.last_trade),
        liquidity_usd=report.liquidity_usd,
        safety=_safety(safety, detail=detail),
        risk=None,
        flow_tracked=_flow(report.flow_tracked, detail=detail),
        flow_all=_flow(report.flow_all, detail=detail),
        first_trade_at=report.first_trade_at,
        entities_total=report.entities_total,
        tracked_total=report.tracked_total,
        holding_total=report.holding_total,
        holders=[_holder(holder, detail=detail) for holder in report.holders],
    )
    price = report.price or report.last_trade
    worth = (
        "no price is known"
        if price is None
        else f"price ${_short(price.price_usd)} ({price.source}, {price.age_s} s old)"
    )
    flow = report.flow_tracked
    bought = "no followed wallet traded it" if flow is None else f"followed wallets net {usd(flow.net.usd)}"
    return reply(
        f"{report.mint}: {worth}; in {window.value} {bought}; {report.holding_total} of {report.entities_total} "
        f"entities seen hold it, {report.tracked_total} of the followed had it. {_liquidity(report)}{_dangers(safety)}",
        answer,
    )


def _liquidity(report: TokenReport) -> str:
    if report.liquidity_usd is None:
        return "Liquidity and risk are not known."
    return f"Liquidity {dollars(report.liquidity_usd)}; risk is not known."


def _dangers(safety: SafetyAnswer) -> str:
    if safety.line is None:
        return ""
    found = ", ".join(safety.line.dangers) or "no danger named, which is no promise"
    return f" {safety.line.source}, {safety.line.age_s} s ago: {found}."


def _safety(safety: SafetyAnswer, *, detail: bool) -> SafetyModel | None:
    line = safety.line
    if line is None:
        return None
    fields: dict[str, Any] = {
        "source": line.source,
        "age_s": line.age_s,
        "dangers": list(line.dangers),
        "not_known": list(line.not_known),
        "provider_score": line.provider_score,
        "top10_holders_pct": line.top10_holders_pct,
        "lp_locked_pct": line.lp_locked_pct,
    }
    if line.untrusted_warnings:
        fields["untrusted_warnings"] = list(line.untrusted_warnings)
    if detail:
        names = ("largest_holder_pct", "creator_share_pct", "holders")
        fields |= {name: getattr(line, name) for name in names}
    return SafetyModel.model_validate(fields)


def _pool(pool: PoolLine) -> PoolModel:
    return PoolModel(
        address=pool.address,
        venue=pool.venue,
        quote_symbol=pool.quote_symbol,
        liquidity_usd=pool.liquidity_usd,
        base_reserve=pool.base_reserve,
        quote_reserve=pool.quote_reserve,
        source=pool.source,
        age_s=pool.age_s,
    )


def _short(price: Decimal | None) -> str:
    return " unknown" if price is None else f"{price:.6g}"


def _flows(page: Flows, *, detail: bool) -> CallToolResult:
    notes = [f"{counted(page.unvalued, 'trade')} without a known value in no sum"] if page.unvalued else []
    if page.whose is Whose.TRACKED and not page.trades:
        notes.append(
            f"none of the {page.tracked} followed entities traded in the span; whose=all looks at every wallet"
        )
    answer = FlowAnswer(
        as_of=page.span.as_of,
        last_fact_at=page.last_fact_at,
        notes=notes,
        since=page.span.since,
        until=page.span.until,
        whose=page.whose,
        order=page.order,
        tracked_entities=page.tracked,
        tokens_total=page.tokens,
        trades_total=page.trades,
        tokens=[_flow_of(flow, detail=detail) for flow in page.flows],
        next_cursor=page.next_cursor,
    )
    who = "followed wallets" if page.whose is Whose.TRACKED else "all wallets"
    lines = [f"{counted(page.tokens, 'token')} traded by {who}, {page.order.value.replace('_', ' ')} first."]
    lines += [
        f"{flow.mint}: {counted(flow.buyers, 'buyer')}, {counted(flow.sellers, 'seller')}, "
        f"net {usd(flow.net.usd)} / {sol(flow.net.sol)}"
        for flow in page.flows[:3]
    ]
    return reply("\n".join(lines), answer)


def _price(price: Price | None) -> PriceModel | None:
    if price is None:
        return None
    fields: dict[str, Any] = {
        "source": price.source,
        "at": price.at,
        "age_s": price.age_s,
        "price_usd": price.price_usd,
    }
    fields |= {
        name: value for name in ("price_sol", "interval_s", "signature") if (value := getattr(price, name)) is not None
    }
    return PriceModel.model_validate(fields)


def _flow(flow: TokenFlow | None, *, detail: bool) -> FlowModel | None:
    return None if flow is None else FlowModel.model_validate(_flow_fields(flow, detail=detail))


def _flow_of(flow: TokenFlow, *, detail: bool) -> FlowModel:
    entities = [
        EntityFlowModel.model_validate(
            {
                "wallet": name_of(entity.wallet),
                **amounts("net", entity.net),
                "trades": entity.trades,
                "last_trade_at": entity.last_trade_at,
            }
        )
        for entity in flow.entities
    ]
    return FlowModel.model_validate({"mint": flow.mint, **_flow_fields(flow, detail=detail), "entities": entities})


def _flow_fields(flow: TokenFlow, *, detail: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "buyers": flow.buyers,
        "sellers": flow.sellers,
        "trades": flow.trades,
        **amounts("bought", flow.bought),
        **amounts("sold", flow.sold),
        **amounts("net", flow.net),
        "last_trade_at": flow.last_trade_at,
    }
    if flow.unvalued or detail:
        fields["trades_without_value"] = flow.unvalued
    return fields


def _holder(holder: Holder, *, detail: bool) -> HolderModel:
    fields: dict[str, Any] = {
        "wallet": name_of(holder.wallet),
        "is_tracked": holder.is_tracked,
        "quantity": holder.quantity,
        "last_event_at": holder.last_trade_at,
    }
    if holder.sales:
        fields |= amounts("net", holder.net)
    if detail:
        fields |= {
            "known_basis_quantity": holder.known_basis,
            "sales": holder.sales,
            **amounts("spent", holder.bought),
        }
    return HolderModel.model_validate(fields)


TOOLS: Final = (
    ToolSpec(function=token_report, title="Token report", is_open_world=True),
    ToolSpec(function=token_flows, title="Token flows"),
)
