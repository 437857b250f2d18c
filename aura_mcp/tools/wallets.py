"""Tools about wallets: who is worth watching, and what a wallet did."""

from typing import Annotated, Any, Final

from mcp_types import CallToolResult
from pydantic import Field

from aura_mcp.services.figures import Figures
from aura_mcp.services.holdings import HoldingsTotal
from aura_mcp.services.leaderboard import Leaderboard, Standing
from aura_mcp.services.positions import Position, Trip
from aura_mcp.services.questions import BoardQuestion, SortKey, WalletQuestion
from aura_mcp.services.reports import Report
from aura_mcp.services.tracking import in_words
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
    counted,
    fitting,
    name_of,
    noted,
    pct,
    reply,
    shown,
    sol,
    usd,
)
from aura_mcp.tools.toolbox import ToolContext, ToolSpec
from engine.ledger import Currency
from engine.wallets import PositionState, Window

WindowArgument = Annotated[Window, Field(description="Span that ends now; round trips count by their close.")]
CurrencyArgument = Annotated[Currency, Field(description="Currency in which wins, losses and rates are judged.")]


class Standings(Part):
    """One line of the leaderboard."""

    rank: int | None = Field(description="Null with unranked_reason.")
    unranked_reason: str | None = None
    wallet: WalletName
    total_trades: int = Field(description="Closed round trips that are rated.")
    wins: int
    losses: int
    break_evens: int | None = None
    win_rate: float | None = Field(description="0-100, of wins and losses.")
    win_rate_lb95: float | None = Field(description="Lower bound of the win rate at 95 % (Wilson): what is shown.")
    net_usd: Number | None
    net_sol: Number | None
    unmatched_proceeds_usd: Number | None = Field(default=None, description="Sales of unknown cost, outside of net.")
    roi_closed_pct: float | None
    basis_coverage_pct: float | None = Field(description="Share of proceeds whose cost is known; below 90 no rank.")
    is_lotto: bool | None = Field(default=None, description="More than 60 % of the gains come from one token.")
    last_trade_at: Moment | None
    history: str | None = Field(default=None, description="How much of it is stored; left out: only imported facts.")


class TopWallets(Answer):
    """The leaderboard."""

    since: Moment | None
    window: Window
    sorted_by: SortKey
    judged_in: Currency
    wallets_total: int = Field(description="Wallets that sold anything in the window.")
    ranked_total: int
    wallets: list[Standings]
    next_cursor: str | None = None


class FiguresModel(Part):
    """Figures of a window in the currency of the field's name; *_pct and rates are 0-100, null is unknown."""

    total_trades: int = 0
    n: int = Field(default=0, description="Wins and losses.")
    wins: int = 0
    losses: int = 0
    break_evens: int = 0
    win_rate: float | None = None
    win_rate_lb95: float | None = None
    win_rate_ub95: float | None = None
    win_rate_incl_dead: float | None = None
    gross: Number | None = None
    fees: Number | None = None
    net: Number | None = Field(default=None, description="Realized, after network fees that are known.")
    other_costs: Number | None = None
    net_after_costs: Number | None = None
    fee_drag_pct: float | None = None
    proceeds: Number | None = None
    unmatched_proceeds: Number | None = Field(default=None, description="Sales of unknown cost: not in net.")
    basis_coverage_pct: float | None = None
    realizations: int = 0
    unpriced_realizations: int = 0
    roi_closed_pct: float | None = Field(default=None, description="Net ÷ cost of what was closed.")
    pnl_ratio_pct: float | None = Field(default=None, description="Net ÷ everything spent.")
    spent: Number | None = None
    expectancy: Number | None = Field(default=None, description="Mean net of a closed round trip.")
    profit_factor: float | None = None
    max_drawdown: Number | None = None
    top1_share_pct: float | None = Field(default=None, description="Best token's share of the gains.")
    is_lotto: bool | None = None
    unrated: dict[str, int] = Field(default_factory=dict)
    pnl_buckets: dict[str, int] = Field(default_factory=dict)


