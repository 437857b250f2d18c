"""Write every fact, and what is booked of them, to a file that another database can import.

Not responsible for the format (`data.export`, described in `data/docs.md`).
"""

from dataclasses import dataclass
from pathlib import Path

from aura_mcp.services.results import readable
from data.export import export_facts
from data.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote; `ledger_rows` is 0 where the ledger was not asked for."""

    file: str
    facts: int
    ledger_rows: int
    size_bytes: int


class Exports:
    """The way of facts out of the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, path: Path, *, has_ledger: bool = False) -> Exported:
        """Write every fact to `path`, compressed when it ends in `.gz`; the same facts give the same bytes.

        With `has_ledger` what is not booked yet is booked first, and every row of the ledger follows.
        """
        if has_ledger:
            self._store.booking.book()
        written = export_facts(self._store, path, has_ledger=has_ledger)
        return Exported(
            file=readable(str(path)),
            facts=written.facts,
            ledger_rows=written.ledger_rows,
            size_bytes=path.stat().st_size,
        )
