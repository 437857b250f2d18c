"""Lend the database more memory for heavy work, and take it back when a while has passed without any.

Not responsible for what counts as heavy (`connection`).
"""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Final

import duckdb

LINGER_S: Final = 1.0
"""How long the memory stays after heavy work: a change of the limit costs as much as a small write."""

_LIMIT: Final = "SET memory_limit = '{}MB'"
_LET_GO: Final = 4
_AGAIN_S: Final = 0.01
_TRIES: Final = 200


class Memory:
    """The limit of one open database: `idle_mb` usually, `most_mb` while heavy work goes on and shortly after."""

    def __init__(self, cursor: Callable[[], duckdb.DuckDBPyConnection], *, most_mb: int, idle_mb: int) -> None:
        self._cursor = cursor
        self._most_mb = most_mb
        self._idle_mb = idle_mb
        self._heavy = 0
        self._is_lent = False
        self._was_used = False
        self._is_closed = False
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._pause = threading.Event()

    @contextmanager
    def heavy(self) -> Generator[None]:
        """Have all of the memory during the block."""
        with self._lock:
            self._heavy += 1
            self._was_used = True
            if not self._is_lent and self._idle_mb < self._most_mb:
                # The statement itself needs a little memory, which others may hold for a moment.
                self._is_lent = any(self._set(self._most_mb) or self._pause.wait(_AGAIN_S) for _ in range(_TRIES))
                self._take_back_later()
        try:
            yield
        finally:
            with self._lock:
                self._heavy -= 1

    def take_back(self) -> None:
        """Go back to the usual limit unless heavy work goes on."""
        with self._lock:
            # What others use at the moment cannot be given back: the next heavy work does it for them.
            if self._is_lent and not self._heavy and not self._is_closed:
                # What heavy work left in memory is let go; what is asked for comes back.
                self._set(max(1, self._idle_mb // _LET_GO))
                self._is_lent = not self._set(self._idle_mb)

    def close(self) -> None:
        """Leave the limit as it is."""
        with self._lock:
            self._is_closed = True
            if self._timer is not None:
                self._timer.cancel()

    def _take_back_later(self) -> None:
        if self._is_closed:
            return
        self._was_used = False
        self._timer = threading.Timer(LINGER_S, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        with self._lock:
            if self._was_used or self._heavy:
                self._take_back_later()
                return
        self.take_back()

    def _set(self, limit_mb: int) -> bool:
        # On a cursor of its own: the thread's one may be inside a transaction.
        with suppress(duckdb.OutOfMemoryException), self._cursor() as cursor:
            cursor.execute(_LIMIT.format(limit_mb))
            return True
        return False
