"""Know without a look-up that a transaction is not stored: which ones of the last minutes are is kept at hand.

Not responsible for what waits to be stored (`arrivals`).
"""

from collections.abc import Iterable, Sequence
from typing import Final

from data.store.connection import Database
from data.store.facts import Added, places_query
from data.store.identity import place_key
from engine.facts import Reading

MOST: Final = 50_000
"""Signatures that are kept; then those of the last minutes are read again."""

LANDS_WITHIN_S: Final = 150
"""A transaction can be in a block until its blockhash is 150 blocks old: of a fork, in more than one."""

# What is stored without a time may be of any.
_NEWEST: Final = """
SELECT
    greatest((SELECT max(order_time) FROM effect), (SELECT max(order_time) FROM leg)),
    EXISTS (FROM effect WHERE block_time IS NULL)
"""
_SINCE: Final = """
SELECT signature FROM effect WHERE order_time >= $1 UNION SELECT signature FROM leg WHERE order_time >= $1
"""


class Latest:
    """What is stored of the time after a moment. Asked inside of `beside`, told after a commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batch = -1
        self._after_s: int | None = None
        self._signatures: set[str] = set()

    def has_any(self, readings: Sequence[Reading]) -> bool:
        """Tell whether one of the transactions is stored. Those before the moment are looked up."""
        self._refresh()
        times = [reading.block_time for reading in readings]
        after_s = self._after_s
        if after_s is not None and all(at is not None and at > after_s for at in times):
            return any(reading.signature in self._signatures for reading in readings)
        keys = {place_key(reading.signature) for reading in readings}
        return bool(self._database.rows(places_query(keys)))

    def add(self, readings: Iterable[Reading], added: Added) -> None:
        """Take note of what was stored last."""
        if added.batch != self._batch + 1:
            return
        self._signatures.update(reading.signature for reading in readings)
        # From a batch that is unknown on, the moment is looked for again.
        self._batch = added.batch if len(self._signatures) <= MOST else -1

    def _refresh(self) -> None:
        batch = self._database.mark("last_batch")
        if self._batch != batch:
            ((newest, has_untimed),) = self._database.rows(_NEWEST)
            self._after_s = None if has_untimed else newest or 0
            first = 0 if newest is None else newest - LANDS_WITHIN_S
            self._signatures = {str(row[0]) for row in self._database.rows(_SINCE, [first])}
            self._batch = batch
