"""Say which wallets and tokens new facts are about, so that whoever watches them can be told.

Not responsible for telling (`aura_mcp.updates`).
"""

from dataclasses import dataclass
from typing import Final

from data.store import Store

MOST: Final = 500
"""Wallets and tokens named at most; who watches others sees the overview change."""

_TOUCHED: Final = """
SELECT DISTINCT {column} FROM (
    SELECT owner, mint, batch_id FROM leg UNION ALL SELECT owner, mint, batch_id FROM account_balance
) WHERE batch_id > $1 ORDER BY {column} LIMIT $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What new facts are about; `has_any` is also true where only prices arrived."""

    has_any: bool
    wallets: tuple[str, ...]
    mints: tuple[str, ...]


class Changes:
    """The arrival of facts, as seen by those who watch."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def mark(self) -> int:
        """Return where the facts end now."""
        return self._store.database.mark("last_batch")

    def since(self, mark: int) -> Touched:
        """Return what the facts after a mark are about."""
        return Touched(
            has_any=self.mark() > mark,
            wallets=self._named("owner", mark),
            mints=self._named("mint", mark),
        )

    def _named(self, column: str, mark: int) -> tuple[str, ...]:
        rows = self._store.database.rows(_TOUCHED.format(column=column), [mark, MOST])
        return tuple(str(row[0]) for row in rows)