class HoldModel(Part):
    """Seconds that what was sold had been held, weighted by quantity."""

    mean_s: int | None
    quartile1_s: int | None
    median_s: int | None
    quartile3_s: int | None
    net_usd_by_hold: dict[str, Number | None]
    net_sol_by_hold: dict[str, Number | None]


class TripModel(Part):
    """A round trip in one token."""

    mint: str
    trip: int = Field(description="Its number: explain_pnl follows it to its signatures.")
    opened_at: Moment
    closed_at: Moment | None
    buys: int
    sells: int
    spent_usd: Number | None
    spent_sol: Number | None
    net_usd: Number | None
    net_sol: Number | None
    coverage_pct: float | None
    outcome: str


class PositionModel(Part):
    """What is held of one token; cost is that of the part of known basis."""

    mint: str
    quantity: Number
    known_basis_quantity: Number
    parked_quantity: Number
    cost_usd: Number | None
    cost_sol: Number | None
    state: PositionState | None = Field(description="Of its market: dead counts 0, null is unknown.")
    dead_reason: str | None = None
    mark_usd: Number | None = Field(description="Quantity × last price: not what selling brings.")
    executable_usd: Number | None = Field(description="What selling everything now returns, fees included.")
    executable_sol: Number | None
    price_usd: Number | None = None
    price_source: str | None = None
    price_age_s: int | None = None
    liquidity_usd: Number | None = None
    via: str | None = Field(default=None, description="Pool or quote behind the executable value.")
    not_known: dict[str, str] | None = Field(default=None, description="Why values are null.")
    lots: int
    gaps: int


class HoldingsModel(Part):
    """What all holdings are worth; sums leave out what is not known and count it."""

    mark_usd: Number | None
    executable_usd: Number | None = Field(description="What selling everything returns; dead ones count 0.")
    executable_sol: Number | None
    unrealized_usd: Number | None = Field(description="Executable less cost, of what has a known cost.")
    unrealized_sol: Number | None
    dead: int
    without_mark: int
    without_executable: int
    without_unrealized: int


class ScoreModel(Part):
    """0-100, null with the reasons."""

    value: float | None
    reasons: list[str] = Field(default_factory=list)
    parts: dict[str, float] = Field(default_factory=dict)
    not_measured: list[str] = Field(default_factory=list)
    is_former: bool | None = None


class WalletFigures(Part):
    """What is known of one wallet."""

    wallet: WalletName
    is_active: bool
    last_trade_at: Moment | None
    history: str | None = Field(default=None, description="How much of it is stored; left out: only imported facts.")
    figures_usd: FiguresModel
    figures_sol: FiguresModel
    score: ScoreModel
    median_hold_s: int | None = None
    hold: HoldModel | None = None
    trips_total: int
    trips: list[TripModel] = Field(default_factory=list[TripModel], description="The latest first.")
    positions_total: int
    positions: list[PositionModel] = Field(default_factory=list[PositionModel], description="The costliest first.")
    holdings: HoldingsModel | None = Field(description="Null while nothing is held whose value is known.")
    unknown: list[str] = Field(description="What is in no figure, how often, and why.")


class WalletReports(TokensAnswer):
    """One wallet, or several side by side."""

    since: Moment | None
    window: Window
    judged_in: Currency
    wallets: list[WalletFigures]


