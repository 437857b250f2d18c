"""The installed `aura`, as a user starts it."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

AURA = Path(sys.executable).with_name("aura")
DEMO_LIMIT_S = 10


def aura(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in its own process."""
    return subprocess.run([AURA, *arguments], cwd=cwd, check=False, capture_output=True, text=True, timeout=50)


def processor_s() -> float:
    """Return the processor time of every process that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_first_steps_of_a_new_user(tmp_path: Path) -> None:
    """Spec: init, import, top, wallet, verify, export, on an empty home."""
    recording = Path(__file__).parents[2] / "aura_mcp" / "demo" / "recording.jsonl.gz"
    assert aura("init", cwd=tmp_path).returncode == 0
    imported = aura("import", recording, cwd=tmp_path)
    assert (imported.returncode, imported.stderr) == (0, "")
    board = json.loads(aura("top", "--limit", "1", "--json", cwd=tmp_path).stdout)
    report = aura("wallet", board["standings"][0]["wallet"]["address"], cwd=tmp_path)
    assert "round trips" in report.stdout
    assert aura("verify", cwd=tmp_path).stdout.startswith("Sound.")
    assert aura("export", "copy.jsonl.gz", cwd=tmp_path).returncode == 0
    assert (tmp_path / "copy.jsonl.gz").read_bytes() == recording.read_bytes()


def test_demo_shows_the_main_job_within_its_time(tmp_path: Path, own_home: Path) -> None:
    """Spec: offline, in a temporary home, under 10 s; questions, tool calls, answers, what to do next.

    Counted is processor time: what else the machine does is not the demo's.
    """
    before_s = processor_s()
    done = aura("demo", cwd=tmp_path)
    took_s = processor_s() - before_s
    assert (done.returncode, done.stderr) == (0, "")
    for part in ("top_wallets {", "won 17 of 19", "explain_pnl {", "lot 1 ", "aura install claude"):
        assert part in done.stdout
    assert took_s < DEMO_LIMIT_S
    assert not own_home.exists()


def test_help_and_version_do_not_wait_for_the_database() -> None:
    """Our rule: `aura --help` answers at once; the database, pydantic and the readers are loaded when needed."""
    code = (
        "import sys, aura_mcp.cli\n"
        "heavy = ('duckdb', 'pyarrow', 'pydantic', 'httpx', 'mcp', 'engine.reading')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "[]\n"


def test_version_is_that_of_the_distribution(tmp_path: Path) -> None:
    """Spec: the distribution `aura-mcp`."""
    assert aura("--version", cwd=tmp_path).stdout == "aura 0.1.0\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_terminal_of_another_encoding_gets_codes_instead_of_a_crash(tmp_path: Path, encoding: str) -> None:
    """Our rule: what cannot be drawn is escaped."""
    run = subprocess.run(
        [AURA, "demo"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
        capture_output=True,
        timeout=50,
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert b"PATH\\u2026" in run.stdout
