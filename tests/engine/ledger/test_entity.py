"""Entities of several wallets, and lots parked under pools and lending markets (DOMAIN §3)."""

import pytest

from engine.ledger import Basis, Disposal, fold
from tests.engine.ledger.text import events, ledger


def test_transfer_between_own_wallets_keeps_basis_and_books_nothing() -> None:
    """DOMAIN §3: moves between an entity's wallets cancel inside it and carry basis by themselves."""
    result = ledger("buy 10 @ 5", "out 10 tx t", "in 10 tx t by w2", "sell 10 @ 9 by w2")
    (row,) = result.realizations
    assert (row.kind, row.basis, row.acquired_ref) == (Disposal.SELL, Basis.KNOWN, "s000#0")
    assert (result.state.totals.sent, result.state.totals.received) == (0, 0)


def test_order_of_legs_inside_a_transaction_does_not_matter() -> None:
    """Our rule: transfers of one transaction are netted before they are booked."""
    legs = ["out 10 tx t at 120", "in 10 tx t by w2 at 120"]
    assert ledger("buy 10 @ 5", *legs).state.known == ledger("buy 10 @ 5", *reversed(legs)).state.known


def test_only_the_net_of_a_transaction_leaves_the_entity() -> None:
    """DOMAIN §2: of a token with a transfer fee, what arrived is the quantity."""
    result = ledger("buy 10 @ 5", "out 10 tx t", "in 9 tx t by w2")
    assert [(row.kind, row.quantity, row.disposed_ref) for row in result.realizations] == [(Disposal.OUT, 1, "t#0")]
    assert (result.state.totals.sent, result.state.holding) == (1, 9)


def test_purchase_inside_a_transfer_transaction_is_booked_before_it() -> None:
    """Our rule: other events of the transaction come first, then the net of its transfers."""
    result = ledger("out 5 tx t", "buy 5 @ 2 tx t by w2", "in 5 tx t by w3", "sell 5 @ 3")
    assert [(row.kind, row.basis) for row in result.realizations] == [(Disposal.SELL, Basis.KNOWN)]


def test_balances_of_both_wallets_continue_their_chains_over_a_transfer() -> None:
    """Our rule: all accounts are compared before the net is booked, and settled after it."""
    result = ledger(
        "buy 10 @ 5 [a 0>10]",
        "out 10 tx t [a 10>0]",
        "in 10 tx t by w2 [b 3>13]",
        "sell 13 @ 9 by w2 [b 13>0]",
    )
    assert [(issue.code.value, issue.quantity) for issue in result.issues] == [("opening_balance", 3)]
    assert [(row.basis, row.quantity) for row in result.realizations] == [(Basis.KNOWN, 10), (Basis.UNKNOWN, 3)]


def test_continuing_a_booked_transaction_is_refused() -> None:
    """Our rule: half of a transfer may already be booked as leaving; only a replay can take that back."""
    history = events("buy 10 @ 5", "out 10 tx t", "in 10 tx t by w2")
    with pytest.raises(ValueError, match=r"'t#0@w2' continues the transaction of 't#0'"):
        fold(fold(None, history[:2]).state, history[2:])


def test_parked_lots_come_back_with_their_basis_and_their_place() -> None:
    """DOMAIN §3: LP and lending park lots under the entity and bring them back."""
    rows = ledger("buy 10 @ 5", "park 10", "buy 10 @ 7", "unpark 10", "sell 10 @ 9").realizations
    assert [(row.acquired_ref, row.quantity) for row in rows] == [("s000#0", 10)]


def test_parking_leaves_the_episode_open() -> None:
    """DOMAIN §4: parked lots stay under the entity, so parking is no exit."""
    (episode,) = ledger("buy 10 @ 5", "park 10").episodes
    assert not episode.is_closed


def test_what_comes_back_beyond_the_parked_lots_is_unknown_basis() -> None:
    """Our rule: the yield of a pool came from outside."""
    result = ledger("buy 10 @ 5", "park 10", "unpark 12")
    assert [(lot.ref, lot.left) for lot in result.state.known] == [("s000#0", 10)]
    assert [(lot.ref, lot.left) for lot in result.state.unknown] == [("s002#0", 2)]
    assert (result.state.totals.unparked, result.state.totals.received) == (10, 2)


def test_position_sold_after_its_lots_came_back_is_closed() -> None:
    """DOMAIN §4: parked lots count as held only while they are parked."""
    (episode,) = ledger("buy 10 @ 5", "park 10", "unpark 10", "sell 10 @ 6").episodes
    assert (episode.closed_ref, episode.peak_quantity) == ("s003#0", 10)


def test_parking_a_part_splits_the_lot_without_losing_cost() -> None:
    """Law: cost in lots and realizations is what was paid."""
    result = ledger("buy 3 @ 3.333333", "sell 1 @ 5", "park 1", "sell 1 @ 5", "unpark 1", "sell 1 @ 5")
    assert sum(row.cost_usd_micro or 0 for row in result.realizations) == 9_999_999
    assert result.state.known == ()
