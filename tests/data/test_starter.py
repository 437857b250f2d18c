"""The starter list, and lists of wallets in general."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey

from data import starter
from data.starter import RefusedLine, StarterWallet, load_starter_wallets, parse_wallet_list
from engine.address import is_on_curve, parse_address
from engine.text import clean_text
from engine.units import Address

YENNI = "5B52w1ZW9tuwUduueP5J7HXz5AcGfruGoX6YoAudvyxG"
CLUKZ = "G6fUXjMKPJzCY1rveAE6Qm7wy5U3vZgKDJmN1VPAdiZC"
LATUCHE = "GJA1HEbxGnqBhBifH9uQauzXSB53to5rhDrzmKxhSU65"
MAYHEM_BOT = "BwWK17cbHxwWBKZkUYvzxLcNQ1YVyaFezduWbtm2de6s"
LOOK_ALIKE_RULE = "base58 leaves out 0, O, I and l because they look alike"


def refusals(text: str) -> tuple[RefusedLine, ...]:
    """Return the refused lines of a list."""
    return parse_wallet_list(text).refused


def nicknames(*labels: str) -> list[str]:
    """Return the nicknames that wallets with these labels get, in order."""
    lines = [f'{Pubkey(bytes([n]) * 32)},"{label}"' for n, label in enumerate(labels)]
    found = parse_wallet_list("\n".join(["address,nickname", *lines]))
    assert not found.refused
    return [wallet.nickname for wallet in found.wallets]


def test_starter_list_has_the_wallets_the_issue_names() -> None:
    """Spec: at least 174 wallets, among them Yenni, Latuche and clukz."""
    wallets = load_starter_wallets()
    by_nickname = {wallet.nickname: wallet.address for wallet in wallets}
    assert len(wallets) >= 174
    assert {name: by_nickname[name] for name in ("Yenni", "Latuche", "clukz")} == {
        "Yenni": YENNI,
        "Latuche": LATUCHE,
        "clukz": CLUKZ,
    }


def test_every_starter_wallet_is_valid_labelled_and_unambiguous() -> None:
    """Spec: valid base58 of 32 bytes, on its curve or marked; nicknames look up one wallet each."""
    wallets = load_starter_wallets()
    assert len({wallet.address for wallet in wallets}) == len(wallets)
    assert len({wallet.nickname.casefold() for wallet in wallets}) == len(wallets)
    assert [wallet.address for wallet in wallets] == sorted(wallet.address for wallet in wallets)
    for wallet in wallets:
        assert parse_address(wallet.address) == wallet.address
        assert wallet.is_program_derived is not is_on_curve(wallet.address)
        assert wallet.nickname == clean_text(wallet.nickname, starter.NICKNAME_LENGTH) != ""
        assert wallet.source


def test_program_derived_wallet_is_marked() -> None:
    """Public fact: the label belongs to an address off its curve."""
    assert [w for w in load_starter_wallets() if w.is_program_derived] == [
        StarterWallet(
            address=Address(MAYHEM_BOT), nickname="Mayhem Bot", source="kolscan 2026-04", is_program_derived=True
        )
    ]


def test_same_label_twice_keeps_both_wallets_under_numbers() -> None:
    """Our rule: the starter list has two wallets labelled dints."""
    assert {"dints", "dints 2"} <= {wallet.nickname for wallet in load_starter_wallets()}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("JB", "JB", "JB"), ["JB", "JB 2", "JB 3"]),
        (("JB", "JB 2", "JB"), ["JB", "JB 2", "JB 3"]),
        (("JB", "JB", "JB 2"), ["JB", "JB 2", "JB 2 2"]),
        (("Danny", "danny"), ["Danny", "danny 2"]),
        (("x" * 32, "x" * 32), ["x" * 32, "x" * 30 + " 2"]),
        (("Ye\u200bnni", "Yenni\u202e"), ["Yenni", "Yenni 2"]),
        (("\u200b",), ["1111...1111"]),
        (("",), ["1111...1111"]),
        ((YENNI[:32], "1" * 32), [YENNI[:32], "4vJ9...kLKi"]),
    ],
)
def test_nicknames_are_clean_and_never_shared(labels: tuple[str, ...], expected: list[str]) -> None:
    """Rule of notes on security; a label that is itself an address names nobody."""
    assert nicknames(*labels) == expected


@given(st.lists(st.text(alphabet=st.characters(exclude_characters='"', codec=None)), max_size=6))
def test_any_labels_give_clean_unique_nicknames(labels: list[str]) -> None:
    """Law: whatever strangers call themselves, a nickname looks up one wallet."""
    found = nicknames(*labels)
    assert len({name.casefold() for name in found}) == len(labels)
    assert all(name and name == clean_text(name, starter.NICKNAME_LENGTH) for name in found)


@pytest.mark.parametrize(
    ("text", "line_number", "reason"),
    [
        ("", 1, "the header names no column 'address': ''"),
        ("wallet,nickname\n", 1, "the header names no column 'address': 'wallet,nickname'"),
        (
            f"address\n{YENNI[:-1]}0\n",
            2,
            f"not a Solana address: '{YENNI[:-1]}0' has '0' at position 44 ({LOOK_ALIKE_RULE})",
        ),
        (f"address\n{YENNI}\n\n{YENNI}\n", 4, f"{YENNI} is on line 2 already"),
        (f"address,nickname\n{YENNI}\n", 2, "has 1 columns; the header names 2"),
        (f"address\n{YENNI},Yenni\n", 2, "has 2 columns; the header names 1"),
        (
            f"address,is_program_derived\n{MAYHEM_BOT},false\n",
            2,
            f"{MAYHEM_BOT} is off its curve (derived from a program), but is_program_derived says false",
        ),
        (
            f"address,is_program_derived\n{YENNI},true\n",
            2,
            f"{YENNI} is on its curve (an ordinary wallet), but is_program_derived says true",
        ),
        (f"address,is_program_derived\n{YENNI},yes\n", 2, "is_program_derived is 'yes'; write true or false"),
        (
            f'address,nickname\n{YENNI},"Yenni\n',
            2,
            "is not CSV (unexpected end of data); nothing after it was read",
        ),
    ],
)
def test_line_without_a_wallet_is_refused_with_its_number_and_reason(text: str, line_number: int, reason: str) -> None:
    """Spec: invalid addresses are refused with the reason."""
    assert refusals(text) == (RefusedLine(line_number=line_number, reason=reason),)


def test_refused_line_does_not_stop_the_others() -> None:
    """Our rule: one bad line costs one wallet."""
    found = parse_wallet_list(f"address,name\n{YENNI},Yenni\nnonsense,x\n{CLUKZ},clukz\n", default_source="a friend")
    assert [(w.address, w.nickname, w.source) for w in found.wallets] == [
        (YENNI, "Yenni", "a friend"),
        (CLUKZ, "clukz", "a friend"),
    ]
    assert [line.line_number for line in found.refused] == [3]


def test_list_with_a_byte_order_mark_and_windows_line_ends_is_read() -> None:
    """Known gap of spreadsheets: both come with "save as CSV"."""
    found = parse_wallet_list(f"\ufeffAddress,Nickname\r\n{YENNI},Yenni\r\n")
    assert [(w.address, w.nickname) for w in found.wallets] == [(YENNI, "Yenni")]


def test_damaged_starter_list_stops_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: a damaged installation is an error, not a shorter list."""
    monkeypatch.setattr(starter, "STARTER_FILE", "starter.py")
    with pytest.raises(ValueError, match=r"^starter\.py line 1: the header names no column 'address'"):
        load_starter_wallets()
