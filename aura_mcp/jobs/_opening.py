"""Open what jobs need, and close it again.

Not responsible for the timetable (`Live.run`).
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from aura_mcp.announcer import Announcer
from aura_mcp.app import Application
from aura_mcp.jobs._spec import bound_jobs
from aura_mcp.live import Live
from aura_mcp.services.keeping import background, keep_going

OFFLINE: Final = "AURA_OFFLINE is set; unset it and start again"


@asynccontextmanager
async def opened_live(application: Application) -> AsyncGenerator[Live]:
    """Let jobs run for the block, unless AURA_OFFLINE is set, and close the way to providers at its end."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(application.providers.aclose)
        stack.enter_context(application.providers.served())
        live = Live(application)
        if application.settings.offline:
            application.jobs.refuse(OFFLINE)
        else:
            await stack.enter_async_context(application.jobs.opened(bound_jobs(live)))
        yield live


@asynccontextmanager
async def in_background(announcer: Announcer, live: Live) -> AsyncGenerator[None]:
    """Tell what happens and, unless AURA_OFFLINE is set, follow wallets, for the block."""
    async with background() as group:
        group.start_soon(keep_going, "news", announcer.run)
        if not live.application.settings.offline:
            group.start_soon(live.run)
        yield
