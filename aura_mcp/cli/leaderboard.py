"""`aura top`: who did well, by what can be shown."""

from typing import Annotated

import typer

from aura_mcp.cli.console import show, show_json
from aura_mcp.cli.leaderboard_view import board_view
from aura_mcp.cli.options import AsJson, CurrencyOption, DatabaseFile, WindowOption
from aura_mcp.cli.session import session
from aura_mcp.cli.tables import cursor_hint
from aura_mcp.services.questions import DEFAULT_LIMIT, MAX_LIMIT, BoardQuestion, SortKey
from engine.ledger import Currency
from engine.wallets import Window


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(top)


def top(
    *,
    window: WindowOption = Window.ALL,
    by: Annotated[
        SortKey, typer.Option("--by", help="What to rank by; lb95 is the lower bound of the win rate.")
    ] = SortKey.LB95,
    currency: CurrencyOption = Currency.USD,
    min_trades: Annotated[
        int, typer.Option("--min-trades", min=0, help="Leave out wallets with fewer closed round trips.")
    ] = 1,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MAX_LIMIT, help="How many at most.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, typer.Option("--cursor", help="Go on where the last page ended.")] = None,
    database: DatabaseFile = None,
    as_json: AsJson = False,
) -> None:
    """Rank wallets by what they demonstrably did.

    By default by the lower bound of their win rate, so that luck on a few trades does not lead.
    """
    question = BoardQuestion(window=window, by=by, currency=currency, min_trades=min_trades)
    with session(database) as application:
        board = application.boards.page(question, limit=limit, cursor=cursor)
    if as_json:
        show_json(board)
    else:
        show(*board_view(board), *cursor_hint(board.next_cursor))
