"""Read the events of a few folds without looking at the whole history: what a live booking does.

`fact_place` says in which slots a signature, or a mint of an owner, has facts; only those are read. What follows from
them is the same as in the views (`chunks` reads those for everything larger): `Verification` replays with the one what
was booked with the other. Not responsible for folding (`booking`).
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import duckdb

from data.store.chains import Transaction, chain_order
from data.store.chunks import FROM_START, Chunk, FoldEvents, Key, Span, Task
from data.store.derived import Stored
from data.store.facts import Added, places_query
from data.store.identity import place_key
from data.store.readings import BALANCE_COLUMNS, EFFECT_COLUMNS, LEG_COLUMNS
from data.store.recalled import Recalled
from engine.facts import Precision
from engine.ledger import Event, EventKind
from engine.ledger.valuation import lamports, usd_micro
from engine.units import QUOTE_MINTS, WSOL

MOST_ROWS: Final = 2_000
"""More facts, folds or slots than this are read faster through the views."""

PRICE_AGE_S: Final = 86_400
EXACT: Final = Precision.EXACT.value
ROUNDED: Final = Precision.ROUNDED.value
OBSERVED: Final = -1
"""The leg number of balances that belong to no leg."""

_INT64: Final = 2**63

_LEG_COLUMNS: Final = (
    "cluster_key, signature, owner, leg_no, source, grade, slot, block_time, order_time, index_in_block, "
    "side, class, mint, amount_raw, quote_mint, quote_raw, fee_lamports, precision, batch_id"
)
_BALANCE_COLUMNS: Final = "cluster_key, signature, owner, account, mint, source, pre_raw, post_raw, batch_id"
_EFFECT_COLUMNS: Final = "cluster_key, signature, owner, source, grade, slot, order_time, index_in_block, batch_id"
_FRESH: Final = "SELECT {columns} FROM {table} WHERE batch_id > {after} AND batch_id <= {upto} LIMIT {limit}"
_AT: Final = "SELECT {columns} FROM {table} WHERE cluster_key IN ({places}) AND batch_id <= {upto}"
_NEW_PRICES: Final = """
SELECT min(opened_at + interval_s), max(opened_at + interval_s) FROM candle
WHERE is_sol(mint) AND batch_id > {after} AND batch_id <= {upto}
"""
_PRICED: Final = """
SELECT DISTINCT owner, mint FROM leg
WHERE block_time >= {first} AND block_time <= {last} AND batch_id <= {after} LIMIT {limit}
"""
_REVERSED: Final = "SELECT slot, signature FROM reversed WHERE slot IN ({places})"
_MARKED: Final = "SELECT DISTINCT entity, mint FROM refold LIMIT {limit}"
_TRADING: Final = frozenset({"BUY", "SELL", "SWAP"})
_MOVING: Final = frozenset({*_TRADING, "ARB", "TRANSFER_IN", "TRANSFER_OUT", "INVOLUNTARY"})


class Leg(NamedTuple):
    """A row of `leg`, as far as the ledger needs it."""

    cluster_key: int
    signature: str
    owner: str
    leg_no: int
    source: str
    grade: int
    slot: int | None
    block_time: int | None
    order_time: int
    index_in_block: int | None
    side: str
    tx_class: str
    mint: str
    amount_raw: int
    quote_mint: Any
    quote_raw: int | None
    fee_lamports: int
    precision: str
    batch_id: int


class Balance(NamedTuple):
    """A row of `account_balance`."""

    cluster_key: int
    signature: str
    owner: str
    account: str
    mint: str
    source: str
    pre_raw: int
    post_raw: int
    batch_id: int


class Effect(NamedTuple):
    """A row of `effect`, as far as order and choice need it."""

    cluster_key: int
    signature: str
    owner: str
    source: str
    grade: int
    slot: int | None
    order_time: int
    index_in_block: int | None
    batch_id: int

    @property
    def rank(self) -> tuple[int, int]:
        """Return what the best reading has the lowest of."""
        return self.grade, -self.cluster_key


def _picked(columns: Iterable[str], fields: Iterable[str]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Return what picks the values of some fields out of a row as it is stored, with its batch at the end."""
    places = {("tx_class" if name == "class" else name): place for place, name in enumerate((*columns, "batch_id"))}
    return itemgetter(*(places[name] for name in fields))


