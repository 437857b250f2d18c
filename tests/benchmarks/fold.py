"""Measure the fold against a bare deque loop that matches quantities and costs only.

Both read the same trades in time order, mixed over all positions, in one process. The floor looks up the position's
deque and matches: no provenance, no second currency, no fees, no episodes, no state. It is what first in, first out
costs at the least in Python. The full way groups the events by position and folds each group.
Not responsible for asserting times: machines differ, ratios are printed.
"""

import gc
import random
import statistics
from collections import defaultdict, deque
from collections.abc import Callable
from time import perf_counter
from typing import Final, TypeVar

from engine.ledger import Event, EventKind, fold

TRADES: Final = 300_000
TRADES_PER_POSITION: Final = 100
ROUNDS: Final = 5
SEED: Final = 2026

Key = tuple[str, str]
Row = TypeVar("Row")
First = TypeVar("First")
Second = TypeVar("Second")
Work = tuple[Callable[[list[Row]], int], list[Row]]
Events = list[tuple[Key, Event]]
BareRows = list[tuple[Key, bool, int, int]]


def measure() -> dict[str, float]:
    """Return trades per second of both loops, their ratio, and how flat the cost per trade is.

    `flatness_1m_to_100k` is the time per trade at 1M trades over that at 100k; 1 is flat.
    """
    events = synthetic_trades(TRADES)
    rows = bare_rows(events)
    floor, full = _trades_per_s((match_bare, rows), (group_and_fold, events))
    del rows, events
    small, large = _trades_per_s(
        (group_and_fold, synthetic_trades(100_000)), (group_and_fold, synthetic_trades(1_000_000))
    )
    return {
        "bare_trades_per_s": floor,
        "fold_trades_per_s": full,
        "fold_to_bare_ratio": full / floor,
        "fold_100k_trades_per_s": small,
        "fold_1m_trades_per_s": large,
        "flatness_1m_to_100k": small / large,
    }


def synthetic_trades(trades: int) -> Events:
    """Return deterministic round trips in time order: some buys, sales of parts, some positions left open."""
    chance = random.Random(SEED)
    events: Events = []
    for number in range(trades // TRADES_PER_POSITION):
        key = (f"entity{number % 50}", f"mint{number}")
        events.extend((key, event) for event in _round_trips(chance, f"{number:06x}"))
    events.sort(key=lambda row: row[1].at)
    return events


def bare_rows(events: Events) -> BareRows:
    """Return what the floor needs of each trade: position, side, quantity, value."""
    return [(key, event.kind == EventKind.BUY, event.quantity, event.value_lamports or 0) for key, event in events]


def match_bare(rows: BareRows) -> int:
    """Match quantities and costs, and return the realized sum."""
    books: defaultdict[Key, deque[list[int]]] = defaultdict(deque)
    realized = 0
    for key, is_buy, traded, value in rows:
        lots = books[key]
        if is_buy:
            lots.append([traded, value])
            continue
        quantity = traded
        realized += value
        while quantity and lots:
            lot = lots[0]
            left, cost = lot
            if left <= quantity:
                lots.popleft()
                quantity -= left
                realized -= cost
            else:
                part = cost * quantity // left
                lot[0] = left - quantity
                lot[1] = cost - part
                realized -= part
                quantity = 0
    return realized


def group_and_fold(events: Events) -> int:
    """Fold every position with all of DOMAIN §3, and return the number of realizations."""
    positions: defaultdict[Key, list[Event]] = defaultdict(list)
    for key, event in events:
        positions[key].append(event)
    return sum(len(fold(None, position).realizations) for position in positions.values())


def _round_trips(chance: random.Random, name: str) -> list[Event]:
    events: list[Event] = []
    at = 1_780_000_000
    held = 0
    while len(events) < TRADES_PER_POSITION:
        for _ in range(chance.randint(1, 6)):
            quantity = chance.randint(10**6, 10**12)
            held += quantity
            at += chance.randint(1, 600)
            events.append(_trade(chance, EventKind.BUY, at, f"{name}buy{len(events):08x}#0", quantity))
        for parts in range(chance.randint(1, 6), 0, -1):
            is_exit = parts == 1 and chance.random() < 0.8
            quantity = held if is_exit else max(1, held // (parts + 1))
            held -= quantity
            at += chance.randint(1, 600)
            events.append(_trade(chance, EventKind.SELL, at, f"{name}sell{len(events):08x}#0", quantity))
            if not held:
                break
    return events[:TRADES_PER_POSITION]


def _trade(chance: random.Random, kind: EventKind, at: int, ref: str, quantity: int) -> Event:
    lamports = chance.randint(10**6, 10**10)
    fee = 5_000 + chance.randint(0, 10**6)
    return Event(kind, at, ref, "entity", quantity, lamports, lamports * 150 // 1000, fee, fee * 150 // 1000)


def _trades_per_s(first: Work[First], second: Work[Second]) -> tuple[float, float]:
    """Return the medians of alternating runs, so that what else the machine does slows both."""
    timed = [(_seconds(*first), _seconds(*second)) for _ in range(ROUNDS)]
    firsts, seconds = zip(*timed, strict=True)
    return len(first[1]) / statistics.median(firsts), len(second[1]) / statistics.median(seconds)


def _seconds(work: Callable[[list[Row]], int], rows: list[Row]) -> float:
    gc.collect()
    start = perf_counter()
    work(rows)
    return perf_counter() - start


if __name__ == "__main__":
    for metric, value in measure().items():
        print(f"{metric:>24} {value:>14,.2f}")
