"""What goes wrong with a provider of speech or thought, on demand: the next time, or every time.

Not responsible for how each of them says so.
"""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What goes wrong. The first five are refusals; the others happen in the middle of an answer."""

    BAD_KEY = "bad_key"
    NO_CREDIT = "no_credit"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    INVALID = "invalid"
    STALL = "stall"
    DROP = "drop"
    MALFORMED = "malformed"


REFUSALS = frozenset({Kind.BAD_KEY, Kind.NO_CREDIT, Kind.RATE_LIMITED, Kind.OVERLOADED, Kind.INVALID})


class Door(StrEnum):
    """Where a client comes in: each has its own faults."""

    CLAUDE = "claude"
    REALTIME = "realtime"
    BATCH = "batch"
    SCRIBE = "scribe"
    SPEECH = "speech"
    STREAM = "stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. `after`: pieces (deltas, words, chunks of audio) that are sent before it, where it is no refusal.

    A socket is refused at its handshake, or, with `is_late`, over the open socket when it is asked for something; with
    `is_late` the other kinds happen there too, else a socket stalls, or is dropped, before it is open.
    """

    kind: Kind
    after: int = 0
    retry_after_s: int | None = None
    is_late: bool = False


def late(kind: Kind, after: int = 0) -> Fault:
    """Return a fault that happens over an open connection, in the middle of an answer."""
    return Fault(kind=kind, after=after, is_late=True)


class Faults:
    """What goes wrong next, by door."""

    def __init__(self) -> None:
        self._planned: dict[Door, list[Fault]] = defaultdict(list)
        self._always: dict[Door, Fault] = {}

    def plan(self, door: Door, *faults: Fault) -> None:
        """Let these happen, one a time, in order."""
        self._planned[door] += faults

    def always(self, door: Door, fault: Fault) -> None:
        """Let this happen every time."""
        self._always[door] = fault

    def mend(self) -> None:
        """Let nothing go wrong any more."""
        self._planned.clear()
        self._always.clear()

    def take(self, door: Door, *, is_late: bool) -> Fault | None:
        """Return the fault that is due now."""
        planned = self._planned[door]
        if planned and planned[0].is_late == is_late:
            return planned.pop(0)
        always = self._always.get(door)
        return always if always is not None and always.is_late == is_late else None
