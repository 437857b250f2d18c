"""Hand a cursor of the one DuckDB file to each thread and let one writer in at a time.

Not responsible for opening the file (`opening`), for the tables in it, or for the memory (`memory`).
"""

import itertools
import shutil
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import duckdb

from data.errors import StoreError
from data.store.duckdb_errors import translated
from data.store.memory import Memory
from data.store.opening import open_file
from data.store.writer import Writer

R = TypeVar("R")

MEMORY: Final = ":memory:"

_ANYTHING: Final = "SELECT 1"
_MARK: Final = "SELECT value FROM meta WHERE key = ?"
_CHECKPOINT_BYTES: Final = 8 << 20
"""From this size on the log of what was committed is written into the database file, as DuckDB would by itself.

Until then it takes up to three times as much memory.
"""

_STEPS: Final = 3
"""Steps that do all that was deferred before the first of them: the rest of what goes on, then facts and the ledger."""

_ROOM: Final = 2
"""Free space that this takes, as a multiple of the log: where it fails half-way, DuckDB answers nothing any more."""

WRITING_MB: Final = 40
"""Memory for a transaction of a few thousand rows, while others read."""

HUNGRY_WRITES: Final = 1_000
"""So many transactions get all of the memory after one that did not get by with little."""

ASKING_MB: Final = 128
"""Memory for a question that does not get by with what is left; all of it where this is not enough either."""


