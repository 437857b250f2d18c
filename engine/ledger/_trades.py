"""Fold plain trades at the speed of a loop over local variables.

Nearly every event is a purchase, or a sale that known lots cover, with balances that continue their chains. Here they
work on the head of the queue, the sums of the episode and the counters in locals; anything else is handed back.
A sale does exactly what `Book.dispose` does, and the tests hold the two against each other.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from engine.ledger._book import Book
from engine.ledger.config import BPS
from engine.ledger.episodes import Episode
from engine.ledger.events import Event, EventKind
from engine.ledger.lots import Lot
from engine.ledger.realized import Basis, Disposal, Realization

_BUY: Final = EventKind.BUY
_SELL: Final = EventKind.SELL
_SOLD: Final = Disposal.SELL
_KNOWN: Final = Basis.KNOWN
# Building named tuples without their own constructors halves the cost of a row.
_new_lot: Final[Callable[[type[Lot], tuple[object, ...]], Lot]] = tuple[object, ...].__new__
_new_row: Final[Callable[[type[Realization], tuple[object, ...]], Realization]] = tuple[object, ...].__new__
_new_episode: Final[Callable[[type[Episode], tuple[object, ...]], Episode]] = tuple[object, ...].__new__


# One function, because a call per trade would cost as much as the work in it.
def fold_trades(book: Book, events: Iterator[Event]) -> Event | None:  # noqa: C901, PLR0912, PLR0915
    """Book plain trades; return the first event that is none, not booked, or None at the end."""
    held, parked = book.known_held, book.known_parked
    close_bps = book.config.episode_close_bps
    accounts = book.accounts
    order = book.acquisitions
    append_lot, pop_lot = book.known.append, book.known.popleft
    append_row = book.realizations.append
    # The head of the queue: `left` of `whole`, and what is left of its amounts. Nothing is left before the first sale.
    lot_ref, lot_at, lot_order, whole, left = "", 0, 0, 0, 0
    cost = cost_usd = paid = paid_usd = cost_left = cost_usd_left = paid_left = paid_usd_left = None
    stream = events
    event: Event | None = None
    last: Event | None = None
    is_opening = True
    while is_opening:
        is_opening = False
        (
            number, opened_at, opened_ref, closed_at, closed_ref, buys, sells,
            bought, sold, burned, moved, unmatched, peak, spent_l, spent_u,
            cost_l, cost_u, buy_fee_l, buy_fee_u, proceeds_l, proceeds_u,
            sell_fee_l, sell_fee_u, unmatched_l, unmatched_u,
        ) = book.episode  # fmt: skip
        bought_before, sold_before = bought, sold
        for event in stream:
            kind, now, name, _, quantity, value, usd, fee, fee_usd, balances = event
            if balances:
                is_continued = True
                for account, before, _ in balances:
                    if accounts.get(account) != before:
                        is_continued = False
                        break
                if not is_continued:
                    break
            if kind is _BUY:
                if value is None and usd is None:
                    break
                if closed_at is not None:
                    is_opening = True
                    break
                held += quantity
                if held + parked > peak:  # noqa: PLR1730 - calling max costs as much as all the rest of a purchase
                    peak = held + parked
                buys += 1
                bought += quantity
                spent_l = None if spent_l is None or value is None else spent_l + value + fee
                spent_u = None if spent_u is None or usd is None or fee_usd is None else spent_u + usd + fee_usd
                append_lot(_new_lot(Lot, (name, now, order, quantity, quantity, value, usd, fee, fee_usd)))
                order += 1
            elif kind is _SELL and quantity <= held:
                sells += 1
                sold += quantity
                held -= quantity
                rest = quantity
                got_left, got_usd_left, fee_left, fee_usd_left = value, usd, fee, fee_usd
                while rest:
                    if not left:
                        lot = pop_lot()
                        lot_ref, lot_at, lot_order, whole, left, cost, cost_usd, paid, paid_usd = lot
                        if left == whole:
                            cost_left, cost_usd_left, paid_left, paid_usd_left = cost, cost_usd, paid, paid_usd
                        else:
                            cost_left, cost_usd_left, paid_left, paid_usd_left = lot.rest
                    if left <= rest:
                        taken = left
                        left = 0
                        lot_cost, lot_cost_usd = cost_left, cost_usd_left
                        lot_fee, lot_fee_usd = paid_left, paid_usd_left
                    else:
                        taken = rest
                        left -= rest
                        used = whole - left
                        lot_cost = lot_cost_usd = lot_fee = lot_fee_usd = None
                        if cost is not None and cost_left is not None:
                            kept = cost - cost * used // whole
                            lot_cost = cost_left - kept
                            cost_left = kept
                        if cost_usd is not None and cost_usd_left is not None:
                            kept = cost_usd - cost_usd * used // whole
                            lot_cost_usd = cost_usd_left - kept
                            cost_usd_left = kept
                        if paid is not None and paid_left is not None:
                            kept = paid - paid * used // whole
                            lot_fee = paid_left - kept
                            paid_left = kept
                        if paid_usd is not None and paid_usd_left is not None:
                            kept = paid_usd - paid_usd * used // whole
                            lot_fee_usd = paid_usd_left - kept
                            paid_usd_left = kept
                    rest -= taken
                    if rest:
                        used = quantity - rest
                        got = got_usd = sold_fee_usd = None
                        if value is not None and got_left is not None:
                            kept = value - value * used // quantity
                            got = got_left - kept
                            got_left = kept
                        if usd is not None and got_usd_left is not None:
                            kept = usd - usd * used // quantity
                            got_usd = got_usd_left - kept
                            got_usd_left = kept
                        kept = fee - fee * used // quantity
                        sold_fee = fee_left - kept
                        fee_left = kept
                        if fee_usd is not None and fee_usd_left is not None:
                            kept = fee_usd - fee_usd * used // quantity
                            sold_fee_usd = fee_usd_left - kept
                            fee_usd_left = kept
                    else:
                        got, got_usd, sold_fee, sold_fee_usd = got_left, got_usd_left, fee_left, fee_usd_left
                    append_row(
                        _new_row(
                            Realization,
                            (
                                _SOLD, number, name, now, lot_ref, lot_at, _KNOWN, taken,
                                lot_cost, lot_cost_usd, lot_fee, lot_fee_usd,
                                got, got_usd, sold_fee, sold_fee_usd,
                            ),
                        )
                    )  # fmt: skip
                    cost_l = None if cost_l is None or lot_cost is None else cost_l + lot_cost
                    cost_u = None if cost_u is None or lot_cost_usd is None else cost_u + lot_cost_usd
                    buy_fee_l = None if buy_fee_l is None or lot_fee is None else buy_fee_l + lot_fee
                    buy_fee_u = None if buy_fee_u is None or lot_fee_usd is None else buy_fee_u + lot_fee_usd
                proceeds_l = None if proceeds_l is None or value is None else proceeds_l + value
                proceeds_u = None if proceeds_u is None or usd is None else proceeds_u + usd
                sell_fee_l = None if sell_fee_l is None else sell_fee_l + fee
                sell_fee_u = None if sell_fee_u is None or fee_usd is None else sell_fee_u + fee_usd
                if closed_at is None and (held + parked) * BPS <= peak * close_bps:
                    closed_at, closed_ref = now, name
            else:
                break
            if balances:
                for account, _, after in balances:
                    accounts[account] = after
            last = event
        else:
            event = None
        book.episode = _new_episode(Episode, (
            number, opened_at, opened_ref, closed_at, closed_ref, buys, sells,
            bought, sold, burned, moved, unmatched, peak, spent_l, spent_u,
            cost_l, cost_u, buy_fee_l, buy_fee_u, proceeds_l, proceeds_u,
            sell_fee_l, sell_fee_u, unmatched_l, unmatched_u,
        ))  # fmt: skip
        book.bought += bought - bought_before
        book.sold += sold - sold_before
        if is_opening and event is not None:
            book.open_episode(event.at, event.ref)
            stream = chain((event,), events)
    if left:
        head = Lot(lot_ref, lot_at, lot_order, whole, left, cost, cost_usd, paid, paid_usd)
        book.known.appendleft(head)
    book.known_held = held
    book.acquisitions = order
    if last is not None:
        book.last_at, book.last_ref = last.at, last.ref
    return event
