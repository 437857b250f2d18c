"""Say in one line what DuckDB refuses, and what to do about it.

Not responsible for trying again (`connection`).
"""

import errno
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import duckdb

from data.errors import DatabaseFormatError, DatabaseLockedError, DiskFullError, StoreError

_PID: Final = re.compile(r"\(PID (\d+)\)")
_ORIGIN: Final = "Original error: "
_LONGEST: Final = 200
_NO_SPACE: Final = ("no space left", "disk full", "file too large", "out of disk", os.strerror(errno.EFBIG).lower())


@contextmanager
def translated(name: str) -> Generator[None]:
    """Turn errors of DuckDB into ours, each one line that names the database."""
    try:
        yield
    except duckdb.Error as error:
        raise _translate(error, name) from error


def _translate(error: duckdb.Error, name: str) -> StoreError:
    text = str(error)
    first_line = text.splitlines()[0] if text else type(error).__name__
    is_full = any(sign in text.lower() for sign in _NO_SPACE)
    if isinstance(error, duckdb.FatalException):
        # It says so until the file is opened anew, what it was in the end.
        reason = " ".join(text.rpartition(_ORIGIN)[2].split())[:_LONGEST]
        what_to_do = "free space and " if is_full else ""
        what_to_do += "ask again in a moment, or start AURA again"
        return StoreError(f"database {name}: DuckDB gave up ({reason}); {what_to_do}")
    if "Could not set lock" in text:
        found = _PID.search(text)
        pid = int(found.group(1)) if found else None
        holder = "another process" if pid is None else f"another process (PID {pid})"
        return DatabaseLockedError(f"database {name}: {holder} has it open; use that one, or stop it first", pid)
    if is_full:
        return DiskFullError(f"database {name}: the disk is full, nothing was half-written; free space and run again")
    if "not a valid DuckDB database" in text or "newer version" in text or "Serialization Error" in text:
        return DatabaseFormatError(f"database {name}: not a database that DuckDB can read ({first_line}); name another")
    return StoreError(f"database {name}: {first_line}")
