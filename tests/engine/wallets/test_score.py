"""The wallet score: weighted over what is known, or null with its reasons (DOMAIN §4)."""

import pytest

from engine.wallets import Evidence, TokenHistory, WalletScore, Window, record_of, wallet_score, wallet_stats
from tests.engine.wallets.build import history, round_trips

DAY = 86_400
WINS = (2.0,) * 18
LOSSES = (0.5,) * 6


def _score(tokens: list[TokenHistory], evidence: Evidence | None = None, as_of: int = DAY) -> WalletScore:
    return wallet_score(record_of(tokens), as_of=as_of, evidence=evidence or Evidence())


def test_score_is_the_weighted_mean_of_the_known_parts_and_lists_the_missing_ones() -> None:
    """DOMAIN §4: weights 35, 20, 15, 10 of the known parts, renormalized over 80."""
    score = _score(round_trips(*WINS, *LOSSES))
    parts = score.parts
    assert set(parts) == {"skill", "wilson", "breadth", "recency"}
    weighted = 35 * parts["skill"] + 20 * parts["wilson"] + 15 * parts["breadth"] + 10 * parts["recency"]
    assert score.score == pytest.approx(100 * weighted / 80)
    assert score.reasons == ()
    assert score.missing == (
        "copy_capture",
        "integrity",
        "early_buys",
        "transactions_per_day",
        "has_wash_flag",
    )


def test_parts_follow_their_definitions() -> None:
    """Worked by hand: 18 × ln 2 − 6 × ln 2 over 24 + 20 episodes, of 0.2; 18 equal tokens are more than 10."""
    parts = _score(round_trips(*WINS, *LOSSES)).parts
    assert parts["skill"] == pytest.approx(12 * 0.693147 / 44 / 0.2, rel=1e-5)
    assert parts["wilson"] == pytest.approx(0.5510, abs=1e-4)
    assert parts["breadth"] == 1
    assert parts["recency"] == pytest.approx(2 ** -((DAY - 47 * 60) / (14 * DAY)))


def test_breadth_is_the_effective_number_of_tokens_that_gained() -> None:
    """Worked by hand: gains 10 and 30 are as good as 1 ÷ (1/16 + 9/16) = 1.6 equal tokens, of 10."""
    parts = _score(round_trips(2, 4, 0.5)).parts
    assert parts["breadth"] == pytest.approx(0.6 / 9)


def test_measured_copy_capture_and_integrity_enter_with_their_weights() -> None:
    """DOMAIN §4: copy capture 10, integrity 10; ratios are clipped to 0-1."""
    evidence = Evidence(copy_capture=1.4, integrity=0.5, early_buys=0.1, transactions_per_day=20, has_wash_flag=False)
    score = _score(round_trips(*WINS, *LOSSES), evidence)
    parts = score.parts
    weights = {"skill": 35, "wilson": 20, "breadth": 15, "recency": 10, "copy_capture": 10, "integrity": 10}
    assert parts["copy_capture"] == 1
    assert score.score == pytest.approx(sum(weight * parts[name] for name, weight in weights.items()))
    assert score.missing == ()


@pytest.mark.parametrize(
    ("tokens", "evidence", "reason"),
    [
        (round_trips(*WINS[:10]), Evidence(), "fewer than 20 rated episodes"),
        (
            [*round_trips(*WINS, *LOSSES), history("dirty", "sell 1000 @ 1")],
            Evidence(),
            "basis coverage below 0.9",
        ),
        (round_trips(50, *WINS, *LOSSES), Evidence(), "most of the gains come from one token"),
        (round_trips(*WINS, *LOSSES), Evidence(early_buys=0.6), "most purchases within 2 slots of creation"),
        (round_trips(*WINS, *LOSSES), Evidence(transactions_per_day=501), "more than 500 transactions a day"),
        (round_trips(*WINS, *LOSSES), Evidence(has_wash_flag=True), "flagged for wash trading"),
    ],
)
def test_score_that_would_mislead_is_null_with_its_reason(
    tokens: list[TokenHistory], evidence: Evidence, reason: str
) -> None:
    """DOMAIN §4: null with a reason when coverage < 0.9, < 20 rated, lotto, early, busy or wash."""
    score = _score(tokens, evidence)
    assert score.score is None
    assert score.reasons == (reason,)


def test_wallet_without_trades_has_no_score() -> None:
    """DOMAIN §4: unknown, not 0."""
    score = _score([])
    assert score.score is None
    assert "basis coverage is unknown" in score.reasons
    assert score.parts == {}


def test_loser_without_gains_has_no_breadth_and_no_skill() -> None:
    """Our rule: parts are clipped to 0-1; a total loss counts as a return of 1 % of the outlay."""
    parts = _score(round_trips(*(0.0,) * 20)).parts
    assert (parts["skill"], parts["breadth"], parts["wilson"]) == (0, 0, 0)


def test_former_is_who_lost_in_the_last_month() -> None:
    """DOMAIN §4: former when n ≥ 20 in 30 days and the upper bound of the win rate < 50."""
    old_wins = round_trips(*(2.0,) * 30)
    late = 100 * DAY
    losses = [token._replace(mint=f"late{number}") for number, token in enumerate(round_trips(*(0.5,) * 20, at=late))]
    as_of = late + DAY
    assert _score([*old_wins, *losses], as_of=as_of).is_former is True
    assert _score(old_wins, as_of=DAY).is_former is False
    assert _score(old_wins, as_of=as_of).is_former is None
    assert _score([*old_wins, *losses[:19]], as_of=as_of).is_former is None
    month = wallet_stats(record_of([*old_wins, *losses]), window=Window.MONTH, as_of=as_of).usd.rates
    assert (month.n, month.wins) == (20, 0)
