"""Lay out what `aura install` did and what comes next."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from aura_mcp.clients import Client, Installation


def installation_view(
    result: Installation, client: Client, change: str, *, is_dry_run: bool
) -> Iterator[RenderableType]:
    """Yield the change where it was only asked for, else what was done and the next step."""
    if not result.is_changed:
        yield Text(f"{client.title} knows AURA already: {result.file}")
        return
    if is_dry_run:
        yield Text(change)
        return
    yield Text(f"AURA is in the configuration of {client.title}: {result.file}")
    if result.backup is not None:
        yield Text(f"What it said before: {result.backup}")
    if not result.is_client_found:
        yield Text(f"There is no sign of {client.title} on this machine yet; it will find AURA once it is installed.")
    yield Text(f"Next: {client.next_step}.")