_EFFECT_OF: Final = _picked(EFFECT_COLUMNS, Effect._fields)
_LEG_OF: Final = _picked(LEG_COLUMNS, Leg._fields)
_BALANCE_OF: Final = _picked(BALANCE_COLUMNS, Balance._fields)


class TooMuchError(Exception):
    """There is more to read than is worth reading this way."""


class _Facts:
    """The facts near some folds, each row once, and which of them stand."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, upto: int, *, has_reversed: bool) -> None:
        self._cursor = cursor
        self._upto = upto
        self._has_reversed = has_reversed
        self.fresh_batch: int | None = None
        """A batch of which nothing can have been taken back yet."""
        self.effects: dict[tuple[int, str, str, str], Effect] = {}
        self.legs: dict[tuple[int, str, str, str, int], Leg] = {}
        self.balances: dict[tuple[int, str, str, str, str, str], Balance] = {}
        self._best: dict[tuple[str, str], Effect] = {}
        self._leg_of: dict[tuple[int, str, str, str, str], int] = {}
        self._reversed: set[tuple[int, str]] = set()

    def add_effects(self, rows: Iterable[Sequence[Any]]) -> None:
        for effect in map(Effect._make, rows):
            self.effects[effect[:4]] = effect

    def add_legs(self, rows: Iterable[Sequence[Any]]) -> None:
        for leg in map(Leg._make, rows):
            self.legs[leg.cluster_key, leg.signature, leg.owner, leg.source, leg.leg_no] = leg

    def add_balances(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in map(Balance._make, rows):
            self.balances[row.cluster_key, row.signature, row.owner, row.source, row.account, row.mint] = row

    def add_at(self, places: Collection[int]) -> None:
        """Read every fact of some slots."""
        if not places:
            return
        if len(places) > MOST_ROWS:
            raise TooMuchError
        listed = ", ".join(map(str, sorted(places)))
        for table, columns, add in (
            ("effect", _EFFECT_COLUMNS, self.add_effects),
            ("leg", _LEG_COLUMNS, self.add_legs),
            ("account_balance", _BALANCE_COLUMNS, self.add_balances),
        ):
            sql = _AT.format(table=table, columns=columns, places=listed, upto=self._upto)
            add(self._cursor.execute(sql).fetchall())

    def settle(self) -> None:
        """Find out which readings stand and which is the best of each (signature, owner)."""
        self._best.clear()
        self._leg_of.clear()
        for leg in self.legs.values():
            if leg.precision == EXACT:
                at = leg.cluster_key, leg.signature, leg.owner, leg.source, leg.mint
                self._leg_of[at] = min(leg.leg_no, self._leg_of.get(at, leg.leg_no))
        places = {effect.cluster_key for effect in self.effects.values() if effect.batch_id != self.fresh_batch}
        if places and self._has_reversed:
            listed = ", ".join(map(str, sorted(places)))
            rows = self._cursor.execute(_REVERSED.format(places=listed)).fetchall()
            self._reversed = {(row[0], row[1]) for row in rows}
        for effect in self.effects.values():
            if (effect.cluster_key, effect.signature) in self._reversed:
                continue
            key = effect.signature, effect.owner
            if key not in self._best or effect.rank < self._best[key].rank:
                self._best[key] = effect

    def leg_of(self, row: Balance) -> int | None:
        """Return the number of the leg that carries a balance, None where its mint has no leg."""
        return self._leg_of.get((row.cluster_key, row.signature, row.owner, row.source, row.mint))

    def standing_legs(self) -> list[Leg]:
        """Return the rows of the view `ledger_leg`."""
        standing: list[Leg] = []
        for leg in self.legs.values():
            best = self._best.get((leg.signature, leg.owner))
            is_beaten = best is not None and best.rank < (leg.grade, -leg.cluster_key)
            if not is_beaten and (leg.cluster_key, leg.signature) not in self._reversed:
                standing.append(leg)
        return standing

    def standing_balances(self) -> list[tuple[Balance, Effect]]:
        """Return the rows of the view `ledger_balance`, each with its effect."""
        standing: list[tuple[Balance, Effect]] = []
        for row in self.balances.values():
            best = self._best.get((row.signature, row.owner))
            if best is not None and row.mint not in QUOTE_MINTS and best[:4] == (*row[:3], row.source):
                standing.append((row, best))
        return standing


class _Raw(NamedTuple):
    """An event before it is priced; the first six fields order it, and an entity's own wallet comes last."""

    order_time: int
    slot: int
    index_in_block: int
    signature: str
    leg_no: int
    owner_rank: tuple[bool, str]
    owner: str
    ref: str
    leg: Leg | None
    balances: tuple[tuple[str, int, int], ...]


