"""Decide how much of a page of signatures back-fill takes, and where following goes on.

Not responsible for fetching pages or for storing what was taken.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Backfill(StrEnum):
    """How far back a wallet's signatures are known: still going, as deep as set, or to its first transaction."""

    OPEN = "open"
    DEPTH = "depth"
    START = "start"


class Listed(NamedTuple):
    """A transaction that names an address; `block_time` in seconds since 1970, None where the node left it out."""

    signature: str
    slot: int
    block_time: int | None
    is_finalized: bool


class Depth(NamedTuple):
    """How far back to go: not before `since` (seconds since 1970), not more than `transactions` in all."""

    since: int
    transactions: int


class Taken(NamedTuple):
    """What back-fill takes of a page, whether it has ended there, and since when everything is listed.

    `since` is None where the first transaction was reached or no time is known.
    """

    listed: tuple[Listed, ...]
    end: Backfill
    since: int | None


def take_page(page: Sequence[Listed], already: int, depth: Depth, *, is_last: bool) -> Taken:
    """Return the part of a page (newest first) within the depth, `already` transactions into it.

    `is_last` says that the node has no older ones.
    """
    within = [entry for entry in page if entry.block_time is None or entry.block_time >= depth.since]
    taken = tuple(within[: max(0, depth.transactions - already)])
    oldest = min((entry.block_time for entry in taken if entry.block_time is not None), default=None)
    if len(taken) < len(within):
        return Taken(taken, Backfill.DEPTH, oldest)
    if len(within) < len(page):
        return Taken(taken, Backfill.DEPTH, depth.since)
    if is_last:
        return Taken(taken, Backfill.START, None)
    return Taken(taken, Backfill.OPEN, oldest)


def goes_deeper(end: Backfill, since: int | None, already: int, depth: Depth) -> bool:
    """Tell whether a back-fill that came to `since` with `already` transactions has more to do at this depth."""
    if end is Backfill.DEPTH:
        return already < depth.transactions and since is not None and since > depth.since
    return end is Backfill.OPEN


def newest_final(listed: Sequence[Listed]) -> Listed | None:
    """Return the finalized transaction of the highest slot, of several the first listed; None without any."""
    return max((entry for entry in listed if entry.is_finalized), key=lambda entry: entry.slot, default=None)
