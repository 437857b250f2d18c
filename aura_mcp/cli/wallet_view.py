"""Lay out what is known of one wallet."""

from typing import TYPE_CHECKING, Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aura_mcp.cli.tables import data_table, fine_print, heading
from aura_mcp.cli.trades_view import name_of, trade_remarks, trades_table
from aura_mcp.cli.values import UNKNOWN, amount, moment, percent, sol, span, tint, usd
from engine.ledger import Currency

if TYPE_CHECKING:
    from aura_mcp.services.figures import Figures
    from aura_mcp.services.positions import Position, Trip
    from aura_mcp.services.wallets import WalletReport

OUTCOMES: Final = {
    "win": "win",
    "loss": "loss",
    "break_even": "even",
    "open": "open",
    "moved": "moved away",
    "unpriced": "value unknown",
    "low_coverage": "cost unknown",
}


def report_view(report: "WalletReport", currency: Currency) -> list[RenderableType]:
    """Return the whole report, the most important first."""
    span_text = "all time" if report.since is None else f"{moment(report.since)} to {moment(report.as_of)} UTC"
    kind = ", a program's address" if report.wallet.is_program_derived else ""
    traded = "no trade" if report.last_trade_at is None else f"last trade {moment(report.last_trade_at)} UTC"
    parts: list[RenderableType] = [
        Text(),
        name_of(report.wallet),
        Text(f"{span_text}{kind}, {traded}", style="dim"),
        Padding(_figures(report, currency), (1, 0, 0, 0)),
    ]
    if report.trips:
        parts += [heading("Round trips", _of(len(report.trips), report.trips_total)), _trips(report.trips)]
    if report.positions:
        parts += [heading("Holds", _of(len(report.positions), report.positions_total)), _positions(report.positions)]
    if report.last_trades:
        parts += [heading("Last trades"), trades_table(report.last_trades, has_wallet=False)]
        parts += trade_remarks(report.last_trades)
    return [*parts, *_unknown(report)]


def _figures(report: "WalletReport", currency: Currency) -> Table:
    judged = report.usd if currency is Currency.USD else report.sol
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column()
    grid.add_row("round trips", str(judged.total_trades), _outcomes(judged))
    if judged.n:
        least = f"%, at least {percent(judged.win_rate_lb95)} % with 95 % confidence"
        grid.add_row("won", percent(judged.win_rate), least)
    if report.sol.realizations:
        _add_results(grid, report, judged)
    score = UNKNOWN if report.score.value is None else f"{report.score.value:.0f}"
    grid.add_row("score", score, "; ".join(report.score.reasons) or "of 100")
    return grid


def _add_results(grid: Table, report: "WalletReport", judged: "Figures") -> None:
    s, u, hold = report.sol, report.usd, report.hold
    before_fees = ", before fees that are unknown" if s.fees is None else ""
    fees = s.missing["fees"] if s.fees is None else f"SOL, {usd(u.fees)} USD, inside net P&L"
    net = Text.assemble("SOL, ", tint(usd(u.net, is_signed=True), u.net), f" USD{before_fees}")
    grid.add_row("net P&L", tint(sol(s.net, is_signed=True), s.net), net)
    grid.add_row("fees", sol(s.fees), fees)
    grid.add_row("unmatched", sol(s.unmatched_proceeds), f"SOL, {usd(u.unmatched_proceeds)} USD, outside of P&L")
    grid.add_row("known cost", percent(judged.basis_coverage_pct), "% of all proceeds")
    grid.add_row("return", percent(judged.roi_closed_pct, is_signed=True), "% on the cost of what was closed")
    quartiles = f"median; half of it {span(hold.quartile1_s)} to {span(hold.quartile3_s)}"
    grid.add_row("held", span(hold.median_s), quartiles)


def _outcomes(judged: "Figures") -> str:
    others = sum(judged.unrated.values())
    unrated = f"; {others} open or without a result" if others else ""
    return f"{judged.wins} won, {judged.losses} lost, {judged.break_evens} even{unrated}"


def _trips(trips: "tuple[Trip, ...]") -> Table:
    table = data_table("Opened (UTC)", ">For", ">Spent SOL", ">Net SOL", ">Net USD", ">Basis %", "Result", "~Token")
    for trip in trips:
        table.add_row(
            moment(trip.opened_at),
            UNKNOWN if trip.closed_at is None else span((trip.closed_at - trip.opened_at).total_seconds()),
            sol(trip.spent.sol),
            tint(sol(trip.net.sol, is_signed=True), trip.net.sol),
            tint(usd(trip.net.usd, is_signed=True), trip.net.usd),
            percent(trip.coverage_pct),
            OUTCOMES[trip.outcome],
            trip.mint,
        )
    return table


def _positions(positions: "tuple[Position, ...]") -> Table:
    table = data_table(">Quantity", ">Known", ">Cost SOL", ">Cost USD", ">Lots", ">Gaps", "Oldest lot (UTC)", "~Token")
    for position in positions:
        table.add_row(
            amount(position.quantity),
            amount(position.known_basis),
            sol(position.cost.sol),
            usd(position.cost.usd),
            str(len(position.lots)),
            str(position.gaps),
            moment(min(lot.acquired_at for lot in position.lots)),
            position.mint,
        )
    return table


def _unknown(report: "WalletReport") -> list[RenderableType]:
    if not report.unknown:
        return []
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for item in report.unknown:
        grid.add_row(f"{item.count:,}", item.reason)
    missing = fine_print("What is unknown is in no figure; --json gives the reason for every figure that is missing.")
    return [heading("Not known"), grid, missing]


def _of(shown: int, total: int) -> str:
    return "" if shown == total else f"the latest {shown:,} of {total:,}"
