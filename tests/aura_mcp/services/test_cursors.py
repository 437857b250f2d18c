"""Where a page ended, as a text that only its own question accepts."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura_mcp.errors import CursorError
from aura_mcp.services.cursors import read_cursor, write_cursor


class Key(NamedTuple):
    """A sort key."""

    at: int
    name: str


@given(st.integers(-(2**63), 2**63 - 1), st.text())
def test_cursor_comes_back_as_it_was_written(at: int, name: str) -> None:
    """Law: parse(serialize(x)) == x."""
    assert read_cursor(["q"], write_cursor(["q"], Key(at, name)), Key) == Key(at, name)


def test_cursor_of_another_question_is_refused() -> None:
    """Our rule: the rest of one list is not the rest of another."""
    with pytest.raises(CursorError, match="belongs to another question"):
        read_cursor(["b"], write_cursor(["a"], Key(1, "x")), Key)


@given(st.text())
def test_damaged_cursor_is_refused(text: str) -> None:
    """Our rule: one clear line, never a crash."""
    with pytest.raises(CursorError):
        read_cursor(["q"], text, Key)
