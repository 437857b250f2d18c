"""Bring facts into the database and book them.

Not responsible for telling file formats apart (`data.importer`) or for the ledger (`engine.ledger`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aura_mcp.services.results import readable
from aura_mcp.services.steps import Progress, step
from data.importer import import_paths
from data.starter import load_starter_wallets
from data.store import Store
from data.store.wallets import Wallet
from engine.address import is_on_curve, parse_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Rows that could not become facts, for one reason."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file that could not be read, and why, in one line."""

    file: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: read = new + duplicate + quarantined + rejected.

    `skipped_files` of a folder hold nothing that can be imported. `booked_positions` are the (wallet, token) pairs
    whose ledger moved.
    """

    files: int
    skipped_files: int
    read: int
    new: int
    duplicate: int
    quarantined: int
    rejected: int
    rejections: tuple[Rejection, ...]
    unreadable: tuple[Unreadable, ...]
    booked_positions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StarterList:
    """What loading the starter list did."""

    database: str
    wallets: int
    new: int
    duplicate: int
    program_derived: int


class Imports:
    """The way of facts into the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, paths: Sequence[Path], progress: Progress | None = None) -> Imported:
        """Import files and folders, then book what is new. Importing again adds nothing."""
        report = import_paths(self._store, paths, step(progress, "reading"))
        booked = self._store.booking.book(step(progress, "booking"))
        return Imported(
            files=report.files,
            skipped_files=report.skipped,
            read=report.read,
            new=report.new,
            duplicate=report.duplicate,
            quarantined=report.quarantined,
            rejected=report.rejected.total(),
            rejections=tuple(Rejection(reason=reason, count=n) for reason, n in report.rejected.most_common()),
            unreadable=tuple(
                Unreadable(file=readable(str(f.path)), error=readable(f.message)) for f in report.failures
            ),
            booked_positions=booked.folds,
        )

    def follow(self, addresses: Sequence[str]) -> None:
        """Follow wallets that are known by their addresses only; those that are known stay as they are."""
        wallets = [
            Wallet(each, None, "recording", is_tracked=True, is_program_derived=not is_on_curve(parse_address(each)))
            for each in addresses
        ]
        self._store.wallets.add(wallets)

    def followed(self) -> list[str]:
        """Return the addresses of all followed wallets, sorted."""
        return [str(address) for address in self._store.wallets.tracked()]

    def load_starter_list(self) -> StarterList:
        """Store the starter list of labelled wallets; those that are known stay as they are."""
        found = load_starter_wallets()
        wallets = [
            Wallet(w.address, w.nickname, w.source, is_tracked=True, is_program_derived=w.is_program_derived)
            for w in found
        ]
        counts = self._store.wallets.add(wallets)
        return StarterList(
            database=readable(self._store.database.name),
            wallets=len(found),
            new=counts.new,
            duplicate=counts.duplicate,
            program_derived=sum(w.is_program_derived for w in found),
        )
