"""Write every fact to a file that another database can import.

Not responsible for the format (`data.export`, described in `data/docs.md`).
"""

from dataclasses import dataclass
from pathlib import Path

from aura_mcp.services.results import readable
from data.export import export_facts
from data.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote."""

    file: str
    facts: int
    size_bytes: int


class Exports:
    """The way of facts out of the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, path: Path) -> Exported:
        """Write every fact to `path`, compressed when it ends in `.gz`; the same facts give the same bytes."""
        facts = export_facts(self._store, path)
        return Exported(file=readable(str(path)), facts=facts, size_bytes=path.stat().st_size)
