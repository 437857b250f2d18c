"""Run one SELECT from outside over a few readable relations, and nothing else.

What is refused before it runs: anything but one SELECT, relations other than the allowed ones, functions that read
settings, secrets, files or catalogs, or that blow a value up in one step, which no interrupt can stop. What limits it
while it runs: a read-only transaction on a cursor of its own, a
cap on rows and on the text of a cell, and an interrupt at the time limit. The instance itself reads no files and
changes no settings (`connection`). Not responsible for saying what the relations mean.
"""

import json
import threading
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from data.errors import StoreError
from data.store.connection import Database

MAX_STATEMENT_CHARS: Final = 10_000
CELL_CHARS: Final = 200

_TABLE_FUNCTIONS: Final = frozenset({"generate_series", "range", "unnest"})
_FORBIDDEN_FUNCTIONS: Final = frozenset({
    "add_parquet_key", "currval", "current_setting", "getenv", "getvariable", "json_execute_serialized_sql",
    "nextval", "query", "query_table", "setseed", "which_secret", "write_log",
})  # fmt: skip
_FORBIDDEN_PREFIXES: Final = ("duckdb_", "glob", "pg_", "pragma_", "read_", "sniff_", "sqlite_")
_GROWING_FUNCTIONS: Final = frozenset({
    "array_resize", "generate_series", "list_resize", "lpad", "range", "repeat", "rpad",
})  # fmt: skip
_INTERRUPT_EVERY_S: Final = 0.05

_PARSE: Final = "SELECT json_serialize_sql($1, skip_null := true, skip_empty := true), json_serialize_sql($1)"
_UNPARSE: Final = "SELECT json_deserialize_sql($1)"
_TYPES: Final = "SELECT * FROM ({sql}) AS answer LIMIT 0"
# A cell becomes text before it leaves the database, so that none is larger than what is shown of it.
_CELLS: Final = "SELECT left(COLUMNS(*)::VARCHAR, {chars}) FROM ({sql}) AS answer LIMIT {count}"
_CATALOG: Final = """
SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views()
"""
_COLUMNS: Final = """
SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND NOT internal ORDER BY column_index
"""


class QueryError(StoreError):
    """A query is refused or failed; the message says why and what is possible instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResult:
    """The first rows of a query, every cell as text of at most CELL_CHARS characters."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    has_more: bool


