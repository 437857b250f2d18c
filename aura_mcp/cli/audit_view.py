"""Lay out where one realized amount comes from: the sale, every lot it was matched to, and the sum."""

from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aura_mcp.cli.tables import Entry, fine_print, stacked_table
from aura_mcp.cli.values import amount, moment, percent, sol, span, tint, usd

if TYPE_CHECKING:
    from aura_mcp.services.provenance import Audit, Part, Source

VERBS: Final = {"SELL": "sold", "BURN": "lost", "OUT": "sent away"}
COLUMNS: Final = (">Lot", "Bought (UTC)", ">Held", ">Quantity", ">Cost SOL", ">Proceeds SOL", ">Fees SOL", ">Net SOL")


def audit_view(audit: "Audit") -> RenderableType:
    """Return one disposal down to the transactions behind it."""
    lots = stacked_table(COLUMNS, [_lot(number, part) for number, part in enumerate(audit.parts, start=1)])
    return Group(_disposal(audit), Padding(lots, (1, 0, 0, 0)), _sum(audit), *_remarks(audit))


def _disposal(audit: "Audit") -> RenderableType:
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim", min_width=8)
    lines.add_column(overflow="fold")
    value = audit.disposed.value
    lines.add_row("wallet", audit.wallet.address)
    lines.add_row(VERBS[audit.kind], f"{amount(audit.quantity)} of {audit.mint}")
    lines.add_row("for", f"{sol(value.sol)} SOL, {usd(value.usd)} USD")
    lines.add_row("at", f"{moment(audit.disposed.at)} UTC")
    lines.add_row("tx", _where(audit.disposed))
    return lines


def _lot(number: int, part: "Part") -> Entry:
    fees = None if part.buy_fee.sol is None or part.sell_fee.sol is None else part.buy_fee.sol + part.sell_fee.sol
    return Entry(
        cells=(
            str(number),
            moment(part.acquired.at),
            span(part.held_s),
            amount(part.quantity),
            sol(part.cost.sol),
            sol(part.proceeds.sol),
            sol(fees),
            tint(sol(part.net.sol, is_signed=True), part.net.sol),
        ),
        details=[("tx", _where(part.acquired))],
    )


def _sum(audit: "Audit") -> RenderableType:
    net = audit.net
    fees = "" if audit.fees.sol is None else f" − {sol(audit.fees.sol)} fees"
    line = Text.assemble(
        ("net ", "bold"),
        tint(f"{sol(net.sol, is_signed=True)} SOL", net.sol),
        f" = {sol(audit.proceeds.sol)} proceeds − {sol(audit.cost.sol)} cost{fees}"
        f", or {usd(net.usd, is_signed=True)} USD; cost known for {percent(audit.matched_pct)} % of it",
    )
    return Padding(line, (1, 0, 0, 0))


def _remarks(audit: "Audit") -> list[RenderableType]:
    remarks: list[RenderableType] = []
    if audit.unmatched.sol or audit.unmatched.usd:
        unmatched = f"{sol(audit.unmatched.sol)} SOL, {usd(audit.unmatched.usd)} USD"
        remarks.append(fine_print(f"outside of P&L: {unmatched} for tokens whose cost is unknown"))
    if not audit.disposed.is_exact or any(not part.acquired.is_exact for part in audit.parts):
        remarks.append(fine_print("amounts as their source rounded them; network fees are unknown and left out"))
    return remarks


def _where(source: "Source") -> str:
    return source.signature or f"unsigned, {source.ref}"
