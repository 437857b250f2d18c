"""`aura trades`: the newest trades, and where the result of a sale comes from."""

from typing import Annotated

import typer

from aura_mcp.cli.audit_view import audit_view
from aura_mcp.cli.console import show, show_json
from aura_mcp.cli.options import AsJson, DatabaseFile, WindowOption
from aura_mcp.cli.session import session
from aura_mcp.cli.trades_view import page_view
from aura_mcp.services.questions import DEFAULT_LIMIT, MAX_LIMIT, ExplainQuestion, TradeFilter
from engine.wallets import Window


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(trades)


def trades(
    wallet: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS|NICKNAME]", help="Whose trades; everybody's by default.")
    ] = None,
    *,
    mint: Annotated[str | None, typer.Option("--mint", metavar="MINT", help="Only this token.")] = None,
    window: WindowOption = Window.ALL,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MAX_LIMIT, help="How many at most.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, typer.Option("--cursor", help="Go on where the last page ended.")] = None,
    audit: Annotated[
        str | None,
        typer.Option("--audit", metavar="SIGNATURE", help="Follow the wallet's sale in this transaction to its lots."),
    ] = None,
    database: DatabaseFile = None,
    as_json: AsJson = False,
) -> None:
    """List trades, newest first, with what each sale realized."""
    if audit is not None and wallet is None:
        raise typer.BadParameter("needs the wallet whose sale it is", param_hint="--audit")
    with session(database) as application:
        if audit is not None and wallet is not None:
            found = application.explaining.page(ExplainQuestion(wallet=wallet, signature=audit), limit=MAX_LIMIT)
            show_json(found) if as_json else show(audit_view(found))
            return
        wanted = TradeFilter(wallet=wallet, mint=mint, window=window)
        page = application.trades.page(wanted, limit=limit, cursor=cursor)
    if as_json:
        show_json(page)
    else:
        show(*page_view(page))
