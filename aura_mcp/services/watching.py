"""Tell when a provider gets into trouble, and when it is out of it.

Not responsible for how a provider is doing (`data.providers`).
"""

from collections.abc import Mapping
from typing import Final

import anyio
import anyio.to_thread

from aura_mcp.services.events import EventKind, Events
from aura_mcp.services.providers import Providers
from data.providers import Health, State

LOOK_AGAIN_S: Final = 5.0
TROUBLE: Final = frozenset({State.FAILING, State.LIMITED})


async def watch_providers(providers: Providers, events: Events) -> None:
    """Record an event for every provider that comes into trouble or out of it, for ever."""
    before: dict[str, State] = {}
    while True:
        healths = providers.health()
        for health in healths:
            if is_news(before, health):
                name = f"{health.name}:{health.state}:{health.last_error_at}:{health.last_ok_at}"
                body = {"provider": health.name, "state": health.state.value, "error": health.last_error}
                await anyio.to_thread.run_sync(events.record, EventKind.PROVIDER, name, body)
        before = {health.name: health.state for health in healths}
        await anyio.sleep(LOOK_AGAIN_S)


def is_news(before: Mapping[str, State], health: Health) -> bool:
    """Return whether a provider went into trouble, or from trouble to well."""
    was_in_trouble = before.get(health.name) in TROUBLE
    return was_in_trouble != (health.state in TROUBLE)
