"""Know wallets by address and by nickname.

A nickname is a label of the user's or of a list; the address is the identity and is always shown beside it.
Not responsible for what wallets did.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

from aura_mcp.errors import NotFoundError
from aura_mcp.services.gathering import rows_of
from aura_mcp.services.results import Party
from data.errors import UnknownWalletError
from data.store import Store
from engine.address import MIN_LENGTH, is_on_curve, parse_address
from engine.units import Address

_LABELS: Final = "SELECT address, nickname, is_program_derived FROM wallet WHERE list_contains($1, address)"
_ENTITY: Final = "SELECT entity FROM entity_member WHERE wallet = $1"


class _Label(NamedTuple):
    address: str
    nickname: str | None
    is_program_derived: bool


class Parties:
    """The wallets that are known by name, and every other by its address."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, text: str) -> Party:
        """Return the party that an address or a nickname means, whatever its case.

        Raises:
            AddressError: the text is as long as an address, but damaged; says where.
            NotFoundError: nothing or more than one wallet answers; names the candidates.
        """
        address = parse_address(text) if len(text) >= MIN_LENGTH else self._find_nickname(text)
        entities = self._store.database.rows(_ENTITY, [address])
        entity = str(entities[0][0]) if entities else address
        return self.named([entity])[entity]

    def named(self, addresses: Collection[str]) -> dict[str, Party]:
        """Return a party for every address, with its nickname where it has one."""
        wanted = list(addresses)
        labels = rows_of(self._store, _Label, _LABELS, [wanted]) if wanted else []
        known = {label.address: Party(**label._asdict()) for label in labels}
        return {address: known.get(address) or _unnamed(address) for address in wanted}

    def _find_nickname(self, text: str) -> str:
        try:
            return self._store.wallets.find(text)
        except UnknownWalletError as error:
            hint = "" if error.candidates else "; `aura init` loads a list of labelled wallets"
            raise NotFoundError(f"{error}{hint}") from error


def _unnamed(address: str) -> Party:
    return Party(address=address, nickname=None, is_program_derived=not is_on_curve(Address(address)))
