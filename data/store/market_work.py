"""Remember what was asked of the market, and find what is to be asked: prices of what is held, candles of SOL.

Not responsible for how often something is worth asking (`engine.market.asking`).
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from data.store.arrow import Type, from_rows, registered
from data.store.connection import Database
from engine.market import Asked
from engine.units import WSOL, Mint

HOUR_S: Final = 3_600

_ASK_COLUMNS: Final = {"mint": Type.VARCHAR, "asked_at": Type.BIGINT, "misses": Type.INTEGER}
_MISS_COLUMNS: Final = {
    "interval_s": Type.INTEGER,
    "opened_at": Type.BIGINT,
    "asked_at": Type.BIGINT,
    "misses": Type.INTEGER,
}

# The largest holding of any followed entity: a quote for it serves them all.
_HELD: Final = """
WITH followed AS (
    SELECT DISTINCT coalesce(m.entity, w.address) AS entity
    FROM wallet AS w LEFT JOIN entity_member AS m ON m.wallet = w.address
    WHERE w.is_tracked
),
held AS (
    SELECT f.mint, max(f.holding_raw)::VARCHAR AS largest_raw, max(f.last_order_time) AS last_at
    FROM fold_state AS f SEMI JOIN followed USING (entity)
    WHERE f.holding_raw > 0
    GROUP BY f.mint
),
priced AS (
    SELECT mint, max(idle_since) AS idle_since, max(observed_at) AS observed_at FROM (
        SELECT mint, idle_since, observed_at FROM market_price
        QUALIFY row_number() OVER (PARTITION BY mint ORDER BY observed_at DESC) = 1
    ) GROUP BY mint
)
SELECT h.mint, h.largest_raw, a.asked_at, coalesce(a.misses, 0), p.idle_since
FROM held AS h
LEFT JOIN market_ask AS a ON a.mint = h.mint
LEFT JOIN priced AS p ON p.mint = h.mint
ORDER BY a.asked_at NULLS FIRST, h.last_at DESC, h.mint
"""
_NOTE: Final = """
INSERT INTO market_ask FROM incoming
ON CONFLICT (mint) DO UPDATE SET
    asked_at = excluded.asked_at, misses = CASE WHEN excluded.misses = 0 THEN 0 ELSE market_ask.misses + 1 END
"""
_WITHOUT_INFO: Final = """
SELECT mint FROM (SELECT unnest($1) AS mint) ANTI JOIN token_info USING (mint) ORDER BY mint
"""
# Hours in which somebody traded, and the one before: the price of a trade is of the last complete candle.
_HOURS_WITHOUT_CANDLE: Final = """
WITH needed AS (
    SELECT DISTINCT unnest([hour - 2, hour - 1, hour]) * 3600 AS opened_at
    FROM (
        SELECT block_time // 3600 AS hour FROM leg WHERE block_time IS NOT NULL
        UNION
        SELECT block_time // 3600 FROM effect WHERE block_time IS NOT NULL
    )
)
SELECT n.opened_at FROM needed AS n
ANTI JOIN (SELECT opened_at FROM candle WHERE is_sol(mint) AND interval_s = 3600) AS c USING (opened_at)
LEFT JOIN candle_miss AS x ON x.opened_at = n.opened_at AND x.interval_s = 3600
WHERE n.opened_at + 3600 <= $1 AND (x.misses IS NULL OR x.asked_at + 86400 * x.misses <= $1)
ORDER BY n.opened_at DESC
"""
_NOTE_MISS: Final = """
INSERT INTO candle_miss FROM incoming
ON CONFLICT (interval_s, opened_at) DO UPDATE SET asked_at = excluded.asked_at, misses = candle_miss.misses + 1
"""
_LAST_CANDLE: Final = "SELECT max(opened_at) FROM candle WHERE mint = ? AND interval_s = ?"


class Held(NamedTuple):
    """A token that followed wallets hold: the largest holding, and what asking for its price brought last."""

    mint: Mint
    largest_raw: int
    asked: Asked


class MarketWork:
    """What is to be asked of the market."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def held(self) -> list[Held]:
        """Return the tokens that followed wallets hold, the one not asked for longest first."""
        return [_held(row) for row in self._database.rows(_HELD)]

    def note_asked(self, found: Iterable[str], missing: Iterable[str], at: int) -> None:
        """Remember for which mints a price was asked and found, or asked and known by nobody."""
        rows = [(mint, at, 0) for mint in found] + [(mint, at, 1) for mint in missing]
        if rows:
            with (
                self._database.write(keeps_version=True) as cursor,
                registered(cursor, "incoming", from_rows(_ASK_COLUMNS, rows)),
            ):
                cursor.execute(_NOTE)

    def without_info(self, mints: Sequence[str]) -> list[Mint]:
        """Return the mints of which no name is stored."""
        return [Mint(row[0]) for row in self._database.rows(_WITHOUT_INFO, [list(mints)])]

    def hours_without_candle(self, now: int) -> list[int]:
        """Return the hours around stored trades that have no hourly candle of SOL, the latest first.

        One that nobody had is left out for a day, then for two, and so on.
        """
        return [int(row[0]) for row in self._database.rows(_HOURS_WITHOUT_CANDLE, [now])]

    def note_missed_hours(self, hours: Iterable[int], at: int) -> None:
        """Remember hours of which nobody had a candle."""
        rows = [(HOUR_S, hour, at, 1) for hour in hours]
        if rows:
            with (
                self._database.write(keeps_version=True) as cursor,
                registered(cursor, "incoming", from_rows(_MISS_COLUMNS, rows)),
            ):
                cursor.execute(_NOTE_MISS)

    def last_candle_at(self, interval_s: int) -> int | None:
        """Return when the last candle of SOL of that length opened, None without any."""
        ((opened_at,),) = self._database.rows(_LAST_CANDLE, [WSOL, interval_s])
        return None if opened_at is None else int(opened_at)


def _held(row: tuple[Any, ...]) -> Held:
    mint, largest_raw, asked_at, misses, idle_since = row
    return Held(Mint(mint), int(largest_raw), Asked(asked_at, misses, idle_since))
