"""The laws of DOMAIN §3 that hold for every history."""

from collections import Counter
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from engine.ledger import (
    Basis,
    Currency,
    Disposal,
    Episode,
    Event,
    EventKind,
    Flow,
    FoldResult,
    FoldState,
    Realization,
    flow_of,
    fold,
    judge,
    spread,
)
from tests.engine.ledger.strategies import ALL_BUT_OBSERVE, MOVING, histories

ANY = histories(*ALL_BUT_OBSERVE)
CURRENCIES = tuple(Currency)


@given(ANY)
def test_what_came_less_what_left_is_held_in_lots(events: list[Event]) -> None:
    """Law: opening + bought + in − sold − out − burned − parked + unparked = holding = Σ lots."""
    state = fold(None, events).state
    assert sum(lot.left for lot in state.known + state.unknown) == state.holding
    assert sum(lot.left for lot in state.parked) == state.totals.parked - state.totals.unparked
    booked = Counter[EventKind]()
    for event in events:
        booked[event.kind] += event.quantity
    totals = state.totals
    assert (totals.bought, totals.sold, totals.sent, totals.burned, totals.parked) == (
        booked[EventKind.BUY],
        booked[EventKind.SELL],
        booked[EventKind.OUT],
        booked[EventKind.BURN],
        booked[EventKind.PARK],
    )
    assert totals.received + totals.unparked == booked[EventKind.IN] + booked[EventKind.UNPARK]


@given(histories(*ALL_BUT_OBSERVE, is_priced=True))
def test_no_lamport_of_cost_or_fees_is_lost(events: list[Event]) -> None:
    """Law: what was paid for is in realizations or in open lots, to the last unit; so is what was received."""
    result = fold(None, events)
    lots = [lot for lot in result.state.known + result.state.parked if lot.is_known]
    rows = [row for row in result.realizations if row.basis is Basis.KNOWN]
    bought = [event for event in events if event.kind is EventKind.BUY]
    assert sum(_known(event[5:9] for event in bought)) == sum(_known(row[8:12] for row in rows)) + sum(
        _known(lot.rest for lot in lots)
    )
    sold = [event for event in events if event.kind is EventKind.SELL]
    sales = [row for row in result.realizations if row.kind is Disposal.SELL]
    assert sum(_known(event[5:9] for event in sold)) == sum(_known(row[12:16] for row in sales))


@given(ANY)
def test_sum_of_realizations_is_the_episodes_result(events: list[Event]) -> None:
    """Law: Σ realizations = episode P&L, in each currency, null exactly where a part is."""
    result = fold(None, events)
    for episode in result.episodes:
        rows = [row for row in result.realizations if row.episode == episode.number]
        for currency in CURRENCIES:
            flows = [flow_of(row, currency) for row in rows if row.is_profit_or_loss]
            flow = episode.flow(currency)
            if None in flows:
                assert flow is None
            else:
                assert flow is not None
                assert flow == Flow(*(sum(column) for column in zip(*flows, strict=True))) if flows else flow.net == 0
        assert episode.unmatched_quantity == sum(row.quantity for row in rows if row.basis is Basis.UNKNOWN)


@given(histories(*ALL_BUT_OBSERVE, is_priced=True))
def test_everything_spent_is_in_episodes(events: list[Event]) -> None:
    """Our rule: every purchase of known value, with its fees, is spent in the episode that it opens or adds to."""
    episodes = fold(None, events).episodes
    bought = [event for event in events if event.kind is EventKind.BUY]
    paid = _known((event.value_lamports, event.fee_lamports) for event in bought)
    paid_usd = _known((event.value_usd_micro, event.fee_usd_micro) for event in bought)
    assert sum(_known((episode.spent_lamports,) for episode in episodes)) == sum(paid)
    assert sum(_known((episode.spent_usd_micro,) for episode in episodes)) == sum(paid_usd)
    assert sum(episode.bought_quantity for episode in episodes) == sum(event.quantity for event in bought)


@given(ANY, st.data())
def test_folding_further_gives_what_folding_everything_gives(events: list[Event], data: st.DataObject) -> None:
    """Law: incremental = replay at any cut, through the stored text; the text is byte for byte the same."""
    whole = fold(None, events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=3)))
    state: FoldState | None = None
    rows: list[Realization] = []
    episodes: dict[int, Episode] = {}
    for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
        part = fold(state, events[start:end])
        text = part.state.to_json()
        state = FoldState.from_json(text)
        assert state == part.state
        assert state.to_json() == text
        rows += part.realizations
        episodes |= {episode.number: episode for episode in part.episodes}
    assert state == whole.state
    assert tuple(rows) == whole.realizations
    assert tuple(episodes.values()) == whole.episodes


@given(ANY, st.data())
def test_duplicates_and_any_arrival_order_give_the_same_ledger(events: list[Event], data: st.DataObject) -> None:
    """Law: facts are stored once each and sorted before the fold, as the store does it."""
    arrived = events + data.draw(st.lists(st.sampled_from(events), max_size=5) if events else st.just([]))
    shuffled = data.draw(st.permutations(arrived))
    stored = sorted(set(shuffled), key=lambda event: (event.at, event.ref))
    assert fold(None, stored) == fold(None, events)


