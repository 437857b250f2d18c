"""What facts tell: each thing once, however processes end."""

import asyncio
from collections.abc import Generator
from decimal import Decimal
from pathlib import Path

import pytest

from aura_mcp.announcer import Announcer
from aura_mcp.app import Application, open_application
from aura_mcp.bus import Missed
from aura_mcp.services.events import Event, EventKind, EventQuestion
from aura_mcp.settings import Settings
from aura_mcp.updates import Updates
from data.clock import FixedClock
from data.errors import DiskFullError
from data.store.events import KEPT, EventFilter, NewEvent, StoredEvent
from data.store.events import Events as Table
from tests.aura_mcp._facts import START, address, mint, signature, write_prices, write_rows, write_wallets

BOUND_S = 5.0


@pytest.fixture
def application(tmp_path: Path) -> Generator[Application]:
    """Return an application that follows alice and bob, with prices: a SOL is 100 USD."""
    files = [write_prices(tmp_path / "sol.json"), write_wallets(tmp_path / "wallets.csv", alice="Alice", bob="Bob")]
    clock = FixedClock(START + 600)
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path), clock=clock) as opened:
        opened.imports.run(files)
        opened.events.emit()
        yield opened


def bring(application: Application, folder: Path, *rows: str) -> list[Event]:
    """Import trade rows and return the events that they give."""
    application.imports.run([write_rows(folder / "more.jsonl", *rows)])
    return list(application.events.emit())


def test_large_trade_of_a_followed_wallet_is_told(application: Application, tmp_path: Path) -> None:
    """Spec: whale trades from $10k on, wallet updates; the trades of others are nobody's news."""
    whale, update = bring(
        application,
        tmp_path,
        "alice buys 100 MEME for 100 at 0 as a1",
        "alice sells 50 MEME for 99.99 at 60 as a2",
        "carol buys 100 MEME for 500 at 0 as c1",
    )

    assert (whale.number, whale.kind, whale.wallet, whale.mint) == (
        1,
        EventKind.WHALE_TRADE,
        address("alice"),
        mint("MEME"),
    )
    assert whale.body == {
        "signature": signature("a1"),
        "side": "BUY",
        "block_time": "2026-05-28T20:26:40Z",
        "amount_raw": "100000000",
        "decimals": 6,
        "value_usd": 10_000,
        "minimum_usd": 10_000,
    }
    assert (update.number, update.kind, update.wallet, update.mint) == (
        2,
        EventKind.WALLET_UPDATE,
        address("alice"),
        mint("MEME"),
    )
    assert update.body == {
        "trades": 2,
        "transfers": 0,
        "mints": [mint("MEME")],
        "mints_total": 1,
        "unvalued_trades": 0,
        "newest_block_time": "2026-05-28T20:27:40Z",
    }


def test_same_fact_is_told_once(application: Application, tmp_path: Path) -> None:
    """Spec: derived from committed batches, with a mark."""
    row = "alice buys 100 MEME for 200 at 0 as a1"
    assert len(bring(application, tmp_path, row)) == 2
    assert bring(application, tmp_path, row) == []
    assert application.events.emit() == ()


def test_old_trades_are_no_news(application: Application, tmp_path: Path) -> None:
    """Our rule: a back-fill brings trades by the thousand; only fresh ones are whale trades."""
    told = bring(application, tmp_path, "alice buys 100 MEME for 200 at -3001 as a1")
    assert [event.kind for event in told] == [EventKind.WALLET_UPDATE]


def test_wallet_has_its_own_minimum(application: Application, tmp_path: Path) -> None:
    """Spec: ≥ a wallet's own minimum, default $10k."""
    events = application.events
    events.set_minimum(address("bob"), Decimal(500))
    assert events.minimum_of(address("bob")) == 500
    told = bring(application, tmp_path, "bob buys 1 MEME for 5 at 0 as b1", "bob buys 1 MEME for 4.9 at 9 as b2")
    assert [event.body["value_usd"] for event in told if event.kind is EventKind.WHALE_TRADE] == [500]
    events.set_minimum(address("bob"), None)
    assert events.minimum_of(address("bob")) == 10_000


def test_trade_of_unknown_value_is_counted_and_not_guessed(application: Application, tmp_path: Path) -> None:
    """Our rule: unknown is no zero: two days after the last candle a value is unknown."""
    with open_application(
        application.database.with_name("y.duckdb"),
        settings=Settings(home=tmp_path, event_age_s=10_000_000),
        clock=FixedClock(START + 600),
    ) as other:
        other.imports.run([write_wallets(tmp_path / "wallets.csv", alice="Alice")])
        (update,) = bring(other, tmp_path, "alice buys 100 MEME for 999 at 0 as a1")
    assert (update.kind, update.body["unvalued_trades"]) == (EventKind.WALLET_UPDATE, 1)


