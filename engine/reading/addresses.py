"""Check the addresses in a transaction, most of which were seen a moment ago.

Not responsible for what makes an address (`engine.address`).
"""

from collections.abc import Collection, Iterable
from typing import Final

from engine.address import parse_address
from engine.errors import AddressError, ReadError
from engine.transaction import TokenChange
from engine.units import Address

_KEPT: Final = 100_000
_known: Final[set[str | None]] = {None}
"""Addresses found valid before, and no address at all: a memo, it changes no answer."""


def check_addresses(accounts: Collection[Address], tokens: Collection[TokenChange] = ()) -> None:
    """Refuse an account that is listed twice, and what is no address among accounts, mints and owners.

    Raises:
        ReadError: quotes the first one and says why it is none.
    """
    found: set[str | None] = set(accounts)
    if len(found) != len(accounts):
        raise ReadError("one account is listed twice; fetch the transaction again")
    for _, mint, _, before, after, _, _, _ in tokens:
        found.update((mint, before, after))
    if not found <= _known:
        _check(found - _known)


def _check(addresses: Iterable[str | None]) -> None:
    if len(_known) > _KEPT:
        _known.clear()
        _known.add(None)
    try:
        for address in addresses:
            if address is not None:
                _known.add(parse_address(address))
    except AddressError as error:
        raise ReadError(f"{error}; name another wallet, or fetch the transaction again") from error
