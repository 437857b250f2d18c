from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ledger import Value
from engine.market import (
    Activity,
    Holding,
    Market,
    SwapQuote,
    Unrealized,
    mark_usd_micro,
    merge_activity,
    swap_out,
    unrealized,
)
from engine.units import USDC
from engine.wallets import PositionState
from tests.builders.market import MEME, SEEN_AT, SOL_AT_100, pool, price, sol_pool

DAY = 86_400
LIVE = Activity(traded_at=SEEN_AT - 60, idle_since=SEEN_AT - 60)


def worth(
    market: Market, quantity: int = 1_000_000_000, *, at: int = SEEN_AT, is_frozen: bool | None = None
) -> Unrealized:
    """Return what 1,000 MEME (6 decimals), or another quantity, are worth."""
    return unrealized(Holding(MEME, quantity, 6, is_frozen), market, as_of=at)


def test_mark_and_executable_follow_the_worked_example() -> None:
    """The docstring's number: 1,000 at $0.01 through 10,000 MEME and 100 USDC at 1 %."""
    found = worth(Market(price=price("0.01", activity=LIVE), pools=(pool("10000", "100"),), sol_price_e12=SOL_AT_100))
    assert found.mark == Value(100_000_000, 10_000_000)
    assert found.executable == Value(90_081_890, 9_008_189)
    assert found.counted == found.executable
    assert (found.state, found.missing) == (PositionState.LIVE, {})
    assert found.via is not None
    assert found.via.startswith("pool:pumpswap:")


def test_pool_against_sol_pays_lamports_and_needs_a_price_only_for_dollars() -> None:
    """DOMAIN §3: SOL needs no price, dollars do."""
    found = worth(Market(pools=(sol_pool("10000", "100"),)))
    assert found.executable == Value(9_008_189_262, None)
    assert found.missing["executable_usd"] == "no price of SOL is stored"
    assert found.missing["mark"] == "no price of the token is stored"


def test_nothing_held_is_worth_nothing() -> None:
    """DOMAIN §3: holding 0 means 0, known."""
    found = worth(Market(), 0)
    assert (found.mark, found.executable, found.counted) == (Value(0, 0), Value(0, 0), Value(0, 0))
    assert "mark" not in found.missing


def test_unknown_market_is_none_with_reasons() -> None:
    """Our rule: unknown is never 0."""
    found = worth(Market())
    assert (found.mark, found.executable, found.counted, found.state) == (Value(None, None),) * 3 + (None,)
    assert set(found.missing) == {"mark", "executable", "state"}


@pytest.mark.parametrize(
    ("activity", "state"),
    [
        (Activity(traded_at=SEEN_AT - 899), PositionState.LIVE),
        (Activity(traded_at=SEEN_AT - 900), PositionState.QUIET),
        (Activity(traded_at=SEEN_AT - 3600, idle_since=SEEN_AT - 300), PositionState.QUIET),
        (Activity(traded_at=SEEN_AT - DAY), PositionState.QUIET),
        (Activity(idle_since=SEEN_AT - DAY), PositionState.STALE),
        (Activity(traded_at=SEEN_AT - 6 * DAY, idle_since=SEEN_AT - 6 * DAY), PositionState.STALE),
        (Activity(traded_at=SEEN_AT - 8 * DAY, idle_since=SEEN_AT - 8 * DAY), PositionState.DEAD),
        (Activity(traded_at=SEEN_AT - 8 * DAY), None),
        (Activity(), None),
    ],
)
def test_state_goes_by_the_last_trade(activity: Activity, state: PositionState | None) -> None:
    """DOMAIN §3: 15 minutes, a day, a week; silence that nobody observed says nothing."""
    found = worth(Market(price=price("0.01", activity=activity), pools=(pool("10000", "100"),)))
    assert found.state == state
    assert ("state" in found.missing) == (state is None)


def test_stored_trade_makes_a_market_live_and_ends_observed_silence() -> None:
    """Our rule: a trade of a followed wallet is a trade."""
    quiet = price("0.01", at=SEEN_AT - 600, activity=Activity(idle_since=SEEN_AT - 600 - DAY))
    assert worth(Market(price=quiet)).state is PositionState.STALE
    assert worth(Market(price=quiet, traded_at=SEEN_AT - 60)).state is PositionState.LIVE
    assert worth(Market(traded_at=SEEN_AT + 60)).state is None


