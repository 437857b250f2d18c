"""Read transactions: bytes in, exact readings per owner out."""

from collections.abc import Collection

from engine.facts import Reading
from engine.reading.reader import read
from engine.reading.rpc import parse_rpc
from engine.units import Address

__all__ = ["read_transaction"]


def read_transaction(
    text: bytes, wallets: Collection[Address] | None = None, also: Collection[Address] = ()
) -> tuple[Reading, ...]:
    """Return what the transaction in a `getTransaction` result did to `wallets`.

    Without `wallets`: to every signer whose balance moved, and to those of `also` that take part.

    Raises:
        ReadError: the text is no transaction, or one that contradicts itself.
    """
    return read(parse_rpc(text), wallets, also)
