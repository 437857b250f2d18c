"""Errors of the outside world, grouped by what a caller does about them.

    DataError                     anything below; the message is one line: what, where, what to do
    ├── StoreError                the database
    │   ├── DatabaseLockedError   another process owns the file: talk to it, or stop it
    │   ├── DatabaseFormatError   the file is no database of ours, or a newer one: name another, or update
    │   ├── DiskFullError         nothing was half-written: free space and run again
    │   └── UnknownWalletError    no wallet, or several, answer to a text: ask with one of the candidates
    ├── FileError                 a file cannot be read or written: skip it, report it, exit 1
    └── ProviderError             a provider did not answer usefully: try later when `retryable`, else say why

Rows that cannot become facts are no errors: they are counted by reason in the import report.
"""

from collections.abc import Sequence


class DataError(Exception):
    """Anything the outside world refuses."""


class StoreError(DataError):
    """The database cannot do what was asked."""


class DatabaseLockedError(StoreError):
    """Another process holds the database; `pid` names it when DuckDB says so."""

    def __init__(self, message: str, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class DatabaseFormatError(StoreError):
    """The file is not a database that this version can open."""


class DiskFullError(StoreError):
    """The disk is full; the transaction under way was rolled back."""


class UnknownWalletError(StoreError):
    """No single wallet answers to a text; `candidates` are the addresses that might."""

    def __init__(self, message: str, candidates: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class FileError(DataError):
    """A file cannot be read or written; the message names it, the reason and the next step."""


class ProviderError(DataError):
    """A provider refused, failed, or answered what cannot be used; the message names it and holds no key."""

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        retryable: bool,
        status_code: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.retryable = retryable
        self.status_code = status_code
        self.retry_after_s = retry_after_s
