"""What following wallets did, in numbers that add up.

Not responsible for words about them.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

SHOWN_PROBLEMS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What fetching did: transactions = new + duplicate + unrelated + postponed + quarantined.

    `unrelated` concern no followed wallet. `booked_positions` are the (wallet, token) pairs whose ledger moved.
    """

    transactions: int = 0
    new: int = 0
    duplicate: int = 0
    unrelated: int = 0
    postponed: int = 0
    quarantined: int = 0
    booked_positions: int = 0
    problems: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Tell whether everything that was due is stored."""
        return self.postponed == 0 and not self.problems

    def __add__(self, other: "Fetched") -> "Fetched":
        """Return both together."""
        return Fetched(
            transactions=self.transactions + other.transactions,
            new=self.new + other.new,
            duplicate=self.duplicate + other.duplicate,
            unrelated=self.unrelated + other.unrelated,
            postponed=self.postponed + other.postponed,
            quarantined=self.quarantined + other.quarantined,
            booked_positions=self.booked_positions + other.booked_positions,
            problems=self.problems + other.problems,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSummary:
    """What one sweep did: wallets followed, those asked for signatures, new signatures found, and the fetching."""

    wallets: int = 0
    asked: int = 0
    listed: int = 0
    checked_accounts: int = 0
    drifting_accounts: int = 0
    fetched: Fetched = field(default_factory=Fetched)
    problems: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Tell whether everything that could be asked and fetched was."""
        return not self.problems and self.fetched.is_complete


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalitySummary:
    """What became of transactions that were only confirmed; `moved` became final in another slot.

    `vanished` were never fetched and never became final: nothing is missing without them.
    """

    finalized: int = 0
    moved: int = 0
    reversed: int = 0
    vanished: int = 0
    waiting: int = 0
    problems: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Tell whether every answer came."""
        return not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairSummary:
    """What looking into broken chains of balances did: breaks seen, searched now, signatures found, still open."""

    breaks: int = 0
    searched: int = 0
    listed: int = 0
    open: int = 0
    fetched: Fetched = field(default_factory=Fetched)
    problems: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Tell whether every answer came; a break that nothing explains is no failure."""
        return not self.problems and self.fetched.is_complete


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileSummary:
    """What comparing token accounts with the chain did: accounts that did not agree, and those that still do not."""

    wallets: int = 0
    accounts: int = 0
    drifting: int = 0
    listed: int = 0
    unexplained: int = 0
    fetched: Fetched = field(default_factory=Fetched)
    problems: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Tell whether every answer came."""
        return not self.problems and self.fetched.is_complete


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSummary:
    """One whole cycle."""

    sweep: SweepSummary
    repair: RepairSummary
    finality: FinalitySummary

    @property
    def is_complete(self) -> bool:
        """Tell whether everything that could be fetched was."""
        return self.sweep.is_complete and self.repair.is_complete and self.finality.is_complete


class Problems:
    """Lines about what failed, each once with how often."""

    def __init__(self) -> None:
        self._counted: Counter[str] = Counter()

    def add(self, line: object) -> None:
        """Note one failure."""
        self._counted[str(line)] += 1

    def lines(self) -> tuple[str, ...]:
        """Return the most frequent ones, the number of times in brackets."""
        return tuple(
            line if count == 1 else f"{line} ({count} times)"
            for line, count in self._counted.most_common(SHOWN_PROBLEMS)
        )
