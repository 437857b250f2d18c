"""Find out which providers can be reached from here, without asking them anything.

Not responsible for whether they would answer: that costs a call, and `Health` knows it of the calls that were made.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import anyio

from aura_mcp.services.providers import config_of
from data.providers import list_providers

TIMEOUT_S: Final = 3.0
PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whether a connection to a provider's host comes about; the address itself may hold a key."""

    provider: str
    host: str
    is_reachable: bool


def reach_providers() -> list[Reach]:
    """Return for each provider whether its host can be reached, all at once within `TIMEOUT_S`.

    Raises:
        SettingsError: a variable about a provider is out of its range.
    """
    places = [(spec.name, config_of(spec).base_url or spec.base_url) for spec in list_providers()]
    return anyio.run(_reach_all, places)


async def _reach_all(places: list[tuple[str, str]]) -> list[Reach]:
    found: dict[str, Reach] = {}

    async def reach(name: str, url: str) -> None:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 443)
        is_reachable = False
        with anyio.move_on_after(TIMEOUT_S):
            try:
                stream = await anyio.connect_tcp(host, port)
            except OSError:
                # What the doctor says about it is the answer.
                pass
            else:
                is_reachable = True
                await stream.aclose()
        found[name] = Reach(provider=name, host=host, is_reachable=is_reachable)

    async with anyio.create_task_group() as group:
        for name, url in places:
            group.start_soon(reach, name, url)
    return [found[name] for name, _ in places]
