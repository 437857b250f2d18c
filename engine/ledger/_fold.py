"""Fold events into lots, realizations and episodes: the one way in which the ledger changes.

The fold of one (entity, mint) is a pure function of its events in order; what it needs to go on is
in the state, so folding further gives what folding everything again would give.
Not responsible for order, duplicates or prices: events come sorted, once each, and valued.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from engine.ledger._book import Book
from engine.ledger._chains import reconcile, settle
from engine.ledger._trades import fold_trades
from engine.ledger.config import DEFAULT_CONFIG, LedgerConfig
from engine.ledger.episodes import Episode
from engine.ledger.events import TRANSFERS, Event, EventKind, signature_of
from engine.ledger.issues import Issue
from engine.ledger.lots import add
from engine.ledger.realized import Disposal, Realization
from engine.ledger.state import FoldState


class FoldResult(NamedTuple):
    """The state after the events, and what they added.

    `episodes` are those that the events opened or changed; each replaces the one of its number.
    """

    state: FoldState
    realizations: tuple[Realization, ...]
    episodes: tuple[Episode, ...]
    issues: tuple[Issue, ...]


def fold(
    state: FoldState | None,
    events: Iterable[Event],
    *,
    config: LedgerConfig = DEFAULT_CONFIG,
) -> FoldResult:
    """Return the ledger of one (entity, mint) after further events.

    `fold(fold(None, a).state, b)` gives the state of `fold(None, a + b)` and the rest of its rows,
    for every cut between two transactions.

    Raises:
        ValueError: The first event belongs to the last transaction of the state, whose transfers
            inside the entity may already be booked as transfers out of it: fold from the start.
    """
    book = Book(state, config)
    stream = iter(events)
    event = next(stream, None)
    if event is not None:
        _refuse_continuation(book, event.ref)
        event = fold_trades(book, chain((event,), stream))
    while event is not None:
        after = _transfer(book, event, stream) if event.kind in TRANSFERS else _apply(book, event)
        event = fold_trades(book, stream) if after is None else after
    return FoldResult(book.freeze(), tuple(book.realizations), book.changed_episodes(), tuple(book.issues))


def _refuse_continuation(book: Book, ref: str) -> None:
    if book.last_ref and signature_of(book.last_ref) == signature_of(ref):
        raise ValueError(
            f"event {ref!r} continues the transaction of {book.last_ref!r}, which the state has already booked: "
            "fold from the start"
        )


def _apply(book: Book, event: Event) -> None:
    kind, at, ref, _, quantity, value, usd, fee, fee_usd, balances = event
    reconcile(book, balances, at, ref)
    if kind == EventKind.BUY and value is None and usd is None:
        book.buy_unvalued(at, ref, quantity, (fee, fee_usd))
    elif kind == EventKind.BUY:
        fold_trades(book, iter((event._replace(kind=EventKind.BUY, balances=()),)))
    elif kind == EventKind.SELL:
        book.dispose(Disposal.SELL, at, ref, quantity, (value, usd, fee, fee_usd))
    elif kind == EventKind.BURN:
        book.dispose(Disposal.BURN, at, ref, quantity, (0, 0, fee, fee_usd))
    elif kind == EventKind.PARK:
        book.park(at, ref, quantity)
    else:
        book.unpark(at, ref, quantity)
    settle(book, balances)
    book.last_at, book.last_ref = at, ref


def _transfer(book: Book, first: Event, stream: Iterator[Event]) -> Event | None:
    """Net the movements of one transaction over the entity's wallets; return the event after it."""
    signature = signature_of(first.ref)
    transfers = [first]
    last_ref = first.ref
    for event in stream:
        if signature_of(event.ref) != signature:
            break
        last_ref = event.ref
        if event.kind in TRANSFERS:
            transfers.append(event)
        else:
            _apply(book, event)
    else:
        event = None
    balances = [balance for transfer in transfers for balance in transfer.balances]
    reconcile(book, balances, first.at, first.ref)
    _book_net(book, transfers)
    settle(book, balances)
    book.last_at, book.last_ref = first.at, last_ref
    return event


def _book_net(book: Book, transfers: list[Event]) -> None:
    moved = [(_moved(event), event) for event in transfers]
    net = sum(quantity for quantity, _ in moved)
    if not net:
        return
    # The first event of the net direction names the movement; the others cancel inside.
    named = next(event for quantity, event in moved if quantity * net > 0)
    fee, fee_usd = 0, 0
    for event in transfers:
        fee += event.fee_lamports
        fee_usd = add(fee_usd, event.fee_usd_micro)
    if net > 0:
        book.receive(named.at, named.ref, net, (fee, fee_usd))
    else:
        book.dispose(Disposal.OUT, named.at, named.ref, -net, (None, None, fee, fee_usd))


def _moved(event: Event) -> int:
    if event.kind == EventKind.OBSERVE:
        return sum(after - before for _, before, after in event.balances)
    return event.quantity if event.kind == EventKind.IN else -event.quantity
