"""The spread of booking methods beside FIFO (DOMAIN §3)."""

from engine.ledger import Method, MethodNet, spread
from tests.engine.ledger.text import SOL_PER_USD, USD, events


def _dollars(*lines: str) -> dict[str, int | None]:
    return {
        method.value: None if net.usd_micro is None else net.usd_micro // USD
        for method, net in spread(events(*lines)).items()
    }


def test_methods_differ_while_lots_are_left() -> None:
    """Worked by hand: 10 at 5, 10 at 9, 10 at 7; selling 10 at 8 nets 30, 10, -10 or 10."""
    nets = _dollars("buy 10 @ 5", "buy 10 @ 9", "buy 10 @ 7", "sell 10 @ 8")
    assert nets == {"fifo": 30, "lifo": 10, "hifo": -10, "average": 10}


def test_methods_take_parts_of_lots() -> None:
    """Worked by hand: selling 15 of 10 at 5 and 10 at 9 for 10 each leaves 5 of another lot by each method."""
    nets = _dollars("buy 10 @ 5", "buy 10 @ 9", "sell 15 @ 10")
    assert nets == {"fifo": 55, "lifo": 35, "hifo": 35, "average": 45}


def test_basis_that_leaves_is_not_realized_by_any_method() -> None:
    """DOMAIN §3: a transfer out takes lots of the method along."""
    nets = _dollars("buy 10 @ 5", "buy 10 @ 9", "out 10", "sell 10 @ 10")
    assert nets == {"fifo": 10, "lifo": 50, "hifo": 50, "average": 30}


def test_unknown_basis_is_outside_of_every_method() -> None:
    """DOMAIN §3: unmatched proceeds are no P&L."""
    assert set(_dollars("in 5", "buy 10 @ 5", "sell 15 @ 6").values()) == {10}


def test_currency_without_values_has_no_spread() -> None:
    """DOMAIN §3: unknown is null, not 0, and in that currency alone."""
    nets = spread(events("buy 10 @ 5 no-usd", "sell 10 @ 6"))
    assert nets == dict.fromkeys(Method, MethodNet(10 * SOL_PER_USD, None))


def test_transfer_in_a_transaction_with_a_purchase_consumes_it() -> None:
    """Our rule: the spread books in the order of the fold: other events of a transaction, then its transfers."""
    assert set(_dollars("out 5 tx t", "buy 5 @ 2 tx t by w2", "buy 5 @ 3", "sell 5 @ 4").values()) == {5}
