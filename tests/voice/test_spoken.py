"""Text becomes what a person would say."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.spoken import Sentences, money, speakable


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("**Bonk** is up 12.34%.", "Bonk is up 12.3 percent."),
        ("It made +$12,345.67 (−3.2%) in 24h.", "It made plus 12.3 thousand dollars (minus 3.2 percent) in 24 hours."),
        ("$1,234,567 of volume", "1.23 million dollars of volume"),
        ("Win rate 14/20, PnL 1.5x.", "Win rate 14 of 20, P and L 1.5 times."),
        ("3.5M WIF and 12.512 SOL", "3.5 million Wif and 12.5 Sol"),
        ("$BONK, BNKR and USDC", "Bonk, BNKR and USDC"),
        ("At 2026-11-21T14:05:00Z.", "At November 21, 14:05 U T C."),
        ("7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU sold", "the address ending in g A s U sold"),
        ("Go to claim-sol.xyz/now or www.x.io or hxxps://a[.]b.", "Go to a link or a link or a link"),
        ("It was launched on pump.fun, e.g. last week.", "It was launched on pump.fun, e.g. last week."),
        ("See [Solscan](https://solscan.io/x) or https://x.io.", "See Solscan or a link"),
        ("- one\n- two", "one two"),
        ("5–10 trades, ~$900", "5 to 10 trades, about 900 dollars"),
        ("```json\n{}\n```", ""),
        ("", ""),
    ],
)
def test_written_text_becomes_speech(written: str, said: str) -> None:
    """Spec: numbers and names as people say them; an address is never spelled out."""
    assert speakable(written) == said


@pytest.mark.parametrize(
    ("usd", "said"),
    [
        ("0", "0 dollars"),
        ("0.0000213", "point 4 zeros 2 1 3 of a dollar"),
        ("0.045", "4.5 cents"),
        ("12.5", "12.5 dollars"),
        ("1234.5", "1234 dollars"),
        ("-12345.67", "minus 12.3 thousand dollars"),
        ("2500000000", "2.5 billion dollars"),
    ],
)
def test_money_is_said_with_three_digits_that_count(usd: str, said: str) -> None:
    """Our rule: nobody says eleven digits, nobody rounds 1,234 to a thousand."""
    assert money(Decimal(usd)) == said


def cut(text: str) -> list[str]:
    """Return the pieces of a text that arrives letter by letter."""
    sentences = Sentences()
    pieces = [piece for letter in text for piece in sentences.feed(letter)]
    return [piece for piece in [*pieces, sentences.end()] if piece]


def test_text_is_cut_at_sentences_and_first_at_a_clause() -> None:
    """Our rule: the first sound comes with the first clause, the rest in whole sentences."""
    text = "Bonk looks risky right now, since 1.5 percent hold, e.g. vs. Wif, 41. And then? $3.5 M left!\nDone"
    assert cut(text) == [
        "Bonk looks risky right now,",
        "since 1.5 percent hold, e.g. vs. Wif, 41.",
        "And then?",
        "$3.5 M left!",
        "Done",
    ]


@given(st.text(alphabet="ab 1.,!?;\n", max_size=80))
def test_cutting_loses_nothing(text: str) -> None:
    """Our rule: every word is said once, in order."""
    assert "".join(cut(text)).replace(" ", "").replace("\n", "") == "".join(text.split())


@given(st.text(max_size=200))
def test_anything_can_be_made_speakable(text: str) -> None:
    """Our rule: a model may write anything."""
    assert "\n" not in speakable(text)
