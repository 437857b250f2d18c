"""Bring what was committed to whoever listens: events onto the bus, and news of resources to MCP clients.

It sleeps until the database has committed something. Not responsible for what an event is (`services.events`).
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import anyio
import anyio.to_thread

from aura_mcp.bus import Bus
from aura_mcp.errors import AuraError
from aura_mcp.services.boundary import reported
from aura_mcp.services.changes import Changes, Touched
from aura_mcp.services.events import LISTED, Event, Events
from aura_mcp.updates import EVENTS, Updates

RETRY_S: Final = 1.0

logger = logging.getLogger(__name__)


class Announcer:
    """The way of news out of the database, on one event loop."""

    def __init__(self, events: Events, changes: Changes, updates: Updates) -> None:
        self._events = events
        self._changes = changes
        self._updates = updates
        self._wanted = asyncio.Event()
        self._mark = changes.mark()
        self.bus = Bus(events.last_number())

    async def run(self) -> None:
        """Announce for ever what is committed."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._wanted.set)

        with self._events.committed(wake):
            self._wanted.set()
            while True:
                await self._wanted.wait()
                self._wanted.clear()
                try:
                    await self.announce()
                except AuraError as error:
                    # The mark in the database stays where it was: the next attempt tells the same.
                    logger.warning("announcing_failed", extra={"fields": {"reason": str(error)}})
                    await anyio.sleep(RETRY_S)
                    self._wanted.set()

    async def announce(self) -> None:
        """Announce what was committed and not announced yet."""
        events, touched = await anyio.to_thread.run_sync(self._gather)
        self.bus.publish(events)
        if touched is not None:
            await self._updates.publish_facts(touched.wallets, touched.mints)
        if events:
            await self._updates.publish(EVENTS)

    def _gather(self) -> tuple[Sequence[Event], Touched | None]:
        with reported():
            self._events.emit()
            events: list[Event] = []
            last = self.bus.last_number
            while fresh := self._events.after(last, LISTED):
                events += fresh
                last = events[-1].number
                if len(fresh) < LISTED:
                    break
            mark = self._changes.mark()
            is_asked = mark > self._mark and self._updates.has_listeners
            touched = self._changes.since(self._mark) if is_asked else None
            self._mark = mark
            return events, touched
