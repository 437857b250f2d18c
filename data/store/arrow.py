"""Pass columns between Python and DuckDB through Arrow: the one module that touches pyarrow.

It is imported with the first large table: 35 MB and a tenth of a second that a process does without while it only
reads, or writes what comes in live. Up to some thousand rows a temporary table is as quick.
Not responsible for what the columns mean.
"""

# pyarrow ships no type information; every function below states its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple, Protocol

import duckdb


class Type(Enum):
    """The column types in use, named as DuckDB names them."""

    BIGINT = "int64"
    UBIGINT = "uint64"
    INTEGER = "int32"
    UTINYINT = "uint8"
    BOOLEAN = "bool"
    VARCHAR = "string"
    VARCHARS = "list<string>"
    BLOB = "binary"
    HUGEINT = "decimal128(38, 0)"
    PRICE = "decimal128(38, 24)"
    VOLUME = "decimal128(38, 12)"


FEW_ROWS: Final = 10_000
"""Rows of a table at most that are passed without Arrow."""

_SQL_TYPES: Final[Mapping[Type, str]] = {
    Type.VARCHARS: "VARCHAR[]",
    Type.PRICE: "DECIMAL(38, 24)",
    Type.VOLUME: "DECIMAL(38, 12)",
}
_INTEGER_FORMATS: Final[Mapping[str, Literal["q", "Q", "i", "b", "B"]]] = {
    "int64": "q",
    "uint64": "Q",
    "int32": "i",
    "int8": "b",
    "uint8": "B",
}


class Repeated(NamedTuple):
    """A column of few different values: for each row, the place of its value among the choices."""

    choices: Sequence[object]
    places: Sequence[int]


class Rows(NamedTuple):
    """A table of few rows."""

    columns: Mapping[str, Type]
    rows: Sequence[Iterable[object]]


def from_rows(columns: Mapping[str, Type], rows: Sequence[Iterable[object]]) -> object:
    """Return a table of `rows`, each with a value for every column in order, for `registered`.

    An int out of range raises, here or there.
    """
    if len(rows) <= FEW_ROWS:
        return Rows(columns, rows)
    values: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return from_columns(columns, values)


def from_columns(columns: Mapping[str, Type], values: Iterable[Sequence[object] | Repeated]) -> object:
    """Return a table of whole columns."""
    pa, _ = _arrow()
    arrays = [_array(column, kind) for column, kind in zip(values, columns.values(), strict=True)]
    return pa.Table.from_arrays(arrays, names=list(columns))


@cache
def _arrow() -> tuple[Any, Mapping[Type, object]]:
    """Return pyarrow and its name for every type."""
    import pyarrow as pa  # noqa: PLC0415 - see the top

    return pa, {
        Type.BIGINT: pa.int64(),
        Type.UBIGINT: pa.uint64(),
        Type.INTEGER: pa.int32(),
        Type.UTINYINT: pa.uint8(),
        Type.BOOLEAN: pa.bool_(),
        Type.VARCHAR: pa.string(),
        Type.VARCHARS: pa.list_(pa.string()),
        Type.BLOB: pa.binary(),
        Type.HUGEINT: pa.decimal128(38, 0),
        Type.PRICE: pa.decimal128(38, 24),
        Type.VOLUME: pa.decimal128(38, 12),
    }


def _array(values: Sequence[object] | Repeated, kind: Type) -> object:
    pa, types = _arrow()
    if isinstance(values, Repeated):
        return pa.DictionaryArray.from_arrays(
            pa.array(values.places, pa.int32()), pa.array(values.choices, types[kind])
        )
    if kind is Type.HUGEINT:
        try:
            # Sums rarely need more than 64 bits, and decimals take five times as long.
            return pa.array(values, type=pa.int64())
        except OverflowError:
            pass
    return pa.array(values, type=types[kind])


@contextmanager
def registered(cursor: duckdb.DuckDBPyConnection, name: str, table: object) -> Generator[None]:
    """Make a table visible to the cursor's queries as `name`."""
    if isinstance(table, Rows):
        columns = ", ".join(f'"{column}" {_SQL_TYPES.get(kind, kind.name)}' for column, kind in table.columns.items())
        # Where the block fails, the caller takes its transaction back, and this with it.
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
        if table.rows:
            with cursor.appender(f"temp.main.{name}") as appender:
                appender.append_rows(map(tuple, table.rows))
        yield
        cursor.execute(f"DROP TABLE temp.main.{name}")
        return
    cursor.register(name, table)
    try:
        yield
    finally:
        cursor.unregister(name)


class ArrowArray(Protocol):
    """What is used of a chunk of a column."""

    type: object
    offset: int

    def __len__(self) -> int: ...

    def buffers(self) -> list[Any]:
        """Return validity, then values, or offsets and characters."""
        ...


class ArrowColumn(Protocol):
    """What is used of a column."""

    chunks: list[ArrowArray]
    null_count: int

    def to_pylist(self) -> list[Any]:
        """Return the values as Python objects."""
        ...


class ArrowTable(Protocol):
    """What is used of a table."""

    num_rows: int

    def column(self, name: str) -> ArrowColumn:
        """Return a column by its name."""
        ...


class Columns:
    """The result of a query, column by column, as plain Python lists."""

    def __init__(self, table: ArrowTable) -> None:
        self._table = table

    def __len__(self) -> int:
        return self._table.num_rows

    def integers(self, name: str) -> list[int]:
        """Return a column of 64-bit, 32-bit or tiny integers without nulls, read straight from its buffer."""
        result: list[int] = []
        for chunk in self._table.column(name).chunks:
            if not len(chunk):
                continue
            view = memoryview(chunk.buffers()[1]).cast("b").cast(_INTEGER_FORMATS[str(chunk.type)])
            result += view[chunk.offset : chunk.offset + len(chunk)].tolist()
        return result

    def texts(self, name: str) -> list[str]:
        """Return a column of ASCII texts without nulls, cut from its one buffer."""
        result: list[str] = []
        for chunk in self._table.column(name).chunks:
            if not len(chunk):
                continue
            _, offsets, data = chunk.buffers()
            ends = memoryview(offsets).cast("b").cast("i")[chunk.offset : chunk.offset + len(chunk) + 1].tolist()
            text = str(data, "ascii") if data is not None else ""
            result += [text[start:end] for start, end in pairwise(ends)]
        return result

    def is_empty(self, name: str) -> bool:
        """Return whether a column holds nothing but nulls."""
        return self._table.column(name).null_count == len(self)

    def values(self, name: str) -> list[Any]:
        """Return any column, nulls as None."""
        return self._table.column(name).to_pylist()


def query(cursor: duckdb.DuckDBPyConnection, sql: str) -> Columns:
    """Run a query that only reads and return all of its result."""
    return Columns(cursor.sql(sql).to_arrow_table())