@given(st.data())
def test_splitting_a_sale_changes_nothing(data: st.DataObject) -> None:
    """Law: a sale and its two halves at the same price leave the same lots, results and outcomes."""
    events = _at_unit_prices(data.draw(histories(*MOVING, is_priced=True)))
    sales = [place for place, event in enumerate(events) if event.kind is EventKind.SELL and event.quantity > 1]
    if not sales:
        return
    place = data.draw(st.sampled_from(sales))
    parts = _split(events[place], data.draw(st.integers(1, events[place].quantity - 1)))
    _assert_same(fold(None, events), fold(None, [*events[:place], *parts, *events[place + 1 :]]))


@given(st.data())
def test_merging_equal_purchases_changes_nothing(data: st.DataObject) -> None:
    """Law: two purchases at one price and time are one purchase of both."""
    events = _at_unit_prices(data.draw(histories(*MOVING, is_priced=True)))
    purchases = [place for place, event in enumerate(events) if event.kind is EventKind.BUY and event.quantity > 1]
    if not purchases:
        return
    place = data.draw(st.sampled_from(purchases))
    parts = _split(events[place], data.draw(st.integers(1, events[place].quantity - 1)))
    _assert_same(fold(None, events), fold(None, [*events[:place], *parts, *events[place + 1 :]]))


@given(st.data())
def test_dust_and_airdrops_change_no_result(data: st.DataObject) -> None:
    """Law: what arrives unpaid changes no matched row, no episode and so no win rate."""
    events = data.draw(ANY)
    if not events:
        return
    gifts = [
        Event(EventKind.IN, events[place].at, f"gift{number}#0", "w1", quantity, None, None, 0, None)
        for number, (place, quantity) in enumerate(
            data.draw(st.lists(st.tuples(st.integers(0, len(events) - 1), st.integers(1, 50)), max_size=4))
        )
    ]
    mixed = sorted([*enumerate(events), *((-1, gift) for gift in gifts)], key=lambda row: (row[1].at, row[0]))
    plain, gifted = fold(None, events), fold(None, [event for _, event in mixed])
    assert _known_rows(gifted) == _known_rows(plain)
    assert gifted.episodes == plain.episodes


@given(histories(EventKind.SELL, is_priced=True))
def test_all_methods_agree_on_a_flat_position_of_known_basis(events: list[Event]) -> None:
    """DOMAIN §3: average cost, LIFO and HIFO equal FIFO when the position is flat with all basis known."""
    covered: list[Event] = []
    held = 0
    for event in events:
        quantity = event.quantity if event.kind is EventKind.BUY else min(event.quantity, held)
        held += quantity if event.kind is EventKind.BUY else -quantity
        if quantity:
            covered.append(event._replace(quantity=quantity))
    if held:
        at = covered[-1].at + 1
        covered.append(Event(EventKind.SELL, at, "exit#0", "w1", held, 10**9, 10**9, 5_000, 1_000))
    assert len(set(spread(covered).values())) == 1


def _known(columns: Iterable[tuple[int | None, ...]]) -> list[int]:
    return [part for column in columns for part in column if part is not None]


def _at_unit_prices(events: list[Event]) -> list[Event]:
    """Make every amount a multiple of the quantity, so that parts have exact amounts."""
    return [
        event._replace(
            value_lamports=None if event.value_lamports is None else event.value_lamports // 7 * event.quantity,
            value_usd_micro=None if event.value_usd_micro is None else event.value_usd_micro // 7 * event.quantity,
            fee_lamports=event.fee_lamports * event.quantity,
            fee_usd_micro=None if event.fee_usd_micro is None else event.fee_usd_micro * event.quantity,
        )
        for event in events
    ]


def _split(event: Event, quantity: int) -> list[Event]:
    def share(amount: int | None, taken: int) -> int | None:
        return None if amount is None else amount * taken // event.quantity

    def part(taken: int, suffix: str) -> Event:
        return event._replace(
            ref=event.ref.replace("#", f"{suffix}#"),
            quantity=taken,
            value_lamports=share(event.value_lamports, taken),
            value_usd_micro=share(event.value_usd_micro, taken),
            fee_lamports=event.fee_lamports * taken // event.quantity,
            fee_usd_micro=share(event.fee_usd_micro, taken),
        )

    return [part(quantity, "a"), part(event.quantity - quantity, "b")]


def _assert_same(whole: FoldResult, parts: FoldResult) -> None:
    assert parts.state.totals == whole.state.totals
    for currency in CURRENCIES:
        assert _results(parts, currency) == _results(whole, currency)
    assert _amounts_left(parts.state) == _amounts_left(whole.state)


def _results(result: FoldResult, currency: Currency) -> list[object]:
    return [
        (
            episode.opened_at,
            episode.closed_at,
            episode.flow(currency),
            episode.unmatched(currency),
            judge(episode, currency),
            sum(row.quantity * row.held_s for row in result.realizations if row.episode == episode.number),
        )
        for episode in result.episodes
    ]


def _amounts_left(state: FoldState) -> list[int]:
    columns = zip(*((lot.left, *lot.rest) for lot in state.known), strict=True)
    return [sum(part for part in column if part is not None) for column in columns]


def _known_rows(result: FoldResult) -> list[Realization]:
    return [row for row in result.realizations if row.basis is Basis.KNOWN]
