"""Run every benchmark, print what it measured as a table, and write it all to `build/benchmarks.json`.

A benchmark is a module of this folder with a function `measure() -> dict[str, float]`; one that is named on the
command line runs alone. Ratios come first: times differ from machine to machine.
"""

import importlib
import json
import os
import pkgutil
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tests import benchmarks

RESULT: Final = Path(__file__).resolve().parents[2] / "build" / "benchmarks.json"


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
        results[name] = found[name]()
        console.print(_table(name, results[name]))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"machine": _machine(), "results": results}, indent=2) + "\n", "utf-8")
    console.print(f"written to {RESULT}")
    return 0


def _benchmarks() -> Iterator[tuple[str, Callable[[], dict[str, float]]]]:
    for module_info in pkgutil.iter_modules(benchmarks.__path__):
        if module_info.name != "__main__":
            module: Any = importlib.import_module(f"{benchmarks.__name__}.{module_info.name}")
            if hasattr(module, "measure"):
                yield module_info.name, module.measure


def _table(name: str, measured: dict[str, float]) -> Table:
    table = Table(title=name, title_justify="left")
    table.add_column("measured")
    table.add_column("value", justify="right")
    for metric, value in sorted(measured.items(), key=lambda item: "ratio" not in item[0]):
        table.add_row(metric, f"{value:,.2f}" if abs(value) < 1_000 else f"{value:,.0f}")
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
