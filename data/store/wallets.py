"""Remember wallets: their nicknames, which are followed, and which belong together.

Not responsible for reading lists of them (`data.starter`) or for what they did.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from data.errors import UnknownWalletError
from data.store.arrow import Type, from_rows, registered
from data.store.connection import Database
from data.store.facts import Counts
from engine.address import parse_address
from engine.errors import AddressError
from engine.text import quote_text
from engine.units import Address

WALLET_COLUMNS: Final = {
    "address": Type.VARCHAR,
    "nickname": Type.VARCHAR,
    "source": Type.VARCHAR,
    "is_tracked": Type.BOOLEAN,
    "is_program_derived": Type.BOOLEAN,
}

_TRACKED: Final = "SELECT address FROM wallet WHERE is_tracked ORDER BY address"
_CANDIDATES: Final = "SELECT address FROM wallet WHERE {condition} ORDER BY address LIMIT 5"
_MARK_FOLDS: Final = """
INSERT INTO refold
SELECT DISTINCT f.entity, f.mint FROM (
    SELECT $entity AS entity, mint FROM leg WHERE owner = $wallet
    UNION ALL
    SELECT $entity, mint FROM account_balance WHERE owner = $wallet AND NOT is_sol(mint) AND NOT is_stable(mint)
) AS f
"""


class Wallet(NamedTuple):
    """A wallet that is known by name or followed; a program-derived one has no key of its own."""

    address: str
    nickname: str | None
    source: str
    is_tracked: bool
    is_program_derived: bool


class Wallets:
    """The tables of wallets and of the entities that the user made of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tracked: tuple[int, tuple[Address, ...]] | None = None

    def add(self, wallets: Sequence[Wallet]) -> Counts:
        """Store wallets that are not known yet; what is known stays as it is."""
        with self._database.write() as cursor, registered(cursor, "incoming", from_rows(WALLET_COLUMNS, wallets)):
            result = cursor.execute("INSERT INTO wallet SELECT * FROM incoming ON CONFLICT DO NOTHING").fetchall()
        new = int(result[0][0])
        return Counts(new, len(wallets) - new)

    def tracked(self) -> list[Address]:
        """Return the addresses of all followed wallets, sorted."""
        version, known = self._database.version, self._tracked
        if known is None or known[0] != version:
            rows = self._database.rows(_TRACKED, needs_ledger=False)
            known = self._tracked = version, tuple(Address(str(row[0])) for row in rows)
        return list(known[1])

    def find(self, text: str) -> Address:
        """Return the address that a text means: itself, or the wallet of that nickname, in any case.

        Raises:
            UnknownWalletError: nothing or more than one wallet answers; it names the candidates.
        """
        try:
            return parse_address(text)
        except AddressError:
            found = self._candidates("lower(nickname) = lower(?)", text)
        if len(found) == 1:
            return found[0]
        near = found or self._candidates("contains(lower(nickname), lower(?))", text)
        what = "names several wallets" if found else "is neither an address nor a known nickname"
        hint = f"; use one of {', '.join(near)}" if near else ""
        raise UnknownWalletError(f"wallet {quote_text(text)} {what}{hint}", near)

    def assign(self, wallet: Address, entity: str) -> None:
        """Make a wallet part of an entity; the entity named after the wallet itself makes it independent again.

        The ledger of both the old and the new entity follows with the next booking.
        """
        with self._database.write() as cursor:
            found = cursor.execute("SELECT entity FROM entity_member WHERE wallet = ?", [wallet]).fetchall()
            before = found[0][0] if found else wallet
            if before == entity:
                return
            cursor.execute("DELETE FROM entity_member WHERE wallet = ?", [wallet])
            if entity != wallet:
                cursor.execute("INSERT INTO entity_member VALUES (?, ?)", [wallet, entity])
            for touched in (before, entity):
                cursor.execute(_MARK_FOLDS, {"entity": touched, "wallet": wallet})

    def members(self) -> dict[str, str]:
        """Return the entity of every wallet that was assigned to one."""
        return {str(w): str(e) for w, e in self._database.rows("SELECT wallet, entity FROM entity_member ORDER BY ALL")}

    def _candidates(self, condition: str, text: str) -> list[Address]:
        rows = self._database.rows(_CANDIDATES.format(condition=condition), [text])
        return [Address(str(row[0])) for row in rows]
