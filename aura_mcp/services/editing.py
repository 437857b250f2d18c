"""Change what the user says about wallets: follow them, name them, group them, say which trades are news.

The facts stay as they are; what they mean for an entity is folded again. Not responsible for asking the user first.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from aura_mcp.errors import AuraError
from aura_mcp.services.events import Events
from aura_mcp.services.parties import Parties
from aura_mcp.services.results import Party
from aura_mcp.services.scope import last_fact_at, members_of
from data.clock import Clock
from data.store import Store
from data.store.labels import Label, Labels
from engine.address import MIN_LENGTH, is_on_curve, parse_address
from engine.errors import AddressError
from engine.text import clean_text, quote_text
from engine.units import Address

NICKNAME_LENGTH: Final = 32
SOURCE: Final = "user"


class WalletAction(StrEnum):
    """What can be changed about a wallet."""

    TRACK = "track"
    UNTRACK = "untrack"
    LABEL = "label"
    UNLABEL = "unlabel"
    GROUP = "group"
    UNGROUP = "ungroup"
    MINIMUM = "minimum"


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletEdit:
    """A wallet after an edit; `refolded_positions` of the (entity, token) ledgers had to be computed again.

    `whale_minimum_usd` is the value from which its trades are events of their own.
    """

    as_of: datetime
    last_fact_at: datetime | None
    wallet: Party
    entity: Party
    members: tuple[str, ...]
    is_tracked: bool
    has_changed: bool
    refolded_positions: int
    whale_minimum_usd: Decimal


class Editing:
    """The user's own statements about wallets."""

    def __init__(self, store: Store, parties: Parties, events: Events, clock: Clock) -> None:
        self._clock = clock
        self._events = events
        self._store = store
        self._labels = Labels(store.database)
        self._parties = parties

    def edit(
        self,
        wallet: str,
        action: WalletAction,
        *,
        nickname: str | None = None,
        entity: str | None = None,
        minimum_usd: Decimal | None = None,
    ) -> WalletEdit:
        """Do one change; doing it again changes nothing.

        Raises:
            AddressError: the wallet is no address.
            NotFoundError: no wallet has that nickname.
            AuraError: the change lacks its argument, or the nickname is taken or misleading.
        """
        address = self._address_of(wallet)
        before = self._labels.find(address)
        refolded = 0
        if action in {WalletAction.GROUP, WalletAction.UNGROUP}:
            has_changed, refolded = self._regroup(address, action, entity)
        elif action is WalletAction.MINIMUM:
            has_changed = self._events.set_minimum(address, minimum_usd)
        else:
            after = self._labelled(address, action, before or Label(None, SOURCE, is_tracked=False), nickname)
            has_changed = after != (before or Label(None, SOURCE, is_tracked=False))
            if has_changed:
                self._labels.keep(address, after, is_program_derived=not is_on_curve(address))
        now = self._labels.find(address)
        party = self._parties.find(address)
        return WalletEdit(
            as_of=self._clock.now(),
            last_fact_at=last_fact_at(self._store),
            wallet=self._parties.named([address])[address],
            entity=party,
            members=members_of(self._store, party.address),
            is_tracked=now is not None and now.is_tracked,
            has_changed=has_changed,
            refolded_positions=refolded,
            whale_minimum_usd=self._events.minimum_of(address),
        )

    def _address_of(self, text: str) -> Address:
        """Return the wallet itself, not the entity that it belongs to."""
        if len(text) >= MIN_LENGTH:
            return parse_address(text)
        return self._store.wallets.find(text)

    def _labelled(self, address: str, action: WalletAction, before: Label, nickname: str | None) -> Label:
        if action is WalletAction.TRACK:
            return before._replace(is_tracked=True)
        if action is WalletAction.UNTRACK:
            return before._replace(is_tracked=False)
        if action is WalletAction.UNLABEL:
            return before._replace(nickname=None)
        return before._replace(nickname=self._checked_nickname(address, nickname))

    def _checked_nickname(self, address: str, nickname: str | None) -> str:
        if nickname is None:
            raise AuraError("action 'label' needs a nickname")
        cleaned = clean_text(nickname, NICKNAME_LENGTH)
        if not cleaned:
            raise AuraError("this nickname shows nothing; use visible characters")
        if cleaned != nickname.strip():
            raise AuraError(
                f"a nickname is one visible line of at most {NICKNAME_LENGTH} characters, none of them invisible; this "
                f"one has {len(nickname)}"
            )
        if _is_address(cleaned) or "://" in cleaned:
            raise AuraError("a nickname must not look like an address or a link")
        if taken := self._labels.namesakes(cleaned, address):
            raise AuraError(f"the nickname {quote_text(cleaned)} belongs to {taken[0]}; choose another")
        return cleaned

    def _regroup(self, address: Address, action: WalletAction, entity: str | None) -> tuple[bool, int]:
        target: str = address
        if action is WalletAction.GROUP:
            if entity is None:
                raise AuraError("action 'group' needs an entity: a wallet, by address or nickname, that stands for it")
            target = self._parties.find(entity).address
        before = self._store.wallets.members().get(address, address)
        if action is WalletAction.GROUP and address in set(self._store.wallets.members().values()) - {target}:
            raise AuraError(f"{address} stands for an entity of its own; ungroup its members first")
        if before == target:
            return False, 0
        self._store.wallets.assign(address, target)
        return True, self._store.booking.book().folds


def _is_address(text: str) -> bool:
    try:
        parse_address(text)
    except AddressError:
        return False
    return True
