"""What a wallet earned and how often it was right (DOMAIN §4)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ledger import Event, EventKind, Outcome, Unrated, judge
from engine.units import Mint
from engine.wallets import (
    CurrencyStats,
    HoldBucket,
    OpenPosition,
    OtherCosts,
    PnlBucket,
    PositionState,
    TokenHistory,
    WalletStats,
    Window,
    hold_bucket,
    record_of,
    wallet_stats,
)
from tests.engine.ledger.strategies import ALL_BUT_OBSERVE, histories
from tests.engine.ledger.text import SOL_PER_USD, USD
from tests.engine.wallets.build import history, history_of, round_trips

DAY = 86_400
NOW = 100 * DAY


def _stats(*tokens: TokenHistory, window: Window = Window.ALL, as_of: int = NOW) -> WalletStats:
    return wallet_stats(record_of(tokens), window=window, as_of=as_of, costs=OtherCosts(0, 0))


def _position(state: PositionState, cost: int | None, executable: int | None) -> OpenPosition:
    return OpenPosition(Mint("open"), state, cost, cost, executable, executable)


def test_win_rate_counts_closed_rated_episodes_and_leaves_break_evens_out() -> None:
    """DOMAIN §4: total_trades = closed rated episodes; break-evens counted, outside the rate."""
    rates = _stats(*round_trips(2, 2, 2, 0.5, 1)).usd.rates
    assert (rates.total_trades, rates.wins, rates.losses, rates.break_evens, rates.n) == (5, 3, 1, 1, 4)
    assert rates.win_rate == 75
    assert rates.win_rate_lb95 == pytest.approx(30.06, abs=0.01)
    assert rates.win_rate_ub95 == pytest.approx(95.44, abs=0.01)


def test_wallet_without_trades_knows_no_rate_and_says_why() -> None:
    """DOMAIN §4: unknown is null with a reason, never 0."""
    stats = _stats()
    rates, closed = stats.usd.rates, stats.usd.closed
    assert (rates.win_rate, rates.win_rate_lb95, rates.win_rate_incl_dead) == (None, None, None)
    assert (closed.roi_closed, closed.expectancy, closed.profit_factor, closed.max_drawdown) == (None,) * 4
    assert stats.usd.realized.basis_coverage is None
    assert not stats.usd.is_ranked
    assert stats.usd.missing["win_rate"] == "no closed episode won or lost"
    assert (stats.last_trade_at, stats.is_active) == (None, False)


@given(st.lists(histories(*ALL_BUT_OBSERVE), max_size=4))
def test_every_unknown_figure_has_a_reason_and_every_reason_an_unknown_figure(wallets: list[list[Event]]) -> None:
    """DOMAIN §4: unknown is null with a reason."""
    tokens = [history_of(f"token{number}", facts) for number, facts in enumerate(wallets)]
    stats = wallet_stats(record_of(tokens), window=Window.ALL, as_of=NOW)
    for figures in (stats.usd, stats.sol):
        unknown = {
            name
            for part in (figures.rates, figures.realized, figures.closed)
            for name in part.__slots__
            if getattr(part, name) is None
        }
        assert unknown == set(figures.missing)


def test_dead_and_halved_positions_count_as_losses_in_the_rate_with_dead() -> None:
    """DOMAIN §4: win_rate_incl_dead counts dead or ≤ −50 % open positions as losses at as_of."""
    positions = [
        _position(PositionState.DEAD, 100, None),
        _position(PositionState.LIVE, 100, 50),
        _position(PositionState.LIVE, 100, 51),
        _position(PositionState.STALE, 100, None),
    ]
    rates = wallet_stats(record_of(round_trips(2, 2)), window=Window.ALL, as_of=NOW, positions=positions).usd.rates
    assert (rates.open_losses, rates.open_unmarked) == (2, 1)
    assert rates.win_rate == 100
    assert rates.win_rate_incl_dead == 50
    assert rates.pnl_buckets[PnlBucket.DEAD] == 1


def test_unrated_episodes_are_counted_by_reason() -> None:
    """DOMAIN §4: open, moved, unpriced and badly covered episodes are not rated."""
    stats = _stats(
        history("a", "buy 10 @ 5"),
        history("b", "buy 10 @ 5", "out 10"),
        history("c", "buy 10 @ 5 no-usd", "sell 10 @ 6"),
        history("d", "buy 10 @ 5", "sell 20 @ 6"),
    )
    assert stats.usd.rates.unrated == {
        Unrated.OPEN: 1,
        Unrated.MOVED: 1,
        Unrated.UNPRICED: 1,
        Unrated.LOW_COVERAGE: 1,
    }
    assert stats.sol.rates.unrated[Unrated.UNPRICED] == 0


def test_gross_net_fees_and_other_costs_are_told_apart() -> None:
    """DOMAIN §3: net by default; failed transactions' costs are in the entity's net, in no episode."""
    tokens = [history("a", "buy 10 @ 5 fee 1", "sell 10 @ 8 fee 2")]
    stats = wallet_stats(record_of(tokens), window=Window.ALL, as_of=NOW, costs=OtherCosts(7 * SOL_PER_USD, 7 * USD))
    realized = stats.usd.realized
    assert (realized.gross, realized.fees, realized.net) == (30 * USD, 3 * USD, 27 * USD)
    assert (realized.other_costs, realized.net_after_costs) == (7 * USD, 20 * USD)
    assert realized.fee_drag == pytest.approx(0.1)
    assert stats.sol.realized.net_after_costs == 20 * SOL_PER_USD
    assert stats.usd.closed.net == 27 * USD


def test_fee_drag_without_gross_profit_is_unknown() -> None:
    """DOMAIN §3: null if gross ≤ 0."""
    stats = _stats(history("a", "buy 10 @ 5 fee 1", "sell 10 @ 5"))
    assert stats.usd.realized.fee_drag is None
    assert stats.usd.missing["fee_drag"] == "gross is not positive"


def test_coverage_is_the_matched_share_of_all_proceeds() -> None:
    """DOMAIN §3: basis_coverage = matched ÷ all proceeds; leaderboards need 0.90."""
    covered = _stats(history("a", "buy 9 @ 1", "sell 10 @ 2")).usd
    uncovered = _stats(history("a", "buy 8 @ 1", "sell 10 @ 2")).usd
    assert covered.realized.basis_coverage == pytest.approx(0.9)
    assert covered.realized.unmatched_proceeds == 2 * USD
    assert (covered.is_ranked, uncovered.is_ranked) == (True, False)


def test_unpriced_realizations_are_counted_and_left_out() -> None:
    """DOMAIN §3: no price gives null, counted as unpriced, never 0."""
    realized = _stats(history("a", "buy 10 @ 5", "sell 5 @ 6", "sell 5 @ 6 no-usd")).usd.realized
    assert (realized.net, realized.realizations, realized.unpriced) == (5 * USD, 2, 1)
    nothing = _stats(history("a", "buy 10 @ 5 no-usd", "sell 10 @ 6")).usd
    assert (nothing.realized.net, nothing.realized.unpriced) == (None, 1)
    assert nothing.missing["net"] == "no realization has a known value"


def test_return_on_what_was_closed_differs_from_return_on_everything_spent() -> None:
    """DOMAIN §4: roi_closed = net ÷ cost of what was closed, pnl_ratio = net ÷ everything spent."""
    closed = _stats(*round_trips(2), history("open", "buy 10 @ 3", "sell 5 @ 4")).usd.closed
    assert closed.roi_closed == pytest.approx(1)
    assert closed.spent == 40 * USD
    assert closed.pnl_ratio == pytest.approx(15 / 40)


def test_expectancy_profit_factor_and_drawdown_follow_closing_times() -> None:
    """DOMAIN §4, worked by hand: nets +10, -5, -5, +20 in order of closing."""
    closed = _stats(*round_trips(2, 0.5, 0.5, 3)).usd.closed
    assert closed.expectancy == 5 * USD
    assert closed.profit_factor == pytest.approx(3)
    assert closed.max_drawdown == 10 * USD


def test_share_of_the_best_token_in_all_gains_flags_a_lotto() -> None:
    """DOMAIN §4: top1_share, lotto > 0.6; gains 10 and 20 give 0.67, losses do not count."""
    closed = _stats(*round_trips(2, 3, 0.5)).usd.closed
    assert closed.top1_share == pytest.approx(2 / 3)
    assert closed.is_lotto is True
    assert _stats(*round_trips(2, 2)).usd.closed.is_lotto is False


def test_episodes_fall_into_buckets_of_return_on_cost() -> None:
    """DOMAIN §4: > 500 %, 200–500, 0–200, −50–0, < −50 %."""
    buckets = _stats(*round_trips(7, 6, 3, 2.9, 1, 0.6, 0.5, 0.4)).usd.rates.pnl_buckets
    assert [buckets[bucket] for bucket in PnlBucket] == [1, 2, 2, 2, 1, 0]


def test_windows_select_by_closing_time() -> None:
    """DOMAIN §4: 1 d, 7 d, 30 d, all, by closing time."""
    tokens = [
        history("a", "buy 10 @ 1 at 0", f"sell 10 @ 2 at {NOW - DAY + 1}"),
        history("b", "buy 10 @ 1 at 0", f"sell 10 @ 2 at {NOW - DAY}"),
        history("c", "buy 10 @ 1 at 0", f"sell 10 @ 2 at {NOW - 20 * DAY}"),
        history("d", "buy 10 @ 1 at 0", f"sell 10 @ 2 at {NOW - 40 * DAY}"),
        history("later", "buy 10 @ 1 at 0", f"sell 10 @ 2 at {NOW + 1}"),
    ]
    counts = {window.value: _stats(*tokens, window=window).usd for window in Window}
    assert {name: stats.rates.wins for name, stats in counts.items()} == {"1d": 1, "7d": 2, "30d": 3, "all": 4}
    assert {name: stats.realized.net for name, stats in counts.items()} == {
        "1d": 10 * USD,
        "7d": 20 * USD,
        "30d": 30 * USD,
        "all": 40 * USD,
    }


def test_wallet_is_active_with_a_trade_in_the_window() -> None:
    """DOMAIN §4: is_active = a trade in the window, a purchase too."""
    token = history("a", f"buy 10 @ 1 at {NOW - 2 * DAY}")
    assert [_stats(token, window=window).is_active for window in Window] == [False, True, True, True]


def test_holding_time_is_weighted_by_quantity_inside_each_episode() -> None:
    """DOMAIN §4, worked by hand: 8 of 10 held 100 s and 2 held 600 s, beside a token with other decimals held 700 s."""
    hold = _stats(
        history("a", "buy 10 @ 1 at 0", "sell 8 @ 2 at 100", "sell 2 @ 2 at 600"),
        history("b", "buy 1000000 @ 1 at 0", "sell 1000000 @ 2 at 700"),
    ).hold
    assert (hold.mean_s, hold.quartile1_s, hold.median_s, hold.quartile3_s) == (450, 100, 600, 700)


def test_results_are_told_apart_by_the_time_held() -> None:
    """DOMAIN §4: P&L per bucket < 1 min, 1–5, 5–60 min, 1–24 h, 1–7 d, > 7 d."""
    hold = _stats(history("a", "buy 10 @ 1 at 0", "sell 5 @ 2 at 59", "sell 5 @ 3 at 60")).hold
    nets = {row.bucket: (row.realizations, row.net_usd_micro) for row in hold.buckets}
    assert nets[HoldBucket.UNDER_1_MIN] == (1, 5 * USD)
    assert nets[HoldBucket.FROM_1_MIN] == (1, 10 * USD)
    assert nets[HoldBucket.FROM_7_D] == (0, 0)


@pytest.mark.parametrize(
    ("held_s", "bucket"),
    [
        (0, "< 1 min"),
        (60, "1-5 min"),
        (300, "5-60 min"),
        (3_600, "1-24 h"),
        (DAY, "1-7 d"),
        (7 * DAY, "> 7 d"),
    ],
)
def test_bound_of_a_holding_time_belongs_to_the_longer_span(held_s: int, bucket: str) -> None:
    """Our rule for DOMAIN §4's buckets."""
    assert hold_bucket(held_s).value == bucket


