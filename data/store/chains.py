"""Order the transactions of one slot whose place in the block is unknown by their token balances.

What an account held after one transaction is what it held before the next.
Not responsible for breaks in those chains: the ledger books them.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from engine.ledger import Event

Balances = tuple[tuple[str, int, int], ...]

UNKNOWN: Final = -1
MAX_TIED: Final = 64
"""More transactions of one owner and mint in one slot are left in the order of their signatures."""


class Transaction(NamedTuple):
    """The events of one signature in one fold; `key` is (order time, slot, index in block), -1 where unknown."""

    key: tuple[int, int, int]
    signature: str
    events: list[Event]


def chain_order(transactions: Sequence[Transaction]) -> list[Event]:
    """Return all events; transactions tied in a known slot follow their balances, then their signatures."""
    ordered: list[Event] = []
    for (_, slot), tied in groupby(transactions, key=lambda transaction: transaction.key[:2]):
        group = list(tied)
        if slot != UNKNOWN and 1 < len(group) <= MAX_TIED and any(t.key[2] == UNKNOWN for t in group):
            group = _follow(group)
        for transaction in group:
            ordered += transaction.events
    return ordered


def _follow(transactions: list[Transaction]) -> list[Transaction]:
    rest = list(transactions)
    ordered: list[Transaction] = []
    held: dict[str, int] = {}
    while rest:
        following = next((t for t in rest if _continues(t, held)), None)
        chosen = following or next((t for t in rest if not _has_predecessor(t, rest)), rest[0])
        rest.remove(chosen)
        ordered.append(chosen)
        held.update((account, after) for account, _, after in _balances(chosen))
    return ordered


def _continues(transaction: Transaction, held: dict[str, int]) -> bool:
    seen = [(account, before) for account, before, _ in _balances(transaction) if account in held]
    return bool(seen) and all(held[account] == before for account, before in seen)


def _has_predecessor(transaction: Transaction, others: list[Transaction]) -> bool:
    before = {(account, before) for account, before, _ in _balances(transaction)}
    return any(
        (account, after) in before
        for other in others
        if other is not transaction
        for account, _, after in _balances(other)
    )


def _balances(transaction: Transaction) -> list[tuple[str, int, int]]:
    return [balance for event in transaction.events for balance in event.balances]
