"""Keep something going beside a block: for as long as that lasts, and again when it fails.

Not responsible for what it does.
"""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio
from anyio.abc import TaskGroup

from aura_mcp.errors import AuraError
from aura_mcp.services.boundary import reported

RETRY_S: Final = 5.0

logger = logging.getLogger(__name__)


@asynccontextmanager
async def background() -> AsyncGenerator[TaskGroup]:
    """Yield a group of tasks that is cancelled at the end of the block; what the block raises comes out as it is."""
    raised: list[Exception] = []
    async with anyio.create_task_group() as group:
        try:
            yield group
        except Exception as error:  # noqa: BLE001 - raised again below, outside of the group that would wrap it
            raised.append(error)
        finally:
            group.cancel_scope.cancel()
    if raised:
        raise raised[0]


async def keep_going(name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Do work that never ends, again `RETRY_S` after each time it does, until cancelled."""
    while True:
        try:
            with reported():
                await work()
        except AuraError as error:
            logger.warning("background_stopped", extra={"fields": {"work": name, "reason": str(error)}})
        except Exception:
            logger.exception("background_crashed", extra={"fields": {"work": name}})
        await anyio.sleep(RETRY_S)
