"""Turn what a node says about followed wallets into hints, as it happens.

Not responsible for what is missed while nobody listens: sweeps find it.
"""

from collections.abc import Sequence
from typing import Final

import anyio
import anyio.to_thread

from aura_mcp.services.tracking import Origin, Tracking
from data.providers.chain import Chain
from data.store import Store
from engine.units import Address

LOOK_AGAIN_S: Final = 60.0
"""How often it is looked whether other wallets are followed."""


async def listen_to_logs(chain: Chain, tracking: Tracking, store: Store) -> None:
    """Hint at every transaction that names a followed wallet, for ever."""
    while True:
        wallets = await anyio.to_thread.run_sync(store.wallets.tracked)
        async with anyio.create_task_group() as group:
            if wallets:
                group.start_soon(_listen, chain, tracking, wallets)
            # Nobody announces who is followed.
            while wallets == await anyio.to_thread.run_sync(store.wallets.tracked):  # noqa: ASYNC110
                await anyio.sleep(LOOK_AGAIN_S)
            group.cancel_scope.cancel()


async def _listen(chain: Chain, tracking: Tracking, wallets: Sequence[Address]) -> None:
    async for hint in chain.logs(wallets):
        await tracking.hint([hint.signature], Origin.LOGS, {hint.signature: hint.slot})
