"""Show how far the realized result depends on the booking method.

FIFO is the ledger's own; LIFO, HIFO and average cost are computed from the same purchases and disposals, as a spread
beside it. They differ only in which known basis a disposal consumes: how much of it is known does not depend on them.
When a position is flat, nothing was transferred out and all basis is known, the four agree.
Parked lots stay available to the other methods. Not responsible for the rows behind a result: only FIFO has them.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from engine.ledger._fold import fold
from engine.ledger.config import DEFAULT_CONFIG, LedgerConfig
from engine.ledger.events import TRANSFERS, Event, EventKind, signature_of
from engine.ledger.lots import add
from engine.ledger.realized import Basis, Currency, Disposal, Realization, complete_flow, flow_of


class Method(StrEnum):
    """Which known basis a disposal consumes."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    AVERAGE = "average"


class MethodNet(NamedTuple):
    """Realized net, None in a currency in which a cost or a value is unknown."""

    lamports: int | None
    usd_micro: int | None


class _Purchase(NamedTuple):
    quantity: int
    cost: int


class _Disposal(NamedTuple):
    quantity: int
    proceeds: int | None
    """Net of fees; None when the basis left without a result."""


def spread(events: Iterable[Event], *, config: LedgerConfig = DEFAULT_CONFIG) -> dict[Method, MethodNet]:
    """Return the realized net of the events by booking method."""
    history = list(events)
    rows = fold(None, history, config=config).realizations
    lamports = _by_method(history, rows, Currency.SOL)
    usd_micro = _by_method(history, rows, Currency.USD)
    return {method: MethodNet(lamports[method], usd_micro[method]) for method in Method}


def _by_method(history: list[Event], rows: tuple[Realization, ...], currency: Currency) -> dict[Method, int | None]:
    flows = [flow_of(row, currency) for row in rows if row.is_profit_or_loss]
    known = [flow.net for flow in flows if flow is not None]
    steps = _steps(history, rows, currency)
    if steps is None or len(known) < len(flows):
        return dict.fromkeys(Method)
    return {
        Method.FIFO: sum(known),
        Method.LIFO: _realize(steps, Method.LIFO),
        Method.HIFO: _realize(steps, Method.HIFO),
        Method.AVERAGE: _realize_average(steps),
    }


def _steps(
    history: list[Event], rows: tuple[Realization, ...], currency: Currency
) -> list[_Purchase | _Disposal] | None:
    """Return purchases and disposals of known basis in order, None when one has no value in the currency."""
    by_ref: dict[str, list[Realization]] = {}
    for row in rows:
        if row.basis is Basis.KNOWN:
            by_ref.setdefault(row.disposed_ref, []).append(row)
    steps: list[_Purchase | _Disposal] = []
    for event in _as_booked(history):
        # What an event shows to have left before it comes first.
        for row in by_ref.get(event.ref, ()):
            received = _received(row, currency)
            if received is None and row.kind is not Disposal.OUT:
                return None
            steps.append(_Disposal(row.quantity, received))
        if event.kind == EventKind.BUY and (event.value_lamports, event.value_usd_micro) != (None, None):
            cost = _cost(event, currency)
            if cost is None:
                return None
            steps.append(_Purchase(event.quantity, cost))
    return steps


def _as_booked(history: list[Event]) -> Iterator[Event]:
    """Yield the events in the order in which the fold books them: in a transaction, transfers last."""
    for _, transaction in groupby(history, key=lambda event: signature_of(event.ref)):
        yield from sorted(transaction, key=lambda event: event.kind in TRANSFERS)


def _cost(event: Event, currency: Currency) -> int | None:
    if currency is Currency.USD:
        return add(event.value_usd_micro, event.fee_usd_micro)
    return add(event.value_lamports, event.fee_lamports)


def _received(row: Realization, currency: Currency) -> int | None:
    if row.kind is Disposal.OUT:
        return None
    if currency is Currency.USD:
        flow = complete_flow(0, 0, row.proceeds_usd_micro, row.sell_fee_usd_micro)
    else:
        flow = complete_flow(0, 0, row.proceeds_lamports, row.sell_fee_lamports)
    return None if flow is None else flow.net


def _realize(steps: list[_Purchase | _Disposal], method: Method) -> int:
    net = 0
    # Quantity left, cost left: consumed parts take floor(cost left * part / quantity left), the last one the rest.
    lots: list[tuple[int, int]] = []
    for step in steps:
        if isinstance(step, _Purchase):
            lots.append(step)
            continue
        rest, cost = step.quantity, 0
        while rest:
            index = _pick(lots, method)
            quantity, lot_cost = lots.pop(index)
            taken = min(quantity, rest)
            part = lot_cost * taken // quantity
            cost += part
            rest -= taken
            if taken < quantity:
                lots.insert(index, (quantity - taken, lot_cost - part))
        if step.proceeds is not None:
            net += step.proceeds - cost
    return net


def _pick(lots: list[tuple[int, int]], method: Method) -> int:
    if method is Method.LIFO:
        return len(lots) - 1
    return max(range(len(lots)), key=lambda index: (Fraction(lots[index][1], lots[index][0]), -index))


def _realize_average(steps: list[_Purchase | _Disposal]) -> int:
    net = held = held_cost = 0
    for step in steps:
        if isinstance(step, _Purchase):
            held += step.quantity
            held_cost += step.cost
            continue
        part = held_cost * step.quantity // held
        held -= step.quantity
        held_cost -= part
        if step.proceeds is not None:
            net += step.proceeds - part
    return net
