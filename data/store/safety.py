"""Keep what could hurt holders: what providers told of tokens, and which accounts of followed wallets are frozen.

Not responsible for asking (`aura_mcp.services.safety`, `…tracking`) or for judging (`engine.market`).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import msgspec

from data.store.connection import Database
from engine.market import Safety
from engine.units import Mint

_KEEP: Final = "INSERT OR REPLACE INTO token_safety VALUES (?, ?, ?)"
_FIND: Final = "SELECT told FROM token_safety WHERE mint = ?"
_THAW: Final = "DELETE FROM frozen_account WHERE wallet = ?"
_FREEZE: Final = "INSERT OR REPLACE INTO frozen_account VALUES (?, ?, ?, ?)"
_ANY_FROZEN: Final = "SELECT EXISTS (FROM frozen_account WHERE wallet = ?)"
_FROZEN: Final = """
SELECT coalesce(m.entity, f.wallet), f.mint FROM frozen_account AS f
LEFT JOIN entity_member AS m ON m.wallet = f.wallet
"""


class Frozen(NamedTuple):
    """A token account that holds something and cannot move it."""

    account: str
    mint: str


class SafetyStore:
    """What is known of dangers. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: tuple[int, Mapping[str, Collection[str]]] = (-1, {})

    def keep(self, safety: Safety) -> None:
        """Keep what was told of a token, in place of what was told before."""
        with self._database.write() as cursor:
            cursor.execute(_KEEP, [safety.mint, msgspec.json.encode(safety).decode(), safety.observed_at])

    def told(self, mint: Mint) -> Safety | None:
        """Return what was told of a token last."""
        rows = self._database.rows(_FIND, [mint])
        return msgspec.json.decode(rows[0][0], type=Safety) if rows else None

    def keep_frozen(self, wallet: str, frozen: Collection[Frozen], now_s: int) -> None:
        """Remember which accounts of a wallet are frozen; those that are not named are not, or no longer."""
        if not frozen and not self._database.rows(_ANY_FROZEN, [wallet])[0][0]:
            return
        with self._database.write() as cursor:
            cursor.execute(_THAW, [wallet])
            for entry in frozen:
                cursor.execute(_FREEZE, [entry.account, wallet, entry.mint, now_s])

    def frozen(self, entity: str) -> Collection[str]:
        """Return the mints of which an entity has frozen accounts."""
        commits, known = self._known
        if commits != (now := self._database.commits):
            found: defaultdict[str, set[str]] = defaultdict(set)
            for owner, mint in self._database.rows(_FROZEN):
                found[owner].add(mint)
            known = dict(found)
            self._known = (now, known)
        return known.get(entity, ())
