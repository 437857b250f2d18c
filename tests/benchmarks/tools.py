"""Measure the tools over a million stored trades, as a client meets them: through `aura-mcp`, at a warm hub.

`first` is the first call of a tool and window in the life of the hub, `steady` every later one. Between two steady
calls of one window the hub's clock has moved on by a second at least and, for reports, the wallet is one that was
never asked for: nothing that is kept under a moment or under a wallet can answer them. `changed` is the first call of
each window after the ledger has changed. `hub_cpu` is the hub's own time for the mean call: other work on the machine
does not add to it. Not responsible for asserting times: machines differ.

    python -m tests.benchmarks.tools [DATABASE]
"""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import cycle, product
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from aura_mcp.bridge import Places
from tests.benchmarks.bridge import ROOT, Line, open_bridge, rss_mb
from tests.benchmarks.crowd import SEED, Crowd

WINDOWS: Final = ("1d", "7d", "30d", "all")
CURRENCIES: Final = ("usd", "sol")
SORTS: Final = ("lb95", "pnl", "roi", "win_rate", "trades")
ROUNDS: Final = 40
"""Seconds of the steady mix: each asks every window of both tools once."""

BUSY: Final = 300
"""Wallets that trade most: every second report is on one of them."""

TARGETS: Final = {
    "top_wallets_steady_p95_ms": "≤ 20",
    "wallet_report_steady_p95_ms": "≤ 20",
    "hub_rss_mb": "≤ 250",
    "bridge_rss_mb": "≤ 15",
}


def measure(database: Path | None = None) -> dict[str, float]:
    """Return milliseconds of calls and megabytes of memory; see the names."""
    with tempfile.TemporaryDirectory(prefix="aura-bench-") as home, ExitStack() as stack:
        place = Path(home, "aura.duckdb")
        figures: dict[str, float] = {}
        if database is None:
            figures |= _build(place)
        else:
            shutil.copy(database, place)
        environment = {**os.environ, "AURA_HOME": home}
        line, process = stack.enter_context(open_bridge(environment))
        line.greet()
        hub_pid = int(json.loads(Path(Places(home).info).read_text("utf-8"))["pid"])
        stack.callback(os.kill, hub_pid, 15)
        _ask(line, "system_status", {})
        figures["hub_rss_at_start_mb"] = rss_mb(hub_pid)
        figures |= _calls(line, hub_pid)
        figures["hub_rss_after_change_mb"] = rss_mb(hub_pid)
        figures["bridge_rss_mb"] = rss_mb(process.pid)
        return figures


def _calls(line: Line, hub_pid: int) -> dict[str, float]:
    wallets = _wallets()
    boards = _board_arguments()
    first = _round(line, boards, wallets)
    rounds: list[dict[str, list[float]]] = []
    cpu_before = _cpu_ms(hub_pid)
    for _ in range(ROUNDS):
        _wait_for_next_second()
        rounds.append(_round(line, boards, wallets))
    cpu_ms, rss = _cpu_ms(hub_pid) - cpu_before, rss_mb(hub_pid)
    steady = {name: [value for found in rounds for value in found[name]] for name in first}
    _ask(line, "edit_wallet", {"wallet": next(wallets), "action": "group", "entity": next(wallets)})
    changed = _round(line, boards, wallets)
    figures = {"hub_rss_mb": rss, "hub_cpu_per_steady_call_ms": cpu_ms / sum(map(len, steady.values()))}
    for name in first:
        figures[f"{name}_first_max_ms"] = max(first[name])
        figures[f"{name}_steady_p50_ms"] = statistics.median(steady[name])
        figures[f"{name}_steady_p95_ms"] = statistics.quantiles(steady[name], n=20)[-1]
        figures[f"{name}_steady_max_ms"] = max(steady[name])
        figures[f"{name}_changed_max_ms"] = max(changed[name])
    return figures


def _round(line: Line, boards: Iterator[dict[str, object]], wallets: Iterator[str]) -> dict[str, list[float]]:
    """Ask both tools for each window once."""
    times: dict[str, list[float]] = {"top_wallets": [], "wallet_report": []}
    for window, currency in zip(WINDOWS, cycle(CURRENCIES), strict=False):
        times["top_wallets"].append(_ask(line, "top_wallets", {"window": window, **next(boards)}))
        report = {"wallets": [next(wallets)], "window": window, "currency": currency}
        times["wallet_report"].append(_ask(line, "wallet_report", report))
    return times


def _board_arguments() -> Iterator[dict[str, object]]:
    # Five orders and four windows: every window meets every order.
    return cycle({"currency": currency, "sort_by": by} for currency, by in product(CURRENCIES, SORTS))


def _wallets() -> Iterator[str]:
    """Yield wallets, each once: one of those that trade most, one of all others, in turn."""
    chance = random.Random(SEED)
    names = Crowd(chance).wallets
    busy, others = names[:BUSY], names[BUSY:]
    chance.shuffle(busy)
    chance.shuffle(others)
    for pair in zip(busy, others, strict=False):
        yield from pair


def _ask(line: Line, tool: str, arguments: Mapping[str, object]) -> float:
    """Return the milliseconds that a call takes."""
    started = perf_counter()
    line.ask(1, tool, arguments)
    reply: dict[str, Any] = json.loads(line.receive())
    took = (perf_counter() - started) * 1e3
    if "result" not in reply or reply["result"].get("isError"):
        raise RuntimeError(f"{tool} {dict(arguments)}: {reply}")
    return took


def _wait_for_next_second() -> None:
    # The clock of this process is the hub's.
    time.sleep(1.01 - time.time() % 1)


def _cpu_ms(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path("/proc", str(pid), "stat").read_text("ascii").rpartition(")")[2].split()
    return 1e3 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _build(place: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.crowd", str(place)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)


if __name__ == "__main__":
    for name, value in measure(Path(sys.argv[1]) if sys.argv[1:] else None).items():
        print(f"{name:40} {value:10.2f}")