class Sandbox:
    """The one way in which SQL from outside is run."""

    def __init__(self, database: Database, relations: Collection[str]) -> None:
        self._database = database
        self._relations = frozenset(relations)

    def run(self, sql: str, *, max_rows: int, timeout_s: float) -> QueryResult:
        """Return at most `max_rows` rows of a query.

        Raises:
            QueryError: it is not one SELECT over the allowed relations, fails, or takes longer than `timeout_s`.
        """
        with self._database.heavy(), self._database.second_cursor() as cursor, _refused(timeout_s):
            checked = self._checked(cursor, sql)
            with _interrupted(cursor, timeout_s):
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                columns: Sequence[Sequence[Any]] = cursor.execute(_TYPES.format(sql=checked)).description or ()
                cursor.fetchall()
                cells = _CELLS.format(sql=checked, chars=CELL_CHARS, count=max_rows + 1)
                found = cursor.execute(cells).fetchall()
        return QueryResult(
            columns=tuple(str(column[0]) for column in columns),
            types=tuple(str(column[1]) for column in columns),
            rows=tuple(found[:max_rows]),
            has_more=len(found) > max_rows,
        )

    def describe(self, relation: str) -> list[tuple[str, str]]:
        """Return the columns of a relation with their types."""
        return [(str(name), str(kind)) for name, kind in self._database.rows(_COLUMNS, [relation])]

    def _checked(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> str:
        """Return the statement as its syntax tree reads: what was checked is what will run."""
        if len(sql) > MAX_STATEMENT_CHARS:
            raise QueryError(f"the statement has {len(sql)} characters; the limit is {MAX_STATEMENT_CHARS}")
        statements = duckdb.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise QueryError(f"exactly one SELECT is possible, this is {_describe(statements)}")
        if statements[0].named_parameters:
            raise QueryError("parameters like $1 or ? have no value here; write the value into the statement")
        ((compact, whole),) = cursor.execute(_PARSE, [statements[0].query]).fetchall()
        try:
            tree: Any = json.loads(compact)
        except RecursionError as error:
            raise QueryError("the statement is nested too deeply; write it flatter") from error
        if tree.get("error"):
            raise QueryError(f"only a plain SELECT can be run: {tree.get('error_message', 'it cannot be read')}")
        ctes = frozenset(_names_of_ctes(tree))
        if hidden := sorted(ctes & self._hidden(cursor) if ctes else ()):
            raise QueryError(f"give the WITH clause another name than {hidden[0]!r}")
        for node in _nodes(tree):
            self._check_node(node, ctes)
        _check_growth(tree)
        return str(cursor.execute(_UNPARSE, [whole]).fetchall()[0][0])

    def _hidden(self, cursor: duckdb.DuckDBPyConnection) -> set[str]:
        return {str(name).lower() for (name,) in cursor.execute(_CATALOG).fetchall()} - self._relations

    def _check_node(self, node: dict[str, Any], ctes: frozenset[str]) -> None:
        kind = node.get("type")
        hint = f"the relations are {', '.join(sorted(self._relations))}: read aura://schema"
        if kind == "BASE_TABLE":
            name = str(node.get("table_name", "")).lower()
            is_qualified = bool(node.get("schema_name") or node.get("catalog_name"))
            if is_qualified or name not in self._relations | ctes:
                raise QueryError(f"there is no relation {name[:64]!a}; {hint}")
        elif kind == "TABLE_FUNCTION":
            name = str(node.get("function", {}).get("function_name", "")).lower()
            if name not in _TABLE_FUNCTIONS:
                raise QueryError(f"the table function {name[:64]!a} is not available; {hint}")
        elif kind == "SHOW_REF":
            raise QueryError(f"DESCRIBE, SHOW and SUMMARIZE are not available; {hint}")
        name = str(node.get("function_name", "")).lower()
        if name in _FORBIDDEN_FUNCTIONS or name.startswith(_FORBIDDEN_PREFIXES):
            raise QueryError(f"the function {name[:64]!a} is not available: it reads more than the relations")


def _check_growth(tree: object) -> None:
    in_from = {id(node.get("function")) for node in _nodes(tree) if node.get("type") == "TABLE_FUNCTION"}
    for node in _nodes(tree):
        name = str(node.get("function_name", "")).lower()
        if name in _GROWING_FUNCTIONS and id(node) not in in_from:
            raise QueryError(
                f"the function {name!r} is not available: it makes values of any size; range(n) in FROM is"
            )


@contextmanager
def _refused(timeout_s: float) -> Generator[None]:
    try:
        yield
    except duckdb.InterruptException as error:
        raise QueryError(
            f"the query took longer than {timeout_s:g} s and was stopped; narrow it to a wallet, a mint or a span of "
            "order_time, or aggregate less"
        ) from error
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise QueryError("the query needs more memory than it may use; narrow it or aggregate less") from error
    except duckdb.Error as error:
        raise QueryError((str(error).splitlines() or [type(error).__name__])[0]) from error


@contextmanager
def _interrupted(cursor: duckdb.DuckDBPyConnection, timeout_s: float) -> Generator[None]:
    """Interrupt what the cursor does once the time is over, again and again: one between two statements is lost."""
    done = threading.Event()

    def stop() -> None:
        if not done.wait(timeout_s):
            while not done.wait(_INTERRUPT_EVERY_S):
                cursor.interrupt()

    watch = threading.Thread(target=stop, name="query-watch", daemon=True)
    watch.start()
    try:
        yield
    finally:
        done.set()
        watch.join()


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    waiting: list[Any] = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            node: dict[str, Any] = found  # pyright: ignore[reportUnknownVariableType]
            yield node
            waiting.extend(node.values())
        elif isinstance(found, list):
            waiting.extend(found)  # pyright: ignore[reportUnknownArgumentType]


def _names_of_ctes(tree: object) -> Iterator[str]:
    for node in _nodes(tree):
        for entry in node.get("cte_map", {}).get("map", []):
            yield str(entry.get("key", "")).lower()


def _describe(statements: Sequence[Any]) -> str:
    if not statements:
        return "empty"
    return ", then ".join(str(statement.type).rpartition(".")[2] for statement in statements[:5])
