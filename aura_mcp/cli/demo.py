"""`aura demo`: the main job on recorded facts, without a network or a trace left behind."""

import typer

from aura_mcp.cli.console import progress, show, show_json
from aura_mcp.cli.demo_view import closing_view, exchange_view, opening_view
from aura_mcp.cli.options import AsJson


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(*, as_json: AsJson = False) -> None:
    """Show what AURA does, on real trades, offline.

    Loads the recording that ships with AURA into a temporary database, asks it through `aura-mcp` as Claude would,
    and removes everything at the end.
    """
    # The client imports the SDK: `aura --help` answers without it.
    from aura_mcp.cli.demo_story import Exchange, Opening, play  # noqa: PLC0415

    def tell(part: Opening | Exchange) -> None:
        if not as_json:
            show(*(opening_view(part) if isinstance(part, Opening) else exchange_view(part)))

    with progress() as report:
        story = play(tell, report)
    if as_json:
        show_json(story)
    else:
        show(*closing_view(story.verified))
