"""Wait for what another thread does."""

import asyncio
from collections.abc import Callable


async def until(happened: Callable[[], bool]) -> None:
    """Wait until something has happened, for five seconds at most."""
    async with asyncio.timeout(5):
        while not happened():  # noqa: ASYNC110 - the other thread knows nothing of this loop
            await asyncio.sleep(0.002)
