"""Read transactions: bytes in, exact readings per owner out."""

from engine.reading.doors import QUARANTINE_ISSUES, read_helius, read_transaction

__all__ = ["QUARANTINE_ISSUES", "read_helius", "read_transaction"]
