"""Lay out where one realized amount comes from: the sale, every lot it was matched to, and the sum."""

from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aura_mcp.cli.tables import Entry, fine_print, stacked_table
from aura_mcp.cli.values import amount, moment, percent, sol, span, tint, usd

if TYPE_CHECKING:
    from aura_mcp.services.explaining import Explained, ExplainedSale, LotPart, Transaction

VERBS: Final = {"SELL": "sold", "BURN": "lost", "OUT": "sent away"}
COLUMNS: Final = (">Lot", "Bought (UTC)", ">Held", ">Quantity", ">Cost SOL", ">Proceeds SOL", ">Fees SOL", ">Net SOL")


def audit_view(found: "Explained") -> RenderableType:
    """Return the disposals of one transaction down to the transactions behind them."""
    parts: list[RenderableType] = []
    for sale in found.sales:
        lots = stacked_table(COLUMNS, [_lot(number, part) for number, part in enumerate(sale.parts, start=1)])
        parts += [_disposal(found.wallet.address, sale), Padding(lots, (1, 0))]
    return Group(*parts, _sum(found), *_remarks(found))


def _disposal(wallet: str, sale: "ExplainedSale") -> RenderableType:
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim", min_width=8)
    lines.add_column(overflow="fold")
    lines.add_row("wallet", wallet)
    lines.add_row(VERBS[sale.kind], f"{amount(sale.quantity)} of {sale.mint}")
    lines.add_row("for", f"{sol(sale.value.sol)} SOL, {usd(sale.value.usd)} USD")
    lines.add_row("at", f"{moment(sale.disposed.at)} UTC")
    lines.add_row("tx", _where(sale.disposed))
    return lines


def _lot(number: int, part: "LotPart") -> Entry:
    return Entry(
        cells=(
            str(number),
            moment(part.acquired.at),
            span(part.held_s),
            amount(part.quantity),
            sol(part.cost.sol),
            sol(part.proceeds.sol),
            sol(part.fees.sol),
            tint(sol(part.net.sol, is_signed=True), part.net.sol),
        ),
        details=[("tx", _where(part.acquired))],
    )


def _sum(found: "Explained") -> RenderableType:
    net = found.net
    fees = "" if found.fees.sol is None else f" − {sol(found.fees.sol)} fees"
    known = "" if found.matched_pct is None else f"; cost known for {percent(found.matched_pct)} % of it"
    return Text.assemble(
        ("net ", "bold"),
        tint(f"{sol(net.sol, is_signed=True)} SOL", net.sol),
        f" = {sol(found.proceeds.sol)} proceeds − {sol(found.cost.sol)} cost{fees}"
        f", or {usd(net.usd, is_signed=True)} USD{known}",
    )


def _remarks(found: "Explained") -> list[RenderableType]:
    remarks: list[RenderableType] = []
    if found.unmatched.sol or found.unmatched.usd:
        unmatched = f"{sol(found.unmatched.sol)} SOL, {usd(found.unmatched.usd)} USD"
        remarks.append(fine_print(f"outside of P&L: {unmatched} for tokens whose cost is unknown"))
    if not found.is_exact:
        remarks.append(fine_print("amounts as their source rounded them; network fees are unknown and left out"))
    return remarks


def _where(source: "Transaction") -> str:
    return source.signature or f"unsigned, {source.ref}"
