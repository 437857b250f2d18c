"""The fast services give what the plain ones give: boards and reports against `engine.wallets` over all histories."""

import random
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Final

import pytest

from aura_mcp.app import Application, open_application
from aura_mcp.errors import CursorError
from aura_mcp.services.editing import WalletAction
from aura_mcp.services.leaderboard import Leaderboard
from aura_mcp.services.questions import MAX_LIMIT, BoardQuestion, SortKey, WalletQuestion
from aura_mcp.settings import Settings
from data.clock import FixedClock
from data.store import Store
from data.store.finality import Placement
from data.store.readings import Source
from engine.facts import Reading, Side, TxClass
from engine.ledger import Currency
from engine.wallets import Window
from tests.aura_mcp.services._plain import plain_board, plain_report
from tests.builders.facts import FEE, SOL, START, TOKEN, add_rounded, address, leg, reading, sol_candle, trade, usdc_leg

DAY: Final = 86_400
DEMO_AS_OF: Final = 1_783_080_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """Return the application over the demo recording; for reading only."""
    folder = tmp_path_factory.mktemp("boards")
    clock = FixedClock(DEMO_AS_OF)
    with open_application(folder / "demo.duckdb", settings=Settings(home=folder), clock=clock) as application:
        with resources.as_file(resources.files("aura_mcp").joinpath("demo", "recording.jsonl.gz")) as path:
            assert application.imports.run([path]).unreadable == ()
        yield application


def fill(store: Store) -> None:
    """Store what is hard to add up: transfers, burns, stable quotes, missing prices, failed transactions, groups."""
    store.facts.add_candles([sol_candle("150.25"), sol_candle("149.5", 3)])
    swap = [leg(Side.SELL, 4 * TOKEN, SOL), leg(Side.BUY, 7 * TOKEN, SOL, of="CAT")]
    readings: list[Reading] = [
        trade("b1", "buy", 10, SOL),
        trade("b2", "buy", 10, 3 * SOL, at=60),
        trade("s1", "sell", 15, 5 * SOL, at=120),
        reading("s2", tx_class=TxClass.SWAP, legs=swap, at=START + 180, slot=430_000_180),
        reading("o1", tx_class=TxClass.TRANSFER_OUT, legs=[leg(Side.OUT, TOKEN)], at=START + 200, slot=430_000_200),
        reading("u1", legs=[usdc_leg(Side.BUY, 5 * TOKEN, 40_000_000)], wallet="bob", at=START + 10, slot=430_000_010),
        reading("f1", tx_class=TxClass.FAILED, legs=[], wallet="bob", at=START + 20, slot=430_000_020, tip=7_000),
        reading(
            "u2",
            tx_class=TxClass.SELL,
            legs=[usdc_leg(Side.SELL, 5 * TOKEN, 39_999_000)],
            wallet="bob",
            at=START + 30,
            slot=430_000_030,
            rent=-2_039_280,
        ),
        trade("m1", "buy", 9, 2 * SOL, wallet="carol", at=40),
        reading(
            "m2",
            tx_class=TxClass.TRANSFER_OUT,
            legs=[leg(Side.OUT, 9 * TOKEN)],
            wallet="carol",
            at=START + 50,
            slot=430_000_050,
        ),
        trade("i1", "buy", 8, 2 * SOL, wallet="dave", at=70),
        reading(
            "i2",
            tx_class=TxClass.INVOLUNTARY,
            legs=[leg(Side.OUT, 8 * TOKEN)],
            wallet="dave",
            at=START + 80,
            slot=430_000_080,
        ),
        trade("p1", "buy", 5, SOL, wallet="erin", at=3 * DAY),
        trade("p2", "sell", 5, 2 * SOL, wallet="erin", at=3 * DAY + 5),
        trade("late1", "buy", 5, SOL, wallet="frank", at=9 * DAY),
        trade("late2", "sell", 2, SOL, wallet="frank", at=9 * DAY + 5),
    ]
    assert not [outcome for outcome in store.facts.add_readings(readings, Source.RPC) if isinstance(outcome, str)]
    add_rounded(
        store, ("BUY", 10, SOL, 5), ("SELL", 30, 4 * SOL, 9), ("BUY", 3, 0, 12), ("SELL", 3, SOL, 13), wallet="gus"
    )
    store.wallets.assign(address("carol"), address("alice"))
    store.booking.book()


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """Return the application over the odd facts, eight days after the first; some facts lie in its future."""
    folder = tmp_path_factory.mktemp("odd")
    clock = FixedClock(START + 8 * DAY)
    with open_application(folder / "odd.duckdb", settings=Settings(home=folder), clock=clock) as application:
        fill(application.store)
        yield application


