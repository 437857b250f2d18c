"""Make a database of a million trades as a busy user has it: few wallets with much, many with little, in 90 days.

Three in four trades come as trade rows, the others as exact readings with balances left out; SOL has an hourly price.
Deterministic but for the end, which is now: windows of a day and a week are then as full as they would be.
"""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from solders.pubkey import Pubkey
from solders.signature import Signature as SoldersSignature

from data.clock import SystemClock
from data.importer.trade_rows import BATCH_ROWS
from data.store import Store
from data.store.arrow import from_rows
from data.store.facts import ROUNDED_COLUMNS, Candle
from data.store.identity import rounded_content, rounded_id, rounded_leg_no
from data.store.readings import Source
from engine.facts import Amount, Leg, Reading, Role, Side, TxClass
from engine.units import WSOL, Address, Mint, Signature

TRADES: Final = 1_000_000
WALLETS: Final = 6_000
MINTS: Final = 8_000
SPAN_S: Final = 90 * 86_400
SEED: Final = 2026
HOUR_S: Final = 3_600
EXACT_IN: Final = 4
"""One trade in so many is an exact reading."""

_SLOT: Final = 430_000_000
_FEE: Final = 5_000


class Trade(NamedTuple):
    """One trade of the crowd."""

    at: int
    wallet: int
    mint: int
    side: Side
    amount_raw: int
    lamports: int


def trades(count: int, end_s: int, chance: random.Random) -> Iterator[Trade]:
    """Yield trades in time order. How much a wallet trades falls with its number, from 3,600 to some 40."""
    weights = [1 / (number + 60) for number in range(WALLETS)]
    wallets = chance.choices(range(WALLETS), weights, k=count)
    holding: dict[int, list[tuple[int, int]]] = {}
    for number, wallet in enumerate(wallets):
        at = end_s - SPAN_S + SPAN_S * number // count
        held = holding.setdefault(wallet, [])
        lamports = chance.randrange(10**6, 10**10)
        if held and chance.random() < 0.5:
            mint, amount = held.pop(chance.randrange(len(held)))
            part = amount if chance.random() < 0.6 else max(1, amount // 2)
            if part < amount:
                held.append((mint, amount - part))
            yield Trade(at, wallet, mint, Side.SELL, part, lamports)
        else:
            is_new = not held or chance.random() < 0.4
            mint, amount = chance.randrange(MINTS) if is_new else held[-1][0], chance.randrange(1, 10**12)
            held.append((mint, amount))
            yield Trade(at, wallet, mint, Side.BUY, amount, lamports)


class Crowd:
    """The names of the crowd's wallets and tokens."""

    def __init__(self, chance: random.Random) -> None:
        self.wallets = [Address(str(Pubkey.from_bytes(chance.randbytes(32)))) for _ in range(WALLETS)]
        self.mints = [Mint(str(Pubkey.from_bytes(chance.randbytes(32)))) for _ in range(MINTS)]


def build(path: Path, count: int = TRADES) -> dict[str, float]:
    """Store the crowd's trades in a new database, book them, and return how long that took."""
    start = perf_counter()
    chance = random.Random(SEED)
    crowd = Crowd(chance)
    end = SystemClock().epoch_s()
    rows: list[tuple[object, ...]] = []
    readings: list[Reading] = []
    with Store.open(path) as store:
        hours = range((end - SPAN_S) // HOUR_S - 2, end // HOUR_S)
        store.facts.add_candles(
            [
                Candle(hour * HOUR_S, WSOL, HOUR_S, "benchmark", "", None, None, None, 120 + hour % 97, None)
                for hour in hours
            ]
        )
        for number, trade in enumerate(trades(count, end, chance)):
            name = Signature(str(SoldersSignature.from_bytes(chance.randbytes(64))))
            if number % EXACT_IN:
                rows.append(_row(crowd, trade, name))
            else:
                readings.append(_reading(crowd, trade, name, number))
            if len(rows) == BATCH_ROWS:
                store.facts.add_rounded(from_rows(ROUNDED_COLUMNS, rows), len(rows))
                rows = []
            if len(readings) == BATCH_ROWS:
                store.facts.add_readings(readings, Source.RPC)
                readings = []
        store.facts.add_rounded(from_rows(ROUNDED_COLUMNS, rows), len(rows))
        store.facts.add_readings(readings, Source.RPC)
        stored = perf_counter()
        store.booking.book()
    return {"build_store_s": stored - start, "build_book_s": perf_counter() - stored}


def _row(crowd: Crowd, trade: Trade, name: Signature) -> tuple[object, ...]:
    side = trade.side.value
    owner, mint = crowd.wallets[trade.wallet], crowd.mints[trade.mint]
    content = rounded_content(trade.at, mint, None, owner, side, trade.lamports, trade.amount_raw)
    identity = rounded_id(content, name)
    place = (trade.at, identity, name, owner, rounded_leg_no(identity, side), side)
    return (*place, mint, trade.amount_raw, 6, trade.lamports, None)


def _reading(crowd: Crowd, trade: Trade, name: Signature, number: int) -> Reading:
    return Reading(
        signature=name,
        slot=_SLOT + number,
        block_time=trade.at,
        index_in_block=0,
        wallet=crowd.wallets[trade.wallet],
        role=Role.FEE_PAYER,
        tx_class=TxClass(trade.side.value),
        legs=(Leg(trade.side, crowd.mints[trade.mint], trade.amount_raw, 6, WSOL, trade.lamports),),
        quote=Amount(WSOL, trade.lamports if trade.side is Side.SELL else -trade.lamports),
        sol_flow_lamports=0,
        base_fee_lamports=_FEE,
        priority_fee_lamports=0,
        tip_lamports=0,
        rent_lamports=0,
        other_rent_lamports=0,
        native_delta_lamports=-_FEE,
        wsol_delta_lamports=0,
        venue_fee_raw=None,
        venues=(),
        balances=(),
        issues=(),
    )


if __name__ == "__main__":
    print(json.dumps(build(Path(sys.argv[1]))))
