"""Count the credits that providers are asked for, over processes and months, and say when a month's are used up.

A number is written ahead, a block at a time, before the first credit of the block is spent: most calls write nothing,
and a process that dies has counted too much rather than too little.
Not responsible for what a call costs, or for what a plan allows.
"""

import threading
from typing import Final

import anyio
import anyio.to_thread

from data.clock import Clock
from data.store.connection import Database

BLOCK: Final = 1_000

_FIND: Final = "SELECT credits FROM provider_usage WHERE provider = ? AND month = ?"
_KEEP: Final = """
INSERT INTO provider_usage VALUES (?, ?, ?) ON CONFLICT (provider, month) DO UPDATE SET credits = excluded.credits
"""


class _Account:
    """The credits of one provider in one month: spent, and written."""

    def __init__(self, provider: str, month: str, spent: int) -> None:
        self.provider = provider
        self.month = month
        self.spent = spent
        self.written = spent


class Usage:
    """The credits of every provider. Spend in one event loop; look from any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._opening = threading.Lock()
        self._writing = anyio.Lock()
        self._accounts: dict[tuple[str, str], _Account] = {}

    async def spend(self, provider: str, amount: int, limit: int | None) -> bool:
        """Count the credits of a call about to be made; return False, counting nothing, when they exceed the limit.

        Raises:
            StoreError: they cannot be written down, so they must not be spent.
        """
        account = self._account(provider)
        if limit is not None and account.spent + amount > limit:
            return False
        account.spent += amount
        async with self._writing:
            if account.spent > account.written:
                ahead = account.spent + BLOCK
                await anyio.to_thread.run_sync(self._write, account, ahead if limit is None else min(ahead, limit))
        return True

    def spent(self, provider: str) -> int:
        """Return the credits of this calendar month."""
        return self._account(provider).spent

    def save(self) -> None:
        """Write down what was spent exactly; for the end of a process."""
        for account in list(self._accounts.values()):
            if account.written != account.spent:
                self._write(account, account.spent)

    def _account(self, provider: str) -> _Account:
        key = provider, f"{self._clock.now():%Y-%m}"
        with self._opening:
            account = self._accounts.get(key)
            if account is None:
                rows = self._database.rows(_FIND, key)
                account = self._accounts[key] = _Account(*key, int(rows[0][0]) if rows else 0)
            return account

    def _write(self, account: _Account, credits_: int) -> None:
        with self._database.write(keeps_version=True) as cursor:
            cursor.execute(_KEEP, [account.provider, account.month, credits_])
        account.written = credits_
