"""Keep facts and the ledger in one DuckDB file."""

from data.store.store import Store

__all__ = ["Store"]
