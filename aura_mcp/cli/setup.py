"""`aura init`: create the database and load the starter list of labelled wallets."""

import typer

from aura_mcp.cli.console import show, show_json
from aura_mcp.cli.options import AsJson, DatabaseFile
from aura_mcp.cli.session import session
from aura_mcp.cli.setup_view import report_view


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init")(init)


def init(*, database: DatabaseFile = None, as_json: AsJson = False) -> None:
    """Create the database and load the starter wallets.

    The list holds publicly labelled wallets; loading it again changes nothing.
    """
    with session(database, may_create=True) as application:
        result = application.imports.load_starter_list()
    if as_json:
        show_json(result)
    else:
        show(*report_view(result))