def test_facts_of_before_the_upgrade_are_no_news(tmp_path: Path) -> None:
    """Our rule: a new database tells what arrives from then on."""
    with open_application(tmp_path / "x.duckdb", settings=Settings(home=tmp_path)) as opened:
        assert opened.events.last_number() == 0
        assert opened.events.emit() == ()


def test_crash_between_commit_and_event_loses_none(application: Application, tmp_path: Path) -> None:
    """Spec: a crash between commit and event loses none and doubles none."""
    application.imports.run([write_rows(tmp_path / "more.jsonl", "alice buys 100 MEME for 200 at 0 as a1")])
    application.close()
    for expected in (2, 0):
        with open_application(
            application.database, settings=Settings(home=tmp_path), clock=FixedClock(START + 600)
        ) as next_process:
            assert len(next_process.events.emit()) == expected
            assert next_process.events.last_number() == 2


def test_events_are_pages_that_go_on_from_a_number(application: Application, tmp_path: Path) -> None:
    """Spec: `aura://events` latest, filterable, resumable from a number."""
    bring(application, tmp_path, "alice buys 100 MEME for 200 at 0 as a1", "bob buys 9 CAT for 200 at 0 as b1")
    events = application.events

    def numbers(limit: int = 10, **question: object) -> list[int]:
        return [event.number for event in events.page(EventQuestion(**question), limit).events]  # pyright: ignore[reportArgumentType]

    assert numbers() == [1, 2, 3, 4]
    assert numbers(2) == [3, 4]
    assert numbers(2, after=1) == [2, 3]
    assert numbers(kind=EventKind.WHALE_TRADE) == [1, 2]
    assert numbers(wallet=address("bob")) == [2, 4]
    assert numbers(mint=mint("MEME"), after=1) == [3]
    assert events.page(EventQuestion(after=4), 10).last_number == 4


def test_who_goes_on_after_a_page_misses_nothing_that_was_told_meanwhile(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resumable from a number: the last number of a page is none that its events were read before."""
    newest = Table.newest

    def read(table: Table, wanted: EventFilter, limit: int) -> list[StoredEvent]:
        found = newest(table, wanted, limit)
        application.events.record(EventKind.JOB, "meanwhile", {})
        return found

    monkeypatch.setattr(Table, "newest", read)
    page = application.events.page(EventQuestion(), 10)
    assert [event.number for event in application.events.after(page.last_number, 10)] == [1]


def test_old_events_are_removed_and_their_numbers_stay_used(application: Application) -> None:
    """Spec: pruned to the newest, numbered without end."""
    table = Table(application.store.database)
    table.add([NewEvent(f"x{number}", "job", 0, None, None, "{}") for number in range(KEPT + 5)])
    ((count, first, last),) = application.store.database.rows("SELECT count(*), min(number), max(number) FROM event")
    assert (count, first, last) == (KEPT, 6, KEPT + 5)
    assert table.add([NewEvent("one more", "job", 0, None, None, "{}")])[0].number == KEPT + 6


def test_announcer_tells_what_any_thread_commits(application: Application, tmp_path: Path) -> None:
    """Spec: the bus is fed after commit, whoever commits; what a process before has left is told first."""

    async def run() -> list[tuple[int, EventKind]]:
        announcer = Announcer(application.events, application.answers.changes, Updates())
        listener = announcer.bus.listen()
        heard: list[tuple[int, EventKind]] = []
        task = asyncio.create_task(announcer.run())
        row = write_rows(tmp_path / "more.jsonl", "alice buys 100 MEME for 200 at 0 as a1")
        await asyncio.to_thread(application.imports.run, [row])
        async with asyncio.timeout(BOUND_S):
            while len(heard) < 2:
                for event in await listener.next():
                    assert not isinstance(event, Missed)
                    heard.append((event.number, event.kind))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return heard

    assert asyncio.run(run()) == [(1, EventKind.WHALE_TRADE), (2, EventKind.WALLET_UPDATE)]


def test_announcer_outlives_a_full_disk(
    application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our rule: trouble with the database is logged and tried again; nothing is lost by it."""
    left = [DiskFullError("database x: the disk is full; free space")]
    emit = application.events.emit

    def failing() -> object:
        if left:
            raise left.pop()
        return emit()

    async def run() -> int:
        announcer = Announcer(application.events, application.answers.changes, Updates())
        listener = announcer.bus.listen()
        monkeypatch.setattr("aura_mcp.announcer.RETRY_S", 0.001)
        monkeypatch.setattr(application.events, "emit", failing)
        task = asyncio.create_task(announcer.run())
        row = write_rows(tmp_path / "more.jsonl", "alice buys 100 MEME for 200 at 0 as a1")
        await asyncio.to_thread(application.imports.run, [row])
        async with asyncio.timeout(BOUND_S):
            found = await listener.next()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return len(found)

    assert asyncio.run(run()) == 2
