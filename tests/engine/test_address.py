"""Addresses: what is one, and what is said about a text that is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from engine.address import is_on_curve, parse_address, shorten_address
from engine.errors import AddressError, EngineError
from engine.text import QUOTED_LENGTH
from engine.units import QUOTE_MINTS, Address

YENNI = "5B52w1ZW9tuwUduueP5J7HXz5AcGfruGoX6YoAudvyxG"
SYSTEM_PROGRAM = "1" * 32

keys = st.binary(min_size=32, max_size=32)


def reason(text: str) -> str:
    """Return what is said about a text that is refused."""
    with pytest.raises(AddressError) as refusal:
        parse_address(text)
    return str(refusal.value)


@given(keys)
def test_every_32_bytes_have_an_address(key: bytes) -> None:
    """Law: parse(encode(key)) is the text itself; the encoder is solders'."""
    text = str(Pubkey(key))
    assert parse_address(text) == text


@given(st.binary(max_size=33).filter(lambda key: len(key) != 32))
def test_every_other_number_of_bytes_is_refused(key: bytes) -> None:
    """Law: an address is exactly 32 bytes; the encoder is an independent one."""
    text = encode_base58(key)
    assert reason(text).startswith("not a Solana address: ")


@given(st.text(max_size=60))
def test_any_text_is_an_address_exactly_when_solders_reads_it(text: str) -> None:
    """Oracle: solders' own parser, which gives no reason."""
    try:
        Pubkey.from_string(text)
    except ValueError:
        reason(text)
    else:
        assert parse_address(text) == text


@pytest.mark.parametrize("text", [YENNI, SYSTEM_PROGRAM, *sorted(QUOTE_MINTS)])
def test_well_known_addresses_are_accepted(text: str) -> None:
    """Public facts; the system program is the shortest address there is."""
    assert parse_address(text) == text


@pytest.mark.parametrize("character", "0OIl")
def test_look_alike_characters_are_named_with_their_position(character: str) -> None:
    """Our rule: these four are the usual mistake when an address is typed."""
    text = YENNI[:9] + character + YENNI[10:]
    assert reason(text) == (
        f"not a Solana address: '{text}' has '{character}' at position 10 "
        "(base58 leaves out 0, O, I and l because they look alike)"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "'' is empty; an address has 32 to 44 characters"),
        (" " + YENNI, f"' {YENNI}' has ' ' at position 1 (white space; remove it)"),
        (YENNI + "\n", f"'{YENNI}\\n' has U+000A at position 45 (white space; remove it)"),
        ("\u00a0" + YENNI, f"'\\xa0{YENNI}' has U+00A0 at position 1 (white space; remove it)"),
        ("5B-2", "'5B-2' has '-' at position 3 (not in the base58 alphabet)"),
        ("5\u0412", "'5\\u0412' has U+0412 at position 2 (not in the base58 alphabet)"),
        ("5\U000e0042", "'5\\U000e0042' has U+E0042 at position 2 (not in the base58 alphabet)"),
        ("5\u202e", "'5\\u202e' has U+202E at position 2 (not in the base58 alphabet)"),
        ("\x1b[31m", "'\\x1b[31m' has U+001B at position 1 (not in the base58 alphabet)"),
        ("\ud800", "'\\ud800' has U+D800 at position 1 (not in the base58 alphabet)"),
        ("5B52w1", "'5B52w1' has 6 characters; an address has 32 to 44"),
        (YENNI + "G", f"'{YENNI}G' has 45 characters; an address has 32 to 44"),
        ("5" * 32, f"'{'5' * 32}' decodes to 23 bytes; an address has 32"),
        ("z" * 44, f"'{'z' * 44}' decodes to 33 bytes; an address has 32"),
        ("1" * 33, f"'{'1' * 33}' decodes to 33 bytes; an address has 32"),
    ],
)
def test_refusal_says_what_was_found_and_why(text: str, expected: str) -> None:
    """Our rule: one line, the value quoted, the rule it breaks."""
    assert reason(text) == f"not a Solana address: {expected}"


def test_signature_is_not_an_address() -> None:
    """Our rule: the usual mix-up, 64 bytes instead of 32."""
    assert "has 88 characters; an address has 32 to 44" in reason("5" * 88)


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_refusal_is_one_printable_line_of_bounded_length(text: str) -> None:
    """Rule of notes on security: no text from outside reaches a terminal unescaped."""
    try:
        parse_address(text)
    except AddressError as refusal:
        message = str(refusal)
        assert message.isprintable()
        assert message.replace("…", "").isascii()
        assert len(message) < 10 * QUOTED_LENGTH + 200


def test_huge_text_is_refused_with_its_length_and_a_short_quote() -> None:
    """Bad input: a string of 10 MB."""
    message = reason("A" * 10_000_000)
    assert "(10000000 characters)" in message
    assert len(message) < 300


def test_curve_separates_wallets_from_program_derived_addresses() -> None:
    """Public facts: a wallet, and an address derived by solders itself."""
    derived, _ = Pubkey.find_program_address([b"aura"], Pubkey.from_string(SYSTEM_PROGRAM))
    assert is_on_curve(parse_address(YENNI))
    assert not is_on_curve(parse_address(str(derived)))


def test_short_form_keeps_both_ends() -> None:
    """Our rule: four characters at each end."""
    assert shorten_address(Address(YENNI)) == "5B52...vyxG"


def test_address_error_is_ours_and_a_value_error() -> None:
    """Our rule: callers outside the core may treat it as any bad value."""
    assert issubclass(AddressError, EngineError)
    assert issubclass(AddressError, ValueError)


def encode_base58(data: bytes) -> str:
    """Return the base58 text of any bytes, digit by digit (solders only knows 32 and 64)."""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number = int.from_bytes(data, "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = alphabet[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits
