"""What a wallet's holdings are worth, from what was observed of markets, through the report on the wallet."""

from collections.abc import Generator
from decimal import Decimal

import pytest

from aura_mcp.services.flows import TokenFlows
from aura_mcp.services.ledger_state import LedgerState
from aura_mcp.services.parties import Parties
from aura_mcp.services.questions import WalletQuestion
from aura_mcp.services.reports import Report, Reports
from aura_mcp.services.tokens import TokenReport, Tokens
from data.clock import FixedClock
from data.store import Store
from data.store.market import MarketStore
from data.store.readings import Source
from data.store.safety import Frozen
from engine.market import Activity, Pool, SpotPrice
from engine.units import WSOL, Mint
from engine.wallets import PositionState, Window
from tests.builders.facts import SOL, START, address, mint, sol_candle, trade

NOW = START + 3_600
LIVE, RUGGED, DARK = mint("LIVE"), mint("RUGGED"), mint("DARK")


@pytest.fixture
def store() -> Generator[Store]:
    """Return a store in which alice bought three tokens for 1 SOL each, at $100 a SOL."""
    with Store.open(None) as found:
        bought = [trade(name, "buy", 1_000, SOL, of=name) for name in ("LIVE", "RUGGED", "DARK")]
        found.facts.add_candles([sol_candle("100")])
        found.facts.add_readings(bought, Source.RPC)
        found.booking.book()
        yield found


def observe(store: Store, of: Mint, price_usd: str, base: int, sol: int, liquidity: int, *, at: int = NOW) -> None:
    """Keep a price of a token and its pool against SOL, traded a minute before."""
    activity = Activity(traded_at=at - 60, idle_since=at)
    market = MarketStore(store.database)
    seen = SpotPrice(
        mint=of,
        price_usd=Decimal(price_usd),
        liquidity_usd=Decimal(liquidity),
        observed_at=at,
        source="dexscreener",
        activity=activity,
    )
    pool = Pool(
        address=address(f"pool of {of[:8]}"),
        venue="pumpswap",
        base_mint=of,
        quote_mint=WSOL,
        price_usd=seen.price_usd,
        base_reserve=Decimal(base),
        quote_reserve=Decimal(sol),
        liquidity_usd=seen.liquidity_usd,
        is_constant_product=True,
        fee_bps=0,
        created_at=None,
        observed_at=at,
        source="dexscreener",
        activity=activity,
    )
    market.keep_prices([seen])
    market.keep_pools({of: [pool]})


def report(store: Store, at: int = NOW) -> Report:
    """Return the report on alice."""
    clock = FixedClock(at)
    return Reports(store, Parties(store), LedgerState(store), clock).report(
        WalletQuestion(wallet=address("alice")), limit=10
    )


def test_totals_count_what_selling_returns_and_dead_ones_as_nothing(store: Store) -> None:
    """DOMAIN §3: mark 0.2 $ × 1,000; selling 1,000 into 9,000 and 20 SOL brings 2 SOL; dead counts 0."""
    observe(store, LIVE, "0.2", 9_000, 20, 3_800)
    observe(store, RUGGED, "0.5", 100, 0, 60)
    found = report(store)
    worths = {position.mint: position.worth for position in found.positions}
    assert (worths[LIVE].state, worths[LIVE].mark.usd) == (PositionState.LIVE, 200)
    assert (worths[LIVE].executable.sol, worths[LIVE].executable.usd) == (2, 200)
    assert (worths[LIVE].price_source, worths[LIVE].price_age_s) == ("dexscreener", 0)
    assert (worths[RUGGED].state, worths[RUGGED].dead_reason) == (PositionState.DEAD, "liquidity is below $100")
    assert worths[DARK].executable.usd is None
    total = found.holdings
    assert (total.positions, total.dead, total.unvalued, total.unmarked, total.uncosted) == (3, 1, 1, 1, 1)
    assert (total.mark.usd, total.executable.usd, total.executable.sol) == (700, 200, 2)
    fee = Decimal("0.000005")
    assert total.unrealized.sol == 2 - 2 * (1 + fee)


