"""Open the one DuckDB file, or create it: complete, of the newest schema, and sealed.

Not responsible for the tables (`migrations`, `schema/`) or for who uses it (`connection`).
"""

import errno
import os
from pathlib import Path
from typing import Final

import duckdb

from data.errors import StoreError
from data.store.duckdb_errors import translated
from data.store.migrations import migrate

_LIMIT: Final = "SET memory_limit = '{}MB'"
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})

_SEALED: Final = (
    "SET allowed_configs = ['memory_limit']",
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def open_file(
    path: Path | None, name: str, *, memory_limit_mb: int, idle_limit_mb: int, threads: int
) -> duckdb.DuckDBPyConnection:
    """Open or create the database at `path`, in memory for None, bring its schema up to date and seal its settings.

    A new file appears under its name only when it is complete. `name` is what errors call it.

    Raises:
        DatabaseLockedError: another process has it open.
        DatabaseFormatError: it is no database of ours, or of a newer version.
        DiskFullError: there is no room to create it.
        StoreError: the path cannot be used, for the reason given.
    """
    if path is not None and not path.exists():
        _create(path)
    with translated(name):
        # When to write its log into the file we say: only `Database` looks whether there is room.
        limit = f"{memory_limit_mb}MB"
        root = duckdb.connect(name, config={"memory_limit": limit, "threads": threads, "checkpoint_threshold": "1TB"})
    try:
        with translated(name):
            if path is not None:
                root.execute(f"SET temp_directory = {_literal(f'{path}.tmp')}")
            migrate(root, name)
            for statement in (*_SEALED, _LIMIT.format(idle_limit_mb)):
                root.execute(statement)
    except BaseException:
        root.close()
        raise
    return root


def _create(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreError(f"database {path}: the folder {str(path.parent)!r} does not exist; create it first")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with translated(str(path)), duckdb.connect(str(temporary)) as connection:
            migrate(connection, str(path))
        _publish(temporary, path)
    except OSError as error:
        raise StoreError(f"database {path}: cannot be created ({error.strerror})") from error
    finally:
        temporary.unlink(missing_ok=True)
        temporary.with_name(f"{temporary.name}.wal").unlink(missing_ok=True)


def _publish(temporary: Path, path: Path) -> None:
    try:
        # A link fails where a rename would overwrite: whoever comes second uses the first one's database.
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NO_LINKS or path.exists():
            raise
        temporary.rename(path)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
