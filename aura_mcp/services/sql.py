"""Answer questions in SQL over documented relations, and document them.

Not responsible for keeping a query in bounds (`data.store.sandbox`).
"""

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from aura_mcp.errors import AuraError
from aura_mcp.services.scope import Span, last_fact_at, span_of
from data.clock import Clock
from data.store import Store
from data.store.sandbox import QueryError, Sandbox
from engine.text import clean_text
from engine.wallets import Window

TIMEOUT_S: Final = 5.0
MAX_ROWS: Final = 200
NAME_CHARS: Final = 64
MESSAGE_CHARS: Final = 600

RELATIONS: Final = {
    "trade": "Every leg that counts, valued in lamports and micro-USD. A trade has the class BUY, SELL or SWAP.",
    "realized_pnl": "Every realized amount: one lot matched to one disposal. Nets are null outside of P&L or unpriced.",
    "episode": "Round trips of an (entity, mint): opened, closed, sums of what was bought, sold and paid.",
    "fold_state": "What an (entity, mint) holds: holding_raw, known_raw of known cost, gaps found in its balances.",
    "entity_cost": "What an entity's transactions cost outside of trades, for those read in full.",
    "wallet": "Wallets with a nickname or followed. A nickname is a label of the user or of a list.",
    "entity_member": "Wallets that the user grouped: every other wallet is its own entity.",
    "candle": "Prices of mints in USD for one whole token, by interval.",
    "sol_price": "SOL in USD x 10^12 (price_e12), valid from completed_at.",
}
"""The relations that a query may name."""

CONVENTIONS: Final = (
    "Times are epoch seconds UTC (order_time orders everything); *_raw are base units: divide by 10^decimals; "
    "lamports / 10^9 = SOL; *_usd_micro / 10^6 = USD; null means unknown, never zero; "
    "entity is the address of a wallet or of the group it belongs to."
)
_EXACT_LIMIT: Final = 2**53
_INTEGERS: Final = frozenset({
    "BIGINT", "HUGEINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UHUGEINT", "UINTEGER", "USMALLINT", "UTINYINT",
})  # fmt: skip
_FLOATS: Final = ("DOUBLE", "FLOAT", "DECIMAL")
_HIDDEN: Final = {"fold_state": ("state",), "candle": ("batch_id",)}

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of an answer or of a relation, with its DuckDB type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queried:
    """The first rows of a query. Integers beyond 2^53 come as text, long texts are cut."""

    span: Span
    last_fact_at: datetime | None
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A relation with what it holds and its columns."""

    name: str
    description: str
    columns: tuple[Column, ...]


class Sql:
    """Questions in SQL."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._sandbox = Sandbox(store.database, RELATIONS)

    def ask(self, sql: str, *, limit: int) -> Queried:
        """Return at most `limit` rows of one SELECT.

        Raises:
            AuraError: it is refused, fails, or takes too long; the message says what is possible.
        """
        try:
            found = self._sandbox.run(sql, max_rows=min(limit, MAX_ROWS), timeout_s=TIMEOUT_S)
        except QueryError as error:
            raise AuraError(clean_text(str(error), MESSAGE_CHARS)) from None
        kinds = [_base(kind) for kind in found.types]
        return Queried(
            span=span_of(self._clock, Window.ALL),
            last_fact_at=last_fact_at(self._store),
            columns=tuple(
                Column(name=clean_text(name, NAME_CHARS), type=kind)
                for name, kind in zip(found.columns, found.types, strict=True)
            ),
            rows=tuple(tuple(map(_cell, row, kinds)) for row in found.rows),
            has_more=found.has_more,
        )

    def relations(self) -> tuple[Relation, ...]:
        """Return what a query may name."""
        return tuple(
            Relation(
                name=name,
                description=description,
                columns=tuple(
                    Column(name=column, type=kind)
                    for column, kind in self._sandbox.describe(name)
                    if column not in _HIDDEN.get(name, ())
                ),
            )
            for name, description in RELATIONS.items()
        )


def _base(kind: str) -> str:
    return kind.partition("(")[0]


def _cell(text: str | None, kind: str) -> Cell:
    """Return a cell as the value of its type where JSON can hold it exactly."""
    if text is None:
        return None
    if kind in _INTEGERS:
        number = int(text)
        return number if abs(number) <= _EXACT_LIMIT else text
    if kind == "BOOLEAN":
        return text == "true"
    if kind in _FLOATS:
        value = float(Decimal(text)) if kind == "DECIMAL" else float(text)
        return value if math.isfinite(value) else None
    return clean_text(text, len(text)) if text else text
