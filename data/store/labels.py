"""Change what is remembered about a wallet: its nickname and whether it is followed.

Facts about what a wallet did are never touched. Not responsible for cleaning texts: the caller brings a clean one.
"""

from typing import Final, NamedTuple

from data.store.connection import Database

_FIND: Final = "SELECT nickname, source, is_tracked FROM wallet WHERE address = ?"
_NAMESAKES: Final = (
    "SELECT address FROM wallet WHERE lower(nickname) = lower(?) AND address <> ? ORDER BY address LIMIT 5"
)
_KEEP: Final = """
INSERT INTO wallet VALUES ($address, $nickname, $source, $is_tracked, $is_program_derived)
ON CONFLICT (address) DO UPDATE SET nickname = excluded.nickname, is_tracked = excluded.is_tracked
"""


class Label(NamedTuple):
    """What is remembered about a wallet, and who said so."""

    nickname: str | None
    source: str
    is_tracked: bool


class Labels:
    """The labels of wallets, for reading and changing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, address: str) -> Label | None:
        """Return what is remembered about a wallet, None when nothing is."""
        rows = self._database.rows(_FIND, [address])
        return Label._make(rows[0]) if rows else None

    def namesakes(self, nickname: str, address: str) -> list[str]:
        """Return other wallets that have the nickname, in any case."""
        return [str(row[0]) for row in self._database.rows(_NAMESAKES, [nickname, address])]

    def keep(self, address: str, label: Label, *, is_program_derived: bool) -> None:
        """Remember a label; what is known already keeps its source."""
        values = {"address": address, "is_program_derived": is_program_derived, **label._asdict()}
        with self._database.write() as cursor:
            cursor.execute(_KEEP, values)
