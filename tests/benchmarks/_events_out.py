"""Write down when a hub tells of trades: a fixture of the real hub, loaded by AURA_FIXTURES.

Each line of the file that AURA_BENCH_EVENTS names is a monotonic time and the signature of a trade.
Not responsible for comparing it with anything (`webhooks`).
"""

import asyncio
import os
from pathlib import Path

from aura_mcp.bus import Missed
from aura_mcp.server import AuraServer
from aura_mcp.services.events import EventKind
from data.clock import SystemClock

_tasks: set[asyncio.Task[None]] = set()


def register(server: AuraServer) -> None:
    """Listen to the bus for as long as the hub runs."""
    _tasks.add(asyncio.get_running_loop().create_task(_listen(server, Path(os.environ["AURA_BENCH_EVENTS"]))))


async def _listen(server: AuraServer, path: Path) -> None:
    clock = SystemClock()
    listener = server.announcer.bus.listen()
    with path.open("w", encoding="ascii", buffering=1) as file:
        while True:
            found = await listener.next()
            now = clock.monotonic_s()
            for event in found:
                if isinstance(event, Missed):
                    file.write(f"{now} missed {event.first} {event.last}\n")
                elif event.kind is EventKind.WHALE_TRADE:
                    file.write(f"{now} {event.body['signature']}\n")
