"""Write small batches with little work: prepared appenders, and the numbers of `meta` in memory.

Used by one thread at a time, under the lock of the database, but for numbers that are owed.
Not responsible for transactions (`connection`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import duckdb

_MARKS: Final = "SELECT key, value FROM meta"
_SET_MARKS: Final = "UPDATE meta SET value = CASE key {cases} END WHERE key IN ({keys})"

Action = Literal["insert", "delete"]


class Writer:
    """The one cursor that writes, what is kept ready on it, and what is to follow its commit."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor
        self._appenders: dict[tuple[str, ...], duckdb.Appender] = {}
        self._marks: Mapping[str, int] | None = None
        self._set: dict[str, int] = {}
        self._owed: dict[str, int] = {}
        self._once_committed: list[Callable[[], None]] = []
        self.keeps_version = False
        """Whether what others remember is still true after the transaction."""

    def append(self, action: Action, table: str, columns: Iterable[str], rows: Iterable[Sequence[object]]) -> None:
        """Insert rows, or delete those that are as the given ones in some columns."""
        what = (action, table, *columns)
        appender = self._appenders.pop(what, None) or self._appender(action, table, list(what[2:]))
        appender.append_rows(rows)
        appender.flush()
        # One that failed holds rows that must not come with the next ones: it is forgotten.
        self._appenders[what] = appender

    def mark(self, key: str) -> int:
        """Return a number of `meta`, as the transaction leaves it."""
        for numbers in (self._set, self._owed):
            if key in numbers:
                return numbers[key]
        if self._marks is None:
            self._marks = dict(self.cursor.execute(_MARKS).fetchall())
        return self._marks[key]

    def known_mark(self, key: str) -> int | None:
        """Return a committed number of `meta` for any thread, None when it must be read."""
        if (owed := self._owed.get(key)) is not None:
            return owed
        marks = self._marks
        return None if marks is None else marks.get(key)

    def set_mark(self, key: str, value: int) -> None:
        """Set a number of `meta` with the commit."""
        self._set[key] = value

    def owe(self, marks: Mapping[str, int]) -> None:
        """Set numbers for this process at once, and in `meta` with the next one that is set."""
        self._owed = {**self._owed, **marks}

    def once_committed(self, call: Callable[[], None]) -> None:
        """Call something after the commit."""
        self._once_committed.append(call)

    def begin(self) -> None:
        """Start with nothing set; numbers are read again unless nothing else wrote since the last commit."""
        self._set.clear()
        self._once_committed.clear()
        self.keeps_version = False

    def prepare(self) -> None:
        """Write what was set: the last statement before the commit."""
        if self._set:
            self._set = {**self._owed, **self._set}
            cases = " ".join(f"WHEN '{key}' THEN {value}" for key, value in self._set.items())
            keys = ", ".join(f"'{key}'" for key in self._set)
            self.cursor.execute(_SET_MARKS.format(cases=cases, keys=keys))

    def committed(self) -> None:
        """Take over what was set, and call what waits for the commit."""
        self._marks = {**self._marks, **self._set} if self._marks is not None and self.keeps_version else None
        # What was owed meanwhile still is. Others look here first, so that no number goes back for a moment.
        self._owed = {key: value for key, value in self._owed.items() if self._set.get(key) != value}
        for call in self._once_committed:
            call()
        self.begin()

    def forget(self) -> None:
        """Read numbers again: somebody else wrote, or nothing was committed."""
        self._marks = None
        self.begin()

    def close(self) -> None:
        """Let go of the cursor and of what is kept on it."""
        self._appenders.clear()
        self.cursor.close()

    def _appender(self, action: Action, table: str, columns: list[str]) -> duckdb.Appender:
        if action == "insert":
            return self.cursor.appender(table, columns=columns)
        return self.cursor.appender(table, action=action, key=columns)
