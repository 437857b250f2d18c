"""Store transactions: `getTransaction` results and Helius enhanced transactions, one object each.

What cannot be read is rejected with the reason; where its signature is legible it goes to quarantine.
Not responsible for finding the objects in a file (`files`) or for reading them (`engine.reading`).
"""

from collections.abc import Callable, Collection, Iterable
from typing import Final, NamedTuple

from data.importer.report import Tally
from data.store import Store
from data.store.facts import Outcome, Quarantined
from data.store.readings import Source
from engine.errors import ReadError
from engine.facts import Reading
from engine.reading import QUARANTINE_ISSUES, read_helius, read_transaction
from engine.units import Address

BATCH_TRANSACTIONS: Final = 1_000

Read = Callable[[bytes, Collection[Address] | None, Collection[Address]], tuple[Reading, ...]]

_READERS: Final[dict[Source, Read]] = {Source.RPC: read_transaction, Source.HELIUS: read_helius}
_NOBODY: Final = "concerns no signer and no followed wallet"


class Item(NamedTuple):
    """One transaction of a file: its place in it from 1, its form, its text."""

    number: int
    source: Source
    text: bytes


class _Read(NamedTuple):
    item: Item
    readings: tuple[Reading, ...]


def import_transactions(store: Store, items: Iterable[Item], tally: Tally) -> ReadError | None:
    """Store transactions in batches, each in one transaction; return the first error when none could be read."""
    followed = store.wallets.tracked()
    batch: list[_Read] = []
    unreadable: list[Quarantined] = []
    first_error: ReadError | None = None
    has_read = False
    for item in items:
        try:
            readings = _READERS[item.source](item.text, None, followed)
        except ReadError as error:
            first_error = first_error or error
            _refuse(item, error, unreadable, tally)
            continue
        has_read = True
        if not readings:
            tally.reject(_NOBODY, item.number)
            continue
        batch.append(_Read(item, readings))
        if len(batch) >= BATCH_TRANSACTIONS:
            _store_batch(store, batch, tally)
            batch = []
    if batch:
        _store_batch(store, batch, tally)
    if not has_read and first_error is not None:
        return first_error
    store.facts.add_quarantined(unreadable)
    return None


def _refuse(item: Item, error: ReadError, unreadable: list[Quarantined], tally: Tally) -> None:
    if error.signature is None:
        tally.reject(str(error), item.number)
    else:
        tally.quarantined += 1
        unreadable.append(Quarantined(error.signature, "", item.source.value, "unreadable", str(error)))


def _store_batch(store: Store, batch: list[_Read], tally: Tally) -> None:
    for source in {read.item.source for read in batch}:
        reads = [read for read in batch if read.item.source is source]
        outcomes = iter(store.facts.add_readings([reading for read in reads for reading in read.readings], source))
        doubtful: list[Quarantined] = []
        for read in reads:
            doubts = _doubts(read)
            doubtful += doubts
            _count(read.item, [next(outcomes) for _ in read.readings], tally, is_doubtful=bool(doubts))
        store.facts.add_quarantined(doubtful)


def _doubts(read: _Read) -> list[Quarantined]:
    """Return what contradicts a second source: the balances win, and a person looks at both."""
    return [
        Quarantined(reading.signature, reading.wallet, read.item.source.value, issue.partition(":")[0], issue)
        for reading in read.readings
        for issue in reading.issues
        if issue.partition(":")[0] in QUARANTINE_ISSUES
    ]


def _count(item: Item, outcomes: list[Outcome | str], tally: Tally, *, is_doubtful: bool) -> None:
    reason = next((outcome for outcome in outcomes if isinstance(outcome, str)), None)
    if Outcome.CONFLICT in outcomes or (is_doubtful and reason is None):
        tally.quarantined += 1
    elif reason is not None:
        tally.reject(reason, item.number)
    elif Outcome.NEW in outcomes:
        tally.new += 1
    else:
        tally.duplicate += 1