async def top_wallets(  # noqa: PLR0913 - every argument is one that a model may need
    context: ToolContext,
    *,
    window: WindowArgument = Window.ALL,
    sort_by: Annotated[SortKey, Field(description="lb95 ranks by demonstrated skill; pnl by net; the best first.")] = (
        SortKey.LB95
    ),
    currency: CurrencyArgument = Currency.USD,
    min_trades: Annotated[int, Field(ge=0, le=10_000, description="Fewest closed round trips.")] = 1,
    limit: Annotated[int, Field(ge=1, le=100, description="Wallets on a page.")] = 10,
    cursor: CursorArgument = None,
    detail: DetailArgument = False,
) -> Annotated[CallToolResult, TopWallets]:
    """Rank all wallets that are stored by what they demonstrably earned: who is worth watching.

    Ranks need 90 % of the proceeds to have a known cost; others follow unranked with the reason. The win rate's lower
    bound weighs how often it was seen: 9 of 10 beats 2 of 2. For one wallet use wallet_report, for single trades
    find_trades. Amounts are net of known fees.
    """
    question = BoardQuestion(window=window, by=sort_by, currency=currency, min_trades=min_trades)
    answers = context.request_context.lifespan_context.answers

    def build(rows: int) -> CallToolResult:
        board = answers.boards.page(question, limit=rows, cursor=cursor)
        return _board(board, answers.reports.last_fact_at(), detail=detail)

    return await fitting(limit, build, detail=detail)


