"""Ask the database and get typed rows: the one way in which services read it.

Not responsible for what a question means: the services that ask.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from data.store import Store

R = TypeVar("R")


def rows_of(store: Store, kind: type[R], sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[R]:
    """Return every row as a `kind`, a named tuple with the columns of the query in order."""
    return msgspec.convert(store.database.rows(sql, _bound(parameters)), type=list[kind])


def value_of(store: Store, kind: type[R], sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> R:
    """Return the one value that a query yields."""
    ((value,),) = store.database.rows(sql, _bound(parameters))
    return msgspec.convert(value, type=kind)


def _bound(parameters: Sequence[object] | Mapping[str, object]) -> Sequence[object] | dict[str, object]:
    return dict(parameters) if isinstance(parameters, Mapping) else parameters