def test_frozen_account_cannot_be_sold_and_counts_nothing(store: Store) -> None:
    """DOMAIN §3: frozen is dead, whatever the pool would pay."""
    observe(store, LIVE, "0.2", 9_000, 20, 3_800)
    store.safety.keep_frozen(address("alice"), [Frozen("an account", LIVE)], NOW)
    found = report(store)
    (worth,) = (position.worth for position in found.positions if position.mint == LIVE)
    assert (worth.state, worth.dead_reason) == (PositionState.DEAD, "the token account is frozen")
    assert (found.holdings.dead, found.holdings.executable.usd) == (1, 0)


def test_dead_positions_count_as_losses_once_all_values_are_known(store: Store) -> None:
    """DOMAIN §4: `win_rate_incl_dead`; while a value is unknown, so is the rate, with the reason."""
    observe(store, LIVE, "0.2", 9_000, 20, 3_800)
    observe(store, RUGGED, "0.5", 100, 0, 60)
    found = report(store).usd
    assert found.win_rate_incl_dead is None
    assert found.missing["win_rate_incl_dead"] == "open positions without a price of today: 1"
    observe(store, DARK, "0.05", 9_000, 5, 900)
    found = report(store).usd
    assert (found.win_rate_incl_dead, found.pnl_buckets["dead"]) == (0, 1)


def test_worth_is_a_view_at_the_moment_asked_for(store: Store) -> None:
    """DOMAIN §3: never stored; an hour later the market is quiet, two days later nothing is known."""
    observe(store, LIVE, "0.2", 9_000, 20, 3_800)
    states = [_worth_at(store, at) for at in (NOW, NOW + 3_600, NOW + 2 * 86_400)]
    assert states == [(PositionState.LIVE, 200), (PositionState.QUIET, 200), (None, None)]


def _worth_at(store: Store, at: int) -> tuple[PositionState | None, Decimal | None]:
    (worth,) = (position.worth for position in report(store, at).positions if position.mint == LIVE)
    return worth.state, worth.mark.usd


def test_token_report_tells_what_was_observed_last(store: Store) -> None:
    """Our rule: price with source and age, liquidity, state and the deepest pools; before it was seen, nothing."""
    observe(store, LIVE, "0.2", 9_000, 20, 3_800)
    found, before = (token_report(store, at) for at in (NOW + 90, NOW - 1))
    assert found.price is not None
    assert (found.price.price_usd, found.price.source, found.price.age_s) == (Decimal("0.2"), "dexscreener", 90)
    assert (found.state, found.liquidity_usd) == (PositionState.LIVE, 3_800)
    (pool,) = found.pools
    assert (pool.venue, pool.quote_symbol, pool.quote_reserve, pool.age_s) == ("pumpswap", "SOL", 20, 90)
    assert [item.code for item in found.unknown] == ["risk"]
    assert (before.price, before.liquidity_usd, before.pools) == (None, None, ())
    assert [item.code for item in before.unknown] == ["liquidity", "risk", "price_usd"]


def token_report(store: Store, at: int) -> TokenReport:
    """Return the report on LIVE."""
    clock, parties = FixedClock(at), Parties(store)
    return Tokens(store, parties, TokenFlows(store, parties, clock), clock).report(LIVE, Window.DAY, limit=5)


def test_wallet_without_holdings_has_nothing_to_total(store: Store) -> None:
    """Our rule: nothing held is no sum of 0."""
    sold = [trade(f"s{name}", "sell", 1_000, SOL, of=name, at=9) for name in ("LIVE", "RUGGED", "DARK")]
    store.facts.add_readings(sold, Source.RPC)
    store.booking.book()
    total = report(store).holdings
    assert (total.positions, total.executable.usd) == (0, None)
