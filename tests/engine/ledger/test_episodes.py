"""Round trips: when they open and close, and what rates them (DOMAIN §4)."""

import pytest

from engine.ledger import Currency, Outcome, Unrated, fold, judge
from tests.engine.ledger.text import USD, events, ledger


def test_episode_opens_with_the_first_known_basis_and_closes_when_sold() -> None:
    """DOMAIN §4: opens when a flat position acquires known basis."""
    (episode,) = ledger("in 5", "buy 10 @ 5", "sell 10 @ 6").episodes
    assert (episode.number, episode.opened_ref, episode.closed_ref) == (1, "s001#0", "s002#0")
    assert (episode.buys, episode.sells, episode.peak_quantity) == (1, 1, 10)


@pytest.mark.parametrize(("sold", "is_closed"), [(197, False), (198, True), (200, True)])
def test_episode_closes_at_one_percent_of_its_peak(sold: int, *, is_closed: bool) -> None:
    """DOMAIN §4: closes when the known-basis holding is at most 1 % of its peak: 2 of 200 is, 3 is not."""
    (episode,) = ledger("buy 200 @ 5", f"sell {sold} @ 6").episodes
    assert episode.is_closed is is_closed


def test_only_sales_that_count_in_an_episode_are_its_sales() -> None:
    """Our rule: a sale is counted once, however many lots it consumes; burns and transfers are no sales."""
    lines = ["buy 10 @ 5", "buy 10 @ 6", "sell 15 @ 7", "burn 1", "out 1", "sell 8 @ 7", "in 5", "sell 5 @ 7"]
    (episode,) = ledger(*lines).episodes
    assert (episode.buys, episode.sells) == (2, 2)
    assert (episode.sold_quantity, episode.burned_quantity, episode.moved_quantity) == (18, 1, 1)
    assert episode.unmatched_quantity == 5


def test_rest_sold_before_the_next_episode_adds_to_the_last() -> None:
    """Our rule: a sale of residue when no episode is open adds to the last one."""
    (episode,) = ledger("buy 1000 @ 1", "sell 995 @ 2", "sell 5 @ 2").episodes
    assert episode.closed_ref == "s001#0"
    assert episode.sold_quantity == 1000
    flow = episode.flow(Currency.USD)
    assert flow is not None
    assert flow.net == 1000 * USD


def test_rest_left_over_is_sold_first_in_the_next_episode() -> None:
    """Our rule: what is sold while an episode is open counts in it, wherever it was bought."""
    result = ledger("buy 1000 @ 1", "sell 995 @ 2", "buy 100 @ 3", "sell 105 @ 4")
    assert [row.episode for row in result.realizations] == [1, 2, 2]
    assert [episode.number for episode in result.episodes] == [1, 2]


def test_dust_that_arrives_opens_no_episode() -> None:
    """DOMAIN §4: only known basis opens one."""
    assert ledger("in 1000", "sell 1000 @ 3").episodes == ()


def test_airdrop_sold_after_the_close_leaves_the_episode_alone() -> None:
    """Our rule: unknown basis sold after the closing second says nothing about the episode's coverage."""
    result = ledger("buy 10 @ 5", "sell 10 @ 9", "in 500", "sell 500 @ 9")
    (episode,) = result.episodes
    assert judge(episode) is Outcome.WIN
    assert result.realizations[-1].episode is None


def test_episode_with_much_unknown_basis_sold_in_it_is_not_rated() -> None:
    """DOMAIN §4: rated if its own coverage is at least 0.90; 10 of 12 units matched are 0.83."""
    (low,) = ledger("buy 10 @ 5", "in 2", "sell 12 @ 9").episodes
    (enough,) = ledger("buy 90 @ 5", "in 10", "sell 100 @ 9").episodes
    assert (judge(low), judge(enough)) == (Unrated.LOW_COVERAGE, Outcome.WIN)


def test_episode_that_left_mainly_by_transfer_is_moved() -> None:
    """DOMAIN §4: closed mainly, at least half of the quantity, by transfer out."""
    (moved,) = ledger("buy 10 @ 5", "sell 5 @ 9", "out 5").episodes
    (sold,) = ledger("buy 10 @ 5", "sell 6 @ 9", "out 4").episodes
    assert (judge(moved), judge(sold)) == (Unrated.MOVED, Outcome.WIN)


def test_open_episode_has_no_outcome() -> None:
    """DOMAIN §4: only closed episodes are rated."""
    (episode,) = ledger("buy 10 @ 5", "sell 5 @ 9").episodes
    assert judge(episode) is Unrated.OPEN


def test_episode_without_a_price_is_unpriced_in_dollars_and_rated_in_sol() -> None:
    """DOMAIN §3: no price gives null; SOL P&L needs none."""
    (episode,) = ledger("buy 10 @ 5 no-usd", "sell 10 @ 9 no-usd").episodes
    assert judge(episode, Currency.USD) is Unrated.UNPRICED
    assert judge(episode, Currency.SOL) is Outcome.WIN


def test_episode_burned_away_is_a_loss() -> None:
    """DOMAIN §3: INVOLUNTARY is a disposal for nothing: a loss."""
    (episode,) = ledger("buy 10 @ 5", "burn 10").episodes
    assert judge(episode) is Outcome.LOSS


@pytest.mark.parametrize(
    ("paid", "received", "outcome"),
    [
        ("1", "1.01", Outcome.BREAK_EVEN),
        ("1", "1.010001", Outcome.WIN),
        ("1", "0.99", Outcome.BREAK_EVEN),
        ("1", "0.989999", Outcome.LOSS),
        ("50", "50.05", Outcome.BREAK_EVEN),
        ("50", "50.06", Outcome.WIN),
    ],
)
def test_win_nets_more_than_a_cent_and_a_thousandth_of_its_cost(paid: str, received: str, outcome: Outcome) -> None:
    """DOMAIN §4: win: net > max($0.01, 0.1 % of cost); the same distance below is a loss."""
    (episode,) = ledger(f"buy 1 @ {paid}", f"sell 1 @ {received}").episodes
    assert judge(episode) is outcome


def test_unchanged_episode_is_not_reported_again() -> None:
    """Our rule: a result lists the episodes that its own events opened or changed."""
    history = events("buy 10 @ 5", "sell 10 @ 9", "in 5", "buy 10 @ 5")
    closed = fold(None, history[:2])
    gifted = fold(closed.state, history[2:3])
    assert [episode.number for episode in closed.episodes] == [1]
    assert gifted.episodes == ()
    assert [episode.number for episode in fold(gifted.state, history[3:]).episodes] == [2]
