"""Bring a database to the schema of this version, one numbered SQL file at a time.

A file of `schema/` never changes once released: a change is a new file.
Not responsible for opening the database (`connection`).
"""

from importlib import resources
from typing import Final, NamedTuple

import duckdb

from data.errors import DatabaseFormatError

SCHEMA_TABLE: Final = "schema_version"

_TABLES: Final = "SELECT table_name FROM duckdb_tables() WHERE NOT temporary"
_VERSION: Final = "SELECT max(version) FROM schema_version"
_CREATE: Final = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL)"
_RECORD: Final = "INSERT INTO schema_version VALUES (?, ?)"


class Migration(NamedTuple):
    """One numbered step of the schema."""

    version: int
    name: str
    sql: str


def list_migrations() -> list[Migration]:
    """Return the steps that ship with this version, in order."""
    files = sorted(
        (file for file in resources.files("data.store").joinpath("schema").iterdir() if file.name.endswith(".sql")),
        key=lambda file: file.name,
    )
    return [Migration(int(file.name[:4]), file.name, file.read_text("utf-8")) for file in files]


def migrate(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """Apply the steps that are missing, each in one transaction, and return the version reached.

    Raises:
        DatabaseFormatError: the database is of a newer version, or not one of ours.
    """
    current = _read_version(connection, name)
    steps = list_migrations()
    newest = steps[-1].version
    if current > newest:
        raise DatabaseFormatError(
            f"database {name}: has schema version {current}, this program knows up to {newest}; update the program"
        )
    for step in steps:
        if step.version > current:
            _apply(connection, step)
    return newest


def _read_version(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    tables = {row[0] for row in connection.execute(_TABLES).fetchall()}
    if SCHEMA_TABLE in tables:
        found = connection.execute(_VERSION).fetchall()[0][0]
        return 0 if found is None else int(found)
    if tables:
        raise DatabaseFormatError(f"database {name}: holds tables of another program; name another file")
    return 0


def _apply(connection: duckdb.DuckDBPyConnection, step: Migration) -> None:
    connection.execute("BEGIN TRANSACTION")
    try:
        connection.execute(_CREATE)
        connection.execute(step.sql)
        connection.execute(_RECORD, [step.version, step.name])
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
