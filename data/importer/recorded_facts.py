"""Read our own export back: the same facts give the same ledger in any database.

Not responsible for what a line looks like (`data.recording`) or for the ledger, which is booked again from the facts.
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import InvalidOperation
from typing import Final

import msgspec

from data.errors import FileError
from data.importer.report import Tally
from data.importer.source import Source
from data.recording import (
    FORMAT_VERSION,
    CandleLine,
    EffectLine,
    Header,
    LedgerLine,
    Line,
    MemberLine,
    RoundedRow,
    TradeLine,
    WalletLine,
)
from data.store import Store
from data.store.arrow import from_rows
from data.store.facts import ROUNDED_COLUMNS, Candle, Counts, Outcome
from data.store.readings import Source as ReadingSource
from data.store.wallets import Wallet
from engine.errors import AddressError
from engine.facts import Reading
from engine.units import Address

BATCH_FACTS: Final = 10_000

_HEADER: Final = msgspec.json.Decoder(Header)
_LINE: Final[msgspec.json.Decoder[Line]] = msgspec.json.Decoder(Line)


def import_facts(store: Store, source: Source, tally: Tally) -> None:
    """Store every fact of an export.

    Raises:
        FileError: the export is of a newer version, or its first line is damaged.
    """
    lines = source.lines()
    _check_header(source, next(lines)[1])
    batch = _Batch()
    for number, text in lines:
        try:
            batch.add(_LINE.decode(text), number)
        except msgspec.ValidationError as error:
            tally.reject(str(error), number)
        except msgspec.DecodeError:
            tally.reject("not valid JSON", number)
        except (AddressError, ValueError, InvalidOperation) as error:
            tally.reject(f"not a fact: {error}", number)
        if batch.size >= BATCH_FACTS:
            batch.store(store, tally)
            batch = _Batch()
    batch.store(store, tally)


def _check_header(source: Source, text: bytes) -> None:
    try:
        header = _HEADER.decode(text)
    except msgspec.DecodeError as error:
        raise FileError(f"{source.path}: the first line is damaged ({error}); export it again") from error
    if header.version > FORMAT_VERSION:
        raise FileError(
            f"{source.path}: has format version {header.version}, this program reads up to {FORMAT_VERSION}; update it"
        )


@dataclass(slots=True)
class _Batch:
    """Facts to be stored together, by kind."""

    size: int = 0
    wallets: list[Wallet] = field(default_factory=list[Wallet])
    members: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    candles: list[Candle] = field(default_factory=list[Candle])
    trades: list[RoundedRow] = field(default_factory=list[RoundedRow])
    readings: dict[ReadingSource, list[tuple[int, Reading]]] = field(
        default_factory=dict[ReadingSource, list[tuple[int, Reading]]]
    )

    def add(self, line: Line, number: int) -> None:
        """Take one fact; an invalid one raises and changes nothing."""
        match line:
            case WalletLine():
                self.wallets.append(line.fact())
            case MemberLine():
                self.members.append(line.fact())
            case CandleLine():
                self.candles.append(line.fact())
            case TradeLine():
                self.trades.append(line.fact())
            case EffectLine():
                self.readings.setdefault(ReadingSource(line.source), []).append((number, line.fact()))
            case LedgerLine():
                return
        self.size += 1

    def store(self, store: Store, tally: Tally) -> None:
        """Store everything, kind by kind, each in one transaction."""
        if self.wallets:
            _count(store.wallets.add(self.wallets), tally)
        if self.members:
            _count(Counts(*_assign(store, self.members)), tally)
        if self.candles:
            _count(store.facts.add_candles(self.candles), tally)
        if self.trades:
            _count(store.facts.add_rounded(from_rows(ROUNDED_COLUMNS, self.trades), len(self.trades)), tally)
        for source, readings in self.readings.items():
            outcomes = store.facts.add_readings([reading for _, reading in readings], source)
            counted = Counter(outcome for outcome in outcomes if isinstance(outcome, Outcome))
            _count(Counts(counted[Outcome.NEW], counted[Outcome.DUPLICATE]), tally)
            tally.quarantined += counted[Outcome.CONFLICT]
            for (number, _), outcome in zip(readings, outcomes, strict=True):
                if isinstance(outcome, str):
                    tally.reject(outcome, number)


def _assign(store: Store, members: list[tuple[str, str]]) -> tuple[int, int]:
    known = store.wallets.members()
    new = [(wallet, entity) for wallet, entity in members if known.get(wallet) != entity]
    for wallet, entity in new:
        store.wallets.assign(Address(wallet), entity)
    return len(new), len(members) - len(new)


def _count(counts: Counts, tally: Tally) -> None:
    tally.new += counts.new
    tally.duplicate += counts.duplicate