class Database:
    """One root connection to one database file; every thread gets its own cursor.

    Writers take turns under a lock, so that two transactions never meet on a key. What is kept beside the
    database takes turns with them under a second lock, but not with `catch_up_a_step`, checkpoints and what keeps the
    version: nobody who has something to tell waits for those. Who holds the second lock never waits for the first one.
    """

    def __init__(self, root: duckdb.DuckDBPyConnection, name: str, *, memory_limit_mb: int, idle_limit_mb: int) -> None:
        self.name = name
        self._memory = Memory(self._new_cursor, most_mb=memory_limit_mb, idle_mb=idle_limit_mb)
        self._connection: duckdb.DuckDBPyConnection | None = root
        self._local = threading.local()
        self._writing = threading.RLock()
        self._besides = threading.RLock()
        self._following: list[Callable[[], None]] = []
        self._owing: dict[str, int] = {}
        self._writer = Writer(self._new_cursor())
        self._listeners: list[Callable[[], None]] = []
        self._deferred: Callable[[], bool] | None = None
        self._deferrals = 0
        self._hungry_writes = 0
        self._commits = itertools.count(1)
        self.commits = 0
        """Changes whenever something is committed: as long as it stays, so does what any query returns."""
        self.version = 0
        """Changes with every commit but those that make nothing untrue that anybody remembers (`keep_version`)."""

    @classmethod
    def open(cls, path: Path | None, *, memory_limit_mb: int, threads: int, idle_limit_mb: int | None = None) -> Self:
        """Open or create the database at `path`, None for one in memory.

        `idle_limit_mb` is the memory that is left outside of `heavy` work, None for all of it; a database in memory
        needs what it holds.

        Raises:
            StoreError: as `open_file`.
        """
        name = MEMORY if path is None else str(path)
        idle = memory_limit_mb if idle_limit_mb is None or path is None else min(idle_limit_mb, memory_limit_mb)
        root = open_file(path, name, memory_limit_mb=memory_limit_mb, idle_limit_mb=idle, threads=threads)
        return cls(root, name, memory_limit_mb=memory_limit_mb, idle_limit_mb=idle)

    def close(self) -> None:
        """Close the database, with the cursors of all threads; a second call does nothing."""
        self._memory.close()
        self._writer.close()
        connection, self._connection = self._connection, None
        self._local = threading.local()
        if connection is not None:
            connection.close()

    def lost(self) -> StoreError | None:
        """Return why DuckDB answers nothing any more, None while it does.

        So it is after a checkpoint that found the disk full, or a rollback that found no memory. All that is committed
        is there for whoever opens the file anew.
        """
        try:
            with translated(self.name):
                self._own_cursor().execute(_ANYTHING).fetchall()
        except StoreError as error:
            return error if isinstance(error.__cause__, duckdb.FatalException) else None
        return None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return the calling thread's own cursor; what was deferred is done by then."""
        self._catch_up_if_possible()
        return self._own_cursor()

    def _own_cursor(self) -> duckdb.DuckDBPyConnection:
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._new_cursor()
            self._local.cursor = cursor
        return cursor

    def rows(
        self, sql: str, parameters: Sequence[object] | dict[str, object] = (), *, needs_ledger: bool = True
    ) -> list[tuple[Any, ...]]:
        """Return every row of a query: an open result would block checkpoints.

        Without `needs_ledger` what was deferred stays so: nothing that is asked for depends on it.
        """
        with translated(self.name):
            try:
                cursor = self.cursor() if needs_ledger else self._own_cursor()
                return cursor.execute(sql, parameters).fetchall()
            except duckdb.OutOfMemoryException:
                if self._is_writing():
                    # The transaction is lost; whoever opened it rolls it back.
                    raise
                # What is left between bookings is enough for most questions; the others get more.
                return self.repeatable(ASKING_MB, lambda: self.cursor().execute(sql, parameters).fetchall())

    @contextmanager
    def second_cursor(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Yield another cursor with temporary tables of its own, to read with while the thread's own one writes."""
        self._catch_up_if_possible()
        with translated(self.name):
            cursor = self._new_cursor()
            try:
                yield cursor
            finally:
                cursor.close()

    @contextmanager
    def writing(self) -> Generator[None]:
        """Keep other writers out over several transactions."""
        self._expect_not_beside()
        with self._writing:
            self.catch_up()
            with self._alone():
                yield

    @contextmanager
    def write(self, *, keeps_version: bool = False) -> Generator[duckdb.DuckDBPyConnection]:
        """Yield a cursor inside a transaction, with other writers kept out and memory for a few thousand rows.

        Who writes more does it inside of `heavy`: there is no second try here, but whoever tries again has all of it.
        The cursor is the thread's own one during the block, and one for all writers: what is prepared on it stays. A
        `write` inside of another one of the same thread is part of that transaction. With `keeps_version` nothing is
        written that anybody remembers, nor anything that deferred work must come before: what is kept beside the
        database goes on meanwhile.
        """
        self._expect_not_beside()
        with self._writing:
            if self._is_writing():
                yield self._own_cursor()
                return
            if not keeps_version:
                self.catch_up()
            with nullcontext() if keeps_version else self._alone():
                with self._fed(), self._own_writer() as writer, self._committing(writer.cursor):
                    writer.keeps_version = keeps_version
                    yield writer.cursor
                    writer.prepare()
                self._notify()
            self._checkpoint(self._writer.cursor)

    @contextmanager
    def beside(self) -> Generator[None]:
        """Keep other writers out while something is kept elsewhere, and then tell as after a commit.

        As in a `write` that keeps the version, but nothing can be written here, and steps of deferred work go on.
        """
        with self._besides, translated(self.name):
            self._local.is_beside = True
            try:
                with self._memory.lent(WRITING_MB):
                    yield
                    # Before anything else can fail: it is kept.
                    self._writer.owe(self._owing)
                    for call in self._following:
                        call()
                    self.commits = next(self._commits)
            finally:
                self._local.is_beside = False
                self._following, self._owing = [], {}
        self._notify()

    @contextmanager
    def undisturbed(self) -> Generator[None]:
        """Inside `write` only: let nothing be kept beside the database meanwhile, to decide something by what is."""
        with self._besides:
            yield

    def defer(self, step: Callable[[], bool]) -> None:
        """Inside `write` or `beside`: have something done before anybody else reads or writes.

        Step by step, while one returns true; after `_STEPS` of them all that was deferred when the first one began is
        done. `catch_up` does it at once.
        """
        self._deferred = step
        self._deferrals += 1

    def catch_up(self) -> None:
        """Do what was deferred, in transactions of its own; inside `write` nothing happens.

        Raises:
            StoreError: it cannot be done; it stays deferred.
        """
        for _ in range(_STEPS):
            if not self.catch_up_a_step():
                return

    def catch_up_a_step(self) -> bool:
        """Do one step of it, and return whether there is more: between two of them others may write."""
        if self._deferred is None or self._is_writing() or self._is_beside() or self._is_stepping():
            return False
        with self._writing:
            # It stays deferred meanwhile: whoever reads waits for it.
            step, number = self._deferred, self._deferrals
            if step is None:
                return False
            self._local.is_stepping = True
            try:
                has_more = step()
            finally:
                self._local.is_stepping = False
            with self._besides:
                if not has_more and self._deferrals == number:
                    self._deferred = None
            return has_more

    def _catch_up_if_possible(self) -> None:
        # On a full disk what is committed can still be read; whoever writes next says that it is full.
        with suppress(StoreError):
            self.catch_up()

    def once_committed(self, call: Callable[[], None]) -> None:
        """Inside `write` or `beside`: call something once it is committed, before others may write; else never."""
        if self._is_beside():
            self._following.append(call)
        else:
            self._writer.once_committed(call)

    def keep_version(self) -> None:
        """Inside `write`: let `version` stay, as what is written makes nothing untrue that others remember."""
        self._writer.keeps_version = True

    def insert(self, table: str, columns: Iterable[str], rows: Iterable[Sequence[object]]) -> None:
        """Inside `write`: append a few rows, each with a value for every one of the columns in order.

        What is kept ready for it costs a third of registering a table.
        """
        self._writer.append("insert", table, columns, rows)

    def delete(self, table: str, columns: Iterable[str], rows: Iterable[Sequence[object]]) -> None:
        """Inside `write`: delete every row of a table whose columns are as in one of a few rows."""
        self._writer.append("delete", table, columns, rows)

    def mark(self, key: str) -> int:
        """Return a number of `meta`, without what was deferred; inside `write` or `beside`, what was set there."""
        if self._is_writing():
            return self._writer.mark(key)
        if self._is_beside() and key in self._owing:
            return self._owing[key]
        known = self._writer.known_mark(key)
        return int(self.rows(_MARK, [key], needs_ledger=False)[0][0]) if known is None else known

    def set_mark(self, key: str, value: int) -> None:
        """Inside `write`: set a number of `meta`."""
        self._writer.set_mark(key, value)

    def owe_mark(self, key: str, value: int) -> None:
        """Inside `beside`: set a number for this process, and in `meta` with the next one that is set there.

        For what can be found out after a crash: the statement costs more than all that a small batch writes.
        """
        self._owing[key] = value

    @contextmanager
    def transaction(self, cursor: duckdb.DuckDBPyConnection) -> Generator[duckdb.DuckDBPyConnection]:
        """Yield the cursor inside a transaction: all of it is committed, or nothing. The caller keeps writers out."""
        with self._committing(cursor):
            yield cursor
        self._checkpoint(cursor)
        self._notify()

    @contextmanager
    def _committing(self, cursor: duckdb.DuckDBPyConnection) -> Generator[None]:
        with translated(self.name):
            try:
                cursor.execute("BEGIN TRANSACTION")
            except duckdb.TransactionException:
                # One before is still there: others had all of the memory when it was to be rolled back.
                self._roll_back(cursor)
                cursor.execute("BEGIN TRANSACTION")
            try:
                yield
                cursor.execute("COMMIT")
            except BaseException:
                self.version += 1
                self._roll_back(cursor)
                raise
        with self._besides:
            self._settle(cursor)
            self.commits = next(self._commits)

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Keep out what is kept beside the database, and do what that has deferred; not so within a step."""
        if self._is_stepping():
            yield
            return
        with self._besides:
            while self.catch_up_a_step():
                pass
            yield

    def _roll_back(self, cursor: duckdb.DuckDBPyConnection) -> None:
        # What is undone takes memory, too, and DuckDB answers nothing any more where that fails half-way.
        with self.heavy():
            try:
                cursor.execute("ROLLBACK")
            except duckdb.Error as error:
                # DuckDB has already rolled back when the commit itself failed; what failed is being raised.
                if "no transaction is active" not in str(error) and "invalidated" not in str(error):
                    raise

    def _notify(self) -> None:
        for listener in tuple(self._listeners):
            listener()

    def _checkpoint(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Write the log into the file where it has grown large and there is room; else it grows on."""
        log = Path(f"{self.name}.wal")
        size = log.stat().st_size if self.name != MEMORY and log.exists() else 0
        if size < _CHECKPOINT_BYTES or shutil.disk_usage(log.parent).free < _ROOM * size:
            return
        with translated(self.name):
            try:
                with self.heavy():
                    cursor.execute("CHECKPOINT")
            except duckdb.TransactionException:
                # Somebody reads what it would move: the next commit tries again.
                return

    @contextmanager
    def committed(self, listener: Callable[[], None]) -> Generator[None]:
        """Call `listener` after every commit during the block, on the thread that committed: it must be quick."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    @contextmanager
    def heavy(self) -> Generator[None]:
        """Have all of the memory for work that writes much, and give it back some time after."""
        with self._memory.lent():
            yield

    def repeatable(self, memory_mb: int, work: Callable[[], R]) -> R:
        """Return what work yields that may be done twice: with some memory or, where that fails, with all of it.

        It is given back at once. With all of it from the start, what is read only once would fill it.
        """
        try:
            with translated(self.name):
                try:
                    with self._memory.lent(memory_mb):
                        return work()
                except (duckdb.OutOfMemoryException, StoreError) as error:
                    if not isinstance(error.__cause__ or error, duckdb.OutOfMemoryException):
                        raise
                with self.heavy():
                    return work()
        finally:
            self._memory.take_back()

    @contextmanager
    def _fed(self) -> Generator[None]:
        """Have the memory of a transaction: little, unless that was not enough lately."""
        try:
            with self._memory.lent(None if self._hungry_writes else WRITING_MB):
                yield
        except StoreError as error:
            # What is not in the file yet, and the keys of large tables, cannot leave the memory.
            if isinstance(error.__cause__, duckdb.OutOfMemoryException):
                self._hungry_writes = HUNGRY_WRITES
            raise
        self._hungry_writes = max(0, self._hungry_writes - 1)

    def take_memory_back(self) -> None:
        """Give back now what heavy work left."""
        self._memory.take_back()

    @contextmanager
    def _own_writer(self) -> Generator[Writer]:
        before, writer = self._own_cursor(), self._writer
        self._local.cursor, self._local.is_writing = writer.cursor, True
        try:
            yield writer
        except BaseException:
            writer.forget()
            raise
        finally:
            self._local.cursor, self._local.is_writing = before, False

    def _settle(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Say what a commit means for whoever remembers what he read."""
        if cursor is not self._writer.cursor:
            self.version += 1
            self._writer.forget()
            return
        if not self._writer.keeps_version:
            self.version += 1
        self._writer.committed()

    def _is_writing(self) -> bool:
        return bool(getattr(self._local, "is_writing", False))

    def _expect_not_beside(self) -> None:
        if self._is_beside():
            raise RuntimeError("nothing can be written to the database beside it")

    def _is_beside(self) -> bool:
        return bool(getattr(self._local, "is_beside", False))

    def _is_stepping(self) -> bool:
        return bool(getattr(self._local, "is_stepping", False))

    def _new_cursor(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            raise StoreError(f"database {self.name}: is closed")
        return self._connection.cursor()
