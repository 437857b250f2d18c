"""`aura decode`: what transactions did to each of their signers."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from aura_mcp.cli.console import FAILED, complain, show, show_json
from aura_mcp.cli.decode_view import reading_view, transaction_view
from aura_mcp.cli.options import AsJson
from aura_mcp.cli.session import own_session
from engine.address import parse_address
from engine.errors import AddressError
from engine.units import Address

if TYPE_CHECKING:
    from aura_mcp.services.decoding import Decoded


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(decode)


def decode(
    files: Annotated[
        list[Path],
        typer.Argument(help="getTransaction results or Helius transactions: one, a JSON list, or one on each line."),
    ],
    *,
    wallet: Annotated[
        str | None, typer.Option("--wallet", metavar="ADDRESS", help="Take this wallet's view, not the signers'.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show exactly what a transaction did to its signers.

    Exit code 1 when one of them could not be read; the others are shown all the same.
    """
    wallets = None if wallet is None else [_parse_wallet(wallet)]
    with own_session() as application:
        items = list(application.decoding.decode(files, wallets))
        if as_json:
            show_json([application.decoding.to_document(item) for item in items])
        else:
            _show_readings(items)
    return int(any(item.error is not None for item in items))


def _parse_wallet(text: str) -> Address:
    try:
        return parse_address(text)
    except AddressError as error:
        raise typer.BadParameter(str(error), param_hint="--wallet") from error


def _show_readings(items: "Sequence[Decoded]") -> None:
    shown = ""
    for item in items:
        if item.reading is None:
            complain(item.error or "", FAILED, as_json=False)
        elif item.reading.signature == shown:
            show(reading_view(item.reading))
        else:
            show(*([Text()] if shown else []), transaction_view(item.reading), reading_view(item.reading))
            shown = item.reading.signature
