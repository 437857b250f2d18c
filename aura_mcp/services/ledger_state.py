"""Keep what all entities did for the last state of the ledger, for every service that asks.

Not responsible for reading it (`data.store.activity`).
"""

import threading
from typing import NamedTuple

from aura_mcp.services.scope import Revision, revision_of
from data.store import Store
from data.store.activity import Activity, read_activity


class Ledger(NamedTuple):
    """A state of the ledger, and what all entities did as of it."""

    revision: Revision
    activity: Activity


class LedgerState:
    """The present state. Safe to share between threads: one reads it, the others wait."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: Ledger | None = None
        self._commits = -1

    def now(self) -> Ledger:
        """Return the state that the ledger is in, read again only when it has changed."""
        with self._lock:
            commits = self._store.database.commits
            if self._known is not None and self._commits == commits:
                return self._known
            revision, known = revision_of(self._store), self._known
            if known is None or known.revision != revision:
                activity = read_activity(self._store.database, None if known is None else known.activity)
                known = self._known = Ledger(revision, activity)
            self._commits = commits
            return known
