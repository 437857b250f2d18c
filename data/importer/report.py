"""Count what an import did, file by file and in total.

Not responsible for showing it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

MAX_REASONS: Final = 50
OTHER_REASONS: Final = "other reasons"

Progress = Callable[[int, int], None]
"""Called with the bytes read so far and their total."""


class Failure(NamedTuple):
    """A file that could not be read, and why, in one line."""

    path: Path
    message: str


@dataclass(slots=True)
class Tally:
    """What became of the records of one file: read = new + duplicate + quarantined + rejected."""

    new: int = 0
    duplicate: int = 0
    quarantined: int = 0
    rejected: Counter[str] = field(default_factory=Counter[str])
    first_lines: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def read(self) -> int:
        """Return the number of records seen."""
        return self.new + self.duplicate + self.quarantined + self.rejected.total()

    def reject(self, reason: str, line: int) -> None:
        """Count a record that cannot become a fact; `line` is its line or its place in the list, from 1."""
        if reason not in self.rejected and len(self.rejected) >= MAX_REASONS:
            reason = OTHER_REASONS
        self.rejected[reason] += 1
        self.first_lines.setdefault(reason, line)


@dataclass(slots=True)
class ImportReport:
    """What an import did. `skipped` files hold nothing that can be imported; `failures` could not be read."""

    files: int = 0
    skipped: int = 0
    new: int = 0
    duplicate: int = 0
    quarantined: int = 0
    rejected: Counter[str] = field(default_factory=Counter[str])
    failures: list[Failure] = field(default_factory=list[Failure])

    @property
    def read(self) -> int:
        """Return the number of records seen."""
        return self.new + self.duplicate + self.quarantined + self.rejected.total()

    def add(self, tally: Tally) -> None:
        """Take over the counts of one file."""
        self.files += 1
        self.new += tally.new
        self.duplicate += tally.duplicate
        self.quarantined += tally.quarantined
        self.rejected += tally.rejected
