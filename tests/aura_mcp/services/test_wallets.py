"""Reports on one wallet, and boards of many, at a moment of our choosing."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aura_mcp.app import Application, open_application
from aura_mcp.errors import AuraError, NotFoundError
from aura_mcp.services.questions import BoardQuestion, ExplainQuestion, TradeFilter, WalletQuestion
from aura_mcp.services.results import Money
from aura_mcp.settings import Settings
from data.clock import FixedClock
from engine.ledger import Currency
from engine.wallets import Window
from tests.aura_mcp._facts import START, address, signature, write_prices, write_rows
from tests.aura_mcp._transactions import text_of, transfer

DAY = 86_400


@contextmanager
def application(folder: Path, *rows: str, transactions: tuple[dict[str, Any], ...] = ()) -> Generator[Application]:
    """Yield the application over trade rows, prices and transactions, at one hour after the first of them."""
    files = [write_rows(folder / "rows.jsonl", *rows), write_prices(folder / "sol.json")]
    for number, transaction in enumerate(transactions):
        files.append(folder / f"{number}.json")
        files[-1].write_bytes(text_of(transaction))
    clock = FixedClock(START + 3_600)
    with open_application(folder / "x.duckdb", settings=Settings(home=folder), clock=clock) as opened:
        assert opened.imports.run(files).rejected == 0
        yield opened


def failed_transaction() -> dict[str, Any]:
    """Return a transaction that did nothing but cost its fee."""
    transaction = transfer(0)
    transaction["meta"]["err"] = {"InstructionError": [0, "Custom"]}
    return transaction


def test_answers_carry_the_moment_they_are_for(tmp_path: Path) -> None:
    """Our rule: a window ends at `as_of`, now by default."""
    with application(tmp_path, "alice buys 2 MEME for 1 at 0", "alice sells 2 MEME for 2 at 60") as aura:
        report = aura.wallets.report(WalletQuestion(wallet=address("alice"), window=Window.DAY))
        assert report.as_of == datetime.fromtimestamp(START + 3_600, UTC)
        assert report.since == datetime.fromtimestamp(START + 3_600 - DAY, UTC)
        assert report.usd.net == Decimal(100)
        later = datetime.fromtimestamp(START + 2 * DAY, UTC)
        question = WalletQuestion(wallet=address("alice"), window=Window.DAY, as_of=later)
        assert aura.wallets.report(question).usd.realizations == 0
        assert aura.boards.page(BoardQuestion(window=Window.DAY, as_of=later), limit=5).standings == ()
        assert aura.trades.page(TradeFilter(window=Window.DAY, as_of=later)).trades == ()


def test_failed_transactions_cost_the_wallet_outside_of_its_trades(tmp_path: Path) -> None:
    """Spec: DOMAIN §3, `other_costs`; 5000 lamports at $100 are $0.0005."""
    rows = ("alice buys 2 MEME for 1 at 0", "alice sells 2 MEME for 2 at 60")
    with application(tmp_path, *rows, transactions=(failed_transaction(),)) as aura:
        report = aura.wallets.report(WalletQuestion(wallet=address("alice")))
    assert (report.sol.other_costs, report.usd.other_costs) == (Decimal("0.000005"), Decimal("0.0005"))
    assert report.sol.net_after_costs == Decimal("0.999995")


def test_costs_are_unknown_where_no_transaction_was_read_in_full(tmp_path: Path) -> None:
    """Spec: unknown is not 0."""
    with application(tmp_path, "alice buys 2 MEME for 1 at 0", "alice sells 2 MEME for 2 at 60") as aura:
        figures = aura.wallets.report(WalletQuestion(wallet=address("alice"))).usd
    assert (figures.other_costs, figures.net_after_costs, figures.fees) == (None, None, None)
    assert {"other_costs", "net_after_costs", "fees"} <= figures.missing.keys()


def test_every_figure_that_is_missing_has_its_reason(tmp_path: Path) -> None:
    """Spec: unknown is null with a reason."""
    with application(tmp_path, "alice buys 2 MEME for 1 at 0") as aura:
        report = aura.wallets.report(WalletQuestion(wallet=address("alice")))
    for figures in (report.usd, report.sol):
        absent = {name for name in figures.__dataclass_fields__ if getattr(figures, name) is None}
        assert absent == figures.missing.keys()


def test_holding_of_unknown_cost_has_no_cost(tmp_path: Path) -> None:
    """Spec: unknown basis is never a cost of zero; bought for an unknown amount."""
    with application(tmp_path, "alice buys 2 MEME for 0 at 0") as aura:
        (position,) = aura.wallets.report(WalletQuestion(wallet=address("alice"))).positions
    assert (position.quantity, position.known_basis) == (Decimal(2), Decimal(0))
    assert position.cost == Money(sol=None, usd=None)


def test_sale_beyond_what_was_bought_is_told_apart(tmp_path: Path) -> None:
    """Spec: DOMAIN §3, unmatched proceeds stay outside of P&L; 10 bought, 40 sold for 8."""
    rows = ("alice buys 10 MEME for 1 at 0 as b", "alice sells 40 MEME for 8 at 60 as s")
    with application(tmp_path, *rows) as aura:
        audit = aura.explaining.page(ExplainQuestion(wallet=address("alice"), signature=signature("s")), limit=1)
        (sale, *_) = aura.trades.page(TradeFilter(wallet=address("alice"), side="SELL")).trades
    assert (audit.matched_pct, sale.matched_pct) == (Decimal("25.00"), Decimal("25.00"))
    assert audit.net == sale.realized == Money(sol=Decimal(1), usd=Decimal(100))
    assert audit.unmatched == Money(sol=Decimal(6), usd=Decimal(600))
    assert [(part.basis, part.net.sol) for part in audit.sales[0].parts] == [("known", Decimal(1)), ("unknown", None)]


def test_audit_adds_up_to_the_trade(tmp_path: Path) -> None:
    """Law: the parts of a disposal have its quantity, its proceeds and its result."""
    rows = [f"alice buys {n} MEME for 0.{n} at {n} as b{n}" for n in range(1, 8)]
    with application(tmp_path, *rows, "alice sells 26 MEME for 3.3 at 60 as s") as aura:
        audit = aura.explaining.page(ExplainQuestion(wallet=address("alice"), signature=signature("s")), limit=1)
        (trade, *_) = aura.trades.page(TradeFilter(wallet=address("alice"), side="SELL")).trades
    (sale,) = audit.sales
    assert sum(part.quantity for part in sale.parts) == sale.quantity == Decimal(26)
    assert sum(part.proceeds.sol or 0 for part in sale.parts) == audit.proceeds.sol == sale.value.sol == trade.value.sol
    assert sum(part.net.sol or 0 for part in sale.parts) == sale.net.sol == audit.net.sol
    assert [part.acquired.signature for part in sale.parts] == [signature(f"b{n}") for n in range(1, 8)]


def test_board_without_prices_points_to_the_other_currency(tmp_path: Path) -> None:
    """Spec: SOL P&L needs no price; USD P&L without one is unpriced, never 0."""
    day = 40 * DAY
    rows = (f"alice buys 2 MEME for 1 at {day}", f"alice sells 2 MEME for 2 at {day + 60}")
    later = datetime.fromtimestamp(START + day + 120, UTC)
    with application(tmp_path, *rows) as aura:
        usd = aura.boards.page(BoardQuestion(as_of=later, min_trades=0), limit=5)
        sol = aura.boards.page(BoardQuestion(as_of=later, currency=Currency.SOL), limit=5)
    assert (usd.ranked, usd.unpriced) == (0, 1)
    assert usd.standings[0].net == Money(sol=Decimal(1), usd=None)
    assert (sol.ranked, sol.unpriced) == (1, 0)


def test_wallet_without_a_transaction_is_not_a_wallet_of_zeros(tmp_path: Path) -> None:
    """Spec: unknown is not 0; the message says what to do."""
    with (
        pytest.raises(NotFoundError, match=f"no transaction of {address('zoe')} is stored; `aura import`"),
        application(tmp_path, "alice buys 2 MEME for 1 at 0") as aura,
    ):
        aura.wallets.report(WalletQuestion(wallet=address("zoe")))


def test_damaged_address_says_where(tmp_path: Path) -> None:
    """Spec: invalid addresses are refused with the reason."""
    with (
        pytest.raises(AuraError, match="has '0' at position 5"),
        application(tmp_path, "alice buys 2 MEME for 1 at 0") as aura,
    ):
        aura.wallets.report(WalletQuestion(wallet=address("alice")[:4] + "0" + address("alice")[5:]))
