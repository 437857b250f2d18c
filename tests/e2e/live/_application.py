"""Follow wallets in this process, by the application's own wiring: only addresses and paces are set.

Not responsible for processes (`_hub`).
"""

import os
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import anyio

from aura_mcp.app import open_application
from aura_mcp.live import Live
from data.store.wallets import Wallet
from tests.fakes.limits import Rule
from tests.fakes.stand import Stand

T = TypeVar("T")


def settings_of(stand: Stand, home: Path, each: Rule | None = None) -> dict[str, str]:
    """Return the environment that leads to the providers that stand here, at `each` calls of a kind."""
    pace = each or Rule(1_000_000, 1.0)
    return {
        "AURA_HOME": str(home),
        "AURA_OFFLINE": "0",
        "AURA_SOLANA_RPC_URL": stand.upstream.url(),
        "AURA_SOLANA_RPC_CALLS": str(pace.calls),
        "AURA_SOLANA_RPC_PERIOD_S": str(pace.period_s),
    }


@contextmanager
def environment(values: dict[str, str]) -> Generator[None]:
    """Set variables for the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def follow(settings: dict[str, str], wallets: Sequence[str], work: Callable[[Live], Awaitable[T]]) -> T:
    """Do work with the application that these settings make, which follows the wallets."""

    async def run(live: Live) -> T:
        try:
            return await work(live)
        finally:
            await live.application.providers.aclose()

    with environment(settings), open_application() as application:
        rows = [Wallet(address, None, "test", is_tracked=True, is_program_derived=False) for address in wallets]
        application.store.wallets.add(rows)
        return anyio.run(run, Live(application))
