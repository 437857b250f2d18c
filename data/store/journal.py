"""Keep rows in a file beside the database at once: that takes a tenth of a millisecond, a transaction three.

What is kept is there however the process ends. Nobody waits for the disk, which takes up to half a second at times: a
power cut may take what came since the last transaction of the database. Whoever keeps rows must be able to have them
again. SQLite writes the file, and it is gone when the database is closed in order.
Not responsible for what rows mean (`arrivals`).
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from data.errors import DiskFullError, StoreError

_SETTINGS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    # Every 32 MB SQLite waits for the disk after all.
    "PRAGMA wal_autocheckpoint = 8192",
)
_CREATE: Final = (
    "CREATE TABLE IF NOT EXISTS entry"
    " (number INTEGER PRIMARY KEY, signatures TEXT NOT NULL, last_event INTEGER NOT NULL, body BLOB NOT NULL)"
)
_ALL: Final = "SELECT number, signatures, last_event, body FROM entry ORDER BY number"
_APPEND: Final = "INSERT INTO entry VALUES (?, ?, ?, ?)"
_REMOVE: Final = "DELETE FROM entry WHERE number <= ?"
_BESIDE: Final = ("", "-wal", "-shm")
_BROKEN: Final = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class Entry(NamedTuple):
    """A row; `signatures`, and the number of the newest event with it, are for whoever cannot read its body."""

    number: int
    signatures: str
    last_event: int
    body: bytes


class Journal:
    """The rows of one database. Used by one thread at a time; None for a database in memory keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def entries(self) -> list[Entry]:
        """Return what is there, in order."""
        if self._path is None or not self._path.exists():
            return []
        with self._open(self._path) as connection:
            return [Entry._make(row) for row in connection.execute(_ALL)]

    def append(self, entry: Entry) -> None:
        """Add a row; it is kept when this returns.

        Raises:
            DiskFullError: there is no room; nothing was added.
            StoreError: it cannot be written, for the reason given.
        """
        if self._path is not None:
            with self._open(self._path) as connection:
                connection.execute(_APPEND, entry)

    def remove(self, upto: int) -> None:
        """Remove the rows up to a number; after a power cut some of them may be there again."""
        if self._connection is not None and self._path is not None:
            with self._open(self._path) as connection:
                connection.execute(_REMOVE, [upto])

    def close(self) -> None:
        """Close the file, and remove it when nothing is in it; a second call does nothing."""
        connection, self._connection = self._connection, None
        if connection is None or self._path is None:
            return
        try:
            is_empty = connection.execute(_ALL).fetchone() is None
        except sqlite3.Error:
            # Whoever opens it next says what is wrong with it.
            is_empty = False
        connection.close()
        if is_empty:
            for ending in _BESIDE:
                Path(f"{self._path}{ending}").unlink(missing_ok=True)

    @contextmanager
    def _open(self, path: Path) -> Generator[sqlite3.Connection]:
        try:
            if self._connection is None:
                connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                for statement in (*_SETTINGS, _CREATE):
                    connection.execute(statement)
                self._connection = connection
            yield self._connection
        except sqlite3.Error as error:
            raise _translate(error, path) from error


def _translate(error: sqlite3.Error, path: Path) -> StoreError:
    # What the module itself refuses has none.
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError(f"journal {path}: the disk is full; free space and run again")
    if code in _BROKEN:
        return StoreError(f"journal {path}: cannot be read ({error}); move it away, wallets are listed again anyway")
    return StoreError(f"journal {path}: {error}; see whether it can be written, and that no other program uses it")
