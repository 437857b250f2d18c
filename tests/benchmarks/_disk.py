"""Tell how the disk was doing meanwhile: a process that makes one page durable a hundred times a second.

Whoever waits for the disk waits as long as that at least. Not responsible for what is measured beside it (`webhooks`).
"""

import json
import os
import select
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Final

EVERY_S: Final = 0.01
STALLED_MS: Final = 15.0
PAGE: Final = os.urandom(4_096)

_sync: Final = getattr(os, "fdatasync", os.fsync)


@contextmanager
def watched_disk(folder: Path) -> Generator[dict[str, float]]:
    """Yield what holds, after the block, the longest sync in ms and the percentage of time in those over 15 ms."""
    found: dict[str, float] = {}
    command = (sys.executable, "-m", "tests.benchmarks._disk", str(folder / "page"))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        at = perf_counter()
        yield found
        spent_ms = 1_000 * (perf_counter() - at)
        times: list[float] = json.loads(process.communicate()[0])
    found["disk_sync_max_ms"] = max(times)
    found["disk_stalled_percent"] = 100 * sum(time for time in times if time > STALLED_MS) / spent_ms


def main() -> None:
    """Sync until the end of stdin, then write the times in ms as JSON."""
    times: list[float] = []
    with Path(sys.argv[1]).open("wb", buffering=0) as file:
        while not select.select([sys.stdin], [], [], EVERY_S)[0]:
            at = perf_counter()
            # The same place again: nothing but the page has to be written.
            os.pwrite(file.fileno(), PAGE, 0)
            _sync(file.fileno())
            times.append(1_000 * (perf_counter() - at))
    sys.stdout.write(json.dumps(times))


if __name__ == "__main__":
    main()
