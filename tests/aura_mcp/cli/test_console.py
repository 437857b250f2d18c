"""What reaches the terminal."""

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from aura_mcp.cli.console import to_json


@given(st.text())
def test_json_holds_any_text_and_nothing_a_terminal_obeys(text: str) -> None:
    """Law: what is read back is what was written; threat: escape sequences, bidi overrides in strangers' text."""
    clean = text.encode("utf-8", "ignore").decode()
    written = to_json([clean])
    assert json.loads(written) == [clean]
    assert all(character.isprintable() or character == "\n" for character in written)


def test_json_keeps_every_digit_of_an_amount() -> None:
    """Our rule: decimals are numbers, written out."""
    assert (
        to_json({"usd": Decimal("12345678901234567890.123456789")}) == '{\n  "usd": 12345678901234567890.123456789\n}'
    )


def test_json_keeps_readable_letters() -> None:
    """Our rule: only what cannot be seen is escaped."""
    assert to_json(["Ünï ⚫", "\U000e0041"]) == '[\n  "Ünï ⚫",\n  "\\udb40\\udc41"\n]'
