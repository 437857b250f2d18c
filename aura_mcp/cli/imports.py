"""`aura import`: read files of facts into the database."""

from pathlib import Path
from typing import Annotated

import typer

from aura_mcp.cli.console import progress, show, show_json
from aura_mcp.cli.imports_view import report_view
from aura_mcp.cli.options import AsJson, DatabaseFile
from aura_mcp.cli.session import session


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_)


def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files or folders: transactions, Helius arrays, trade rows, wallet lists, candles, exports."
        ),
    ],
    *,
    database: DatabaseFile = None,
    as_json: AsJson = False,
) -> int:
    """Read files of facts into the database.

    What is there already stays: importing again adds nothing.
    Rejected rows are counted with their reasons. Exit code 1 when a file could not be read at all.
    """
    with session(database, may_create=True) as application, progress() as report:
        result = application.imports.run([path.absolute() for path in paths], report)
    if as_json:
        show_json(result)
    else:
        show(*report_view(result))
    return int(bool(result.unreadable))
