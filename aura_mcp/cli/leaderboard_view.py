"""Lay out a leaderboard."""

from typing import TYPE_CHECKING, Final

from rich.console import RenderableType
from rich.text import Text

from aura_mcp.cli.tables import data_table, fine_print, heading
from aura_mcp.cli.trades_view import name_of
from aura_mcp.cli.values import UNKNOWN, moment, percent, sol, tint, usd

if TYPE_CHECKING:
    from aura_mcp.services.leaderboard import Leaderboard, Standing

NAMES: Final = {
    "lb95": "the lower bound of the win rate",
    "win_rate": "win rate",
    "pnl": "net P&L",
    "roi": "return on what was closed",
    "trades": "closed round trips",
    "coverage": "share of proceeds with a known cost",
}
HISTORIES: Final = {
    "complete": "full",
    "catching_up": "load",
    "backfilling": "load",
    "gaps": "gaps",
    "unclosable_gaps": "lost",
    "never_fetched": "none",
}
LEGEND: Final = (
    "Hist.: of a followed wallet's history is stored: full, load (being fetched), gaps (being closed), lost (gaps that "
    "cannot be closed), none (only what was imported); – is not followed."
)
NOTHING: Final = (
    "No wallet sold anything in this window. --window all takes every trade; `aura import PATH` brings in more."
)


def board_view(board: "Leaderboard") -> list[RenderableType]:
    """Return the standings, and what a reader must know about them."""
    span = "all time" if board.since is None else f"{moment(board.since)} to {moment(board.as_of)} UTC"
    title = heading("Top wallets", f"by {NAMES[board.by]}, {span}, judged in {board.currency.upper()}")
    if not board.standings:
        return [
            title,
            Text(NOTHING if not board.wallets else "No wallet closed a round trip that counts."),
            *_remarks(board),
        ]
    table = data_table(">#", "~Wallet", ">Trips", ">Won %", ">Min %", ">Net SOL", ">Net USD", ">ROI %", ">Basis %")
    follows = any(standing.history for standing in board.standings)
    if follows:
        table.add_column("Hist.")
    for standing in board.standings:
        histories = (_history(standing),) if follows else ()
        table.add_row(*_row(standing), *histories, style="" if standing.rank else "dim")
    return [title, table, *_remarks(board)]


def _row(standing: "Standing") -> tuple[Text | str, ...]:
    net = standing.net
    return (
        UNKNOWN if standing.rank is None else str(standing.rank),
        name_of(standing.wallet),
        str(standing.total_trades),
        percent(standing.win_rate),
        percent(standing.win_rate_lb95),
        tint(sol(net.sol, is_signed=True), net.sol),
        tint(usd(net.usd, is_signed=True), net.usd),
        percent(standing.roi_closed_pct, is_signed=True),
        percent(standing.basis_coverage_pct),
    )


def _history(standing: "Standing") -> str:
    return UNKNOWN if standing.history is None else HISTORIES[standing.history.coverage]


def _remarks(board: "Leaderboard") -> list[RenderableType]:
    if not board.wallets:
        return []
    counts = (
        f"{board.wallets:,} wallets sold something. {board.ranked:,} are ranked; {board.low_coverage:,} are not, "
        "because less than 90 % of their proceeds have a known cost; "
        f"{board.unrated:,} closed no round trip that counts."
    )
    remarks: list[RenderableType] = [fine_print(counts)]
    if any(standing.history for standing in board.standings):
        remarks.append(fine_print(LEGEND))
    if board.unpriced:
        remarks.append(
            fine_print(
                f"{board.unpriced:,} of those only lack a price in this currency: import SOL/USD candles, "
                "or judge in SOL (--currency sol)."
            )
        )
    return remarks
