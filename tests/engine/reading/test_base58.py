"""Base58 of any length, against a plain loop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.reading.base58 import decode_base58
from tests.builders.encodings import base58


@given(data=st.binary(max_size=400))
def test_bytes_come_back(data: bytes) -> None:
    """Leading zeros are leading ones; nothing is nothing."""
    assert decode_base58(base58(data)) == data


@pytest.mark.parametrize("text", ["0", "abcO", "Il", "2VfUX ", " 2VfUX", "2Vf_UX", "é", "~", "-2", "+2", "2.5"])
def test_what_is_not_base58_is_refused_with_its_place(text: str) -> None:
    """GMP would take signs, spaces and underscores."""
    with pytest.raises(ValueError, match=r"character \d+ of .* is not base58"):
        decode_base58(text)
