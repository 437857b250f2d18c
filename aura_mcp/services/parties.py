"""Know wallets by address and by nickname.

A nickname is a label of the user's or of a list; the address is the identity and is always shown beside it.
Not responsible for what wallets did.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from aura_mcp.errors import NotFoundError
from aura_mcp.services.gathering import rows_of
from aura_mcp.services.results import Party
from data.errors import UnknownWalletError
from data.store import Store
from engine.address import MIN_LENGTH, is_on_curve, parse_address
from engine.units import Address

_LABELS: Final = "SELECT address, nickname, is_program_derived FROM wallet WHERE list_contains($1, address)"
_ALL_LABELS: Final = "SELECT address, nickname, is_program_derived FROM wallet LIMIT $1"

_MOST_KEPT: Final = 10_000
"""Labels that are kept in memory; of more, those that are asked for are read."""


class _Label(NamedTuple):
    address: str
    nickname: str | None
    is_program_derived: bool


class _Known(NamedTuple):
    """Who belongs to whom and, unless there are many, all labels, at one version of the database."""

    version: int
    members: Mapping[str, str]
    labels: Mapping[str, Party] | None


class Parties:
    """The wallets that are known by name, and every other by its address. Safe to share between threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: _Known | None = None

    def find(self, text: str) -> Party:
        """Return the party that an address or a nickname means, whatever its case.

        Raises:
            AddressError: the text is as long as an address, but damaged; says where.
            NotFoundError: nothing or more than one wallet answers; names the candidates.
        """
        address = parse_address(text) if len(text) >= MIN_LENGTH else self._find_nickname(text)
        entity = self._known().members.get(address, address)
        return self.named([entity])[entity]

    def named(self, addresses: Collection[str]) -> dict[str, Party]:
        """Return a party for every address, with its nickname where it has one."""
        labels = self._known().labels
        if labels is None:
            labels = _by_address(rows_of(self._store, _Label, _LABELS, [list(addresses)]))
        return {address: labels.get(address) or _unnamed(address) for address in addresses}

    def _known(self) -> _Known:
        version, known = self._store.database.version, self._last
        if known is None or known.version != version:
            labels = rows_of(self._store, _Label, _ALL_LABELS, [_MOST_KEPT + 1])
            kept = _by_address(labels) if len(labels) <= _MOST_KEPT else None
            known = self._last = _Known(version, self._store.wallets.members(), kept)
        return known

    def _find_nickname(self, text: str) -> str:
        try:
            return self._store.wallets.find(text)
        except UnknownWalletError as error:
            hint = "" if error.candidates else "; `aura init` loads a list of labelled wallets"
            raise NotFoundError(f"{error}{hint}") from error


def _by_address(labels: Iterable[_Label]) -> dict[str, Party]:
    return {label.address: Party(**label._asdict()) for label in labels}


def _unnamed(address: str) -> Party:
    return Party(address=address, nickname=None, is_program_derived=not is_on_curve(Address(address)))
