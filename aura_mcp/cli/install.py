"""`aura install`: put AURA into the configuration of an MCP client."""

import difflib
import os
from typing import Annotated, Final

import typer

from aura_mcp.cli.console import show, show_json
from aura_mcp.cli.install_view import installation_view
from aura_mcp.cli.options import AsJson
from aura_mcp.clients import CLIENTS, ClientName, Installation
from aura_mcp.clients import install as install_client

CONTEXT_LINES: Final = 1
"""Neighbours may hold keys of other servers."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(install)


def install(
    client: Annotated[ClientName, typer.Argument(metavar="|".join(ClientName), help="The client to put AURA into.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change and make none.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put AURA into an MCP client's configuration, beside what is there. A backup stays beside the file.

    The second run changes nothing. A file that its client could not read is left alone.
    """
    known = CLIENTS[client]
    result = install_client(known, os.environ, is_dry_run=dry_run)
    change = _diff(result)
    if as_json:
        show_json(_document(result, change, next_step=known.next_step, is_dry_run=dry_run))
    else:
        show(*installation_view(result, known, change if dry_run else "", is_dry_run=dry_run))


def _document(result: Installation, change: str, *, next_step: str, is_dry_run: bool) -> dict[str, object]:
    return {
        "client": result.client,
        "file": str(result.file),
        "backup": None if result.backup is None else str(result.backup),
        "is_changed": result.is_changed,
        "is_client_found": result.is_client_found,
        "is_dry_run": is_dry_run,
        "diff": change,
        "next_step": next_step,
    }


def _diff(result: Installation) -> str:
    """Return the change as a unified diff."""
    name = str(result.file)
    lines = difflib.unified_diff(
        result.before.splitlines(), result.after.splitlines(), name, name, n=CONTEXT_LINES, lineterm=""
    )
    return "\n".join(lines)
