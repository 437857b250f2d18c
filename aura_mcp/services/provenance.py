"""Follow one realized amount down to the lots it was matched to and the transactions behind them.

Every figure is the sum of the parts shown, and each part names its acquisition and its disposal.
Not responsible for the rules of matching (`engine.ledger`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from aura_mcp.errors import NotFoundError
from aura_mcp.services.gathering import rows_of, value_of
from aura_mcp.services.parties import Parties
from aura_mcp.services.results import NOTHING_KNOWN, Money, Party, add_up, money, percent_of, to_moment, whole
from data.store import Store
from data.store.identity import ROW_PREFIX
from engine.facts import Precision
from engine.ledger import Basis, Disposal, signature_of
from engine.text import quote_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The transaction behind one side: what was bought or sold in it, and what that was worth.

    `signature` is None where the source named none, `amount` and `value` where no fact but a balance showed it.
    """

    ref: str
    signature: str | None
    at: datetime
    side: str | None
    amount: Decimal | None
    value: Money
    price_source: str | None
    price_age_s: int | None
    is_exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one lot contributed. `net` = proceeds - cost - both fees; costs and net are None where basis is unknown.

    A fee is None where the source left it out, and then missing from `net` as well.
    """

    basis: Basis
    acquired: Source
    held_s: int
    quantity: Decimal
    cost: Money
    buy_fee: Money
    proceeds: Money
    sell_fee: Money
    net: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One disposal with everything it was matched to, oldest lot first.

    `net` counts the parts of known basis only; `unmatched` is what the rest brought, outside of P&L.
    """

    wallet: Party
    mint: str
    kind: Disposal
    episode: int | None
    disposed: Source
    parts: tuple[Part, ...]
    quantity: Decimal
    matched_pct: Decimal | None
    cost: Money
    fees: Money
    proceeds: Money
    net: Money
    unmatched: Money


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
    buy_fee_lamports: int | None
    buy_fee_usd_micro: int | None
    proceeds_lamports: int | None
    proceeds_usd_micro: int | None
    sell_fee_lamports: int | None
    sell_fee_usd_micro: int | None
    net_lamports: int | None
    net_usd_micro: int | None


class _Fact(NamedTuple):
    ref: str
    block_time: int | None
    side: str
    amount_raw: int
    decimals: int
    value_lamports: int | None
    value_usd_micro: int | None
    price_source: str | None
    price_age_s: int | None
    precision: Precision


_REALIZED: Final = """
SELECT
    mint, kind, episode, disposed_ref, disposed_at, acquired_ref, acquired_at, basis, quantity,
    cost_lamports, cost_usd_micro, buy_fee_lamports, buy_fee_usd_micro,
    proceeds_lamports, proceeds_usd_micro, sell_fee_lamports, sell_fee_usd_micro, net_lamports, net_usd_micro
FROM realized_pnl
WHERE entity = $entity AND starts_with(disposed_ref, $signature || '#')
ORDER BY mint, disposed_ref, number
"""
_FACTS: Final = """
SELECT
    signature || '#' || leg_no || CASE WHEN owner = entity THEN '' ELSE '@' || owner END,
    block_time, side, amount_raw, decimals, value_lamports, value_usd_micro, price_source, price_age_s, precision
FROM trade
WHERE entity = $entity AND mint = $mint AND list_contains($signatures, signature)
"""
_SIGNED_SALE: Final = """
SELECT disposed_ref
FROM realized_pnl
WHERE entity = $1 AND kind = 'SELL'
GROUP BY entity, mint, disposed_ref
HAVING bool_and(basis = 'known' AND NOT starts_with(disposed_ref, 'row:') AND NOT starts_with(acquired_ref, 'row:'))
    AND count(*) = count(net_lamports)
ORDER BY sum(net_lamports) DESC, disposed_ref
LIMIT 1
"""
_DECIMALS: Final = "SELECT max(decimals) FROM leg WHERE mint = $1"


