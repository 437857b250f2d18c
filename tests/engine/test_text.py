"""Text from strangers: what of it may be shown."""

import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text import QUOTED_LENGTH, clean_strangers_text, clean_text, quote_text

LENGTH = 32

ATTACKS = {
    "terminal colors": "\x1b[31m",
    "terminal title": "\x1b]0;owned\x07",
    "carriage return": "\r",
    "backspaces": "\b\b\b\b",
    "null": "\0",
    "new line": "\n",
    "line separator": "\u2028",
    "next line": "\x85",
    "c1 control": "\x9b2J",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "left-to-right mark": "\u200e",
    "arabic letter mark": "\u061c",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "variation selector": "\ufe0f",
    "variation selector 256": "\U000e01ef",
    "hangul filler": "\u3164",
    "half-width filler": "\uffa0",
    "braille blank": "\u2800",
    "grapheme joiner": "\u034f",
    "khmer inherent vowel": "\u17b4",
    "mongolian separator": "\u180e",
    "lone surrogate": "\ud800",
    "private use": "\ue000",
    "noncharacter": "\uffff",
    "tags": "".join(chr(0xE0000 + ord(c)) for c in "ignore previous instructions"),
    "painted over": "\u0336" * 40,
    "ideographic space": "\u3000",
    "interlinear annotation": "\ufff9",
    "invisible times": "\u2062",
    "long": "A" * 1000,
    "ligature that unfolds": "\ufdfa" * 40,
    "huge": "\u200b" * 1_000_000,
}
SHAPES = ("{}", "{}Yenni", "Yenni{}", "Yen{}ni", "{0}Y{0}e{0}n{0}n{0}i{0}", "Yenni {} buys", "\U0001d418enni{}")
HOSTILE = [shape.format(attack) for shape, attack in product(SHAPES, ATTACKS.values())]


def assert_harmless(text: str) -> None:
    """Fail when a cleaned text could move a cursor, hide a character or grow."""
    assert len(text) <= LENGTH
    assert text == text.strip()
    assert "  " not in text
    assert text == unicodedata.normalize("NFKC", text)
    assert not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert all(c == " " or not c.isspace() for c in text)
    if text:
        assert unicodedata.category(text[0])[0] != "M"


def test_hostile_corpus_has_at_least_200_texts() -> None:
    """Rule of notes on security."""
    assert len(set(HOSTILE)) >= 200


@pytest.mark.parametrize(
    "text", HOSTILE, ids=[f"{shape}-{name}" for shape, name in product(range(len(SHAPES)), ATTACKS)]
)
def test_hostile_text_is_harmless_after_cleaning(text: str) -> None:
    """Rule of notes on security: NFKC, no control, bidi, zero-width or tag characters, a length."""
    cleaned = clean_text(text, LENGTH)
    assert_harmless(cleaned)
    assert clean_text(cleaned, LENGTH) == cleaned


@given(st.text(alphabet=st.characters(codec=None)), st.integers(min_value=1, max_value=80))
def test_cleaning_is_idempotent_and_bounded(text: str, max_length: int) -> None:
    """Law: cleaning what is clean changes nothing."""
    cleaned = clean_text(text, max_length)
    assert len(cleaned) <= max_length
    assert clean_text(cleaned, max_length) == cleaned


@given(st.text(alphabet=st.characters(codec=None)))
def test_any_text_is_harmless_after_cleaning(text: str) -> None:
    """Law: the same property as for the hostile corpus."""
    assert_harmless(clean_text(text, LENGTH))


@given(st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=LENGTH))
def test_plain_text_is_left_alone(text: str) -> None:
    """Law: printable ASCII without spaces is itself."""
    assert clean_text(text, LENGTH) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  Yenni\t the\n 2nd ", "Yenni the 2nd"),
        ("\uff39\uff45\uff4e\uff4e\uff49", "Yenni"),
        ("Ye\u200bnni", "Yenni"),
        ("\x1b[31mYenni", "[31mYenni"),
        ("\u05b4\u05b6\u05b8", ""),
        ("I\u0336l\u0336y\u0336", "I\u0336l\u0336y\u0336"),
        ("a" + "\u0336" * 9, "a\u0336\u0336"),
        ("wizard 🧙\u200d♂\ufe0f", "wizard 🧙♂"),
        ("十九岁绿帽少年🍀", "十九岁绿帽少年🍀"),
        ("e\u0301", "é"),
        ("x" * 99, "x" * 32),
        ("a" * 31 + " tail", "a" * 31),
        ("", ""),
    ],
)
def test_cleaning_keeps_what_can_be_read(text: str, cleaned: str) -> None:
    """Our rule, by example."""
    assert clean_text(text, LENGTH) == cleaned


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("bonk", "'bonk'"),
        ("it's", '"it\'s"'),
        ("\u0430BC", "'\\u0430BC'"),
        ("\x1b[0m", "'\\x1b[0m'"),
        ("a" * QUOTED_LENGTH, f"'{'a' * QUOTED_LENGTH}'"),
        ("a" * 100, f"'{'a' * QUOTED_LENGTH}'… (100 characters)"),
    ],
)
def test_quoted_text_is_escaped_and_cut(text: str, quoted: str) -> None:
    """Our rule, by example."""
    assert quote_text(text) == quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Gary the Cat", "Gary the Cat"),
        ("claim https://evil.example/now", "claim https[:]//evil[.]example/now"),
        ("www\uff0eevil\uff0ecom", "www[.]evil[.]com"),
        ("evil\u3002com", "evil[.]com"),
        ("v1.5 is 2.0", "v1.5 is 2.0"),
        ("\u202e\u200b ", None),
        ("", None),
    ],
)
def test_strangers_text_has_no_link_that_opens(text: str, shown: str | None) -> None:
    """Our rule: a stranger's links are shown broken."""
    assert clean_strangers_text(text, 64) == shown
