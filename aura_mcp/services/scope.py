"""Say over which wallets, which span of time and which state of the ledger an answer is.

Not responsible for what is asked inside of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from aura_mcp.errors import AuraError
from aura_mcp.services.results import to_moment_or_none
from data.clock import Clock
from data.store import Store
from engine.wallets import Window

_MEMBERS: Final = """
SELECT wallet FROM entity_member WHERE entity = $1
UNION ALL
SELECT $1 WHERE $1 NOT IN (SELECT wallet FROM entity_member WHERE entity <> $1)
ORDER BY ALL
"""
_TRACKED: Final = """
SELECT DISTINCT coalesce(m.entity, w.address) FROM wallet AS w
LEFT JOIN entity_member AS m ON m.wallet = w.address
WHERE w.is_tracked ORDER BY ALL
"""
_REVISION: Final = """
SELECT
    (SELECT value FROM meta WHERE key = 'booked_batch'),
    (SELECT coalesce(bit_xor(hash(wallet, entity)), 0)::VARCHAR FROM entity_member),
    (SELECT coalesce(max(number), 0) FROM history)
"""
_LAST_FACT: Final = "SELECT max(order_time) FROM leg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From after `since_s` (None: the first fact) up to `until_s`, in epoch seconds, seen from `as_of_s`."""

    since_s: int | None
    until_s: int
    as_of_s: int

    @property
    def as_of(self) -> datetime:
        """The moment that the answer is for."""
        return datetime.fromtimestamp(self.as_of_s, UTC)

    @property
    def since(self) -> datetime | None:
        """Where the span starts."""
        return to_moment_or_none(self.since_s)

    @property
    def until(self) -> datetime:
        """Where the span ends."""
        return datetime.fromtimestamp(self.until_s, UTC)


class Revision(NamedTuple):
    """What the stored ledger follows from: as long as it stays, so does every figure of a fixed moment."""

    booked_batch: int
    members: str
    history: int
    """The last number of `history`: what is written later has a higher one."""


def span_of(clock: Clock, window: Window, since: datetime | None = None, until: datetime | None = None) -> Span:
    """Return the span that a window, or free ends that take its place, mean now; times without a zone are UTC.

    Raises:
        AuraError: it ends before it starts.
    """
    as_of = clock.epoch_s()
    end = as_of if until is None else _epoch(until)
    start = None if window.seconds is None else end - window.seconds
    if since is not None:
        # A span excludes its first second; the moment named belongs to it.
        start = _epoch(since) - 1
    if start is not None and start >= end:
        raise AuraError(f"the span from {_text(start + 1)} to {_text(end)} holds no time; name an earlier start")
    return Span(since_s=start, until_s=end, as_of_s=as_of)


def members_of(store: Store, entity: str) -> tuple[str, ...]:
    """Return the wallets of an entity; most often one, itself."""
    return tuple(str(row[0]) for row in store.database.rows(_MEMBERS, [entity]))


def owned_by(owners: Sequence[str]) -> tuple[dict[str, object], str]:
    """Return values and the condition on `owner` that names them: a plain one, which reaches the scan of a table."""
    named: dict[str, object] = {f"o{number}": owner for number, owner in enumerate(owners)}
    return named, f"owner IN ({', '.join(f'${name}' for name in named)})"


def tracked_entities(store: Store) -> list[str]:
    """Return the entities of all followed wallets, sorted."""
    return [str(row[0]) for row in store.database.rows(_TRACKED)]


def revision_of(store: Store) -> Revision:
    """Return the state of the ledger."""
    return Revision._make(store.database.rows(_REVISION)[0])


def last_fact_at(store: Store) -> datetime | None:
    """Return the time of the newest fact, None while there is none."""
    return to_moment_or_none(store.database.rows(_LAST_FACT)[0][0])


def _epoch(moment: datetime) -> int:
    return int((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp())


def _text(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
