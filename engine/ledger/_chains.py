"""Compare the balances that events show with what the ledger holds.

Each token account is a chain: what it held before a transaction must be what it held after the one
before. The ledger's lots belong to the entity, the chains to single accounts, so only differences
are booked:

1. The differences of all accounts that one transaction shows are added first; tokens that moved
   between them are not lost.
2. Events without balances (trade rows with rounded amounts) change the lots but no chain. The
   lots that no seen account holds are *floating* (negative when such rows sold); a difference of
   the same sign is first explained by them.
3. What remains above is an opening lot of unknown basis, below it leaves like a transfer.

A remainder that the rounding of those rows explains is booked, but is no gap.
"""

from collections.abc import Sequence

from engine.ledger._book import Book
from engine.ledger.config import BPS
from engine.ledger.issues import IssueCode
from engine.ledger.lots import NOTHING_KNOWN
from engine.ledger.realized import Disposal

Balances = Sequence[tuple[str, int, int]]


def reconcile(book: Book, balances: Balances, at: int, ref: str) -> None:
    """Book what came or left unseen before an event, so that the accounts show their `before`."""
    if not balances:
        return
    accounts = book.accounts
    floating = book.totals.holding - sum(accounts.values())
    difference = 0
    is_broken = False
    for account, before, _ in balances:
        last = accounts.get(account)
        if last is not None and last != before:
            is_broken = True
        difference += before - (last or 0)
        accounts[account] = before
    # Both up or both down: the smaller of the two movements is the same tokens.
    explained = min(difference, floating, key=abs) if difference * floating > 0 else 0
    rest = difference - explained
    if rest:
        is_rounding = abs(rest) * BPS <= abs(explained) * book.config.rounding_bps
        code = IssueCode.GAP_OUT if rest < 0 else IssueCode.GAP_IN if is_broken else IssueCode.OPENING_BALANCE
        book.note(IssueCode.ROUNDING if is_rounding else code, at, ref, abs(rest))
    elif is_broken and not explained:
        book.note(IssueCode.GAP_MOVED, at, ref, 0)
    if rest > 0:
        book.discover(at, ref, rest)
    elif rest < 0:
        book.dispose(Disposal.OUT, at, ref, -rest, NOTHING_KNOWN)


def settle(book: Book, balances: Balances) -> None:
    """Remember what the accounts hold after an event."""
    for account, _, after in balances:
        book.accounts[account] = after
