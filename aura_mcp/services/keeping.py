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

SOON_S: Final = 0.1
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
    """Do work that never ends, again some time after it does, until cancelled.

    That is `SOON_S` after it went well for a while, and longer each time that it did not, up to `RETRY_S`.
    """
    wait_s = SOON_S
    while True:
        started_at = anyio.current_time()
        try:
            with reported():
                await work()
        except AuraError as error:
            logger.warning("background_stopped", extra={"fields": {"work": name, "reason": str(error)}})
        except Exception:
            logger.exception("background_crashed", extra={"fields": {"work": name}})
        if anyio.current_time() - started_at > RETRY_S:
            wait_s = SOON_S
        await anyio.sleep(wait_s)
        wait_s = min(2 * wait_s, RETRY_S)
