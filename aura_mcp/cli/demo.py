"""`aura demo`: the main job on recorded facts, without a network or a trace left behind."""

from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from aura_mcp.cli.console import progress, show, show_json
from aura_mcp.cli.demo_view import demo_view
from aura_mcp.cli.options import AsJson
from aura_mcp.cli.session import session


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(*, as_json: AsJson = False) -> None:
    """Show what AURA does, on real trades, offline.

    Loads the recording that ships with AURA into a temporary database and removes it at the end.
    """
    with (
        TemporaryDirectory(prefix="aura-demo-") as home,
        session(Path(home) / "demo.duckdb", may_create=True) as application,
        progress() as report,
    ):
        result = application.demo.run(report)
    if as_json:
        show_json(result)
    else:
        show(*demo_view(result))