def read_near(cursor: duckdb.DuckDBPyConnection, span: Span, recalled: Recalled, added: Added | None = None) -> Chunk:
    """Return the folds that a span touches, with their events.

    `added` is all that the span brought, of signatures that were not stored before: it is not read again.

    Raises:
        TooMuchError: the span is wide, or it touches much that is old.
    """
    reading = _Reading(cursor, span, recalled)
    if added is None:
        reading.find_fresh()
    else:
        reading.take_fresh(added)
    reading.mark()
    # Of a fold that had no fact before none is stored: looking for it means looking at all of them.
    # What other wallets of a group had, `added` does not say.
    groups = set(recalled.entities.values())
    is_new = {key for key in reading.touched if added and key[0] not in groups and not reading.is_older(key)}
    return reading.chunk(recalled.states(sorted((reading.touched - is_new) | reading.marked)))


class _Reading:
    """One look at what a span touches: folds with new facts, and folds that old facts make start over."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, span: Span, recalled: Recalled) -> None:
        self._cursor = cursor
        self._span = span
        self._recalled = recalled
        self._facts = _Facts(cursor, span.upto, has_reversed=recalled.has_reversed)
        self._entities = recalled.entities
        self._has_older: set[int] = set()
        self.touched: set[Key] = set()
        self.marked: set[Key] = set()

    def find_fresh(self) -> None:
        """Read the new facts, and older ones of their signatures."""
        facts = self._facts
        facts.add_effects(self._limited(_FRESH, table="effect", columns=_EFFECT_COLUMNS))
        facts.add_legs(self._limited(_FRESH, table="leg", columns=_LEG_COLUMNS))
        facts.add_balances(self._limited(_FRESH, table="account_balance", columns=_BALANCE_COLUMNS))
        facts.add_at(self._places_beyond())
        self._mark_priced()

    def take_fresh(self, added: Added) -> None:
        """Take the new facts as they were stored; nothing else is known of their signatures."""
        facts = self._facts
        facts.fresh_batch = added.batch
        facts.add_effects(_EFFECT_OF((*p.effect_row(), added.batch)) for p in added.new)
        facts.add_legs(_LEG_OF((*row, added.batch)) for p in added.new for row in p.leg_rows())
        facts.add_balances(_BALANCE_OF((*row, added.batch)) for p in added.new for row in p.balance_rows())
        self._has_older.update(key for key, _ in added.places or ())

    def mark(self) -> None:
        """Find the folds."""
        facts = self._facts
        replaced = {(e.signature, e.owner) for e in facts.effects.values() if self._is_fresh(e)}
        for row in (*facts.legs.values(), *facts.balances.values()):
            if row.mint in QUOTE_MINTS:
                continue
            if self._is_fresh(row):
                self.touched.add(self._key(row))
            elif (row.signature, row.owner) in replaced:
                self.marked.add(self._key(row))
        if self._recalled.has_marks:
            self.marked.update((row[0], row[1]) for row in self._limited(_MARKED))

    def chunk(self, states: Mapping[Key, Stored]) -> Chunk:
        """Return the folds: new events where a fold goes on, all of them where it starts over."""
        facts = self._facts
        facts.settle()
        events = self._events(self.touched - self.marked, after=self._span.after)
        again = set(self.marked)
        for key, found in events.items():
            stored = states.get(key)
            if stored is None or min(raw.order_time for raw in found) <= stored.state.last_at:
                again.add(key)
        older = {key for key in again if key in self.marked or key in states or self.is_older(key)}
        if older:
            self._read_whole(older)
            facts.settle()
            events |= dict.fromkeys(older, ()) | self._events(older, after=FROM_START)
        prices = _Prices(self._recalled, events.values())
        work = {key: Task(key in states, FROM_START if key in again else self._span.after) for key in sorted(events)}
        folds = [FoldEvents(*key, _in_order(events[key], prices)) for key in work if events[key]]
        return Chunk(work, folds)

    def _limited(self, sql: str, **names: object) -> list[tuple[Any, ...]]:
        sql = sql.format(after=self._span.after, upto=self._span.upto, limit=MOST_ROWS + 1, **names)
        rows = self._cursor.execute(sql).fetchall()
        if len(rows) > MOST_ROWS:
            raise TooMuchError
        return rows

    def _is_fresh(self, row: Effect | Leg | Balance) -> bool:
        return row.batch_id > self._span.after

    def _key(self, row: Leg | Balance) -> Key:
        return self._entities.get(row.owner, row.owner), row.mint

    def _places_beyond(self) -> set[int]:
        """Return the slots of new signatures that have older facts, and remember the folds that have none."""
        facts = self._facts
        told = Counter(effect.signature for effect in facts.effects.values())
        told.update(leg.signature for leg in facts.legs.values() if leg.precision == ROUNDED)
        rows = (*facts.legs.values(), *facts.balances.values())
        known = {(place_key(row.owner, row.mint), row.cluster_key) for row in rows}
        signatures = {place_key(signature): signature for signature in told}
        beyond: set[int] = set()
        found: defaultdict[str, list[int]] = defaultdict(list)
        for key, place in self._places({*signatures, *(key for key, _ in known)}):
            if key in signatures:
                found[signatures[key]].append(place)
            elif (key, place) not in known:
                self._has_older.add(key)
        for signature, places in found.items():
            if len(places) > told[signature]:
                beyond.update(places)
        return beyond

    def _places(self, keys: Collection[int]) -> list[tuple[int, int]]:
        if not keys:
            return []
        if len(keys) > MOST_ROWS:
            raise TooMuchError
        return self._cursor.execute(places_query(keys)).fetchall()

    def _mark_priced(self) -> None:
        """Mark folds with trades in the day after a new SOL candle: they may be worth something else."""
        ((first, last),) = self._cursor.execute(_NEW_PRICES.format(**self._span._asdict())).fetchall()
        if first is not None:
            rows = self._limited(_PRICED, first=first, last=last + PRICE_AGE_S)
            self.marked.update((self._entities.get(str(owner), str(owner)), str(mint)) for owner, mint in rows)

    def is_older(self, key: Key) -> bool:
        """Tell whether facts of a fold are known to have been there before."""
        entity, mint = key
        return any(place_key(owner, mint) in self._has_older for owner in self._owners({entity})[entity])

    def _read_whole(self, keys: Collection[Key]) -> None:
        """Read everything of some folds, with every other reading of the transactions in them."""
        owners = self._owners({entity for entity, _ in keys})
        places = self._places({place_key(owner, mint) for entity, mint in keys for owner in owners[entity]})
        self._facts.add_at({place for _, place in places})
        rows = (*self._facts.legs.values(), *self._facts.balances.values())
        signatures = {place_key(row.signature) for row in rows if self._key(row) in keys}
        self._facts.add_at({place for _, place in self._places(signatures)})

    def _owners(self, entities: Collection[str]) -> dict[str, list[str]]:
        owners = {entity: [entity] for entity in entities}
        for wallet, entity in self._entities.items():
            if entity in owners:
                owners[entity].append(wallet)
        return owners

    def _events(self, keys: Collection[Key], after: int) -> dict[Key, tuple[_Raw, ...]]:
        """Return what stands of some folds and arrived after a batch."""
        events: defaultdict[Key, list[_Raw]] = defaultdict(list)
        shown: defaultdict[tuple[str, str, str, str], list[tuple[str, int, int]]] = defaultdict(list)
        observed: dict[tuple[str, str, str], tuple[Balance, Effect]] = {}
        for row, effect in self._facts.standing_balances():
            if row.batch_id <= after or self._key(row) not in keys:
                continue
            leg_no = self._facts.leg_of(row)
            if leg_no is None:
                observed[row.signature, row.owner, row.mint] = row, effect
            name = row.mint if leg_no is None else str(leg_no)
            shown[row.signature, row.owner, row.mint, name].append((row.account, row.pre_raw, row.post_raw))
        for leg in self._facts.standing_legs():
            key = self._key(leg)
            if leg.batch_id > after and key in keys:
                name = str(leg.leg_no)
                balances = shown.get((leg.signature, leg.owner, leg.mint, name), ())
                events[key].append(_raw(key[0], leg, leg, leg.leg_no, name, balances))
        for (signature, owner, mint), (row, effect) in observed.items():
            key = self._key(row)
            balances = shown[signature, owner, mint, mint]
            events[key].append(_raw(key[0], effect, None, OBSERVED, mint, balances))
        return {key: tuple(found) for key, found in events.items()}


class _Prices:
    """SOL in USD around some events."""

    def __init__(self, recalled: Recalled, events: Iterable[Iterable[_Raw]]) -> None:
        times = [raw.leg.block_time for found in events for raw in found if raw.leg and raw.leg.block_time is not None]
        self._prices = recalled.prices(min(times) - PRICE_AGE_S) if times else []

    def at(self, block_time: int | None) -> int | None:
        """Return the price of the last candle completed by then, None without one of the last day."""
        if block_time is None:
            return None
        place = bisect_right(self._prices, block_time, key=lambda price: price[0])
        completed_at, price = self._prices[place - 1] if place else (block_time - PRICE_AGE_S - 1, None)
        return price if block_time - completed_at <= PRICE_AGE_S else None


def _raw(
    entity: str,
    place: Leg | Effect,
    leg: Leg | None,
    leg_no: int,
    name: str,
    balances: Sequence[tuple[str, int, int]],
) -> _Raw:
    owner = place.owner
    is_other = owner != entity
    return _Raw(
        place.order_time,
        -1 if place.slot is None else place.slot,
        -1 if place.index_in_block is None else place.index_in_block,
        place.signature,
        leg_no,
        (not is_other, owner if is_other else ""),
        owner,
        f"{place.signature}#{name}{f'@{owner}' if is_other else ''}",
        leg,
        tuple(sorted(balances)),
    )


def _in_order(events: Iterable[_Raw], prices: _Prices) -> list[Event]:
    transactions: list[Transaction] = []
    for raw in sorted(events, key=lambda raw: raw[:6]):
        key = raw[:3]
        if not transactions or (transactions[-1].signature, transactions[-1].key) != (raw.signature, key):
            transactions.append(Transaction(key, raw.signature, []))
        transactions[-1].events.append(_event(raw, prices))
    return chain_order(transactions)


def _event(raw: _Raw, prices: _Prices) -> Event:
    leg = raw.leg
    if leg is None:
        return Event(EventKind.OBSERVE, raw.order_time, raw.ref, raw.owner, 0, None, None, 0, 0, raw.balances)
    price = prices.at(leg.block_time)
    return Event(
        event_kind(leg.tx_class, leg.side),
        raw.order_time,
        raw.ref,
        raw.owner,
        leg.amount_raw,
        _bounded(lamports(leg.quote_mint, leg.quote_raw, price or None)),
        _bounded(usd_micro(leg.quote_mint, leg.quote_raw, price)),
        leg.fee_lamports,
        0 if leg.fee_lamports == 0 else _bounded(usd_micro(WSOL, leg.fee_lamports, price)),
        raw.balances,
    )


def _bounded(value: int | None) -> int | None:
    return value if value is not None and value < _INT64 else None


def event_kind(tx_class: str, side: str) -> EventKind:
    """Return what a leg does to the holding, as the macro `event_kind` of the schema does."""
    if tx_class in _TRADING and side in ("BUY", "SELL"):
        return EventKind.BUY if side == "BUY" else EventKind.SELL
    if tx_class in _MOVING and side in ("BUY", "IN"):
        return EventKind.IN
    if tx_class == "INVOLUNTARY":
        return EventKind.BURN
    if tx_class in _MOVING:
        return EventKind.OUT
    return EventKind.PARK if side in ("SELL", "OUT") else EventKind.UNPARK
