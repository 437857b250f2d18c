"""Keep something going that should never end: what fails is logged and begun again.

Not responsible for what it does.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from aura_mcp.errors import AuraError
from aura_mcp.services.boundary import reported

RETRY_S: Final = 5.0

logger = logging.getLogger(__name__)


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