@pytest.mark.parametrize(
    ("market", "is_frozen", "reason"),
    [
        (
            Market(price=price("0.01", activity=LIVE), pools=(pool("10000", "100"),)),
            True,
            "the token account is frozen",
        ),
        (Market(price=price("0.01", liquidity="99.99", activity=LIVE)), None, "liquidity is below $100"),
        (
            Market(price=price("100", activity=LIVE), pools=(pool("10000", "100"),)),
            None,
            "selling everything returns less than 1 % of the mark",
        ),
    ],
)
def test_dead_counts_nothing_and_says_why(market: Market, is_frozen: bool | None, reason: str) -> None:  # noqa: FBT001
    """DOMAIN §3: dead counts 0, the mark stays visible."""
    found = worth(market, is_frozen=is_frozen)
    assert (found.state, found.dead_reason, found.counted) == (PositionState.DEAD, reason, Value(0, 0))
    assert found.mark.usd_micro is not None


def test_old_observations_say_nothing_about_now() -> None:
    """Our rule: as for the price of a trade, one day."""
    market = Market(price=price("0.01", activity=LIVE), pools=(pool("10000", "100"),))
    assert worth(market, at=SEEN_AT + DAY).mark.usd_micro == 10_000_000
    late = worth(market, at=SEEN_AT + DAY + 1)
    assert (late.mark.usd_micro, late.executable.usd_micro, late.state) == (None, None, None)
    assert worth(market, at=SEEN_AT - 1).executable.usd_micro is None


def test_deepest_pool_that_can_be_reckoned_with_decides() -> None:
    """DOMAIN §3: x·y = k; concentrated pools, foreign quotes, contradicting reserves do not count."""
    pools = (
        pool("10000", "100", name="small", liquidity="200", price_usd="0.01"),
        pool("100000", "1000", name="deep", liquidity="2000", price_usd="0.01"),
        pool("900000", "9000", name="clmm", liquidity="18000", is_constant_product=False),
        pool("900000", "9000", name="foreign", liquidity="18000", quote_mint=MEME),
        pool("900000", "9000", name="liar", liquidity="50000000", price_usd="0.01"),
        pool(None, None, name="empty", liquidity="18000"),
        pool("0", "0", name="drained", liquidity="18000"),
    )
    found = worth(Market(pools=pools))
    assert found.executable.usd_micro == swap_out(10**9, 100_000 * 10**6, 1_000 * 10**6, 100)


def test_quote_serves_where_reserves_do_not() -> None:
    """Our rule: a part of what was quoted brings at least its share; more than was quoted is unknown."""
    quote = SwapQuote(
        in_mint=MEME,
        in_raw=2_000_000_000,
        out_mint=USDC,
        out_raw=15_000_000,
        price_impact_pct=Decimal(20),
        observed_at=SEEN_AT - 5,
        source="jupiter",
    )
    found = worth(Market(quote=quote))
    assert (found.executable.usd_micro, found.via, found.executable_age_s) == (7_500_000, "quote:jupiter", 5)
    assert worth(Market(quote=quote), 3_000_000_000).executable.usd_micro is None
    both = worth(Market(quote=quote, pools=(pool("10000", "100"),)))
    assert both.executable.usd_micro == 9_008_189


def test_activity_of_several_pools_is_that_of_the_liveliest() -> None:
    """Our rule: silence of a token needs silence of every pool."""
    assert merge_activity([]) == Activity()
    assert merge_activity([Activity(traded_at=5, idle_since=9), Activity(traded_at=7, idle_since=8)]) == Activity(
        traded_at=7, idle_since=9
    )
    assert merge_activity([Activity(traded_at=5, idle_since=9), Activity()]) == Activity(traded_at=5)


@given(
    amount=st.integers(1, 2**64 - 1),
    more=st.integers(0, 2**64 - 1),
    base=st.integers(1, 2**64 - 1),
    quote=st.integers(1, 2**64 - 1),
    fee=st.integers(0, 9_999),
)
def test_pool_never_pays_more_than_it_has_and_pays_more_for_more(
    amount: int, more: int, base: int, quote: int, fee: int
) -> None:
    """Law of x·y = k: bounded, monotone, concave (two sales at once never beat the sum of their own prices)."""
    paid = swap_out(amount, base, quote, fee)
    assert 0 <= paid <= quote
    assert paid <= swap_out(amount + more, base, quote, fee)
    assert swap_out(amount + more, base, quote, fee) <= paid + swap_out(more, base, quote, fee) + 1
    assert paid * base <= amount * quote


def test_swap_out_pays_the_worked_number() -> None:
    """The docstring's number, by Uniswap's formula with 0.3 %."""
    assert swap_out(1_000, 10_000, 10_000, 30) == 906


def test_mark_is_exact_to_the_micro_dollar() -> None:
    """DOMAIN §3: rounded half-even, with every digit of the price."""
    assert mark_usd_micro(3, 0, Decimal("0.0000005")) == 2
    assert mark_usd_micro(1, 0, Decimal("0.0000005")) == 0
    assert mark_usd_micro(10**18, 6, Decimal("0.000000123456789012345678")) == 123_456_789_012
