"""Follow a realized figure down to the lots and transactions that it is the sum of.

A question names one sale, or a token of a wallet with or without the number of a round trip; the answer gives the
total over all of it and a page of the sales, each with its parts. Not responsible for the rules of matching
(`engine.ledger`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Final, NamedTuple

from aura_mcp.errors import AuraError, NotFoundError
from aura_mcp.services.cursors import read_cursor, write_cursor
from aura_mcp.services.gathering import rows_of, value_of
from aura_mcp.services.parties import Parties
from aura_mcp.services.questions import ExplainQuestion
from aura_mcp.services.results import NOTHING_KNOWN, Money, Party, add_up, money, percent_of, to_moment, whole
from aura_mcp.services.scope import last_fact_at, members_of
from data.clock import Clock
from data.store import Store
from data.store.identity import ROW_PREFIX
from engine.facts import Precision
from engine.ledger import Basis, Disposal, signature_of
from engine.text import quote_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction behind one side of a part; `price_*` say what valued it in USD, None where nothing did."""

    ref: str
    signature: str | None
    at: datetime
    price_source: str | None
    price_age_s: int | None
    is_exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LotPart:
    """What one lot contributed: net = proceeds - cost - fees; cost and net are None where the basis is unknown.

    Fees are None where a source left them out; they are then missing from net as well.
    """

    basis: Basis
    acquired: Transaction
    held_s: int
    quantity: Decimal
    cost: Money
    fees: Money
    proceeds: Money
    net: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedSale:
    """One disposal; `value` is what all of it brought, `net` the sum of the parts of known basis.

    `unmatched` is what the others brought.
    """

    kind: Disposal
    mint: str
    trip: int | None
    disposed: Transaction
    quantity: Decimal
    value: Money
    matched_pct: Decimal | None
    net: Money
    unmatched: Money
    parts: tuple[LotPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The sum and a page of what it is made of. Sums are None where a part of them is unknown.

    `mint` and `matched_pct` are None where several tokens were disposed of.
    """

    as_of: datetime
    last_fact_at: datetime | None
    wallet: Party
    mint: str | None
    disposals_total: int
    parts_total: int
    cost: Money
    fees: Money
    proceeds: Money
    net: Money
    unmatched: Money
    matched_pct: Decimal | None
    is_exact: bool
    sales: tuple[ExplainedSale, ...]
    next_cursor: str | None


class _Row(NamedTuple):
    mint: str
    kind: Disposal
    episode: int | None
    disposed_ref: str
    disposed_at: int
    acquired_ref: str
    acquired_at: int
    basis: Basis
    quantity: int
    cost_lamports: int | None
    cost_usd_micro: int | None
    fee_lamports: int | None
    fee_usd_micro: int | None
    proceeds_lamports: int | None
    proceeds_usd_micro: int | None
    net_lamports: int | None
    net_usd_micro: int | None

    @property
    def is_counted(self) -> bool:
        return self.basis is Basis.KNOWN and self.kind is not Disposal.OUT

    @property
    def is_unmatched(self) -> bool:
        return self.basis is Basis.UNKNOWN and self.kind is Disposal.SELL


class _Place(NamedTuple):
    """Where a page ended: what the disposals are sorted by."""

    disposed_at: int
    mint: str
    disposed_ref: str


class _Fact(NamedTuple):
    ref: str
    price_source: str | None
    price_age_s: int | None
    precision: Precision


_ROWS: Final = """
SELECT
    mint, kind, episode, disposed_ref, disposed_at, acquired_ref, acquired_at, basis, quantity,
    cost_lamports, cost_usd_micro, buy_fee_lamports + sell_fee_lamports, buy_fee_usd_micro + sell_fee_usd_micro,
    proceeds_lamports, proceeds_usd_micro, net_lamports, net_usd_micro
FROM realized_pnl
WHERE entity = $entity
    AND ($mint::VARCHAR IS NULL OR mint = $mint)
    AND ($trip::BIGINT IS NULL OR episode = $trip)
    AND ($signature::VARCHAR IS NULL OR starts_with(disposed_ref, $signature || '#'))
ORDER BY disposed_at, mint, disposed_ref, number
"""
_FACTS: Final = """
SELECT
    signature || '#' || leg_no || CASE WHEN owner = entity THEN '' ELSE '@' || owner END,
    price_source, price_age_s, precision
FROM trade
WHERE list_contains($owners, owner) AND order_time BETWEEN $first AND $last AND list_contains($times, order_time)
"""
_DECIMALS: Final = "SELECT coalesce(max(decimals), 0) FROM leg WHERE mint = $1"


class Explaining:
    """Where realized figures come from."""

    def __init__(self, store: Store, parties: Parties, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._clock = clock

    def page(self, question: ExplainQuestion, *, limit: int, cursor: str | None = None) -> Explained:
        """Return the sum of the figure and its first disposals, or those after the page that ended at `cursor`.

        Raises:
            AuraError: the question names neither a signature nor a mint.
            NotFoundError: no such wallet, or it disposed of nothing of the kind.
            CursorError: the cursor belongs to another question.
        """
        if question.signature is None and question.mint is None:
            raise AuraError("say what to explain: the signature of a sale, or a mint (with the number of a round trip)")
        party = self._parties.find(question.wallet)
        rows = self._rows(party, question)
        groups = [tuple(group) for _, group in groupby(rows, key=lambda row: (row.mint, row.disposed_ref))]
        after = None if cursor is None else read_cursor(question, cursor, _Place)
        rest = [group for group in groups if after is None or _place(group) > after]
        page = rest[:limit]
        sources = self._sources(party, rows)
        is_exact = all(source.is_exact for source in sources.values())
        decimals = {mint: value_of(self._store, int, _DECIMALS, [mint]) for mint in {group[0].mint for group in page}}
        sales = tuple(_sale(group, sources, decimals[group[0].mint]) for group in page)
        known = [row for row in rows if row.is_counted]
        unmatched = [row for row in rows if row.is_unmatched]
        mints = {row.mint for row in rows}
        return Explained(
            as_of=to_moment(self._clock.epoch_s()),
            last_fact_at=last_fact_at(self._store),
            wallet=party,
            mint=rows[0].mint if len(mints) == 1 else None,
            disposals_total=len(groups),
            parts_total=len(rows),
            cost=_sum((row.cost_lamports, row.cost_usd_micro) for row in known),
            fees=_sum((row.fee_lamports, row.fee_usd_micro) for row in known) if is_exact else NOTHING_KNOWN,
            proceeds=_sum((row.proceeds_lamports, row.proceeds_usd_micro) for row in known),
            net=_sum((row.net_lamports, row.net_usd_micro) for row in known),
            unmatched=_sum((row.proceeds_lamports, row.proceeds_usd_micro) for row in unmatched),
            matched_pct=_matched_pct(rows) if len(mints) == 1 else None,
            is_exact=is_exact,
            sales=sales,
            next_cursor=write_cursor(question, _place(page[-1])) if len(rest) > limit else None,
        )

    def _rows(self, party: Party, question: ExplainQuestion) -> list[_Row]:
        signature = None if question.signature is None else signature_of(question.signature)
        named = {"entity": party.address, "mint": question.mint, "trip": question.trip, "signature": signature}
        rows = rows_of(self._store, _Row, _ROWS, named)
        if not rows:
            what = quote_text(signature) if signature is not None else f"token {quote_text(question.mint or '')}"
            trip = "" if question.trip is None else f", round trip {question.trip}"
            raise NotFoundError(
                f"{party.address} disposed of nothing in {what}{trip} that is stored; "
                "find_trades lists its sales, as `aura trades` does"
            )
        return rows

    def _sources(self, party: Party, rows: Sequence[_Row]) -> dict[str, Transaction]:
        times = {row.acquired_ref: row.acquired_at for row in rows} | {
            row.disposed_ref: row.disposed_at for row in rows
        }
        named = {
            "owners": members_of(self._store, party.address),
            "times": sorted(set(times.values())),
            "first": min(times.values(), default=0),
            "last": max(times.values(), default=0),
        }
        facts = {fact.ref: fact for fact in rows_of(self._store, _Fact, _FACTS, named)}
        return {ref: _transaction(ref, at, facts.get(ref)) for ref, at in times.items()}


def _place(group: Sequence[_Row]) -> _Place:
    return _Place(group[0].disposed_at, group[0].mint, group[0].disposed_ref)


def _transaction(ref: str, at: int, fact: _Fact | None) -> Transaction:
    signature = signature_of(ref)
    return Transaction(
        ref=ref,
        signature=None if signature.startswith(ROW_PREFIX) else signature,
        at=to_moment(at),
        price_source=None if fact is None else fact.price_source,
        price_age_s=None if fact is None else fact.price_age_s,
        is_exact=fact is None or fact.precision is Precision.EXACT,
    )


def _sale(rows: Sequence[_Row], sources: dict[str, Transaction], decimals: int) -> ExplainedSale:
    first = rows[0]
    known = [row for row in rows if row.is_counted]
    rest = [row for row in rows if row.is_unmatched]
    return ExplainedSale(
        kind=first.kind,
        mint=first.mint,
        trip=next((row.episode for row in rows if row.episode is not None), None),
        disposed=sources[first.disposed_ref],
        quantity=whole(sum(row.quantity for row in rows), decimals),
        value=_sum((row.proceeds_lamports, row.proceeds_usd_micro) for row in rows),
        matched_pct=_matched_pct(rows),
        net=_sum((row.net_lamports, row.net_usd_micro) for row in known),
        unmatched=_sum((row.proceeds_lamports, row.proceeds_usd_micro) for row in rest),
        parts=tuple(_part(row, sources[row.acquired_ref], sources[row.disposed_ref], decimals) for row in rows),
    )


def _part(row: _Row, acquired: Transaction, disposed: Transaction, decimals: int) -> LotPart:
    has_fees = acquired.is_exact and disposed.is_exact
    return LotPart(
        basis=row.basis,
        acquired=acquired,
        held_s=row.disposed_at - row.acquired_at,
        quantity=whole(row.quantity, decimals),
        cost=money(row.cost_lamports, row.cost_usd_micro),
        fees=money(row.fee_lamports, row.fee_usd_micro) if has_fees else NOTHING_KNOWN,
        proceeds=money(row.proceeds_lamports, row.proceeds_usd_micro),
        net=money(row.net_lamports, row.net_usd_micro),
    )


def _matched_pct(rows: Sequence[_Row]) -> Decimal | None:
    sold = [row for row in rows if row.kind is not Disposal.OUT]
    return percent_of(sum(row.quantity for row in sold if row.is_counted), sum(row.quantity for row in sold))


def _sum(amounts: Iterable[tuple[int | None, int | None]]) -> Money:
    lamports, usd_micro = list(zip(*amounts, strict=True)) or ((), ())
    return money(add_up(lamports), add_up(usd_micro))
