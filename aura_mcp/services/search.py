"""Find wallets and tokens by what a person remembers of them: a nickname, a symbol, an address or the start of one.

What is ambiguous comes back as candidates; nothing is chosen for the user. A wallet whose address starts or ends like
that of a named wallet is marked: look-alikes are how people are robbed. Not responsible for reports on what was found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from aura_mcp.errors import AuraError
from aura_mcp.services.cursors import read_cursor, write_cursor
from aura_mcp.services.gathering import rows_of
from aura_mcp.services.parties import Parties
from aura_mcp.services.results import to_moment_or_none
from aura_mcp.services.scope import Span, last_fact_at, span_of
from aura_mcp.services.tracking import Completing, WalletCompleteness
from data.clock import Clock
from data.store import Store
from engine.address import ALPHABET, MAX_LENGTH, parse_address
from engine.market import TokenInfo
from engine.text import clean_text, quote_text
from engine.units import Mint
from engine.wallets import Window

MIN_PREFIX: Final = 3
MAX_QUERY: Final = 64
TWIN_CHARS: Final = 4
FOLLOWED: Final = 75
"""Followed wallets that are listed at once."""

LABELLED: Final = 50
"""Wallets beside them that only have a nickname."""


class Kind(StrEnum):
    """What a match is."""

    WALLET = "wallet"
    TOKEN = "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuestion:
    """What to look for; `kind` None means both."""

    query: str
    kind: Kind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Something that answers to the query; `why` says how: its address, its name, or a part of either.

    `twin_of` names a labelled wallet whose address starts and ends alike.
    """

    kind: Kind
    address: str
    nickname: str | None
    untrusted_name: str | None
    untrusted_symbol: str | None
    is_tracked: bool
    why: str
    is_exact: bool
    trades: int
    last_trade_at: datetime | None
    twin_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of matches, exact ones first. `is_ambiguous` tells that more than one could be meant.

    A symbol is exact for every token that took it: of two, neither is picked.
    """

    span: Span
    last_fact_at: datetime | None
    matches_total: int
    is_ambiguous: bool
    matches: tuple[Match, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedWallet:
    """A wallet that the user follows."""

    address: str
    nickname: str | None
    last_event_at: datetime | None
    history: WalletCompleteness
    """How much of what it did is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledWallet:
    """A wallet that has a nickname and is not followed."""

    address: str
    nickname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """The first of the followed wallets, and of others that have a nickname; `tracked_total` counts the followed."""

    as_of: datetime
    last_fact_at: datetime | None
    tracked_total: int
    wallets: tuple[FollowedWallet, ...]
    labelled: tuple[LabelledWallet, ...]
    """The most active first."""


class _Followed(NamedTuple):
    address: str
    nickname: str | None
    last_order_time: int | None


class _Labelled(NamedTuple):
    address: str
    nickname: str


class _Place(NamedTuple):
    """Where a page ended: what the matches are sorted by."""

    rank: int
    kind: Kind
    address: str


class _Row(NamedTuple):
    kind: Kind
    address: str
    nickname: str | None
    is_tracked: bool
    rank: int


class _Activity(NamedTuple):
    address: str
    trades: int
    last_trade_at: int | None


class _Named(NamedTuple):
    address: str


