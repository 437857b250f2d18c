"""Check that the stored ledger follows from the facts.

Not responsible for the checks themselves (`data.store`).
"""

from dataclasses import dataclass

from aura_mcp.services.results import readable
from aura_mcp.services.steps import Progress, step
from data.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value of the ledger that is not what the facts give."""

    table: str
    wallet: str
    mint: str
    number: int | None
    column: str
    stored: str | None
    expected: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was checked, and the first differences found."""

    database: str
    is_sound: bool
    positions: int
    realizations: int
    differences: tuple[Difference, ...]


class Verification:
    """The audit of the whole ledger."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, progress: Progress | None = None) -> Verified:
        """Check conservation of every (wallet, token), rebuild all of them from the facts and compare."""
        found = self._store.verification.verify(step(progress, "rebuilding"))
        return Verified(
            database=readable(self._store.database.name),
            is_sound=found.is_sound,
            positions=found.folds,
            realizations=found.realizations,
            differences=tuple(
                Difference(
                    table=d.table,
                    wallet=d.entity,
                    mint=d.mint,
                    number=d.number,
                    column=d.column,
                    stored=d.stored,
                    expected=d.expected,
                )
                for d in found.differences
            ),
        )
