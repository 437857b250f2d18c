"""Keep rows in a file beside the database at once: that takes a tenth of a millisecond, a transaction three.

What is kept is there however the process ends. Nobody waits for the disk, which takes up to half a second at times: a
power cut may take what came since the last transaction of the database. Whoever keeps rows must be able to have them
again. SQLite writes the rows, and waits for the disk whenever it takes some out or brings its log into the file. So
nothing is taken out: two files take turns, and one that holds nothing of use any more goes as a whole (`tidy`), away
from those who keep. Both are gone when the database is closed in order.
Not responsible for what rows mean (`arrivals`).
"""

import sqlite3
import threading
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from data.errors import DiskFullError, StoreError

FULL_BYTES: Final = 16 << 20
"""From this size of its log on it is the turn of the other file."""

_PAGE_BYTES: Final = 1024
_SETTINGS: Final = (
    # Every row writes whole pages: these take half of what larger ones do.
    f"PRAGMA page_size = {_PAGE_BYTES}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    # Only when the file is closed.
    "PRAGMA wal_autocheckpoint = 0",
)
_CREATE: Final = (
    "CREATE TABLE IF NOT EXISTS entry"
    " (number INTEGER PRIMARY KEY, signatures TEXT NOT NULL, last_event INTEGER NOT NULL, body BLOB NOT NULL)"
)
_AFTER: Final = "SELECT number, signatures, last_event, body FROM entry WHERE number > ?"
_DO_NOT_WAIT: Final = "PRAGMA synchronous = OFF"
_APPEND: Final = "INSERT INTO entry VALUES (?, ?, ?, ?)"
_LOG: Final = "-wal"
_BESIDE: Final = ("", _LOG, "-shm", "-journal")
_FULL: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
_BROKEN: Final = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class Entry(NamedTuple):
    """A row; `signatures`, and the number of the newest event with it, are for whoever cannot read its body."""

    number: int
    signatures: str
    last_event: int
    body: bytes


class Journal:
    """The rows of one database, their numbers rising. None for a database in memory keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._free = [] if path is None else [_File(Path(f"{path}2")), _File(path)]
        self._full: _File | None = None
        self._file: _File | None = None
        self._unused_to = 0
        self._turn = threading.Lock()

    def entries(self, after: int) -> list[Entry]:
        """Return the rows behind a number, in order; for who opens a database, before anything is appended."""
        return sorted(entry for file in self._free for entry in file.entries(after))

    def clear(self) -> None:
        """Remove all rows; before anything is appended.

        Raises:
            StoreError: as `append`; what is left is still there.
        """
        for file in self._free:
            file.remove()

    def append(self, entry: Entry) -> None:
        """Add a row; it is kept when this returns.

        Raises:
            DiskFullError: there is no room; nothing was added.
            StoreError: it cannot be written, for the reason given.
        """
        with self._turn:
            if self._file is None and self._free:
                self._free[-1].open()
                self._file = self._free.pop()
            if self._file is not None:
                self._file.append(entry)

    def leave(self, upto: int) -> None:
        """Say that the rows up to a number are of no use any more."""
        self._unused_to = upto

    def tidy(self) -> None:
        """Remove a file that holds nothing of use, and have the other one take its turn where one is full.

        This waits for the disk; `append` does not wait for it. To be called by one thread at a time.

        Raises:
            StoreError: as `append`; the next call tries again.
        """
        full, file = self._full, self._file
        if full is not None and full.newest <= self._unused_to:
            full.remove()
            self._free, self._full = [full], None
        if file is not None and self._free and file.size() >= FULL_BYTES:
            self._free[-1].open()
            with self._turn:
                self._full, self._file = file, self._free.pop()

    def close(self) -> None:
        """Close the files, and remove those in which nothing is of use; a second call does nothing.

        Raises:
            StoreError: they are closed, and one cannot be removed.
        """
        files = [file for file in (self._full, self._file) if file is not None]
        self._full = self._file = None
        self._free += files
        with ExitStack() as closed:
            for file in files:
                closed.callback(file.close, is_used=file.newest > self._unused_to)


class _File:
    """One of the files, and the number of its newest row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self.newest = 0

    def size(self) -> int:
        log = Path(f"{self._path}{_LOG}")
        return log.stat().st_size if log.exists() else 0

    def open(self) -> sqlite3.Connection:
        if self._connection is None:
            with self._translated():
                try:
                    self._connection = self._connect()
                except sqlite3.Error:
                    # On a full disk there may be a part of a file now.
                    if not self.newest:
                        with suppress(StoreError):
                            self.remove()
                    raise
        return self._connection

    def entries(self, after: int) -> list[Entry]:
        # A first page without a log has no table: on a full disk a process may end there, and none could be made now.
        if not self._path.exists() or (self._path.stat().st_size <= _PAGE_BYTES and not self.size()):
            return []
        with self._translated(), closing(self._connect()) as connection:
            return [Entry._make(row) for row in connection.execute(_AFTER, [after])]

    def append(self, entry: Entry) -> None:
        with self._translated():
            self.open().execute(_APPEND, entry)
        self.newest = entry.number

    def remove(self) -> None:
        self.close(is_used=False)

    def close(self, *, is_used: bool) -> None:
        connection, self._connection = self._connection, None
        with self._translated():
            if connection is not None:
                if not is_used:
                    # SQLite brings the log into the file first, which goes at once.
                    connection.execute(_DO_NOT_WAIT)
                connection.close()
        if not is_used:
            self.newest = 0
            try:
                for ending in _BESIDE:
                    Path(f"{self._path}{ending}").unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"journal {self._path}: cannot be removed ({error.strerror}); remove it") from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            for statement in (*_SETTINGS, _CREATE):
                connection.execute(statement)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _translate(error, self._path) from error


def _translate(error: sqlite3.Error, path: Path) -> StoreError:
    # What the module itself refuses has none.
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code in _FULL:
        return DiskFullError(f"journal {path}: the disk is full; free space and run again")
    if code in _BROKEN:
        return StoreError(f"journal {path}: cannot be read ({error}); move it away, wallets are listed again anyway")
    return StoreError(f"journal {path}: {error}; see whether it can be written, and that no other program uses it")