async def wallet_report(
    wallets: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]],
        Field(min_length=1, max_length=5, description="One to five addresses or nicknames, side by side."),
    ],
    context: ToolContext,
    *,
    window: WindowArgument = Window.ALL,
    currency: CurrencyArgument = Currency.USD,
    detail: DetailArgument = False,
) -> Annotated[CallToolResult, WalletReports]:
    """Tell what one to five wallets did in a window: P&L, win rate with its bound, drawdown, holdings, what is unknown.

    Use it when the wallet is known; top_wallets finds wallets, find_trades lists single trades, explain_pnl follows a
    round trip to its signatures. Figures come in USD and SOL; unrealized P&L is what selling returns, never the mark.
    """
    answers = context.request_context.lifespan_context.answers
    names = list(dict.fromkeys(wallets))

    def build(rows: int) -> CallToolResult:
        questions = [WalletQuestion(wallet=name, window=window, currency=currency) for name in names]
        reports = [answers.reports.report(question, limit=rows) for question in questions]
        return _reports(reports, currency, detail=detail)

    most = 12 if detail else 3
    return await fitting(max(1, most // len(names)), build, detail=detail, symbols=answers.search.symbols)


def _board(board: Leaderboard, last_fact_at: Moment | None, *, detail: bool) -> CallToolResult:
    notes: list[str] = []
    if board.low_coverage:
        notes.append(f"{counted(board.low_coverage, 'wallet')} unranked: over 10 % of the proceeds have no known cost")
    if board.unrated:
        notes.append(f"{counted(board.unrated, 'wallet')} unranked: no closed round trip won or lost")
    if board.unpriced:
        notes.append(f"{board.unpriced} of those lack only a price in {board.currency.value}: try the other currency")
    answer = TopWallets(
        as_of=board.as_of,
        last_fact_at=last_fact_at,
        notes=notes,
        since=board.since,
        window=board.window,
        sorted_by=board.by,
        judged_in=board.currency,
        wallets_total=board.wallets,
        ranked_total=board.ranked,
        wallets=[_standing(line, detail=detail) for line in board.standings],
        next_cursor=board.next_cursor,
    )
    lines = [f"{board.ranked} of {board.wallets} wallets that sold in the window ({board.window.value}) are ranked."]
    lines += [_board_line(line) for line in board.standings[:3]]
    return reply("\n".join(lines), answer)


def _board_line(line: Standing) -> str:
    place = "unranked" if line.rank is None else f"#{line.rank}"
    rate = f"won {line.wins} of {line.n}, at least {pct(line.win_rate_lb95)}"
    return f"{place} {shown(line.wallet)}: {rate}, net {usd(line.net.usd)} / {sol(line.net.sol)}"


def _standing(line: Standing, *, detail: bool) -> Standings:
    fields: dict[str, Any] = {
        "rank": line.rank,
        "wallet": name_of(line.wallet),
        "total_trades": line.total_trades,
        "wins": line.wins,
        "losses": line.losses,
        "win_rate": line.win_rate,
        "win_rate_lb95": line.win_rate_lb95,
        **amounts("net", line.net),
        "roi_closed_pct": line.roi_closed_pct,
        "basis_coverage_pct": line.basis_coverage_pct,
        "last_trade_at": line.last_trade_at,
    }
    if line.unranked_reason is not None:
        fields["unranked_reason"] = line.unranked_reason
    if line.history is not None:
        fields["history"] = in_words(line.history)
    if line.is_lotto or detail:
        fields["is_lotto"] = line.is_lotto
    if detail:
        fields |= {"break_evens": line.break_evens, "unmatched_proceeds_usd": line.unmatched_proceeds.usd}
    return Standings.model_validate(fields)


def _reports(reports: list[Report], currency: Currency, *, detail: bool) -> CallToolResult:
    first = reports[0]
    answer = WalletReports(
        as_of=first.as_of,
        last_fact_at=first.last_fact_at,
        notes=_holding_notes(reports),
        since=first.since,
        window=first.window,
        judged_in=currency,
        wallets=[
            _figures(report, currency, detail=detail, has_lists=detail or len(reports) == 1) for report in reports
        ],
    )
    return reply("\n".join(_report_line(report, currency) for report in reports), answer)


def _holding_notes(reports: list[Report]) -> list[str]:
    unvalued = sum(report.holdings.unvalued for report in reports)
    if not unvalued:
        return []
    is_all = unvalued == sum(report.holdings.positions for report in reports)
    rest = "unrealized P&L is unknown" if is_all else "unrealized P&L is only that of the others"
    return [f"{counted(unvalued, 'position')} of unknown value of today: {rest}"]


def _report_line(report: Report, currency: Currency) -> str:
    figures = report.usd if currency is Currency.USD else report.sol
    known = f"{pct(figures.basis_coverage_pct)} of proceeds have a known cost"
    return (
        f"{shown(report.wallet)}, {report.window.value}: net {usd(report.usd.net)} / {sol(report.sol.net)}; "
        f"won {figures.wins} of {figures.n}, at least {pct(figures.win_rate_lb95)}; {known}; "
        f"{counted(report.positions_total, 'position')} held{_worth_line(report.holdings)}."
    )


def _worth_line(total: HoldingsTotal) -> str:
    if total.positions == total.unvalued:
        return ""
    known = "" if not total.unvalued else f", {total.unvalued} of unknown value"
    return f", selling returns {usd(total.executable.usd)} / {sol(total.executable.sol)}{known}"


_MAIN: Final = (
    "total_trades", "n", "wins", "losses", "win_rate", "win_rate_lb95", "net", "unmatched_proceeds",
    "basis_coverage_pct", "roi_closed_pct", "expectancy", "profit_factor", "max_drawdown", "top1_share_pct",
)  # fmt: skip
_BRIEF: Final = ("net", "unmatched_proceeds")


def _figures(report: Report, currency: Currency, *, detail: bool, has_lists: bool) -> WalletFigures:
    is_usd = currency is Currency.USD
    fields: dict[str, Any] = {
        "wallet": name_of(report.wallet),
        "is_active": report.is_active,
        "last_trade_at": report.last_trade_at,
        "figures_usd": _figures_of(report.usd, detail=detail, is_main=is_usd),
        "figures_sol": _figures_of(report.sol, detail=detail, is_main=not is_usd),
        "score": _score(report, detail=detail),
        "trips_total": report.trips_total,
        "positions_total": report.positions_total,
        "holdings": _holdings(report.holdings),
        "unknown": [*noted(report.unknown), *_missing(report, detail=detail)],
    }
    if report.history is not None:
        fields["history"] = in_words(report.history)
    if detail:
        fields["hold"] = HoldModel(
            mean_s=report.hold.mean_s,
            quartile1_s=report.hold.quartile1_s,
            median_s=report.hold.median_s,
            quartile3_s=report.hold.quartile3_s,
            net_usd_by_hold={bucket.bucket: bucket.net_usd for bucket in report.hold.buckets},
            net_sol_by_hold={bucket.bucket: bucket.net_sol for bucket in report.hold.buckets},
        )
    else:
        fields["median_hold_s"] = report.hold.median_s
    if has_lists:
        fields["trips"] = [_trip(trip) for trip in report.trips]
        fields["positions"] = [_position(position, detail=detail) for position in report.positions]
    return WalletFigures.model_validate(fields)


def _missing(report: Report, *, detail: bool) -> list[str]:
    """Return why figures are null: one line for each reason, of the detailed figures only where they are shown."""
    reasons: dict[str, list[str]] = {}
    for figures in (report.usd, report.sol):
        for name, reason in figures.missing.items():
            if detail or name in _MAIN:
                reasons.setdefault(reason, []).append(f"{name}_{figures.currency.value}")
    return [f"{', '.join(names)}: {reason}" for reason, names in reasons.items()]


def _figures_of(figures: Figures, *, detail: bool, is_main: bool) -> FiguresModel:
    names = FiguresModel.model_fields if detail else _MAIN if is_main else _BRIEF
    values: dict[str, Any] = {name: getattr(figures, name) for name in names}
    for name in ("unrated", "pnl_buckets"):
        if name in values:
            values[name] = dict(values[name])
    return FiguresModel.model_validate(values)


def _score(report: Report, *, detail: bool) -> ScoreModel:
    score = report.score
    fields: dict[str, Any] = {"value": score.value}
    if score.reasons:
        fields["reasons"] = list(score.reasons)
    if detail:
        fields |= {"parts": dict(score.parts), "not_measured": list(score.missing), "is_former": score.is_former}
    return ScoreModel.model_validate(fields)


def _trip(trip: Trip) -> TripModel:
    return TripModel(
        mint=trip.mint,
        trip=trip.number,
        opened_at=trip.opened_at,
        closed_at=trip.closed_at,
        buys=trip.buys,
        sells=trip.sells,
        spent_usd=trip.spent.usd,
        spent_sol=trip.spent.sol,
        net_usd=trip.net.usd,
        net_sol=trip.net.sol,
        coverage_pct=trip.coverage_pct,
        outcome=trip.outcome,
    )


def _position(position: Position, *, detail: bool) -> PositionModel:
    worth = position.worth
    fields: dict[str, Any] = {
        "mint": position.mint,
        "quantity": position.quantity,
        "known_basis_quantity": position.known_basis,
        "parked_quantity": position.parked,
        **amounts("cost", position.cost),
        "state": worth.state,
        "mark_usd": worth.mark.usd,
        **amounts("executable", worth.executable),
        "lots": len(position.lots),
        "gaps": position.gaps,
    }
    told = {
        "dead_reason": worth.dead_reason,
        "price_usd": worth.price_usd,
        "price_source": worth.price_source,
        "price_age_s": worth.price_age_s,
    }
    if detail:
        told |= {"liquidity_usd": worth.liquidity_usd, "via": worth.via, "not_known": dict(worth.missing) or None}
    return PositionModel.model_validate(fields | {name: value for name, value in told.items() if value is not None})


def _holdings(total: HoldingsTotal) -> HoldingsModel | None:
    if total.unvalued == total.unmarked == total.positions:
        return None
    return HoldingsModel(
        mark_usd=total.mark.usd,
        executable_usd=total.executable.usd,
        executable_sol=total.executable.sol,
        unrealized_usd=total.unrealized.usd,
        unrealized_sol=total.unrealized.sol,
        dead=total.dead,
        without_mark=total.unmarked,
        without_executable=total.unvalued,
        without_unrealized=total.uncosted,
    )


TOOLS: Final = (
    ToolSpec(function=top_wallets, title="Top wallets"),
    ToolSpec(function=wallet_report, title="Wallet report"),
)