_WHY: Final = {
    Kind.WALLET: (
        "address",
        "nickname",
        "start of the nickname",
        "part of the nickname",
        "start of the address",
    ),
    Kind.TOKEN: (
        "address",
        "symbol or name",
        "start of the symbol or name",
        "part of the symbol or name",
        "start of the address",
    ),
}
_EXACT: Final = 1
_WALLETS: Final = """
SELECT DISTINCT 'wallet', a.address, w.nickname, coalesce(w.is_tracked, false), CASE
    WHEN a.address = $query THEN 0
    WHEN lower(w.nickname) = lower($query) THEN 1
    WHEN starts_with(lower(w.nickname), lower($query)) THEN 2
    WHEN contains(lower(w.nickname), lower($query)) THEN 3
    ELSE 4 END AS rank
FROM (
    SELECT address FROM wallet
    UNION SELECT entity FROM fold_state WHERE $is_address AND starts_with(entity, $query)
    UNION SELECT wallet FROM entity_member
) AS a
LEFT JOIN wallet AS w ON w.address = a.address
WHERE contains(lower(w.nickname), lower($query)) OR ($is_address AND starts_with(a.address, $query))
"""
_TOKENS: Final = """
WITH named AS (
    SELECT mint, lower(untrusted_symbol) AS symbol, lower(untrusted_name) AS name, lower(ltrim($query, '$')) AS wanted
    FROM token_info
)
SELECT 'token', mint, NULL::VARCHAR, false, min(rank) FROM (
    SELECT mint, CASE WHEN mint = $query THEN 0 ELSE 4 END AS rank
    FROM (SELECT mint FROM fold_state UNION SELECT mint FROM candle)
    WHERE $is_address AND starts_with(mint, $query)
    UNION ALL
    SELECT mint, CASE
        WHEN symbol = wanted OR name = wanted THEN 1
        WHEN starts_with(symbol, wanted) OR starts_with(name, wanted) THEN 2
        ELSE 3 END
    FROM named
    WHERE wanted <> '' AND (contains(symbol, wanted) OR contains(name, wanted))
)
WHERE NOT is_sol(mint) AND NOT is_stable(mint)
GROUP BY mint
"""
_WALLET_ACTIVITY: Final = """
SELECT entity, sum(events)::BIGINT, max(last_order_time) FROM fold_state
WHERE list_contains($1, entity) GROUP BY entity
"""
_TOKEN_ACTIVITY: Final = """
SELECT mint, sum(events)::BIGINT, max(last_order_time) FROM fold_state WHERE list_contains($1, mint) GROUP BY mint
"""
_FOLLOWED: Final = """
SELECT w.address, w.nickname, max(f.last_order_time) AS last_order_time
FROM wallet AS w
LEFT JOIN entity_member AS m ON m.wallet = w.address
LEFT JOIN fold_state AS f ON f.entity = coalesce(m.entity, w.address)
WHERE w.is_tracked
GROUP BY w.address, w.nickname
ORDER BY last_order_time DESC NULLS LAST, w.address
LIMIT $1
"""
_OTHERS: Final = """
SELECT w.address, w.nickname
FROM wallet AS w
LEFT JOIN entity_member AS m ON m.wallet = w.address
LEFT JOIN fold_state AS f ON f.entity = coalesce(m.entity, w.address)
WHERE w.nickname IS NOT NULL AND NOT w.is_tracked
GROUP BY w.address, w.nickname
ORDER BY sum(f.events) DESC NULLS LAST, w.address
LIMIT $1
"""
_LABELLED: Final = "SELECT address FROM wallet WHERE nickname IS NOT NULL ORDER BY address"


