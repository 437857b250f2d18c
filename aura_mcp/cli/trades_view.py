"""Lay out a page of trades."""

from typing import TYPE_CHECKING, Final

from rich.console import RenderableType
from rich.text import Text

from aura_mcp.cli.tables import Entry, cursor_hint, fine_print, stacked_table
from aura_mcp.cli.values import amount, label, moment, percent, sol, tint, usd

if TYPE_CHECKING:
    from aura_mcp.services.results import Party
    from aura_mcp.services.trades import Trade, TradePage

SIDE_STYLES: Final = {"BUY": "cyan", "SELL": "magenta"}
COLUMNS: Final = ("Time (UTC)", "Side", ">Amount", ">SOL", ">USD", ">Net SOL", ">Basis %")


def page_view(page: "TradePage") -> list[RenderableType]:
    """Return a page of trades and, where there is more, how to go on."""
    if not page.trades:
        return [Text("No trades. `aura import PATH` brings them in; --window all shows the oldest too.")]
    parts: list[RenderableType] = [trades_table(page.trades, has_wallet=page.wallet is None)]
    parts += trade_remarks(page.trades)
    return [*parts, *cursor_hint(page.next_cursor)]


def trades_table(trades: "tuple[Trade, ...]", *, has_wallet: bool) -> RenderableType:
    """Return trades, newest first: a line of numbers each, with what identifies it below."""
    return stacked_table(COLUMNS, [_entry(trade, has_wallet=has_wallet) for trade in trades])


def trade_remarks(trades: "tuple[Trade, ...]") -> list[RenderableType]:
    """Return what must be known to read the trades."""
    if all(trade.is_exact for trade in trades):
        return []
    return [fine_print("~ as the source rounded it; network fees of these trades are unknown and left out")]


def name_of(party: "Party") -> Text:
    """Return a wallet's nickname with its address, or the address alone."""
    if not party.nickname:
        return Text(party.address)
    return Text.assemble((label(party.nickname).plain, "bold"), " ", party.address)


def _entry(trade: "Trade", *, has_wallet: bool) -> Entry:
    net = None if trade.realized is None else trade.realized.sol
    is_sale = trade.side == "SELL"
    who = [("wallet", name_of(trade.wallet).plain)] if has_wallet else []
    return Entry(
        cells=(
            moment(trade.at),
            Text(trade.side, style=SIDE_STYLES.get(trade.side, "")),
            f"{'' if trade.is_exact else '~'}{amount(trade.amount)}",
            sol(trade.value.sol),
            usd(trade.value.usd),
            tint(sol(net, is_signed=True), net) if is_sale else "",
            percent(trade.matched_pct) if is_sale else "",
        ),
        details=[*who, ("token ", trade.mint), ("tx    ", trade.signature or f"unsigned, {trade.ref}")],
    )
