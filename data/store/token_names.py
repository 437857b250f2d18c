"""Keep what tokens say of themselves, and find tokens by it.

Names are strangers' text: anybody can take any, so a name finds candidates and identifies nothing. They are cleaned
where they come in (`data.providers`). Not responsible for whose names are asked for (`market_work`).
"""

import threading
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from data.store.arrow import Type, from_rows, registered
from data.store.connection import Database
from engine.market import TokenInfo
from engine.units import Mint

_COLUMNS: Final = {
    "mint": Type.VARCHAR,
    "untrusted_name": Type.VARCHAR,
    "untrusted_symbol": Type.VARCHAR,
    "decimals": Type.UTINYINT,
    "total_supply": Type.VOLUME,
    "market_cap_usd": Type.VOLUME,
    "holders": Type.BIGINT,
    "creator": Type.VARCHAR,
    "created_at": Type.BIGINT,
    "launchpad": Type.VARCHAR,
    "source": Type.VARCHAR,
    "observed_at": Type.BIGINT,
}
_KEEP: Final = "INSERT OR REPLACE INTO token_info FROM incoming"
_FIND: Final = "SELECT * FROM token_info WHERE mint IN (SELECT unnest($mints))"
_SYMBOLS: Final = "SELECT mint, untrusted_symbol FROM token_info WHERE untrusted_symbol IS NOT NULL"


class TokenNames:
    """Names and symbols of tokens. Safe to share between threads, as long as nothing else writes them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._symbols: dict[Mint, str] | None = None

    def keep(self, infos: Iterable[TokenInfo]) -> None:
        """Keep what tokens say of themselves, replacing what they said before."""
        rows = [tuple(getattr(info, name) for name in _COLUMNS) for info in infos]
        if not rows:
            return
        with self._lock:
            with self._database.write() as cursor, registered(cursor, "incoming", from_rows(_COLUMNS, rows)):
                cursor.execute(_KEEP)
            self._symbols = None

    def infos(self, mints: Collection[str]) -> dict[Mint, TokenInfo]:
        """Return what tokens say of themselves, of those that are known."""
        rows = self._database.rows(_FIND, {"mints": list(mints)})
        infos = [TokenInfo(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]
        return {info.mint: info for info in infos}

    def symbols(self) -> Mapping[Mint, str]:
        """Return the symbols of all tokens that are known to have one."""
        with self._lock:
            if self._symbols is None:
                self._symbols = {Mint(mint): symbol for mint, symbol in self._database.rows(_SYMBOLS)}
            return self._symbols
