"""Tie the repositories of one database together.

Not responsible for what they do: one noun per module beside this one.
"""

from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from data.errors import StoreError
from data.store.arrivals import Arrivals
from data.store.booking import Booking
from data.store.connection import MEMORY, Database
from data.store.facts import Facts
from data.store.finality import Finality
from data.store.gaps import Gaps
from data.store.journal import Journal
from data.store.pending import Pending
from data.store.positions import Positions
from data.store.safety import SafetyStore
from data.store.token_names import TokenNames
from data.store.tracks import Tracks
from data.store.verification import Verification
from data.store.wallets import Wallets
from engine.ledger import DEFAULT_CONFIG, LedgerConfig

DEFAULT_MEMORY_MB: Final = 1024
DEFAULT_THREADS: Final = 2


class Store:
    """The database: facts in, ledger and answers out. Safe to share between threads."""

    def __init__(self, database: Database, config: LedgerConfig = DEFAULT_CONFIG) -> None:
        self.database = database
        self.facts = Facts(database)
        self.wallets = Wallets(database)
        self.positions = Positions(database)
        self.token_names = TokenNames(database)
        self.safety = SafetyStore(database)
        self.tracks = Tracks(database)
        self.pending = Pending(database)
        self.finality = Finality(database)
        self.gaps = Gaps(database)
        self.booking = Booking(database, config)
        self._journal = Journal(None if database.name == MEMORY else Path(f"{database.name}.journal"))
        self.arrivals = Arrivals(database, self._journal, self.facts, self.finality, self.booking)
        self.verification = Verification(database, self.booking)

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        memory_limit_mb: int = DEFAULT_MEMORY_MB,
        idle_limit_mb: int | None = None,
        threads: int = DEFAULT_THREADS,
        config: LedgerConfig = DEFAULT_CONFIG,
    ) -> Self:
        """Open or create the database at `path`, None for one in memory, with the schema of this version.

        `idle_limit_mb` is the memory that is left to it between bookings, None for all of `memory_limit_mb`.

        Raises:
            DatabaseLockedError: another process has it open; the message names it.
            DatabaseFormatError: it is no database of ours, or of a newer version.
            StoreError: the path cannot be used, for the reason given.
        """
        database = Database.open(path, memory_limit_mb=memory_limit_mb, idle_limit_mb=idle_limit_mb, threads=threads)
        store = cls(database, config)
        try:
            store.arrivals.recover()
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close the database; what cannot be stored any more stays in the journal for whoever opens it next.

        Raises:
            StoreError: it is closed, but a file beside it cannot be removed.
        """
        with suppress(StoreError):
            self.database.catch_up()
        try:
            # As long as the database is locked: whoever opens it next has a journal of his own.
            self._journal.close()
        finally:
            self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