@pytest.mark.parametrize("window", Window)
@pytest.mark.parametrize("currency", Currency)
@pytest.mark.parametrize("name", ["demo", "odd"])
def test_fast_board_equals_the_plain_one(
    name: str, window: Window, currency: Currency, request: pytest.FixtureRequest
) -> None:
    """Our rule: no number has two definitions: SQL and `engine.wallets` agree on every line of every order."""
    application: Application = request.getfixturevalue(name)
    for by in SortKey:
        for least in (0, 1):
            question = BoardQuestion(window=window, by=by, currency=currency, min_trades=least)
            assert _longest_page(application, question) == plain_board(application, question)


@pytest.mark.parametrize("window", Window)
@pytest.mark.parametrize(("name", "share"), [("demo", 25), ("odd", 1)])
def test_fast_report_equals_the_plain_one(
    name: str, share: int, window: Window, request: pytest.FixtureRequest
) -> None:
    """Our rule: a report that reads less gives the same figures."""
    application: Application = request.getfixturevalue(name)
    for wallet in application.store.positions.entities()[::share]:
        question = WalletQuestion(wallet=wallet, window=window)
        fast = application.reports.report(question, limit=10)
        plain = plain_report(application, question, 10)
        score = plain.pop("score")
        assert {part: getattr(fast, part) for part in plain} == plain, wallet
        assert (fast.score.value, fast.score.reasons, dict(fast.score.parts)) == score


@pytest.mark.parametrize("window", Window)
@pytest.mark.parametrize("currency", Currency)
def test_board_that_moved_on_in_time_equals_a_new_one(tmp_path: Path, window: Window, currency: Currency) -> None:
    """Our rule: what enters and leaves a window is added and taken away to the last lamport, forwards and backwards."""
    clock = FixedClock(START + 8 * DAY)
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=clock) as application:
        fill(application.store)
        steps = (0, 9, 45, 131, 182, DAY - 1, DAY + 15, DAY + 40, 3 * DAY + 6, 4 * DAY + 5, 30 * DAY, 9 * DAY, 20, 5)
        for step in steps:
            as_of = datetime.fromtimestamp(START + step, UTC)
            question = BoardQuestion(window=window, currency=currency, min_trades=0, as_of=as_of)
            assert _longest_page(application, question) == plain_board(application, question)


def test_sums_beyond_64_bits_are_exact(tmp_path: Path) -> None:
    """Our rule: what does not fit the fast way takes the slow one; nothing overflows and nothing is rounded."""
    huge, times = 5 * 10**17, 25
    clock = FixedClock(START + DAY)
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=clock) as application:
        pairs = [
            (trade(f"b{n}", "buy", 1, 10**9, at=2 * n), trade(f"s{n}", "sell", 1, huge, at=2 * n + 1))
            for n in range(times)
        ]
        application.store.facts.add_readings([fact for pair in pairs for fact in pair], Source.RPC)
        application.store.booking.book()
        question = BoardQuestion(currency=Currency.SOL)
        fast = _longest_page(application, question)
        assert fast == plain_board(application, question)
        assert fast.standings[0].net.sol is not None
        assert fast.standings[0].net.sol * 10**9 == times * (huge - 10**9 - 2 * FEE) > 2**63
        wallet = WalletQuestion(wallet=address("alice"))
        report = application.reports.report(wallet, limit=1)
        assert report.sol == plain_report(application, wallet, 1)["sol"]


