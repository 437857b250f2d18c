"""`aura export`: write every fact to one file."""

from pathlib import Path
from typing import Annotated

import typer

from aura_mcp.cli.console import show, show_json
from aura_mcp.cli.options import AsJson, DatabaseFile
from aura_mcp.cli.session import session
from aura_mcp.cli.values import size


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    file: Annotated[Path, typer.Argument(help="File to write; a name that ends in .gz is compressed.")],
    *,
    ledger: Annotated[
        bool, typer.Option("--ledger", help="Add every row of the ledger that follows from the facts, for comparing.")
    ] = False,
    database: DatabaseFile = None,
    as_json: AsJson = False,
) -> None:
    """Write all facts to a file that `aura import` reads."""
    with session(database) as application:
        result = application.exports.run(file.absolute(), has_ledger=ledger)
    if as_json:
        show_json(result)
    else:
        rows = f" and {result.ledger_rows:,} rows of the ledger" if ledger else ""
        show(f"Wrote {result.facts:,} facts{rows}, {size(result.size_bytes)}, to {file}")
