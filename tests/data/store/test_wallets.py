"""Wallets by address and nickname."""

import pytest

from data.errors import UnknownWalletError
from data.store import Store
from data.store.wallets import Wallet
from tests.builders.facts import address

ALICE, ALICIA, BOB = (address(name) for name in ("alice", "alicia", "bob"))


def test_wallet_is_found_by_address_and_by_nickname_in_any_case() -> None:
    """Our rule: the address is the identity, a nickname is a label."""
    with _store() as store:
        assert store.wallets.find(ALICE) == ALICE
        assert store.wallets.find("BOB the builder") == BOB


def test_ambiguous_and_unknown_names_come_with_candidates() -> None:
    """Our rule: one clear line, with what to ask instead."""
    with _store() as store:
        with pytest.raises(UnknownWalletError, match="neither an address nor a known nickname; use one of") as caught:
            store.wallets.find("ali")
        assert set(caught.value.candidates) == {ALICE, ALICIA}
        with pytest.raises(UnknownWalletError, match=r"'nobody' is neither an address nor a known nickname$"):
            store.wallets.find("nobody")


def test_nickname_of_two_wallets_names_both() -> None:
    """Our rule: never guess."""
    with _store() as store:
        store.wallets.add([Wallet(address("x"), "bob the BUILDER", "test", is_tracked=True, is_program_derived=False)])
        with pytest.raises(UnknownWalletError, match="names several wallets"):
            store.wallets.find("Bob the builder")


def test_known_wallet_keeps_its_nickname() -> None:
    """Our rule: importing a list again changes nothing."""
    with _store() as store:
        assert store.wallets.add([Wallet(BOB, "Robert", "other", is_tracked=True, is_program_derived=False)]) == (0, 1)
        assert store.wallets.find("bob the builder") == BOB
        assert store.wallets.tracked() == sorted([ALICE, ALICIA])


def _store() -> Store:
    store = Store.open(None)
    store.wallets.add(
        [
            Wallet(ALICE, "Alice", "test", is_tracked=True, is_program_derived=False),
            Wallet(ALICIA, "alicia", "test", is_tracked=True, is_program_derived=False),
            Wallet(BOB, "Bob the builder", "test", is_tracked=False, is_program_derived=False),
        ]
    )
    return store
