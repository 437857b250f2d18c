"""Ask a Solana node that stands on this machine."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import anyio

from data.clock import SystemClock
from data.providers import Http, Pace, Paces, ProviderConfig
from data.providers.solana_rpc import PROVIDER, SolanaRpc, connect
from tests.builders.transactions import SOL_UNIT
from tests.fakes.chain import Chain
from tests.fakes.faults import Faults
from tests.fakes.limits import UNLIMITED
from tests.fakes.trading import buy, open_pool
from tests.fakes.upstream import SOLANA, Upstream

BOUND_S: Final = 5.0
STEP_S: Final = 0.005
T = TypeVar("T")


def chain_of(*wallets: str) -> Chain:
    """Return a chain on which each wallet has bought the same token, in one slot."""
    chain = Chain()
    open_pool(chain, "MEME")
    for wallet in wallets:
        chain.fund(wallet)
        buy(chain, wallet, "MEME", 5_000_000, SOL_UNIT)
    return chain


def standing(chain: Chain, *, faults: Faults | None = None) -> Upstream:
    """Return a node without limits."""
    return Upstream(chain, faults=faults, limits={SOLANA: UNLIMITED})


def asking_node(
    upstream: Upstream,
    work: Callable[[SolanaRpc], Awaitable[T]],
    *,
    attempts: int = 1,
    timeout_s: float = BOUND_S,
    batch: int = 1,
) -> T:
    """Return what `work` brings from the node."""
    config = ProviderConfig(
        base_url=upstream.url(),
        attempts=attempts,
        backoff_s=0.01,
        timeout_s=timeout_s,
        batch=batch,
        paces=Paces(together=Pace(10_000, 1.0)),
    )

    async def scene() -> T:
        async with Http(SystemClock()) as http:
            return await work(connect(http.api(PROVIDER, config)))

    return anyio.run(scene)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    for _ in range(round(BOUND_S / STEP_S)):
        if is_so():
            return
        await anyio.sleep(STEP_S)
    raise TimeoutError(f"not so within {BOUND_S} s")