class Search:
    """The way from what a person remembers to an address."""

    def __init__(self, store: Store, parties: Parties, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._clock = clock
        self._completing = Completing(store)

    def page(self, question: SearchQuestion, *, limit: int, cursor: str | None = None) -> Found:
        """Return what answers to the query, exact matches first, then by kind and address.

        Raises:
            AuraError: the query is too short or too long to look for.
            CursorError: the cursor belongs to another question.
        """
        query = clean_text(question.query, MAX_QUERY)
        _check(question.query, query)
        after = None if cursor is None else read_cursor(question, cursor, _Place)
        rows = self._rows(query, question.kind)
        rest = [row for row in rows if after is None or _place(row) > after]
        page = rest[:limit]
        exact = sum(row.rank <= _EXACT for row in rows)
        return Found(
            span=span_of(self._clock, Window.ALL),
            last_fact_at=last_fact_at(self._store),
            matches_total=len(rows),
            is_ambiguous=len(rows) > 1 and exact != 1,
            matches=self._matches(page),
            next_cursor=write_cursor(question, _place(page[-1])) if len(rest) > limit else None,
        )

    def wallet_of(self, text: str) -> str:
        """Return the address of the wallet that an address or a nickname means.

        Raises:
            AddressError: the text is as long as an address, but damaged.
            NotFoundError: nothing or more than one wallet answers; names the candidates.
        """
        return self._parties.find(text).address

    def mint_of(self, text: str) -> str:
        """Return a mint when it is an address.

        Raises:
            AddressError: it is none.
        """
        return parse_address(text)

    def followed(self) -> Followed:
        """Return the followed wallets, the last active first, and others that the user knows by name."""
        rows = rows_of(self._store, _Followed, _FOLLOWED, [FOLLOWED])
        histories = self._completing.all()
        total = int(self._store.database.rows("SELECT count(*) FROM wallet WHERE is_tracked")[0][0])
        return Followed(
            as_of=self._clock.now(),
            last_fact_at=last_fact_at(self._store),
            tracked_total=total,
            wallets=tuple(
                FollowedWallet(
                    address=row.address,
                    nickname=row.nickname,
                    last_event_at=to_moment_or_none(row.last_order_time),
                    history=histories[row.address],
                )
                for row in rows
                if row.address in histories
            ),
            labelled=tuple(
                LabelledWallet(address=row.address, nickname=row.nickname)
                for row in rows_of(self._store, _Labelled, _OTHERS, [LABELLED])
            ),
        )

    def symbols(self) -> Mapping[Mint, str]:
        """Return what strangers call tokens, of those that are known to have a symbol."""
        return self._store.token_names.symbols()

    def nicknames(self, start: str, limit: int) -> list[str]:
        """Return nicknames that start with a text, for completion."""
        sql = (
            "SELECT nickname FROM wallet WHERE starts_with(lower(nickname), lower($1)) "
            "ORDER BY lower(nickname), address LIMIT $2"
        )
        return [str(row[0]) for row in self._store.database.rows(sql, [start, limit])]

    def addresses(self, start: str, limit: int) -> list[str]:
        """Return addresses of followed wallets that start with a text, for completion."""
        sql = "SELECT address FROM wallet WHERE is_tracked AND starts_with(address, $1) ORDER BY address LIMIT $2"
        return [str(row[0]) for row in self._store.database.rows(sql, [start, limit])]

    def mints(self, start: str, limit: int) -> list[str]:
        """Return mints that start with a text, or whose symbol does, most traded first, for completion."""
        sql = (
            "SELECT mint FROM fold_state LEFT JOIN token_info USING (mint) "
            "WHERE starts_with(mint, $1) OR starts_with(lower(untrusted_symbol), lower($1)) "
            "GROUP BY mint ORDER BY sum(events) DESC, mint LIMIT $2"
        )
        return [str(row[0]) for row in self._store.database.rows(sql, [start, limit])]

    def _rows(self, query: str, kind: Kind | None) -> list[_Row]:
        is_address = MIN_PREFIX <= len(query) <= MAX_LENGTH and all(letter in ALPHABET for letter in query)
        named = {"query": query, "is_address": is_address}
        rows: list[_Row] = []
        if kind is not Kind.TOKEN:
            rows += rows_of(self._store, _Row, _WALLETS, named)
        if kind is not Kind.WALLET:
            rows += rows_of(self._store, _Row, _TOKENS, named)
        tokens = {row.address for row in rows if row.kind is Kind.TOKEN}
        # A mint can be its own account in the ledger of nobody; it is listed once, as the token.
        found = [row for row in rows if row.kind is Kind.TOKEN or row.address not in tokens]
        return sorted(found, key=_place)

    def _matches(self, page: Sequence[_Row]) -> tuple[Match, ...]:
        activity = {
            Kind.WALLET: self._activity(_WALLET_ACTIVITY, page, Kind.WALLET),
            Kind.TOKEN: self._activity(_TOKEN_ACTIVITY, page, Kind.TOKEN),
        }
        labelled = [row.address for row in rows_of(self._store, _Named, _LABELLED)]
        infos = self._store.token_names.infos([row.address for row in page if row.kind is Kind.TOKEN])
        return tuple(
            _match(row, activity[row.kind].get(row.address), infos.get(Mint(row.address)), labelled) for row in page
        )

    def _activity(self, sql: str, page: Sequence[_Row], kind: Kind) -> dict[str, _Activity]:
        addresses = [row.address for row in page if row.kind is kind]
        if not addresses:
            return {}
        return {found.address: found for found in rows_of(self._store, _Activity, sql, [addresses])}


def twin_of(address: str, labelled: Sequence[str]) -> str | None:
    """Return a labelled wallet whose address starts and ends as this one does, but is another."""
    head, tail = address[:TWIN_CHARS], address[-TWIN_CHARS:]
    twins = (other for other in labelled if other != address and other.startswith(head) and other.endswith(tail))
    return next(twins, None)


def _check(asked: str, query: str) -> None:
    if not query:
        raise AuraError(
            f"the query {quote_text(asked)} shows nothing; name a wallet, or the start of an address or mint"
        )
    if len(asked) > MAX_QUERY:
        raise AuraError(f"the query has {len(asked)} characters; addresses have at most {MAX_LENGTH}, nicknames 32")


def _place(row: _Row) -> _Place:
    return _Place(row.rank, row.kind, row.address)


def _match(row: _Row, activity: _Activity | None, info: TokenInfo | None, labelled: Sequence[str]) -> Match:
    return Match(
        kind=row.kind,
        address=row.address,
        nickname=row.nickname,
        untrusted_name=None if info is None else info.untrusted_name,
        untrusted_symbol=None if info is None else info.untrusted_symbol,
        is_tracked=row.is_tracked,
        why=_WHY[row.kind][row.rank],
        is_exact=row.rank <= _EXACT,
        trades=0 if activity is None else activity.trades,
        last_trade_at=None if activity is None else to_moment_or_none(activity.last_trade_at),
        twin_of=twin_of(row.address, labelled) if row.kind is Kind.WALLET and row.nickname is None else None,
    )
