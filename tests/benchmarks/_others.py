"""Make the machine hard to work on, as others do: programs that never rest, and one that makes the disk stand still.

`AURA_BENCH_BUSY` says how many never rest, `AURA_BENCH_SYNC_MB` how much is made durable at once, again and again; both
are 0 unless set. Not responsible for what is measured beside them (`webhooks`).
"""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import sleep
from typing import Final

BUSY: Final = int(os.environ.get("AURA_BENCH_BUSY", "0"))
SYNC_MB: Final = int(os.environ.get("AURA_BENCH_SYNC_MB", "0"))
PAUSE_S: Final = 0.7
MEGABYTE: Final = os.urandom(1 << 20)


@contextmanager
def others(folder: Path) -> Generator[None]:
    """Run them during the block; what is written goes into a folder."""
    commands = [("busy",)] * BUSY + [("sync", str(folder / "heavy"), str(SYNC_MB))] * bool(SYNC_MB)
    with ExitStack() as running:
        for command in commands:
            process = running.enter_context(
                subprocess.Popen((sys.executable, "-m", "tests.benchmarks._others", *command))
            )
            running.callback(process.kill)
        yield


def main(what: str, *arguments: str) -> None:
    """Never rest, or write so many megabytes to a file and sync it, until killed."""
    if what == "busy":
        while True:
            pass
    path, megabytes = arguments
    with Path(path).open("wb", buffering=0) as file:
        while True:
            file.seek(0)
            file.writelines(MEGABYTE for _ in range(int(megabytes)))
            os.fsync(file.fileno())
            sleep(PAUSE_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
