"""The tests themselves: no network, no home of the user, no silent skip in CI."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture._repository import ROOT


def test_other_machines_cannot_be_reached() -> None:
    """Our rule: no network; the address is reserved for documentation (RFC 5737)."""
    with socket.socket() as client:
        with pytest.raises(OSError, match=r"tests reach only this machine, not '192\.0\.2\.1'"):
            client.connect(("192.0.2.1", 80))
        with pytest.raises(OSError, match="tests reach only this machine"):
            client.connect_ex(("192.0.2.1", 80))


def test_names_of_other_machines_are_not_looked_up() -> None:
    """Our rule: no network; the name is reserved (RFC 2606)."""
    with pytest.raises(OSError, match=r"tests reach only this machine, not 'rpc\.example'"):
        socket.getaddrinfo("rpc.example", 443)


def test_this_machine_can_be_reached() -> None:
    """Our rule: fakes serve on the loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_home_is_new_and_the_environment_has_no_keys(tmp_path: Path) -> None:
    """Our rule: no test reads or writes what belongs to the user."""
    assert os.environ["AURA_HOME"] == str(tmp_path / "aura-home")
    assert not Path(os.environ["AURA_HOME"]).exists()
    assert "HELIUS_API_KEY" not in os.environ


@pytest.mark.parametrize(
    ("ci", "outcome"),
    [
        ("", "SKIPPED [2] conftest.py"),
        ("true", "2 errors"),
    ],
)
def test_missing_corpus_skips_in_one_line_but_fails_in_ci(tmp_path: Path, ci: str, outcome: str) -> None:
    """Spec: skip with one clear line where the recorded data is absent; CI always has it."""
    (tmp_path / "conftest.py").write_text(
        (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\ndef test_a(corpus): pass\n\n@pytest.mark.corpus\ndef test_b(): pass\n", encoding="utf-8"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = corpus\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "CI": ci, "AURA_CORPUS": str(tmp_path / "nowhere")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert outcome in run.stdout
    assert "needs the recorded data: put it at ../shared/data or name its folder in AURA_CORPUS" in run.stdout
    assert run.stdout.count("SKIPPED") <= 1
