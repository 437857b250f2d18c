"""Tell the last candle of tokens that was complete at a moment: of SOL, each time that anything is valued.

Not responsible for storing candles (`facts`) or for prices that were observed (`market`).
"""

from collections.abc import Iterable
from decimal import Decimal
from math import inf
from typing import Final, NamedTuple

from data.store.connection import Database

_MINTS: Final = "SELECT DISTINCT mint FROM candle"
# A price of all pools, or of one, from the last candle that was complete; the finest of those.
_FIND: Final = """
SELECT mint, source, close_usd, opened_at + interval_s AS completed_at, opened_at FROM candle
WHERE mint IN (SELECT unnest($mints)) AND opened_at >= $as_of - $age AND opened_at + interval_s <= $as_of
QUALIFY row_number() OVER (PARTITION BY mint ORDER BY completed_at DESC, interval_s, source, pool) = 1
"""
_NEXT: Final = """
SELECT min(opened_at + interval_s) FROM candle
WHERE mint IN (SELECT unnest($mints)) AND opened_at + interval_s > $as_of
"""
_AGE_S: Final = 2 * 86_400


class LastCandle(NamedTuple):
    """The close of a candle and who told it; times are epoch seconds."""

    mint: str
    source: str
    close_usd: Decimal
    completed_at: int
    opened_at: int


class _Kept(NamedTuple):
    commits: int
    mints: frozenset[str]
    since: float
    until: float
    candles: tuple[LastCandle, ...]


class LastCandles:
    """The last candles. What was found stays until another candle is complete. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mints: tuple[int, frozenset[str]] = (-1, frozenset())
        self._kept = _Kept(-1, frozenset(), 0, 0, ())

    def at(self, mints: Iterable[str], as_of: int) -> tuple[LastCandle, ...]:
        """Return the last candle of each mint that has one not older than two days at `as_of`."""
        commits = self._database.commits
        if self._mints[0] != commits:
            self._mints = (commits, frozenset(str(row[0]) for row in self._database.rows(_MINTS)))
        wanted, kept = self._mints[1].intersection(mints), self._kept
        if (kept.commits, kept.mints) != (commits, wanted) or not kept.since <= as_of <= kept.until:
            kept = self._kept = self._read(commits, wanted, as_of)
        return kept.candles

    def _read(self, commits: int, mints: frozenset[str], as_of: int) -> _Kept:
        if not mints:
            return _Kept(commits, mints, -inf, inf, ())
        named: dict[str, object] = {"mints": sorted(mints), "as_of": as_of}
        found = tuple(LastCandle._make(row) for row in self._database.rows(_FIND, {**named, "age": _AGE_S}))
        ((coming,),) = self._database.rows(_NEXT, named)
        until = min((candle.opened_at + _AGE_S for candle in found), default=inf)
        return _Kept(commits, mints, as_of, until if coming is None else min(until, coming - 1), found)
