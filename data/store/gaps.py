"""Find token accounts whose facts do not meet, or do not meet what the chain holds.

Not responsible for asking the chain, or for the ledger's own findings about gaps (`engine.ledger`).
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from data.store.arrow import Type, from_rows, registered
from data.store.connection import Database

# A fold says at which transaction a chain broke; the account's facts on both sides say where to look. The one before is
# of an earlier slot where there is any: in the same slot nobody says which came first.
_BREAKS: Final = """
WITH broken AS (
    SELECT DISTINCT mint, split_part(ref, '#', 1) AS signature FROM finding
    WHERE code IN ('gap_in', 'gap_out', 'gap_moved')
),
shown AS (
    SELECT b.owner, b.account, b.mint, b.signature, b.slot, b.pre_raw
    FROM ledger_balance AS b SEMI JOIN broken AS k ON k.mint = b.mint AND k.signature = b.signature
    WHERE b.slot IS NOT NULL
),
earlier AS (
    SELECT s.account, s.signature,
        max_by(b.signature, (b.slot < s.slot, b.slot, coalesce(b.index_in_block, -1))) AS before,
        max_by(b.slot, (b.slot < s.slot, b.slot)) AS before_slot,
        max_by(b.post_raw, (b.slot < s.slot, b.slot, coalesce(b.index_in_block, -1))) AS before_raw
    FROM shown AS s
    JOIN ledger_balance AS b ON b.account = s.account AND b.signature <> s.signature AND b.slot <= s.slot
    GROUP BY s.account, s.signature
)
SELECT s.owner, s.account, s.mint, e.before, e.before_slot, s.signature, s.slot,
    coalesce(g.tries, 0) AS tries, g.tried_at
FROM shown AS s
JOIN earlier AS e USING (account, signature)
JOIN wallet AS w ON w.address = s.owner AND w.is_tracked
LEFT JOIN gap_search AS g USING (account, signature)
WHERE e.before_raw <> s.pre_raw
ORDER BY s.slot, s.account, s.signature
"""
_SEARCHED: Final = """
INSERT INTO gap_search VALUES (?, ?, 1, ?)
ON CONFLICT DO UPDATE SET tries = tries + 1, tried_at = excluded.tried_at
"""
# Several transactions of an account may share its last slot: the balance after any of them can be the last one.
_HELD: Final = """
WITH last AS (
    SELECT b.account, b.mint, b.owner, b.slot, max(b.slot) OVER (PARTITION BY b.account) AS last_slot,
        b.index_in_block, b.post_raw, b.signature
    FROM (
        SELECT b.account, b.mint, b.owner, e.slot, e.index_in_block, b.post_raw, b.signature
        FROM account_balance AS b
        JOIN ledger_effect AS e
            ON e.cluster_key = b.cluster_key AND e.signature = b.signature AND e.owner = b.owner AND e.source = b.source
        JOIN wallet AS w ON w.address = b.owner AND w.is_tracked
        WHERE e.slot IS NOT NULL AND NOT is_sol(b.mint)
    ) AS b
)
SELECT l.account, any_value(l.owner), any_value(l.mint), any_value(l.last_slot),
    list(DISTINCT l.post_raw ORDER BY l.post_raw),
    max_by(l.post_raw, (coalesce(l.index_in_block, -1), l.signature)),
    max_by(l.signature, (coalesce(l.index_in_block, -1), l.signature)),
    any_value(c.checked_at), any_value(c.tries) FILTER (c.slot >= l.last_slot), any_value(c.actual_raw)
FROM last AS l LEFT JOIN account_check AS c USING (account)
WHERE l.slot = l.last_slot
GROUP BY l.account
ORDER BY any_value(c.checked_at) NULLS FIRST, l.account
"""
_CHECK_COLUMNS: Final = {
    "account": Type.VARCHAR,
    "wallet": Type.VARCHAR,
    "mint": Type.VARCHAR,
    "slot": Type.BIGINT,
    "expected_raw": Type.UBIGINT,
    "actual_raw": Type.UBIGINT,
    "tries": Type.INTEGER,
    "checked_at": Type.BIGINT,
}
_CHECKED: Final = "INSERT OR REPLACE INTO account_check SELECT * FROM incoming"
_DRIFTS: Final = """
SELECT account, wallet, mint, slot, expected_raw, actual_raw, tries, checked_at FROM account_check
WHERE expected_raw <> actual_raw ORDER BY wallet, mint, account
"""


class Break(NamedTuple):
    """Two facts of one token account whose balances do not meet: something happened between their slots."""

    wallet: str
    account: str
    mint: str
    after_signature: str
    after_slot: int
    before_signature: str
    before_slot: int
    tries: int
    tried_at: int | None


class Held(NamedTuple):
    """What a token account held after its last fact; several amounts where the order in that slot is unknown.

    `tries` counts the searches in vain since that fact, and `seen_raw` is what the chain said when last asked.
    """

    account: str
    wallet: str
    mint: str
    slot: int
    amounts_raw: tuple[int, ...]
    amount_raw: int
    signature: str
    checked_at: int | None
    tries: int
    seen_raw: int | None = None


class AccountCheck(NamedTuple):
    """What a token account held on the chain at a slot, against its last fact; `tries` counts searches in vain."""

    account: str
    wallet: str
    mint: str
    slot: int
    expected_raw: int
    actual_raw: int
    tries: int
    checked_at: int


class Gaps:
    """Chains of balances that do not close."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def breaks(self) -> list[Break]:
        """Return the breaks that the booked ledger shows in accounts of followed wallets, oldest first."""
        return [Break._make(row) for row in self._database.rows(_BREAKS)]

    def searched(self, found: Sequence[Break], now_s: int) -> None:
        """Remember that the time between the two sides of breaks was looked through."""
        with self._database.write() as cursor:
            for gap in found:
                cursor.execute(_SEARCHED, [gap.account, gap.before_signature, now_s])

    def held(self) -> list[Held]:
        """Return what facts say each token account of a followed wallet holds, those never checked first."""
        rows = self._database.rows(_HELD)
        return [Held._make((*row[:4], tuple(row[4]), *row[5:8], row[8] or 0, row[9])) for row in rows]

    def checked(self, checks: Sequence[AccountCheck]) -> None:
        """Remember what accounts held on the chain."""
        if checks:
            with self._database.write() as cursor, registered(cursor, "incoming", from_rows(_CHECK_COLUMNS, checks)):
                cursor.execute(_CHECKED)

    def seen(self) -> dict[str, tuple[int, int]]:
        """Return what each account held on the chain when last looked at, and how often it was searched in vain."""
        rows = self._database.rows("SELECT account, actual_raw, tries FROM account_check")
        return {account: (seen_raw, tries) for account, seen_raw, tries in rows}

    def searched_in_vain(self, account: str) -> None:
        """Remember that nothing new explains what an account holds."""
        with self._database.write() as cursor:
            cursor.execute("UPDATE account_check SET tries = tries + 1 WHERE account = ?", [account])

    def accept(self, account: str) -> None:
        """Take what an account holds as it is: it comes from before the wallet's history."""
        with self._database.write() as cursor:
            cursor.execute("UPDATE account_check SET expected_raw = actual_raw WHERE account = ?", [account])

    def drifts(self, wallets: Collection[str] | None = None) -> list[AccountCheck]:
        """Return the accounts of wallets, or all, whose facts did not agree with the chain when last looked at."""
        found = [AccountCheck._make(row) for row in self._database.rows(_DRIFTS)]
        return found if wallets is None else [check for check in found if check.wallet in wallets]
