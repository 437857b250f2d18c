"""Run every benchmark, print what it measured as a table, and write it all to `build/benchmarks.json`.

A benchmark is a module of this folder with a function `measure() -> dict[str, float]`, and with `TARGETS` where what it
measures is meant to reach something; one that is named on the command line runs alone. Ratios come first: times differ
from machine to machine.
"""

import importlib
import json
import os
import pkgutil
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from tests import benchmarks

RESULT: Final = Path(__file__).resolve().parents[2] / "build" / "benchmarks.json"


class Benchmark(NamedTuple):
    """What to run, and what is aimed at by name, such as "≤ 20"."""

    measure: Callable[[], dict[str, float]]
    targets: Mapping[str, str]


def main(wanted: list[str]) -> int:
    """Run the benchmarks named, or all, and return the exit code: 2 when a name is unknown."""
    found = dict(_benchmarks())
    unknown = [name for name in wanted if name not in found]
    if unknown:
        print(f"no benchmark is called {unknown[0]!r}: there are {', '.join(found)}", file=sys.stderr)
        return 2
    console = Console()
    results: dict[str, dict[str, float]] = {}
    for name in wanted or found:
        console.print(f"measuring {name} …")
        results[name] = found[name].measure()
        console.print(_table(name, results[name], found[name].targets))
    RESULT.parent.mkdir(exist_ok=True)
    targets = {name: dict(found[name].targets) for name in results}
    document = {"machine": _machine(), "results": results, "targets": targets}
    RESULT.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    console.print(f"written to {RESULT}")
    return 0


def _benchmarks() -> Iterator[tuple[str, Benchmark]]:
    for module_info in pkgutil.iter_modules(benchmarks.__path__):
        if module_info.name != "__main__":
            module: Any = importlib.import_module(f"{benchmarks.__name__}.{module_info.name}")
            if hasattr(module, "measure"):
                yield module_info.name, Benchmark(module.measure, getattr(module, "TARGETS", {}))


def _table(name: str, measured: dict[str, float], targets: Mapping[str, str]) -> Table:
    table = Table(title=name, title_justify="left")
    table.add_column("measured")
    table.add_column("value", justify="right")
    table.add_column("target", justify="right")
    for metric, value in sorted(measured.items(), key=lambda item: "ratio" not in item[0]):
        shown = f"{value:,.2f}" if abs(value) < 1_000 else f"{value:,.0f}"
        table.add_row(metric, shown, targets.get(metric, ""))
    return table


def _machine() -> dict[str, str | int | None]:
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "cpu_count": os.cpu_count(),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
