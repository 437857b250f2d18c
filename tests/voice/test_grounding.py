"""Every spoken number is in a tool result, or it is not spoken."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.grounding import UNCONFIRMED, Facts, confirmed, unsupported

RESULT = {
    "wallet": "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU",
    "net": {"sol": "12.8765", "usd": -1187.42},
    "win_rate": 64.285714,
    "share": 0.4132,
    "as_of": "2026-11-21T14:05:09Z",
    "liquidity_usd": "1234567.89",
    "trades": [{"n": 17}, {"n": 26}, {"n": 5}, {"n": 8}],
    "note": "held for 36 hours",
    "nested": '{"price": 0.0000213}',
}


def facts() -> Facts:
    """Return what is known after one result and one question."""
    known = Facts()
    known.learn_result(RESULT)
    known.learn_words("is it over 250 dollars, or 5 percent?")
    return known


@pytest.mark.parametrize(
    "text",
    [
        "They made 12.9 SOL.",
        "They made 12.88 SOL, about 13.",
        "They lost $1,187.42, so about $1,190, or $1,200.",
        "A win rate of 64%, 64.3 percent to be exact.",
        "The top ten hold 41 percent, 41.3% exactly.",
        "Liquidity is $1.23 million, or $1,234,568.",
        "At 14:05 on 2026-11-21, after 36 hours: 4 trades, 17 of them here.",
        "The price is $0.0000213.",
        "More than 250 dollars, and 5%.",
        "Two wallets, 2 of them new, and 3 reasons.",
        "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU did it.",
        "No figure at all.",
    ],
)
def test_what_the_tools_said_may_be_said(text: str) -> None:
    """Spec: every spoken number is present in a tool result; rounded as people do."""
    assert confirmed(text, facts()) == (text, [])


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("They made 14 SOL.", ["14"]),
        ("They made 12.7 SOL.", ["12.7"]),
        ("A win rate of 65%.", ["65"]),
        ("Liquidity is $1.3 million.", ["1300000"]),
        ("It holds 6,000 holders and 41% with the top.", ["6000"]),
        ("The price is $0.0000223.", ["0.0000223"]),
        ("You will gain $500 by 18:30.", ["500", "18", "30"]),
    ],
)
def test_other_figures_are_found(text: str, wrong: list[str]) -> None:
    """Spec: said less confidently or not at all if not."""
    assert [f"{figure.value:f}" for figure in unsupported(text, facts())] == wrong


def test_unsupported_figure_is_not_spoken() -> None:
    """Spec: not at all if not; the sentence around it stays."""
    text, wrong = confirmed("It made 12.9 SOL and $9,999 of fees.", facts())
    assert text == f"It made 12.9 SOL and {UNCONFIRMED} of fees."
    assert wrong == ["9999"]


@given(st.decimals(min_value=Decimal("0.0001"), max_value=Decimal(10**12), places=4), st.integers(0, 4))
def test_a_fact_rounded_to_any_place_is_supported(value: Decimal, places: int) -> None:
    """Our rule: rounding is no lie."""
    known = Facts()
    known.learn_result({"value": str(value)})
    assert unsupported(f"It is ${value:.{places}f} today.", known) == []


@given(st.text(max_size=200))
def test_any_text_can_be_checked(text: str) -> None:
    """Our rule: a model may write anything."""
    said, wrong = confirmed(text, Facts())
    assert (said == text) is (not wrong)
