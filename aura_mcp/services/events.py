"""Tell what happened: from facts that were stored and folded, each exactly once, numbered and kept for a while.

Not responsible for telling it to anybody (`aura_mcp.bus`).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec

from aura_mcp.services.gathering import rows_of
from aura_mcp.services.results import to_moment_or_none, to_usd
from aura_mcp.services.scope import members_of
from data.clock import Clock
from data.store import Store
from data.store.events import EventFilter, NewEvent, StoredEvent
from data.store.events import Events as Table
from data.store.readings import TRADE_CLASSES, Placed
from data.store.recalled import Recalled
from engine.ledger.valuation import usd_micro
from engine.units import Mint

MINTS: Final = 10
"""Tokens that an update of a wallet names at most."""

LISTED: Final = 500
"""Events on a page at most."""

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class EventKind(StrEnum):
    """What an event is about."""

    WHALE_TRADE = "whale_trade"
    WALLET_UPDATE = "wallet_update"
    REVERSAL = "reversal"
    JOB = "job"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened; `number` rises by one and is never used again, but in the moment after a power cut."""

    number: int
    kind: EventKind
    recorded_at: datetime
    wallet: str | None
    mint: str | None
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuestion:
    """Which events: the newest, or with `after` the first ones behind that number; `wallet` with all of its group."""

    kind: EventKind | None = None
    wallet: str | None = None
    mint: str | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Events, oldest first. `last_number` is that of the newest event of all: ask `after` it for what comes next."""

    as_of: datetime
    last_number: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventConfig:
    """From which value on a trade is told, and how old it may be: a back-fill brings trades that are no news."""

    whale_usd: Decimal = Decimal(10_000)
    max_age_s: int = 3_600


class _Reversed(NamedTuple):
    owner: str
    signature: str
    slot: int
    batch: int


class _Leg(NamedTuple):
    owner: str
    mint: str
    signature: str
    side: str
    block_time: int | None
    amount_raw: int
    decimals: int
    quote_raw: int | None
    quote_mint: str | None
    minimum_usd_micro: int | None
    is_trade: bool


class _Price(NamedTuple):
    completed_at: int
    price_e12: int | None


class _Valued(NamedTuple):
    leg: _Leg
    usd_micro: int | None


# A batch holds what one transaction of ours brought; batches are stored in order, so only the last ones are read.
_FRESH: Final = """
SELECT
    l.owner, l.mint, l.signature, l.side, l.block_time, l.amount_raw, l.decimals, l.quote_raw,
    l.quote_mint, m.whale_usd_micro, l.class IN ('BUY', 'SELL', 'SWAP')
FROM leg AS l
ANTI JOIN reversed AS r ON r.slot = l.cluster_key AND r.signature = l.signature
LEFT JOIN wallet_minimum AS m ON m.wallet = l.owner
WHERE l.batch_id > $after AND l.batch_id <= $upto
    AND l.owner IN (SELECT address FROM wallet WHERE is_tracked)
ORDER BY l.order_time, l.slot, l.index_in_block, l.signature, l.leg_no
"""
# As the view `sol_price` has it, which would read every candle for the few that are needed.
_PRICES: Final = """
SELECT
    opened_at + interval_s AS completed_at,
    arg_min(TRY_CAST(close_usd::DECIMAL(38, 12) * 1000000000000 AS BIGINT), (interval_s, source, pool)) AS price_e12
