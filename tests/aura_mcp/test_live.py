"""The live loop in one process, over real sockets: hinted, fetched, booked, told, and taken back."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from aura_mcp.announcer import Announcer
from aura_mcp.app import Application, open_application
from aura_mcp.bus import Listener, Missed
from aura_mcp.jobs import in_background, list_jobs, opened_live
from aura_mcp.live import Live
from aura_mcp.services.events import Event, EventKind
from aura_mcp.services.jobs import Cause, RunState
from aura_mcp.services.pushes import Push
from aura_mcp.settings import Settings
from aura_mcp.updates import Updates
from data.store.facts import Candle
from data.store.wallets import Wallet
from engine.units import WSOL
from tests.builders.transactions import address
from tests.fakes.chain import SOL_UNIT, START_TIME, Chain, Executed
from tests.fakes.trading import buy, open_pool
from tests.fakes.upstream import Upstream

BOUND_S = 20.0
HOUR_S = 3_600

Talk = Callable[[Live, Listener], Awaitable[None]]


@pytest.fixture
def chain() -> Chain:
    """Return a chain with a pool, and alice, who is rich."""
    chain = Chain()
    open_pool(chain, "MEME")
    chain.fund("alice", 1_000 * SOL_UNIT)
    return chain


@contextmanager
def following(
    chain: Chain, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: object
) -> Generator[Application]:
    """Yield an application that follows alice on the chain; a SOL is 100 USD."""
    with Upstream(chain) as upstream:
        monkeypatch.setenv("AURA_SOLANA_RPC_URL", upstream.url())
        monkeypatch.setenv("AURA_SOLANA_RPC_SOCKET_URL", upstream.ws_url())
        monkeypatch.setenv("AURA_SOLANA_RPC_BACKOFF_S", "0.01")
        chosen = Settings.model_validate(
            {
                "home": folder,
                "offline": False,
                "event_age_s": 315_360_000,
                "backfill_days": 3_650,
                **{f"{job.interval}": 0 for job in list_jobs()},
                **settings,
            }
        )
        with open_application(folder / "x.duckdb", settings=chosen) as application:
            wallet = Wallet(address("alice"), "Alice", "user", is_tracked=True, is_program_derived=False)
            application.store.wallets.add([wallet])
            opened_at = START_TIME - START_TIME % HOUR_S - HOUR_S
            price = Candle(opened_at, WSOL, HOUR_S, "test", "", None, None, None, Decimal(100), None)
            application.store.facts.add_candles([price])
            yield application


def live(application: Application, talk: Talk) -> None:
    """Let everything run that a hub runs, and do something meanwhile."""

    async def run() -> None:
        announcer = Announcer(application.events, application.answers.changes, Updates())
        async with asyncio.timeout(BOUND_S), opened_live(application) as opened, in_background(announcer, opened):
            await talk(opened, announcer.bus.listen())

    asyncio.run(run())


async def hear(listener: Listener, kind: EventKind) -> Event:
    """Return the next event of a kind."""
    while True:
        for event in await listener.next():
            assert not isinstance(event, Missed)
            if event.kind is kind:
                return event


def bought(chain: Chain, sol: int = 150) -> Executed:
    """Let alice buy for so many SOL."""
    done = buy(chain, "alice", "MEME", 5_000_000, sol * SOL_UNIT)
    chain.advance()
    return done


def test_pushed_trade_is_told_as_a_whale_trade(chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue: webhook in → committed → event out; the push is only a hint, the trade comes from the chain."""
    with following(chain, tmp_path, monkeypatch) as application:

        async def talk(opened: Live, listener: Listener) -> None:
            trade = bought(chain)
            push = Push(signatures=[trade.signature, "forged"], slots={trade.signature: trade.slot}, malformed=0)
            assert await opened.hint(push) == 1
            event = await hear(listener, EventKind.WHALE_TRADE)
            assert (event.wallet, event.body["signature"]) == (address("alice"), trade.signature)
            assert event.body["value_usd"] >= 10_000

        live(application, talk)


def test_heard_trade_is_told(chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue: hints from `logsSubscribe`, when switched on."""
    with following(chain, tmp_path, monkeypatch, logs=True) as application:

        async def talk(_opened: Live, listener: Listener) -> None:
            event = None
            while event is None:
                # Nobody says when the subscription stands.
                trade = bought(chain, 2)
                try:
                    async with asyncio.timeout(0.5):
                        event = await hear(listener, EventKind.WALLET_UPDATE)
                except TimeoutError:
                    continue
                assert trade.slot > 0
            assert event.wallet == address("alice")

        live(application, talk)


def test_trade_that_the_chain_took_back_is_told(chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue: confirmed → finalized → reversed; a reversal is an event."""
    with following(chain, tmp_path, monkeypatch, vanished_wait_s=0) as application:

        async def talk(opened: Live, listener: Listener) -> None:
            trade = bought(chain)
            await opened.hint(Push(signatures=[trade.signature], slots={}, malformed=0))
            await hear(listener, EventKind.WALLET_UPDATE)
            chain.drop(trade.signature)
            chain.finalize()
            chain.advance(200)
            for _ in range(3):
                run = await application.jobs.start("finality", Cause.TOOL)
                (ended,) = await application.jobs.wait([run.number])
                assert ended.state is RunState.DONE, ended.failures
            event = await hear(listener, EventKind.REVERSAL)
            assert (event.wallet, event.body["signature"]) == (address("alice"), trade.signature)

        live(application, talk)


def test_jobs_run_by_themselves_and_status_shows_them(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue: scheduled in the hub; a first sweep comes at once."""
    with following(chain, tmp_path, monkeypatch, wallets_interval_s=300) as application:
        bought(chain)

        async def talk(_opened: Live, listener: Listener) -> None:
            await hear(listener, EventKind.WALLET_UPDATE)
            states = {state.name: state for state in await asyncio.to_thread(application.jobs.states)}
            assert states.keys() == {"finality", "prices", "reconcile", "wallets"}
            assert states["wallets"].last_run is not None
            assert states["wallets"].next_run_at is not None
            assert states["prices"].last_run is None

        live(application, talk)


def test_provider_in_trouble_is_told(chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue: job and provider trouble are events."""
    monkeypatch.setattr("aura_mcp.services.watching.LOOK_AGAIN_S", 0.01)
    with following(chain, tmp_path, monkeypatch) as application:
        monkeypatch.setenv("AURA_SOLANA_RPC_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("AURA_SOLANA_RPC_ATTEMPTS", "1")

        async def talk(_opened: Live, listener: Listener) -> None:
            for _ in range(3):
                # A single failure is noise.
                run = await application.jobs.start("wallets", Cause.TOOL)
                await application.jobs.wait([run.number])
            provider = await hear(listener, EventKind.PROVIDER)
            assert (provider.body["provider"], provider.body["state"]) == ("solana_rpc", "failing")

        live(application, talk)


def test_every_job_is_found_and_says_what_it_is() -> None:
    """Our rule: a job is one file, found by listing, with a setting for its interval."""
    jobs = list_jobs()
    assert [job.name for job in jobs] == ["finality", "prices", "reconcile", "wallets"]
    for job in jobs:
        assert job.title
        assert job.interval in Settings.model_fields
