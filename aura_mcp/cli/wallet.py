"""`aura wallet`: everything known of one wallet, and what is not."""

from typing import Annotated

import typer

from aura_mcp.cli.console import show, show_json
from aura_mcp.cli.options import AsJson, CurrencyOption, DatabaseFile, WindowOption
from aura_mcp.cli.session import session
from aura_mcp.cli.wallet_view import report_view
from aura_mcp.services.questions import MAX_LIMIT, WalletQuestion
from engine.ledger import Currency
from engine.wallets import Window


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(wallet)


def wallet(
    who: Annotated[str, typer.Argument(metavar="ADDRESS|NICKNAME", help="The wallet.")],
    *,
    window: WindowOption = Window.ALL,
    currency: CurrencyOption = Currency.USD,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MAX_LIMIT, help="Length of each list at most.")] = 5,
    database: DatabaseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one wallet: results, round trips, lots, unknowns."""
    question = WalletQuestion(wallet=who, window=window, currency=currency)
    with session(database) as application:
        report = application.wallets.report(question, limit=limit)
    if as_json:
        show_json(report)
    else:
        show(*report_view(report, currency))