FROM candle
WHERE opened_at >= $oldest AND opened_at <= $newest AND is_sol(mint)
GROUP BY ALL ORDER BY completed_at
"""
_FOLLOWED: Final = """
SELECT w.address, m.whale_usd_micro FROM wallet AS w LEFT JOIN wallet_minimum AS m ON m.wallet = w.address
WHERE w.is_tracked
"""
DAY_S: Final = 86_400
"""A price is used for a day after its candle is complete."""

_REVERSED: Final = """
SELECT e.owner, r.signature, r.slot, r.batch_id FROM reversed AS r
JOIN effect AS e ON e.cluster_key = r.slot AND e.signature = r.signature
WHERE r.batch_id > $after AND r.batch_id <= $upto AND e.owner IN (SELECT address FROM wallet WHERE is_tracked)
ORDER BY ALL
"""


class Events:
    """What happened, from the table and from new facts."""

    def __init__(self, store: Store, clock: Clock, config: EventConfig) -> None:
        self._store = store
        self._clock = clock
        self._config = config
        self._table = Table(store.database)
        # Of its own: what is told now and what is booked meanwhile must not disturb each other.
        self._recalled = Recalled(store.database)
        self._followed: dict[str, int | None] = {}
        self._followed_at = -1
        self._newest: tuple[Event, ...] = ()

    def last_number(self) -> int:
        """Return the number of the newest event, 0 before the first."""
        return self._table.last_number()

    def page(self, question: EventQuestion, limit: int) -> EventPage:
        """Return the events that a question asks for, at most `limit` and `LISTED`."""
        wallets = None if question.wallet is None else members_of(self._store, question.wallet)
        wanted = EventFilter(question.kind, wallets, question.mint)
        limit = min(limit, LISTED)
        # Read first: whoever goes on after it misses none that is told meanwhile.
        last = self.last_number()
        if question.after is None:
            rows = self._table.newest(wanted, limit)
        else:
            rows = self._table.after(question.after, wanted, limit)
        last = max([last, *(row.number for row in rows)])
        return EventPage(as_of=self._clock.now(), last_number=last, events=tuple(_read(row) for row in rows))

    def after(self, number: int, limit: int) -> list[Event]:
        """Return the first events after a number, oldest first."""
        newest = self._newest
        if newest and newest[0].number <= number + 1 <= newest[-1].number:
            return list(newest[number + 1 - newest[0].number :][:limit])
        if number >= self.last_number():
            return []
        return [_read(row) for row in self._table.after(number, EventFilter(), limit)]

    def record(
        self, kind: EventKind, name: str, body: Mapping[str, object], *, wallet: str | None = None
    ) -> Sequence[Event]:
        """Store that something happened that no fact tells; the same `name` is told once."""
        return self._add([self._new(kind, name, body, wallet=wallet)])

    def emit(self) -> Sequence[Event]:
        """Store what facts that were folded since the last time tell about followed wallets, and return it.

        The mark up to which facts are told moves in the same transaction: a crash loses no event and doubles none.
        """
        if self._table.booked_batch() <= self._table.emitted_batch():
            return ()
        # Whoever else tells meanwhile would tell the same under other names.
        with self._store.database.writing():
            after, upto = self._table.emitted_batch(), self._table.booked_batch()
            if upto <= after:
                return ()
            span = {"after": after, "upto": upto}
            legs = self._valued(rows_of(self._store, _Leg, _FRESH, span))
            lost = rows_of(self._store, _Reversed, _REVERSED, span)
            return self._add([*self._whale_trades(legs), *self._reversals(lost), *self._updates(legs, str(upto))], upto)

    def tell(self, placed: Sequence[Placed]) -> list[StoredEvent]:
        """Inside of `beside`: return what live readings tell, for whoever keeps it together with them."""
        legs = self._legs_of(placed)
        times = [leg.block_time for leg in legs if leg.block_time is not None and leg.is_trade]
        known = self._recalled.prices(min(times) - 2 * DAY_S) if times else []
        prices = [_Price(*price) for price in known]
        valued = [_Valued(leg, _value(leg, prices)) for leg in legs]
        # No batch of facts has a name like that, and no other live batch has this transaction.
        name = min((p.reading.signature for p in placed), default="")
        told = self._table.announce([*self._whale_trades(valued), *self._updates(valued, name)])
        added = tuple(_read(row) for row in told)
        self._store.database.once_committed(lambda: self._keep(added))
        return told

    def committed(self, listener: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `listener` after every commit during the block, from any thread."""
        return self._store.database.committed(listener)

    def minimum_of(self, wallet: str) -> Decimal:
        """Return the value in USD from which trades of a wallet are told."""
        found = self._table.minimum_of(wallet)
        return self._config.whale_usd if found is None else to_usd(found) or Decimal(0)

    def set_minimum(self, wallet: str, usd: Decimal | None) -> bool:
        """Set from which value in USD on trades of a wallet are told, and return whether that changed anything.

        None goes back to what holds for all.
        """
        wanted = None if usd is None else _micro(usd)
        has_changed = self._table.minimum_of(wallet) != wanted
        if has_changed:
            self._table.set_minimum(wallet, wanted)
        return has_changed

    def _legs_of(self, readings: Sequence[Placed]) -> list[_Leg]:
        """Return what `_FRESH` finds of a batch, in its order."""
        database = self._store.database
        if self._followed_at != database.version:
            self._followed = dict(database.rows(_FOLLOWED))
            self._followed_at = database.version
        legs: list[tuple[tuple[object, ...], _Leg]] = []
        for placed in readings:
            reading = placed.reading
            if reading.wallet not in self._followed:
                continue
            minimum, is_trade = self._followed[reading.wallet], reading.tx_class in TRADE_CLASSES
            for number, leg in enumerate(reading.legs):
                order = (
                    placed.order_time,
                    _last(reading.slot),
                    _last(reading.index_in_block),
                    reading.signature,
                    number,
                )
                found = _Leg(
                    reading.wallet,
                    leg.mint,
                    reading.signature,
                    leg.side.value,
                    reading.block_time,
                    leg.amount_raw,
                    leg.decimals,
                    leg.quote_raw,
                    leg.quote_mint,
                    minimum,
                    is_trade,
                )
                legs.append((order, found))
        return [leg for _, leg in sorted(legs, key=itemgetter(0))]

    def _valued(self, legs: Sequence[_Leg]) -> list[_Valued]:
        """Return legs with their values, as the view `trade` has them."""
        times = [leg.block_time for leg in legs if leg.block_time is not None and leg.is_trade]
        prices: list[_Price] = []
        if times:
            # A candle spans a day at most, and its price is used for one more.
            named = {"oldest": min(times) - 2 * DAY_S, "newest": max(times)}
            prices = rows_of(self._store, _Price, _PRICES, named)
        return [_Valued(leg, _value(leg, prices)) for leg in legs]

    def _whale_trades(self, legs: Iterable[_Valued]) -> Iterator[NewEvent]:
        oldest = self._clock.epoch_s() - self._config.max_age_s
        usual = _micro(self._config.whale_usd)
        for leg, value in legs:
            minimum = usual if leg.minimum_usd_micro is None else leg.minimum_usd_micro
            is_news = leg.block_time is not None and leg.block_time >= oldest
            if leg.is_trade and is_news and value is not None and value >= minimum:
                body = {
                    "signature": leg.signature,
                    "side": leg.side,
                    "block_time": to_moment_or_none(leg.block_time),
                    "amount_raw": str(leg.amount_raw),
                    "decimals": leg.decimals,
                    "value_usd": to_usd(value),
                    "minimum_usd": to_usd(minimum),
                }
                name = f"{leg.signature}:{leg.owner}:{leg.mint}:{leg.side}"
                yield self._new(EventKind.WHALE_TRADE, name, body, wallet=leg.owner, mint=leg.mint)

    def _reversals(self, lost: Iterable[_Reversed]) -> Iterator[NewEvent]:
        for row in lost:
            name = f"{row.signature}:{row.owner}:{row.batch}"
            body = {"signature": row.signature, "slot": row.slot}
            yield self._new(EventKind.REVERSAL, name, body, wallet=row.owner)

    def _updates(self, legs: Iterable[_Valued], name: str) -> Iterator[NewEvent]:
        by_owner: dict[str, list[_Valued]] = {}
        for valued in legs:
            by_owner.setdefault(valued.leg.owner, []).append(valued)
        for owner, all_valued in by_owner.items():
            own = [valued.leg for valued in all_valued]
            mints = list(dict.fromkeys(leg.mint for leg in own))
            body = {
                "trades": len({leg.signature for leg in own if leg.is_trade}),
                "transfers": len({leg.signature for leg in own if not leg.is_trade}),
                "mints": mints[:MINTS],
                "mints_total": len(mints),
                "unvalued_trades": len({leg.signature for leg, usd in all_valued if leg.is_trade and usd is None}),
                "newest_block_time": to_moment_or_none(
                    max((leg.block_time for leg in own if leg.block_time is not None), default=None)
                ),
            }
            mint = mints[0] if len(mints) == 1 else None
            yield self._new(EventKind.WALLET_UPDATE, f"{owner}:{name}", body, wallet=owner, mint=mint)

    def _new(
        self,
        kind: EventKind,
        name: str,
        body: Mapping[str, object],
        *,
        wallet: str | None = None,
        mint: str | None = None,
    ) -> NewEvent:
        at_ms = int(self._clock.now().timestamp() * 1_000)
        text = _ENCODER.encode(body).decode()
        return NewEvent(f"{kind}:{name}", kind.value, at_ms, wallet, mint, text)

    def _add(self, events: Sequence[NewEvent], emitted_batch: int | None = None) -> Sequence[Event]:
        database = self._store.database
        with database.write():
            added = tuple(_read(row) for row in self._table.add(events, emitted_batch))
            database.once_committed(lambda: self._keep(added))
        return added

    def _keep(self, added: Sequence[Event]) -> None:
        """Keep the newest events at hand, without a gap: whoever passes them on asks for them next."""
        if added:
            before = self._newest if self._newest and self._newest[-1].number + 1 == added[0].number else ()
            self._newest = (*before, *added)[-LISTED:]


def _read(row: StoredEvent) -> Event:
    return Event(
        number=row.number,
        kind=EventKind(row.kind),
        recorded_at=datetime.fromtimestamp(row.recorded_at_ms / 1_000, UTC),
        wallet=row.wallet,
        mint=row.mint,
        body=msgspec.json.decode(row.body),
    )


def _last(place: int | None) -> tuple[bool, int]:
    return place is None, place or 0


def _value(leg: _Leg, prices: Sequence[_Price]) -> int | None:
    """Return a leg's value in micro-USD, None where it or its price is unknown."""
    if leg.block_time is None:
        return None
    place = bisect_right(prices, leg.block_time, key=lambda price: price.completed_at)
    price = prices[place - 1] if place else None
    is_fresh = price is not None and leg.block_time - price.completed_at <= DAY_S
    mint = None if leg.quote_mint is None else Mint(leg.quote_mint)
    return usd_micro(mint, leg.quote_raw, price.price_e12 if price is not None and is_fresh else None)


def _micro(usd: Decimal) -> int:
    return int(usd * 1_000_000)
