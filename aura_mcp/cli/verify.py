"""`aura verify`: check the stored ledger against the facts."""

import typer

from aura_mcp.cli.console import progress, show, show_json
from aura_mcp.cli.options import AsJson, DatabaseFile
from aura_mcp.cli.session import session
from aura_mcp.cli.verify_view import report_view


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)


def verify(*, database: DatabaseFile = None, as_json: AsJson = False) -> int:
    """Check the stored ledger against the facts.

    No token may appear or vanish, and a rebuild from the facts must give the same ledger byte for byte.
    Exit code 1 with the first differences when they do not.
    """
    with session(database) as application, progress() as report:
        result = application.verification.run(report)
    if as_json:
        show_json(result)
    else:
        show(*report_view(result))
    return int(not result.is_sound)