def test_board_follows_the_ledger_and_the_labels(odd: Application, tmp_path: Path) -> None:
    """Our rule: a board that is kept is dropped with the next booking; a nickname shows at once."""
    clock = FixedClock(START + DAY)
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=clock) as application:
        boards, question = application.boards, BoardQuestion(currency=Currency.SOL)
        assert boards.page(question, limit=5).wallets == 0
        application.store.facts.add_readings(
            [trade("b", "buy", 1, SOL), trade("s", "sell", 1, 2 * SOL, at=9)], Source.RPC
        )
        application.store.booking.book()
        assert boards.page(question, limit=5).wallets == 1
        assert odd.boards.page(question, limit=5).wallets > 1
        application.answers.editing.edit(address("alice"), WalletAction.LABEL, nickname="first")
        assert boards.page(question, limit=5).standings[0].wallet.nickname == "first"
        application.answers.editing.edit(address("alice"), WalletAction.GROUP, entity=address("bob"))
        assert boards.page(question, limit=5).standings[0].wallet.address == address("bob")


def test_cursor_goes_on_as_of_the_same_moment(demo: Application) -> None:
    """Our rule: pages of one board are of one moment, and a cursor of another board is refused."""
    boards = demo.boards
    question = BoardQuestion(window=Window.WEEK)
    whole = boards.page(question, limit=30)
    first = boards.page(question, limit=10)
    rest = boards.page(question, limit=20, cursor=first.next_cursor)
    assert first.standings + rest.standings == whole.standings
    assert rest.as_of == first.as_of
    with pytest.raises(CursorError):
        boards.page(BoardQuestion(window=Window.DAY), limit=10, cursor=first.next_cursor)


def _longest_page(application: Application, question: BoardQuestion) -> Leaderboard:
    return replace(application.boards.page(question, limit=MAX_LIMIT), next_cursor=None)


@pytest.mark.parametrize("seed", range(3))
def test_answers_that_are_kept_follow_every_change_of_the_ledger(tmp_path: Path, seed: int) -> None:
    """Our rule: what is worked out again after a change is only what it touched, and gives what all of it would."""
    chance = random.Random(seed)
    clock = FixedClock(START + 2 * DAY)
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=clock) as application:
        for number in range(16):
            _change(chance, application.store, number)
            application.store.booking.book()
            for window in (Window.DAY, Window.ALL):
                question = BoardQuestion(window=window, currency=Currency.SOL, min_trades=0)
                assert _longest_page(application, question) == plain_board(application, question)
            for wallet in application.store.positions.entities():
                asked = WalletQuestion(wallet=wallet, window=chance.choice(list(Window)))
                plain = plain_report(application, asked, 10)
                score = plain.pop("score")
                fast = application.reports.report(asked, limit=10)
                assert {part: getattr(fast, part) for part in plain} == plain
                assert fast.score.value == score[0]


def _change(chance: random.Random, store: Store, number: int) -> None:
    at, wallet, other = chance.randrange(2 * DAY), chance.choice("abc"), chance.choice("abc")
    match chance.choice(["buy", "buy", "sell", "sell", "rows", "candle", "member", "reverse"]):
        case "candle":
            store.facts.add_candles([sol_candle(str(100 + number), hour=chance.randrange(-1, 40))])
        case "member":
            store.wallets.assign(address(wallet), address(other))
        case "rows":
            add_rounded(store, ("SELL", 1, SOL, at), wallet=wallet)
        case "reverse":
            found = store.database.rows("SELECT slot, signature FROM effect ORDER BY signature LIMIT 1")
            store.finality.reverse([Placement(*row) for row in found], START)
        case side:
            found = trade(
                f"t{number}", side, chance.randrange(1, 5), SOL * chance.randrange(1, 9), at=at, wallet=wallet
            )
            store.facts.add_readings([found], Source.RPC)
