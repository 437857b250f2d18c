"""Wallets on a simulated chain, followed through a node in memory: what the tests of tracking start from."""

from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import anyio

from aura_mcp.services.tracking import Tracking, TrackingConfig
from data.providers.chain import Chain as Asked
from data.store import Store
from data.store.wallets import Wallet
from tests.builders.transactions import address
from tests.fakes.chain import Chain
from tests.fakes.node import Node
from tests.fakes.trading import open_pool

T = TypeVar("T")


@dataclass
class ChainClock:
    """A clock that goes with the chain; `ahead_s` lets waits pass that the chain knows nothing of."""

    chain: Chain
    ahead_s: int = 0

    def epoch_s(self) -> int:
        """Return the time of the newest slot."""
        return self.chain.time_of(self.chain.slot) + self.ahead_s

    def now(self) -> datetime:
        """Return the same as a moment."""
        return datetime.fromtimestamp(self.epoch_s(), UTC)

    def monotonic_s(self) -> float:
        """Return the same as seconds."""
        return float(self.epoch_s())


@dataclass(frozen=True)
class Following:
    """Everything a test of tracking touches."""

    chain: Chain
    node: Node
    clock: ChainClock
    store: Store
    tracking: Tracking

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        return self.store.database.rows(sql)

    def stored(self) -> set[str]:
        """Return the signatures of all facts that stand."""
        return {row[0] for row in self.rows("SELECT DISTINCT signature FROM standing_effect")}


@contextmanager
def following(
    *names: str,
    mints: tuple[str, ...] = ("BONK",),
    config: TrackingConfig | None = None,
    asked: Asked | None = None,
    path: Path | None = None,
) -> Generator[Following]:
    """Yield funded wallets of some names that are followed, and pools for mints; the database is at `path`."""
    chain = Chain()
    for name in names:
        chain.fund(name)
    for mint in mints:
        open_pool(chain, mint)
    node, clock = Node(chain), ChainClock(chain)
    with Store.open(path) as store:
        follow(store, *names)
        yield Following(chain, node, clock, store, Tracking(store, asked or node, clock, config))


def follow(store: Store, *names: str) -> None:
    """Follow more wallets."""
    store.wallets.add(
        [Wallet(address(name), name, "user", is_tracked=True, is_program_derived=False) for name in names]
    )


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end."""

    async def main() -> T:
        with anyio.fail_after(30):
            return await work

    return anyio.run(main)
