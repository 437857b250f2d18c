"""Lend the database more memory for heavy work, and take it back when a while has passed without any.

Not responsible for what counts as heavy (`connection`).
"""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import duckdb

LINGER_S: Final = 1.0
"""How long the memory stays at least after work: a change of the limit costs as much as a small write."""

_LIMIT: Final = "SET memory_limit = '{}MB'"
_LET_GO: Final = 4
_MUCH: Final = 4
_AGAIN_S: Final = 0.01
_TRIES: Final = 200


class Memory:
    """The limit of one open database: `idle_mb` for whoever reads, up to `most_mb` while others work, too."""

    def __init__(self, cursor: Callable[[], duckdb.DuckDBPyConnection], *, most_mb: int, idle_mb: int) -> None:
        self._cursor = cursor
        self._most_mb = most_mb
        self._idle_mb = idle_mb
        self._limit_mb = idle_mb
        self._loans: list[int] = []
        self._asked_mb = 0
        """The most that was lent at a time since somebody looked last."""
        self._holds_much = False
        """Whether heavy work may have left more in memory than the limit that holds since."""
        self._is_closed = False
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._pause = threading.Event()

    @contextmanager
    def lent(self, wanted_mb: int | None = None) -> Generator[None]:
        """Have this much more memory during the block and shortly after, None for all of it."""
        loan = self._most_mb if wanted_mb is None else min(wanted_mb, self._most_mb)
        with self._lock:
            self._loans.append(loan)
            needed_mb = self._needed_mb()
            self._asked_mb = max(self._asked_mb, needed_mb)
            if needed_mb > self._limit_mb:
                self._raise(needed_mb)
                self._look_later()
        try:
            yield
        finally:
            with self._lock:
                self._loans.remove(loan)
                self._let_go()

    def take_back(self) -> None:
        """Go back to what the work that goes on has asked for, or to the usual limit."""
        with self._lock:
            self._reduce(self._needed_mb())

    def close(self) -> None:
        """Leave the limit as it is."""
        with self._lock:
            self._is_closed = True
            if self._timer is not None:
                self._timer.cancel()

    def _needed_mb(self) -> int:
        # Nobody takes what others have: who writes, who looks something up for a live batch, who reads.
        return min(self._most_mb, self._idle_mb + sum(self._loans))

    def _look_later(self) -> None:
        if self._is_closed or self._timer is not None:
            return
        self._timer = threading.Timer(LINGER_S, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        with self._lock:
            self._timer = None
            self._reduce(max(self._asked_mb, self._needed_mb()))
            self._asked_mb = 0
            if self._limit_mb > self._idle_mb:
                self._look_later()

    def _reduce(self, wanted_mb: int) -> None:
        if wanted_mb < self._limit_mb and not self._is_closed:
            self._holds_much = self._holds_much or self._limit_mb >= _MUCH * wanted_mb
            # What others use at the moment cannot be given back: who looks next tries again.
            if self._set(wanted_mb):
                self._limit_mb = wanted_mb
            self._let_go()

    def _let_go(self) -> None:
        """Let go of what heavy work left in memory, when nobody works with it: what is asked for comes back."""
        if self._holds_much and not self._loans and not self._is_closed:
            self._holds_much = False
            limit_mb = self._limit_mb
            if self._set(max(1, limit_mb // _LET_GO)):
                self._limit_mb = max(1, limit_mb // _LET_GO)
                self._raise(limit_mb)

    def _raise(self, limit_mb: int) -> None:
        # The statement itself needs a little memory, which others may hold for a moment.
        if any(self._set(limit_mb) or self._pause.wait(_AGAIN_S) for _ in range(_TRIES)):
            self._limit_mb = limit_mb

    def _set(self, limit_mb: int) -> bool:
        # On a cursor of its own: the thread's one may be inside a transaction.
        try:
            with self._cursor() as cursor:
                cursor.execute(_LIMIT.format(limit_mb))
        except duckdb.OutOfMemoryException:
            return False
        except duckdb.FatalException:
            # DuckDB gave up on the database: there is nothing left to limit.
            pass
        return True