@given(st.lists(histories(*ALL_BUT_OBSERVE, is_priced=True), min_size=1, max_size=4))
def test_windowed_sums_equal_those_of_the_episodes(wallets: list[list[Event]]) -> None:
    """Law: Σ realizations = Σ episodes, so both views of a wallet agree where all is priced and counted."""
    tokens = [history_of(f"token{number}", facts) for number, facts in enumerate(wallets)]
    stats = wallet_stats(record_of(tokens), window=Window.ALL, as_of=NOW)
    for figures in (stats.usd, stats.sol):
        flows = [episode.flow(figures.currency) for token in tokens for episode in token.episodes]
        assert figures.realized.net == sum(flow.net for flow in flows if flow)
        assert figures.realized.unpriced == 0
        _assert_consistent(figures, tokens)


def _assert_consistent(figures: CurrencyStats, tokens: list[TokenHistory]) -> None:
    outcomes = [judge(episode, figures.currency) for token in tokens for episode in token.episodes]
    rates = figures.rates
    assert rates.total_trades == rates.wins + rates.losses + rates.break_evens
    assert (rates.wins, rates.losses) == (outcomes.count(Outcome.WIN), outcomes.count(Outcome.LOSS))
    assert sum(rates.pnl_buckets.values()) == rates.total_trades
    assert rates.total_trades + sum(rates.unrated.values()) == len(outcomes)


@given(histories(EventKind.SELL, is_priced=True), st.integers(1, 10**9))
def test_airdrops_change_no_win_rate(events: list[Event], quantity: int) -> None:
    """Law of DOMAIN §3: dust and airdrops change no win rate, received or even sold after the last close."""
    plain = _stats(history_of("a", events)).usd.rates
    at = events[0].at if events else 0
    gift = Event(EventKind.IN, at, "gift#0", "w1", quantity, None, None, 0, None)
    received = _stats(history_of("a", [gift, *events])).usd.rates
    assert received == plain
