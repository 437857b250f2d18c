"""Apply one event to the open lots, first in first out, known basis before unknown.

A book is the working form of a `FoldState`. `_trades` adds purchases, and sells what known lots cover, in the hot path.
Not responsible for chains of balances (`_chains`) or for the order of events.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

from engine.ledger.config import BPS, LedgerConfig
from engine.ledger.episodes import Episode
from engine.ledger.issues import GAPS, Issue, IssueCode
from engine.ledger.lots import NOTHING_KNOWN, Amounts, Lot, portion
from engine.ledger.realized import Basis, Disposal, Realization
from engine.ledger.state import FoldState, Totals

_NONE_YET: Final = Episode.opened(0, 0, "")._replace(closed_at=0, closed_ref="")
"""Stands for the episode before the first: closed, and counted by no row."""


class Book:
    """Lots, balances and totals of one (entity, mint), and what the events have added to them.

    `known_held` counts the known basis in `known`, `known_parked` the one under a pool or lending market.
    """

    def __init__(self, state: FoldState | None, config: LedgerConfig) -> None:
        """Continue a stored state, or start an empty book."""
        self.config = config
        if state is None:
            state = FoldState.empty()
        self.known = deque(state.known)
        self.unknown = deque(state.unknown)
        self.parked = deque(state.parked)
        self.accounts = dict(state.accounts)
        (
            self.opening,
            self.bought,
            self.received,
            self.sold,
            self.sent,
            self.burned,
            self.parked_total,
            self.unparked_total,
        ) = state.totals
        self.known_held = sum(lot.left for lot in state.known)
        self.known_parked = sum(lot.left for lot in state.parked if lot.is_known)
        self.stored_episode = self.episode = state.episode or _NONE_YET
        self.acquisitions = state.acquisitions
        self.gaps = state.gaps
        self.last_at = state.last_at
        self.last_ref = state.last_ref
        self.realizations: list[Realization] = []
        self.episodes: list[Episode] = []
        self.issues: list[Issue] = []

    def freeze(self) -> FoldState:
        """Return the book as a state."""
        return FoldState(
            known=tuple(self.known),
            unknown=tuple(self.unknown),
            parked=tuple(self.parked),
            accounts=tuple(sorted(self.accounts.items())),
            totals=self.totals,
            episode=self.episode if self.episode.number else None,
            acquisitions=self.acquisitions,
            gaps=self.gaps,
            last_at=self.last_at,
            last_ref=self.last_ref,
        )

    @property
    def totals(self) -> Totals:
        """Return what came and went so far."""
        return Totals(
            self.opening,
            self.bought,
            self.received,
            self.sold,
            self.sent,
            self.burned,
            self.parked_total,
            self.unparked_total,
        )

    def changed_episodes(self) -> tuple[Episode, ...]:
        """Return the episodes that were opened or changed since the book was made."""
        return (*self.episodes, *self._changed_episode())

    def note(self, code: IssueCode, at: int, ref: str, quantity: int) -> None:
        """Report a finding; a break in a chain of balances counts as a gap."""
        self.issues.append(Issue(code, at, ref, quantity))
        if code in GAPS:
            self.gaps += 1

    def open_episode(self, at: int, ref: str) -> None:
        """Start an episode when known basis comes to a flat position."""
        self.episodes.extend(self._changed_episode())
        self.episode = Episode.opened(self.episode.number + 1, at, ref)

    def buy_unvalued(self, at: int, ref: str, quantity: int, fees: tuple[int | None, int | None]) -> None:
        """Add a lot that was bought at a value nobody knows: its basis is unknown."""
        self.bought += quantity
        self._add_unknown(at, ref, quantity, (None, None, *fees))
        self.note(IssueCode.UNVALUED_BUY, at, ref, quantity)

    def receive(self, at: int, ref: str, quantity: int, fees: tuple[int | None, int | None]) -> None:
        """Add a lot that came from outside: its basis is unknown."""
        self.received += quantity
        self._add_unknown(at, ref, quantity, (None, None, *fees))

    def discover(self, at: int, ref: str, quantity: int) -> None:
        """Add a lot that must have come before, as a balance has shown."""
        self.opening += quantity
        self._add_unknown(at, ref, quantity, NOTHING_KNOWN)

    def dispose(self, kind: Disposal, at: int, ref: str, quantity: int, amounts: Amounts) -> None:
        """Let a quantity leave for what it brought, and realize each lot's part of it."""
        if kind is Disposal.SELL:
            self.sold += quantity
        elif kind is Disposal.BURN:
            self.burned += quantity
        else:
            self.sent += quantity
        start = 0
        is_counted = False
        for lot in self._taken(at, ref, quantity):
            end = start + lot.quantity
            part = portion(amounts, quantity, start, end)
            start = end
            is_counted |= self._realize(kind, at, ref, lot, part)
        if is_counted and kind is Disposal.SELL:
            self.episode = self.episode._replace(sells=self.episode.sells + 1)

    def park(self, at: int, ref: str, quantity: int) -> None:
        """Move lots under a pool or a lending market; the episode goes on."""
        self.parked_total += quantity
        for lot in self._taken(at, ref, quantity):
            self.parked.append(lot)
            if lot.is_known:
                self.known_parked += lot.quantity

    def unpark(self, at: int, ref: str, quantity: int) -> None:
        """Bring parked lots back to their place; what exceeds them came from outside."""
        rest = quantity
        while rest and self.parked:
            lot = self.parked.popleft()
            if lot.left > rest:
                lot, kept = lot.split(rest)
                self.parked.appendleft(kept)
            rest -= lot.left
            if lot.is_known:
                self.known_parked -= lot.left
                self.known_held += lot.left
            _insert(self.known if lot.is_known else self.unknown, lot)
        self.unparked_total += quantity - rest
        if rest:
            self.receive(at, ref, rest, (None, None))

    def _changed_episode(self) -> tuple[Episode, ...]:
        return () if self.episode == self.stored_episode else (self.episode,)

    def _realize(self, kind: Disposal, at: int, ref: str, lot: Lot, part: Amounts) -> bool:
        """Append the row of one lot, and tell whether it counts in an episode."""
        number = self._episode_of(kind, at, lot)
        basis = Basis.KNOWN if lot.is_known else Basis.UNKNOWN
        row = Realization(kind, number, ref, at, lot.ref, lot.at, basis, lot.quantity, *lot[5:], *part)
        self.realizations.append(row)
        if number is None:
            return False
        episode = self.episode.with_row(row)
        held = self.known_held + self.known_parked
        if not episode.is_closed and held * BPS <= episode.peak_quantity * self.config.episode_close_bps:
            episode = episode._replace(closed_at=at, closed_ref=ref)
        self.episode = episode
        return True

    def _episode_of(self, kind: Disposal, at: int, lot: Lot) -> int | None:
        """Return the episode that a disposal of a lot counts in.

        Unknown basis counts against the coverage of an episode while that is open, its closing second included;
        sold later, it says nothing about the episode.
        """
        episode = self.episode
        if not lot.is_known:
            is_over = episode.closed_at is not None and at > episode.closed_at
            return None if is_over or kind is Disposal.OUT or not episode.number else episode.number
        return episode.number

    def _taken(self, at: int, ref: str, quantity: int) -> Iterator[Lot]:
        """Take lots out, known ones first, each as a lot of what was taken."""
        rest = quantity
        for lots in (self.known, self.unknown):
            while rest and lots:
                piece, kept = lots[0].split(min(rest, lots[0].left))
                if kept.left:
                    lots[0] = kept
                else:
                    lots.popleft()
                rest -= piece.quantity
                if lots is self.known:
                    self.known_held -= piece.quantity
                yield piece
        if rest:
            # What leaves without ever having come was there before anything was seen.
            self.opening += rest
            self.note(IssueCode.UNMATCHED_DISPOSAL, at, ref, rest)
            yield Lot(ref, at, self._next_order(), rest, rest, *NOTHING_KNOWN)

    def _add_unknown(self, at: int, ref: str, quantity: int, amounts: Amounts) -> None:
        self.unknown.append(Lot(ref, at, self._next_order(), quantity, quantity, *amounts))

    def _next_order(self) -> int:
        order = self.acquisitions
        self.acquisitions = order + 1
        return order


def _insert(lots: deque[Lot], lot: Lot) -> None:
    for position, other in enumerate(lots):
        if other.order >= lot.order:
            lots.insert(position, lot)
            return
    lots.append(lot)
