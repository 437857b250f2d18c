"""Lay out what a transaction did to one owner: exact amounts, one a line, with what each was for."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aura_mcp.cli.values import label, moment
from engine.facts import Leg, Reading, Role, Side
from engine.units import LAMPORTS_PER_SOL, QUOTE_DECIMALS, QUOTE_SYMBOLS, WSOL

NOTE_LENGTH: Final = 160

_VERBS: Final = {Side.BUY: "bought", Side.SELL: "sold", Side.IN: "in", Side.OUT: "out"}
_ROLES: Final = {Role.FEE_PAYER: "paid the fee", Role.COSIGNER: "co-signed", Role.RECEIVER: "did not sign"}
_SOL_DECIMALS: Final = len(str(LAMPORTS_PER_SOL)) - 1


def transaction_view(reading: Reading) -> RenderableType:
    """Return the heading of a transaction: its signature in full, when it was and through what."""
    when = None if reading.block_time is None else datetime.fromtimestamp(reading.block_time, UTC)
    parts = [
        "slot unknown" if reading.slot is None else f"slot {reading.slot:,}",
        "time unknown" if when is None else f"{moment(when)} UTC",
        *reading.venues,
    ]
    return Group(Text(reading.signature, style="bold", overflow="fold"), Text(" · ".join(parts), style="dim"))


def reading_view(reading: Reading) -> RenderableType:
    """Return what happened to one owner: legs, what was paid or received, fees, tips and rent."""
    head = Text.assemble(
        (reading.tx_class.value, "bold"), "  ", reading.wallet, "  ", (_ROLES[reading.role], "dim"), overflow="fold"
    )
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim", min_width=8)
    lines.add_column(justify="right", no_wrap=True)
    lines.add_column(overflow="fold")
    for leg in reading.legs:
        lines.add_row(_VERBS[leg.side], _amount(leg.amount_raw, leg.decimals), f"{leg.mint}{_leg_value(reading, leg)}")
    _add_quote(lines, reading)
    _add_costs(lines, reading)
    for issue in reading.issues:
        lines.add_row("note", "", label(issue.replace("_", " "), NOTE_LENGTH))
    return Padding(Group(head, lines), (0, 0, 0, 2))


def _add_quote(lines: Table, reading: Reading) -> None:
    flow = reading.sol_flow_lamports
    if flow and (reading.quote is None or reading.quote.mint != WSOL):
        lines.add_row("out" if flow < 0 else "in", _sol(abs(flow)), "SOL")
    if reading.quote is None:
        return
    mint, amount = reading.quote
    verb = "paid" if amount < 0 else "received"
    fee = _amount(reading.venue_fee_raw or 0, QUOTE_DECIMALS[mint])
    note = f", venue fee {fee} inside" if reading.venue_fee_raw else ""
    lines.add_row(verb, _amount(abs(amount), QUOTE_DECIMALS[mint]), f"{QUOTE_SYMBOLS[mint]}{note}")


def _add_costs(lines: Table, reading: Reading) -> None:
    priority = reading.priority_fee_lamports
    moved = reading.native_delta_lamports + reading.wsol_delta_lamports
    rows = (
        ("fee", reading.base_fee_lamports + priority, f"of which priority {_sol(priority)}" if priority else ""),
        ("tip", reading.tip_lamports, "to block builders and relays"),
        ("rent", reading.rent_lamports, _rent_note(reading.rent_lamports, "its own token accounts")),
        ("rent", reading.other_rent_lamports, _rent_note(reading.other_rent_lamports, "other new accounts")),
    )
    for name, lamports, note in rows:
        if lamports:
            lines.add_row(name, _sol(lamports), f"SOL, {note}" if note else "SOL")
    lines.add_row("balance", f"{'+' if moved > 0 else ''}{_sol(moved)}", "SOL, what its SOL and wrapped SOL changed by")


def _leg_value(reading: Reading, leg: Leg) -> str:
    if reading.quote is not None or leg.quote_mint is None or leg.quote_raw is None:
        return ""
    return f" for {_amount(leg.quote_raw, QUOTE_DECIMALS[leg.quote_mint])} {QUOTE_SYMBOLS[leg.quote_mint]}"


def _rent_note(lamports: int, where: str) -> str:
    return f"locked in {where}" if lamports > 0 else f"refunded from {where}"


def _sol(lamports: int) -> str:
    return _amount(lamports, _SOL_DECIMALS)


def _amount(raw: int, decimals: int) -> str:
    return f"{Decimal(raw).scaleb(-decimals):,f}"
