"""Remember what a live booking would ask for again and again: states of folds, members, prices of SOL.

It holds for one `version` of the database: whatever else is committed, or taken back, is read anew. Used inside of
`Database.write`, or of `Database.beside`. Not responsible for what a live booking does with it (`booking`, `near`).
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import Final

from data.store.chunks import Key
from data.store.connection import Database
from data.store.derived import Stored, read_states

REMEMBERED: Final = 2_000
"""Folds whose states stay in memory: a few kilobytes each."""

DAY_S: Final = 86_400

_FLAGS: Final = "SELECT EXISTS (FROM reversed), EXISTS (FROM refold)"
_MEMBERS: Final = "SELECT wallet, entity FROM entity_member"
_PRICES: Final = "SELECT completed_at, price_e12 FROM sol_price WHERE completed_at >= ? ORDER BY completed_at"


class Recalled:
    """What was true at one version of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version = -1
        self._entities: Mapping[str, str] = {}
        self._has_reversed = self._has_marks = True
        self._states: OrderedDict[Key, Stored] = OrderedDict()
        self._prices: list[tuple[int, int | None]] = []
        self._prices_from: int | None = None

    @property
    def entities(self) -> Mapping[str, str]:
        """The entity of every wallet that was assigned to one."""
        self._refresh()
        return self._entities

    @property
    def has_reversed(self) -> bool:
        """Whether anything was taken back."""
        self._refresh()
        return self._has_reversed

    @property
    def has_marks(self) -> bool:
        """Whether any fold is marked to start over."""
        self._refresh()
        return self._has_marks

    def states(self, keys: Collection[Key]) -> dict[Key, Stored]:
        """Return what is stored of folds, without those of which nothing is."""
        self._refresh()
        # Whatever is forgotten to make room for the others, it was asked for.
        held = {key: self._states[key] for key in keys if key in self._states}
        states = held | read_states(self._database.cursor(), [key for key in keys if key not in held])
        self.keep(states)
        return states

    def keep(self, states: Mapping[Key, Stored]) -> None:
        """Take over what is stored now."""
        for key, stored in states.items():
            self._states[key] = stored
            self._states.move_to_end(key)
        while len(self._states) > REMEMBERED:
            self._states.popitem(last=False)

    def prices(self, first: int) -> list[tuple[int, int | None]]:
        """Return when candles of SOL were complete and its price then, from a second on, oldest first."""
        self._refresh()
        if self._prices_from is None or first < self._prices_from:
            self._prices_from = first - DAY_S
            self._prices = self._database.rows(_PRICES, [self._prices_from])
        return self._prices

    def _refresh(self) -> None:
        if self._version == self._database.version:
            return
        self._states.clear()
        self._prices_from = None
        self._entities = dict(self._database.rows(_MEMBERS))
        ((self._has_reversed, self._has_marks),) = self._database.rows(_FLAGS)
        self._version = self._database.version
