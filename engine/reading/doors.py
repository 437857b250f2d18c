"""The two ways into this package: from a node's answer, and from a Helius enhanced transaction.

Not responsible for finding out which of the two a text is (`data.importer`).
"""

from collections.abc import Collection

from engine.facts import Reading
from engine.reading.conservation import NOT_CONSERVED
from engine.reading.events import DISAGREES
from engine.reading.helius import parse_helius
from engine.reading.reader import read
from engine.reading.rpc import parse_rpc
from engine.units import Address

QUARANTINE_ISSUES = (DISAGREES, NOT_CONSERVED)
"""Issue codes of readings that contradict a second source: kept, and set aside for a person to look at."""


def read_transaction(
    text: bytes, wallets: Collection[Address] | None = None, also: Collection[Address] = ()
) -> tuple[Reading, ...]:
    """Return what the transaction in a `getTransaction` result did to `wallets`.

    Without `wallets`: to every signer whose balance moved, and to those of `also` that take part.

    Raises:
        ReadError: the text is no transaction, or one that contradicts itself.
    """
    return read(parse_rpc(text), wallets, also)


def read_helius(
    text: bytes, wallets: Collection[Address] | None = None, also: Collection[Address] = ()
) -> tuple[Reading, ...]:
    """Return what one Helius enhanced transaction did to `wallets`, or to its fee payer and those of `also`.

    Raises:
        ReadError: the text is no enhanced transaction, or one that contradicts itself.
    """
    return read(parse_helius(text), wallets, also)
