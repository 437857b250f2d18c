"""Check the addresses that a reading names: wallets and mints, most of which were seen a moment ago.

Not responsible for what makes an address (`engine.address`), or for accounts that nothing is said about.
"""

from collections.abc import Iterable
from functools import lru_cache

from engine.address import parse_address
from engine.errors import AddressError, ReadError
from engine.units import Address, Mint


def check_addresses(addresses: Iterable[Address | Mint]) -> None:
    """Refuse what is no address.

    Raises:
        ReadError: quotes the first one and says why it is none.
    """
    try:
        for address in addresses:
            _check(address)
    except AddressError as error:
        raise ReadError(f"{error}; name another wallet, or fetch the transaction again") from error


@lru_cache(maxsize=65536)
def _check(address: Address | Mint) -> None:
    parse_address(address)
