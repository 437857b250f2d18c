"""Measure the store: import against bare inserts, rebuild against the fold in memory, memory, and flatness.

Every process is its own, so that neither caches nor peaks of one measure colour another. Rows are made by a
deterministic generator. Not responsible for asserting times: machines differ, ratios are printed.
"""

import gc
import json
import random
import resource
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature

from data.importer import import_paths
from data.importer.trade_rows import BATCH_ROWS, RowReader
from data.store import Store
from data.store.arrow import from_rows, registered
from data.store.chunks import FoldEvents, Span, read_chunks
from data.store.facts import INSERT_ROUNDED, ROUNDED_COLUMNS, Candle
from data.store.work import find_work
from engine.ledger import Event, fold
from engine.units import WSOL

TRADES: Final = 1_000_000
SMALL_TRADES: Final = 100_000
TRADES_PER_POSITION: Final = 50
SEED: Final = 2026
START: Final = 1_782_600_000
HOUR_S: Final = 3600
KIB_PER_MIB: Final = 1024


def measure() -> dict[str, float]:
    """Return seconds and ratios of importing and rebuilding 1M trades, the peak of a rebuild, and flatness.

    `import_to_bare_ratio` aims at ≤ 3, `rebuild_to_memory_ratio` at ≤ 2.5, `rebuild_peak_mib` at ≤ 1536;
    `…_flatness_1m_to_100k` is the time per trade at 1M over that at 100k: 1 is flat.
    """
    with tempfile.TemporaryDirectory() as folder:
        small, large = (Path(folder, f"{count}.jsonl") for count in (SMALL_TRADES, TRADES))
        write_rows(small, SMALL_TRADES)
        write_rows(large, TRADES)
        results = _run("import", large) | _run("bare", large) | _run("rebuild", large) | _run("memory", large)
        few = _run("import", small) | _run("rebuild", small)
    scale = TRADES / SMALL_TRADES
    return results | {
        "import_to_bare_ratio": results["import_s"] / results["bare_insert_s"],
        "rebuild_to_memory_ratio": results["rebuild_s"] / results["memory_fold_s"],
        "rebuild_to_memory_without_gc_ratio": results["rebuild_s"] / results["memory_fold_without_gc_s"],
        "import_trades_per_s": TRADES / results["import_s"],
        "rebuild_trades_per_s": TRADES / results["rebuild_s"],
        "import_flatness_1m_to_100k": results["import_s"] / few["import_s"] / scale,
        "rebuild_flatness_1m_to_100k": results["rebuild_s"] / few["rebuild_s"] / scale,
    }


