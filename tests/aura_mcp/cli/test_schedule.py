"""`aura schedule install`: what cron, systemd and launchd are told, and only once."""

import json
import plistlib
import shlex
import stat
from pathlib import Path

import pytest

from aura_mcp.cli.entry import run
from tests.aura_mcp.cli.conftest import Aura

TABLE = "# mine\n0 3 * * * /usr/bin/backup\n"


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the home of a user whose AURA lives in a folder with a difficult name, and who has keys."""
    home = tmp_path / "user"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AURA_HOME", str(tmp_path / 'a "b" 100% $x'))
    monkeypatch.setenv("HELIUS_API_KEY", "planted-key")
    return home


@pytest.fixture
def crontab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a crontab program on the PATH that keeps its table in a file, and return the file."""
    table, folder = tmp_path / "table", tmp_path / "bin"
    folder.mkdir()
    program = folder / "crontab"
    program.write_text(
        f"#!/bin/sh\ntable={shlex.quote(str(table))}\n"
        'if [ "$1" = -l ]; then [ -f "$table" ] || { echo "no crontab for you" >&2; exit 1; }; cat "$table"; '
        'else cat >"$table"; fi\n',
        encoding="utf-8",
    )
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return table


@pytest.mark.usefixtures("user")
def test_cron_gets_a_block_beside_what_is_there(aura: Aura, crontab: Path) -> None:
    """Issue: ready files, idempotent, the user's own lines untouched; % is an end of line to cron."""
    crontab.write_text(TABLE, encoding="utf-8")
    planned = aura("schedule", "install", "cron", "--dry-run")
    assert planned.code == 0
    assert crontab.read_text("utf-8") == TABLE
    assert "crontab: would be written" in planned.out
    assert aura("schedule", "install", "cron").code == 0
    first = crontab.read_text("utf-8")
    assert first.startswith(TABLE)
    line = next(line for line in first.splitlines() if line.startswith("*/5 "))
    assert r"100\%" in line
    assert "refresh all --json >/dev/null" in line
    assert "crontab: unchanged" in aura("schedule", "install", "cron").out
    assert crontab.read_text("utf-8") == first
    assert aura("schedule", "install", "cron", "--every", "10").code == 0
    second = crontab.read_text("utf-8")
    assert (second.count("aura-refresh: begin"), "*/10 " in second) == (1, True)
    assert "planted-key" not in second + planned.out


@pytest.mark.usefixtures("user")
def test_cron_without_a_table_gets_one(aura: Aura, crontab: Path) -> None:
    """Our rule: no table is an empty one."""
    assert aura("schedule", "install", "cron").code == 0
    assert crontab.read_text("utf-8").startswith("# aura-refresh: begin")


def test_systemd_gets_a_service_and_a_timer(aura: Aura, user: Path) -> None:
    """systemd.service(5), systemd.timer(5): specifiers and variables doubled, quotes escaped."""
    folder = user / ".config" / "systemd" / "user"
    planned = json.loads(aura("schedule", "install", "systemd", "--dry-run", "--json").out)
    assert not folder.exists()
    assert [text["place"] for text in planned["texts"]] == [
        str(folder / "aura-refresh.service"),
        str(folder / "aura-refresh.timer"),
    ]
    assert aura("schedule", "install", "systemd").code == 0
    service = (folder / "aura-refresh.service").read_text("utf-8")
    assert r'a \"b\" 100%% $$x"' in service
    assert "Type=oneshot" in service
    assert "OnUnitActiveSec=5min" in (folder / "aura-refresh.timer").read_text("utf-8")
    again = aura("schedule", "install", "systemd")
    assert again.out.count("unchanged") == 2
    assert "systemctl --user enable --now aura-refresh.timer" in again.out
    assert "planted-key" not in service


def test_launchd_gets_a_list_that_a_shell_understands(aura: Aura, user: Path) -> None:
    """launchd.plist(5): arguments, interval in seconds."""
    assert aura("schedule", "install", "launchd", "--every", "15").code == 0
    path = user / "Library" / "LaunchAgents" / "dev.aura.refresh.plist"
    document = plistlib.loads(path.read_bytes())
    assert document["StartInterval"] == 900
    assert document["ProgramArguments"][:2] == ["/bin/sh", "-c"]
    words = shlex.split(document["ProgramArguments"][2])
    assert words[-3:] == ["refresh", "all", "--json"]
    assert any(word.startswith("AURA_HOME=") and word.endswith('a "b" 100% $x') for word in words)


@pytest.mark.usefixtures("user")
def test_system_without_cron_says_what_to_do(aura: Aura, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Our rule: one line with the way out."""
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = aura("schedule", "install", "cron")
    assert (refused.code, "no cron here; choose systemd or launchd" in refused.err) == (1, True)
    assert run(["schedule", "install", "sundial"]) == 2
