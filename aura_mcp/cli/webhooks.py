"""`aura webhooks`: have Helius push followed wallets' transactions to this machine."""

# ruff: noqa: PLC0415 - what follows imports the database: `aura --help` and a mistyped option answer without it.

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aura_mcp.cli.console import show, show_json
from aura_mcp.cli.options import AsJson
from aura_mcp.cli.session import session

if TYPE_CHECKING:
    from aura_mcp.services.webhooks import WebhookState

commands = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="webhooks")


@commands.callback()
def webhooks() -> None:
    """Have Helius push followed wallets' trades to this machine; needs HELIUS_API_KEY and a tunnel."""


@commands.command()
def create(
    url: Annotated[str, typer.Option("--url", help="Your tunnel's address, ending in /webhooks/helius.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Have all followed wallets pushed to an address; run it again when you follow others.

    The tunnel leads to the hub's HTTP port: fix that with AURA_HTTP_PORT. Each call costs up to 200 credits.
    """
    with session() as application:
        state = application.webhooks.create(url, _secret())
    _show([state], as_json=as_json)


@commands.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List the webhooks of your key, and whether they know whom you follow."""
    with session() as application:
        states = application.webhooks.list()
    _show(states, as_json=as_json)


@commands.command()
def delete(webhook_id: Annotated[str, typer.Argument(help="Its id, from `list`.")], *, as_json: AsJson = False) -> None:
    """Delete a webhook."""
    with session() as application:
        application.webhooks.delete(webhook_id)
    if as_json:
        show_json({"deleted": webhook_id})
    else:
        show(f"{webhook_id}: deleted")


def _secret() -> str:
    from aura_mcp.hub import HubSettings
    from aura_mcp.hub.run_folder import webhook_secret

    settings = HubSettings.load()
    return webhook_secret(settings.places(), settings)


def _show(states: "list[WebhookState]", *, as_json: bool) -> None:
    if as_json:
        show_json({"webhooks": states})
        return
    if not states:
        show("No webhooks; `aura webhooks create --url …` makes one")
    for state in states:
        drift: Mapping[str, Any] = {"not followed any more": state.extra, "not pushed yet": state.missing}
        notes = "".join(f", {count:,} {what}" for what, count in drift.items() if count)
        show(f"{state.webhook_id}  {state.url}  {state.addresses:,} wallets{notes}")
