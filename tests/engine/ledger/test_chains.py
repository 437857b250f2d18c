"""Chains of balances: what was there before, what came or left unseen (DOMAIN §3, opening lots and gaps)."""

from hypothesis import given
from hypothesis import strategies as st

from engine.ledger import Basis, Disposal, Event, EventKind, IssueCode, fold
from tests.engine.ledger.text import ledger


def test_balance_before_the_first_event_is_an_opening_lot_of_unknown_basis() -> None:
    """DOMAIN §3: a pre-balance above the ledger creates an opening lot; it is not a gap."""
    result = ledger("buy 10 @ 5 [a 7>17]")
    assert result.state.totals.opening == 7
    assert [lot.ref for lot in result.state.unknown] == ["s000#0"]
    assert [(issue.code, issue.quantity) for issue in result.issues] == [(IssueCode.OPENING_BALANCE, 7)]
    assert (result.state.holding, result.state.gaps) == (17, 0)


def test_unbroken_chain_books_nothing_of_its_own() -> None:
    """Our rule: balances that continue their chain are no news."""
    result = ledger("buy 10 @ 5 [a 0>10]", "sell 4 @ 6 [a 10>6]", "sell 6 @ 6 [a 6>0]")
    assert (result.issues, result.state.gaps, result.state.holding) == ((), 0, 0)


def test_balance_above_the_last_one_is_a_gap_and_an_opening_lot() -> None:
    """DOMAIN §3: when the pre-balance does not match the last post-balance, that is a gap."""
    result = ledger("buy 10 @ 5 [a 0>10]", "sell 12 @ 6 [a 15>3]")
    assert [(issue.code, issue.quantity) for issue in result.issues] == [(IssueCode.GAP_IN, 5)]
    assert [(row.basis, row.quantity) for row in result.realizations] == [(Basis.KNOWN, 10), (Basis.UNKNOWN, 2)]
    assert (result.state.gaps, result.state.holding) == (1, 3)


def test_balance_below_the_last_one_leaves_like_a_transfer() -> None:
    """Our rule: missing quantity below is removed like OUT, so that the holding follows the chain."""
    result = ledger("buy 10 @ 5 [a 0>10]", "sell 4 @ 6 [a 7>3]")
    assert [(issue.code, issue.quantity) for issue in result.issues] == [(IssueCode.GAP_OUT, 3)]
    assert [(row.kind, row.quantity) for row in result.realizations] == [(Disposal.OUT, 3), (Disposal.SELL, 4)]
    assert (result.state.gaps, result.state.holding) == (1, 3)


def test_observation_alone_shows_a_gap() -> None:
    """Our rule: a transaction that moved nothing of ours still shows what came before it."""
    result = ledger("buy 10 @ 5 [a 0>10]", "observe [a 0>0]")
    assert (result.state.holding, result.state.gaps) == (0, 1)


def test_observed_movement_follows_the_balances() -> None:
    """Our rule: what a transaction of any other class moved is booked as a transfer."""
    result = ledger("buy 10 @ 5 [a 0>10]", "observe [a 10>4]", "observe [a 4>9]")
    assert (result.state.totals.sent, result.state.totals.received) == (6, 5)
    assert (result.state.holding, result.state.gaps) == (9, 0)


def test_movement_between_own_accounts_loses_no_basis() -> None:
    """Our rule: differences of all accounts that one transaction shows are added before anything is booked."""
    result = ledger("buy 10 @ 5 [a 0>10]", "sell 10 @ 6 [a 0>0, b 10>0]")
    assert [(row.basis, row.quantity) for row in result.realizations] == [(Basis.KNOWN, 10)]
    assert [(issue.code, issue.quantity) for issue in result.issues] == [(IssueCode.GAP_MOVED, 0)]
    assert result.state.gaps == 1


def test_lots_of_rounded_rows_explain_the_first_balance_of_an_account() -> None:
    """Our rule: an account seen for the first time is not counted twice when rows without balances filled it."""
    result = ledger("buy 10 @ 5", "sell 4 @ 6 [a 10>6]")
    assert (result.issues, result.state.holding) == ((), 6)


def test_only_what_exceeds_the_lots_of_rounded_rows_is_an_opening_lot() -> None:
    """Our rule: the difference is booked above what lots in no seen account hold."""
    result = ledger("buy 10 @ 5", "sell 4 @ 6 [a 13>9]")
    assert [(issue.code, issue.quantity) for issue in result.issues] == [(IssueCode.OPENING_BALANCE, 3)]
    assert result.state.holding == 9


def test_rounded_rows_between_balances_explain_their_difference() -> None:
    """Our rule: a purchase or sale without balances is why a known account changed, so there is no gap."""
    bought = ledger("buy 10 @ 5 [a 0>10]", "buy 5 @ 5", "sell 15 @ 6 [a 15>0]")
    sold = ledger("buy 10 @ 5 [a 0>10]", "sell 4 @ 5", "sell 6 @ 6 [a 6>0]")
    for result in (bought, sold):
        assert (result.issues, result.state.gaps, result.state.holding) == ((), 0, 0)


def test_lots_explain_only_one_account() -> None:
    """Our rule: what one account's balance has explained is assigned; the next account's is an opening lot."""
    result = ledger("buy 10 @ 5", "observe [a 10>10]", "observe [b 10>10]")
    assert [(issue.code, issue.quantity) for issue in result.issues] == [(IssueCode.OPENING_BALANCE, 10)]
    assert result.state.holding == 20


def test_difference_within_rounding_is_booked_but_is_no_gap() -> None:
    """Our rule: rows come with some nine significant digits; 1 basis point of what they moved is their rounding."""
    result = ledger("observe [a 0>0]", "buy 1000000 @ 0", "sell 1000004 @ 0 [a 1000004>0]")
    assert [(issue.code, issue.quantity) for issue in result.issues] == [(IssueCode.ROUNDING, 4)]
    assert (result.state.gaps, result.state.holding) == (0, 0)


@given(st.lists(st.tuples(st.integers(-40, 40), st.booleans()), max_size=20))
def test_holding_follows_the_chain_whatever_was_not_seen(moves: list[tuple[int, bool]]) -> None:
    """Law: with balances on every event that is seen, the ledger holds what the account holds."""
    events: list[Event] = []
    balance = 0
    for number, (move, is_seen) in enumerate(moves):
        before = balance
        balance = max(0, balance + move)
        if not is_seen:
            continue
        change = balance - before
        kind = EventKind.BUY if change > 0 else EventKind.SELL if change < 0 else EventKind.OBSERVE
        value = 1_000 * abs(change)
        balances = (("a", before, balance),)
        events.append(Event(kind, number, f"s{number:03}#0", "w1", abs(change), value, value, 0, 0, balances))
    state = fold(None, events).state
    if events:
        assert state.holding == events[-1].balances[0][2]
    assert sum(lot.left for lot in state.known + state.unknown) == state.holding
    # Balances alone must not change what the fold does with plain trades.
    if all(is_seen for _, is_seen in moves):
        assert state.gaps == 0
        assert (
            fold(None, [event._replace(balances=()) for event in events]).realizations
            == fold(None, events).realizations
        )
