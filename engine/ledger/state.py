"""Hold everything that the fold must remember between two events, as canonical JSON text.

Not responsible for changing it (`fold`) or for keeping it (`data.store`).
"""

import json
from dataclasses import dataclass
from typing import Final, NamedTuple

from engine.ledger.episodes import Episode
from engine.ledger.lots import Lot

STATE_VERSION: Final = 1


class Totals(NamedTuple):
    """Base units that came and went since the first event.

    `opening` was there before anything was seen; `parked` and `unparked` moved into a pool or a
    lending market and back.
    """

    opening: int = 0
    bought: int = 0
    received: int = 0
    sold: int = 0
    sent: int = 0
    burned: int = 0
    parked: int = 0
    unparked: int = 0

    @property
    def holding(self) -> int:
        """Return what the totals leave in the owners' accounts."""
        return (
            self.opening
            + self.bought
            + self.received
            - self.sold
            - self.sent
            - self.burned
            - self.parked
            + self.unparked
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldState:
    """The state of one (entity, mint) after its last event.

    Lots are in the order in which they will be consumed, `known` before `unknown`.
    `accounts` are the last seen balances by token account, sorted.
    `episode` is the current or last one, None before the first purchase.
    `gaps` counts the breaks found in balance chains, `acquisitions` the lots ever made.
    """

    known: tuple[Lot, ...]
    unknown: tuple[Lot, ...]
    parked: tuple[Lot, ...]
    accounts: tuple[tuple[str, int], ...]
    totals: Totals
    episode: Episode | None
    acquisitions: int
    gaps: int
    last_at: int
    last_ref: str

    @classmethod
    def empty(cls) -> "FoldState":
        """Return the state before the first event."""
        return _EMPTY

    @property
    def holding(self) -> int:
        """Return the base units in the owners' accounts."""
        return self.totals.holding

    @property
    def known_quantity(self) -> int:
        """Return the base units of known basis that are held, parked ones included."""
        held = sum(lot.left for lot in self.known)
        return held + sum(lot.left for lot in self.parked if lot.is_known)

    def to_json(self) -> str:
        """Return canonical JSON: the same state gives the same bytes."""
        document = {
            "version": STATE_VERSION,
            "known": self.known,
            "unknown": self.unknown,
            "parked": self.parked,
            "accounts": self.accounts,
            "totals": self.totals,
            "episode": self.episode,
            "acquisitions": self.acquisitions,
            "gaps": self.gaps,
            "last_at": self.last_at,
            "last_ref": self.last_ref,
        }
        return json.dumps(document, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "FoldState":
        """Return the state that `to_json` wrote.

        Raises:
            ValueError: The text is of another version; rebuild the state from the facts.
        """
        document = json.loads(text)
        if document["version"] != STATE_VERSION:
            raise ValueError(
                f"fold state of version {document['version']!r}, expected {STATE_VERSION}: rebuild it from the facts"
            )
        episode = document["episode"]
        return cls(
            known=tuple(map(Lot._make, document["known"])),
            unknown=tuple(map(Lot._make, document["unknown"])),
            parked=tuple(map(Lot._make, document["parked"])),
            accounts=tuple((account, balance) for account, balance in document["accounts"]),
            totals=Totals._make(document["totals"]),
            episode=None if episode is None else Episode._make(episode),
            acquisitions=document["acquisitions"],
            gaps=document["gaps"],
            last_at=document["last_at"],
            last_ref=document["last_ref"],
        )


_EMPTY: Final = FoldState(
    known=(),
    unknown=(),
    parked=(),
    accounts=(),
    totals=Totals(),
    episode=None,
    acquisitions=0,
    gaps=0,
    last_at=0,
    last_ref="",
)
