"""Match unit by unit: first in, first out in its slowest and plainest form, to hold the fold against.

Every base unit is an object with its own share of every amount. Written without looking at how the fold does it.
"""

from collections import deque
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from engine.ledger import Event, EventKind

Shares = tuple[int | None, ...]


class Unit(NamedTuple):
    """One base unit of a purchase or of unknown origin, with its value, USD value, fee and USD fee."""

    ref: str
    at: int
    is_known: bool
    shares: Shares


Row = tuple[str, str, int, str, int, bool, int, Shares, Shares]
"""Kind, disposed ref and time, acquired ref and time, known, quantity, costs, proceeds."""


def match_units(events: Iterable[Event]) -> list[Row]:
    """Return the rows that the events realize: purchases, sales, burns, transfers, each line its own transaction."""
    known: deque[Unit] = deque()
    unknown: deque[Unit] = deque()
    rows: list[Row] = []
    for event in events:
        amounts = (event.value_lamports, event.value_usd_micro, event.fee_lamports, event.fee_usd_micro)
        if event.kind in {EventKind.BUY, EventKind.IN}:
            is_known = event.kind is EventKind.BUY and amounts[:2] != (None, None)
            if event.kind is EventKind.IN:
                amounts = (None, None, *amounts[2:])
            units = [Unit(event.ref, event.at, is_known, share) for share in unit_shares(amounts, event.quantity)]
            (known if is_known else unknown).extend(units)
            continue
        if event.kind is EventKind.BURN:
            amounts = (0, 0, *amounts[2:])
        if event.kind is EventKind.OUT:
            amounts = (None, None, *amounts[2:])
        matched: list[tuple[Unit, Shares]] = []
        for share in unit_shares(amounts, event.quantity):
            if known:
                unit = known.popleft()
            elif unknown:
                unit = unknown.popleft()
            else:
                unit = Unit(event.ref, event.at, is_known=False, shares=(None, None, None, None))
            matched.append((unit, share))
        kind = {EventKind.SELL: "SELL", EventKind.BURN: "BURN", EventKind.OUT: "OUT"}[event.kind]
        for key, pairs in groupby(matched, key=lambda pair: pair[0][:3]):
            group = list(pairs)
            costs = _sums([unit.shares for unit, _ in group])
            proceeds = _sums([share for _, share in group])
            rows.append((kind, event.ref, event.at, key[0], key[1], key[2], len(group), costs, proceeds))
    return rows


def unit_shares(amounts: Shares, quantity: int) -> list[Shares]:
    """Return what each unit gets when the amount given to the first k units is floor(amount × k ÷ quantity)."""
    return [
        tuple(None if amount is None else amount * (k + 1) // quantity - amount * k // quantity for amount in amounts)
        for k in range(quantity)
    ]


def _sums(shares: list[Shares]) -> Shares:
    return tuple(
        None if None in column else sum(part for part in column if part is not None)
        for column in zip(*shares, strict=True)
    )
