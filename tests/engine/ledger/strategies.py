"""Generate ledgers for hypothesis: few base units, awkward amounts, every kind of event."""

from typing import Final

from hypothesis import strategies as st

from engine.ledger import Event, EventKind

PLAIN: Final = (EventKind.BUY, EventKind.SELL)
MOVING: Final = (*PLAIN, EventKind.IN, EventKind.OUT, EventKind.BURN)
ALL_BUT_OBSERVE: Final = (*MOVING, EventKind.PARK, EventKind.UNPARK)

# About one value in six is unknown.
_amounts = st.integers(-2 * 10**11, 10**12).map(lambda amount: None if amount < 0 else amount)
_Step = tuple[EventKind, int, int, int | None, int | None, int, int | None]


def histories(*kinds: EventKind, max_quantity: int = 25, is_priced: bool = False) -> st.SearchStrategy[list[Event]]:
    """Return a strategy of histories of these kinds, each event a transaction of its own, in order of time."""
    amounts = st.integers(0, 10**12) if is_priced else _amounts
    step = st.tuples(
        # Plain trades are the rule, as on the chain, purchases more than the half.
        st.one_of(st.just(EventKind.BUY), st.sampled_from(PLAIN), st.sampled_from(kinds)),
        st.integers(0, 120),
        st.integers(1, max_quantity),
        amounts,
        amounts,
        st.integers(0, 10**6),
        amounts,
    )
    return st.one_of(st.lists(step, max_size=4), st.lists(step, min_size=8, max_size=24)).map(_events)


def _events(steps: list[_Step]) -> list[Event]:
    found: list[Event] = []
    at = 1_000
    for number, (kind, pause, quantity, value, usd, fee, fee_usd) in enumerate(steps):
        at += pause
        is_trade = kind in PLAIN
        found.append(
            Event(
                kind,
                at,
                f"s{number:03}#0",
                "w1",
                quantity,
                value if is_trade else None,
                usd if is_trade else None,
                fee,
                fee_usd,
            )
        )
    return found
