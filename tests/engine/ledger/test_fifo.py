"""First in, first out with provenance: every realized amount names its purchase and its sale."""

from hypothesis import given
from inline_snapshot import snapshot

from engine.ledger import Basis, Currency, Disposal, Event, EventKind, IssueCode, Realization, flow_of, fold
from tests.engine.ledger.oracle import Row, match_units
from tests.engine.ledger.strategies import MOVING, histories
from tests.engine.ledger.text import SOL_PER_USD, USD, ledger


def test_sale_takes_the_oldest_purchases_first_and_names_them() -> None:
    """DOMAIN §3: FIFO, every realized amount names its acquisitions and its disposal."""
    rows = ledger("buy 10 @ 5", "buy 10 @ 6", "sell 15 @ 9").realizations
    assert [(row.acquired_ref, row.disposed_ref, row.quantity) for row in rows] == [
        ("s000#0", "s002#0", 10),
        ("s001#0", "s002#0", 5),
    ]
    assert [flow.net for row in rows if (flow := flow_of(row, Currency.USD))] == [40 * USD, 15 * USD]


def test_realization_carries_both_currencies_and_the_fees_of_both_sides() -> None:
    """DOMAIN §3: realized is net of network fees and tips of the buy, pro rata, and of the sell."""
    assert ledger("buy 10 @ 5 fee 1", "sell 4 @ 9 fee 0.5").realizations == snapshot(
        (
            Realization(
                kind=Disposal.SELL,
                episode=1,
                disposed_ref="s001#0",
                disposed_at=120,
                acquired_ref="s000#0",
                acquired_at=60,
                basis=Basis.KNOWN,
                quantity=4,
                cost_lamports=200000000,
                cost_usd_micro=20000000,
                buy_fee_lamports=4000000,
                buy_fee_usd_micro=400000,
                proceeds_lamports=360000000,
                proceeds_usd_micro=36000000,
                sell_fee_lamports=5000000,
                sell_fee_usd_micro=500000,
            ),
        )
    )


def test_units_of_a_lot_of_three_for_ten_cost_three_three_and_four() -> None:
    """DOMAIN §3: consumed cost = floor(lot cost × consumed ÷ quantity) − already consumed; it telescopes."""
    events = [Event(EventKind.BUY, 1, "buy#0", "w", 3, 10, None, 0, None)]
    events += [Event(EventKind.SELL, 2, f"sell{n}#0", "w", 1, 5, None, 0, None) for n in range(3)]
    assert [row.cost_lamports for row in fold(None, events).realizations] == [3, 3, 4]


def test_sale_larger_than_the_lots_reports_an_unmatched_disposal() -> None:
    """DOMAIN §3: the part without known basis is unmatched proceeds, outside P&L; totals still conserve."""
    result = ledger("buy 10 @ 5", "sell 14 @ 10")
    known, unknown = result.realizations
    assert (known.basis, known.quantity, known.proceeds_usd_micro) == (Basis.KNOWN, 10, 100 * USD)
    assert (unknown.basis, unknown.quantity, unknown.proceeds_usd_micro) == (Basis.UNKNOWN, 4, 40 * USD)
    assert unknown.cost_usd_micro is None
    assert [(issue.code, issue.quantity) for issue in result.issues] == [(IssueCode.UNMATCHED_DISPOSAL, 4)]
    assert (result.state.totals.opening, result.state.holding) == (4, 0)


def test_known_lots_are_consumed_before_unknown_ones_that_are_older() -> None:
    """DOMAIN §3: known lots first, FIFO; unknown lots last."""
    rows = ledger("in 10", "buy 10 @ 5", "sell 15 @ 9").realizations
    assert [(row.acquired_ref, row.basis, row.quantity) for row in rows] == [
        ("s001#0", Basis.KNOWN, 10),
        ("s000#0", Basis.UNKNOWN, 5),
    ]


def test_burn_is_a_disposal_for_nothing() -> None:
    """DOMAIN §3: INVOLUNTARY is a disposal for nothing, a loss of the whole cost and its fee."""
    (row,) = ledger("buy 10 @ 5 fee 1", "burn 10").realizations
    assert row.kind is Disposal.BURN
    flow = flow_of(row, Currency.USD)
    assert flow is not None
    assert flow.net == -51 * USD


def test_transfer_out_takes_its_basis_along_without_a_result() -> None:
    """DOMAIN §3: a transfer out realizes nothing, and later sales consume the next lot."""
    rows = ledger("buy 10 @ 5", "buy 10 @ 7", "out 10", "sell 10 @ 9").realizations
    assert [(row.kind, row.cost_usd_micro, row.proceeds_usd_micro) for row in rows] == [
        (Disposal.OUT, 50 * USD, None),
        (Disposal.SELL, 70 * USD, 90 * USD),
    ]
    assert flow_of(rows[0], Currency.USD) is None


def test_purchase_of_unknown_value_is_unknown_basis() -> None:
    """DOMAIN §3: unknown is never zero cost."""
    result = ledger("buy 10 @ ?", "sell 10 @ 9")
    (row,) = result.realizations
    assert (row.basis, row.cost_usd_micro, row.episode) == (Basis.UNKNOWN, None, None)
    assert [issue.code for issue in result.issues] == [IssueCode.UNVALUED_BUY]


def test_value_unknown_in_dollars_stays_known_in_sol() -> None:
    """DOMAIN §3: SOL P&L needs no price; no price gives null, never 0, in that currency alone."""
    (row,) = ledger("buy 10 @ 5 no-usd", "sell 10 @ 9").realizations
    assert flow_of(row, Currency.USD) is None
    flow = flow_of(row, Currency.SOL)
    assert flow is not None
    assert flow.net == 40 * SOL_PER_USD


@given(histories(*MOVING))
def test_rows_equal_those_of_a_unit_by_unit_oracle(events: list[Event]) -> None:
    """Our rule against an independent FIFO that moves single base units."""
    assert [_as_row(row) for row in fold(None, events).realizations] == match_units(events)


def _as_row(row: Realization) -> Row:
    key = (row.kind.value, row.disposed_ref, row.disposed_at, row.acquired_ref, row.acquired_at)
    return (*key, row.basis is Basis.KNOWN, row.quantity, row[8:12], row[12:16])