def write_rows(path: Path, count: int) -> None:
    """Write trade rows in time order: wallets that buy and sell tokens in parts, four in five rows signed."""
    chance = random.Random(SEED)
    positions = [(_address(chance), f"{_address(chance)[:39]}pump"[-44:]) for _ in range(count // TRADES_PER_POSITION)]
    mints = [_pump_mint(chance) for _ in range(max(1, len(positions) // 20))]
    held = [0] * len(positions)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            place = number % len(positions)
            tokens = chance.randrange(1, 10**12)
            sells = held[place] > 0 and chance.random() < 0.5
            tokens = min(tokens, held[place]) if sells else tokens
            held[place] += -tokens if sells else tokens
            row = {
                "ts": START + number // 4,
                "mint": mints[place % len(mints)],
                "pool": mints[-1 - place % len(mints)],
                "trader": positions[place][0],
                "side": "sell" if sells else "buy",
                "sol": chance.randrange(1, 10**8) / 10**6,
                "tokens": f"{tokens // 10**6}.{tokens % 10**6:06d}",
                "signature": str(Signature.from_bytes(chance.randbytes(64))) if number % 5 else None,
            }
            # The amount stays exactly the digits above.
            text = json.dumps(row, separators=(",", ":"))
            file.write(text.replace(f'"{row["tokens"]}"', str(row["tokens"])) + "\n")


def run(task: str, path: Path) -> dict[str, float]:
    """Do one measurement in this process."""
    return {"import": _import, "bare": _bare, "rebuild": _rebuild, "memory": _memory}[task](path)


def _run(task: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.store", task, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def _import(path: Path) -> dict[str, float]:
    database = path.with_suffix(".duckdb")
    database.unlink(missing_ok=True)
    with Store.open(database) as store:
        start = perf_counter()
        import_paths(store, [path])
        took = perf_counter() - start
        hours = range(TRADES // 4 // HOUR_S + 2)
        store.facts.add_candles([_candle(START + (hour - 1) * HOUR_S) for hour in hours])
    return {"import_s": took}


def _bare(path: Path) -> dict[str, float]:
    with Store.open(path.with_suffix(".bare")) as store:
        cursor = store.database.cursor()
        took = 0.0
        for rows in _parsed(path):
            table = from_rows(ROUNDED_COLUMNS, rows)
            start = perf_counter()
            with registered(cursor, "incoming", table):
                cursor.execute(INSERT_ROUNDED.format(batch=1))
            took += perf_counter() - start
    return {"bare_insert_s": took}


def _rebuild(path: Path) -> dict[str, float]:
    with Store.open(path.with_suffix(".duckdb")) as store:
        start = perf_counter()
        store.booking.rebuild()
        took = perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"rebuild_s": took, "rebuild_peak_mib": peak / KIB_PER_MIB}


def _memory(path: Path) -> dict[str, float]:
    """Do in memory what a rebuild does between reading and writing, as Python runs by itself and as a rebuild runs."""
    with Store.open(path.with_suffix(".duckdb")) as store:
        trades = [((entity, mint), event) for entity, mint, events in _read_all(store) for event in events]
    trades.sort(key=lambda trade: trade[1].at)
    gc.collect()
    plain = _fold_in_memory(trades)
    # A rebuild pauses the search for cycles: its rows are tuples without any.
    gc.disable()
    return {"memory_fold_s": plain, "memory_fold_without_gc_s": _fold_in_memory(trades)}


def _fold_in_memory(trades: list[tuple[tuple[str, str], Event]]) -> float:
    """Return the seconds it takes to group trades by position, fold them and freeze every state."""
    start = perf_counter()
    positions: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
    for key, event in trades:
        positions[key].append(event)
    results = [(key, fold(None, events)) for key, events in positions.items()]
    states = [result.state.to_json() for _, result in results]
    took = perf_counter() - start
    if len(states) != len(positions):
        raise RuntimeError("a position has no state")
    return took


def _read_all(store: Store) -> list[FoldEvents]:
    folds: list[FoldEvents] = []
    with store.database.second_cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE fold_state AS FROM main.fold_state LIMIT 0")
        work = find_work(cursor, Span(0, TRADES))
        for chunk in read_chunks(cursor, Span(work.after, TRADES), work.buckets):
            folds += chunk.folds
    return folds


def _parsed(path: Path) -> Iterator[list[tuple[object, ...]]]:
    reader = RowReader({})
    batch: list[tuple[object, ...]] = []
    with path.open("rb") as file:
        for line in file:
            batch.append(reader.read(line))
            if len(batch) == BATCH_ROWS:
                yield batch
                batch = []
    if batch:
        yield batch


def _candle(opened_at: int) -> Candle:
    price = 70 + opened_at % 97
    return Candle(opened_at, WSOL, HOUR_S, "benchmark", "", None, None, None, price, None)


def _address(chance: random.Random) -> str:
    return str(Pubkey.from_bytes(chance.randbytes(32)))


def _pump_mint(chance: random.Random) -> str:
    """Return an address that ends as those of pump.fun do: six decimals without further facts."""
    while True:
        text = _address(chance)[:-4] + "pump"
        try:
            Pubkey.from_string(text)
        except ValueError:
            continue
        return text


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], Path(sys.argv[2])) if sys.argv[1:] else measure(), indent=2))
