"""Nothing is lost: an import that is killed has stored whole batches, and importing again completes the rest."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from data.importer import import_paths
from data.store import Store
from tests.builders.facts import row

ROWS: Final = 24_000
WALLETS: Final = 40
IMPORT: Final = """
import sys
from pathlib import Path
from data.importer import import_paths, trade_rows
from data.store import Store

trade_rows.BATCH_ROWS = 1000
print("started", flush=True)
with Store.open(Path(sys.argv[1])) as store:
    import_paths(store, [Path(sys.argv[2])])
    store.booking.book()
print("done", flush=True)
"""


def test_killed_import_is_completed_by_the_next(tmp_path: Path) -> None:
    """Spec: `kill -9` during import, then `aura verify` passes. The suite's few rounds; `make soak` has all."""
    _kill_and_complete(tmp_path, rounds=3)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_import_survives_being_killed_fifty_times(tmp_path: Path) -> None:
    """Spec: 50 times."""
    _kill_and_complete(tmp_path, rounds=50)


def _kill_and_complete(folder: Path, rounds: int) -> None:
    rows = folder / "rows.jsonl"
    rows.write_bytes(b"\n".join(_rows()))
    chance = random.Random(rounds)
    killed = 0
    for number in range(rounds):
        database = folder / f"{number}.duckdb"
        killed += _import_and_kill(database, rows, chance.uniform(0.02, 1.2))
        with Store.open(database) as store:
            assert store.verification.verify().is_sound
            ((stored,),) = store.database.rows("SELECT count(*) FROM leg")
            assert stored % 1000 == 0
            report = import_paths(store, [rows])
            assert (report.new, report.duplicate) == (ROWS - stored, stored)
            assert store.verification.verify().is_sound
        database.unlink()
    assert killed


def _import_and_kill(database: Path, rows: Path, after_s: float) -> bool:
    command = [sys.executable, "-c", IMPORT, str(database), str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def _rows() -> Iterator[bytes]:
    for number in range(ROWS):
        side = "sell" if number // WALLETS % 3 == 2 else "buy"
        yield row(side, f"{number % 977 + 1}.25", wallet=f"w{number % WALLETS}", at=number, signed=str(number))