class Provenance:
    """Where realized amounts come from."""

    def __init__(self, store: Store, parties: Parties) -> None:
        self._store = store
        self._parties = parties

    def explain(self, wallet: str, signature: str) -> tuple[Audit, ...]:
        """Return one audit for each disposal that `wallet` made in the transaction, most often one.

        `signature` may also be the ref of a trade row that has none, `row:` and its hash.

        Raises:
            NotFoundError: no such wallet, or it disposed of nothing in that transaction.
        """
        party = self._parties.find(wallet)
        named = {"entity": party.address, "signature": signature_of(signature)}
        rows = rows_of(self._store, _Row, _REALIZED, named)
        if not rows:
            raise NotFoundError(
                f"{party.address} sold nothing in {quote_text(signature)} that is stored; "
                "`aura trades` lists its sales with their signatures"
            )
        refs = dict.fromkeys(row.disposed_ref for row in rows)
        return tuple(self._audit(party, [row for row in rows if row.disposed_ref == ref]) for ref in refs)

    def find_signed_sale(self, wallet: str) -> str:
        """Return the signature of the wallet's best sale of which every lot was bought in a signed transaction.

        Raises:
            NotFoundError: it has none.
        """
        party = self._parties.find(wallet)
        rows = self._store.database.rows(_SIGNED_SALE, [party.address])
        if not rows:
            raise NotFoundError(f"{party.address} has no sale whose transactions are all known by signature")
        return signature_of(str(rows[0][0]))

    def _audit(self, party: Party, rows: Sequence[_Row]) -> Audit:
        first = rows[0]
        sources = self._sources(party, rows)
        known = [row for row in rows if row.basis is Basis.KNOWN and row.kind is not Disposal.OUT]
        disposed = sources[first.disposed_ref]
        is_exact = disposed.is_exact and all(sources[row.acquired_ref].is_exact for row in known)
        places = value_of(self._store, int, _DECIMALS, [first.mint])
        rest = [row for row in rows if row.basis is Basis.UNKNOWN and row.kind is Disposal.SELL]
        quantity = sum(row.quantity for row in rows)
        return Audit(
            wallet=party,
            mint=first.mint,
            kind=first.kind,
            episode=next((row.episode for row in rows if row.episode is not None), None),
            disposed=disposed,
            parts=tuple(_part(row, sources[row.acquired_ref], disposed, places) for row in rows),
            quantity=whole(quantity, places),
            matched_pct=percent_of(sum(row.quantity for row in known), quantity),
            cost=_total((row.cost_lamports, row.cost_usd_micro) for row in known),
            fees=_total(fee for row in known for fee in _fees(row)) if is_exact else NOTHING_KNOWN,
            proceeds=_total((row.proceeds_lamports, row.proceeds_usd_micro) for row in known),
            net=_total((row.net_lamports, row.net_usd_micro) for row in known),
            unmatched=_total((row.proceeds_lamports, row.proceeds_usd_micro) for row in rest),
        )

    def _sources(self, party: Party, rows: Sequence[_Row]) -> dict[str, Source]:
        """Return the fact behind every ref, or what the ledger knows of it where it is a balance only."""
        times = {row.acquired_ref: row.acquired_at for row in rows} | {
            row.disposed_ref: row.disposed_at for row in rows
        }
        named = {
            "entity": party.address,
            "mint": rows[0].mint,
            "signatures": [signature_of(ref) for ref in times],
        }
        facts = {fact.ref: fact for fact in rows_of(self._store, _Fact, _FACTS, named)}
        return {ref: _source(ref, at, facts.get(ref)) for ref, at in times.items()}


def _source(ref: str, at: int, fact: _Fact | None) -> Source:
    signature = signature_of(ref)
    return Source(
        ref=ref,
        signature=None if signature.startswith(ROW_PREFIX) else signature,
        at=to_moment(at),
        side=None if fact is None else fact.side,
        amount=None if fact is None else whole(fact.amount_raw, fact.decimals),
        value=money(None, None) if fact is None else money(fact.value_lamports, fact.value_usd_micro),
        price_source=None if fact is None else fact.price_source,
        price_age_s=None if fact is None else fact.price_age_s,
        is_exact=fact is None or fact.precision is Precision.EXACT,
    )


def _part(row: _Row, acquired: Source, disposed: Source, decimals: int) -> Part:
    return Part(
        basis=row.basis,
        acquired=acquired,
        held_s=row.disposed_at - row.acquired_at,
        quantity=whole(row.quantity, decimals),
        cost=money(row.cost_lamports, row.cost_usd_micro),
        buy_fee=money(row.buy_fee_lamports, row.buy_fee_usd_micro) if acquired.is_exact else NOTHING_KNOWN,
        proceeds=money(row.proceeds_lamports, row.proceeds_usd_micro),
        sell_fee=money(row.sell_fee_lamports, row.sell_fee_usd_micro) if disposed.is_exact else NOTHING_KNOWN,
        net=money(row.net_lamports, row.net_usd_micro),
    )


def _fees(row: _Row) -> tuple[tuple[int | None, int | None], ...]:
    return (
        (row.buy_fee_lamports, row.buy_fee_usd_micro),
        (row.sell_fee_lamports, row.sell_fee_usd_micro),
    )


def _total(amounts: Iterable[tuple[int | None, int | None]]) -> Money:
    lamports, usd_micro = list(zip(*amounts, strict=True)) or ((), ())
    return money(add_up(lamports), add_up(usd_micro))
