"""`aura install` for all five clients, on the files of a user who never sees them."""

import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from typer.testing import CliRunner

from aura_mcp.cli import install
from aura_mcp.clients import CLIENTS, Client, ClientName, find_command
from aura_mcp.errors import AuraError

SECRET = "sk-someone-elses"
EXISTING = '{\n\t"keep": [1, 2],\n\t"mcpServers": {"git": {"command": "git-mcp", "env": {"K": "' + SECRET + '"}}}\n}\n'


class Done(NamedTuple):
    """What the command left: its data, and why it refused."""

    out: str
    error: str


def aura_install(*arguments: str) -> Done:
    """Run the command in this process."""
    app = typer.Typer()
    install.register(app)
    result = CliRunner().invoke(app, list(arguments))
    error = result.exception
    assert error is None or isinstance(error, AuraError | SystemExit)
    return Done(result.output, "" if error is None else str(error))


def file_of(client: Client, home: Path) -> Path:
    """Return the client's file, with its folder there as after the client's first start."""
    file = client.file("linux", home, {})
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def backups(file: Path) -> list[Path]:
    """Return what stands beside the file."""
    return sorted(path for path in file.parent.iterdir() if path != file and path.is_file())


@pytest.fixture(params=list(ClientName), ids=str)
def client(request: pytest.FixtureRequest) -> Client:
    """Return each client in turn."""
    return CLIENTS[request.param]


def test_first_install_writes_the_server_with_an_absolute_path(client: Client, home: Path) -> None:
    """Spec: `aura install`; the command is that of this installation."""
    done = aura_install(client.name)
    file = client.file("linux", home, {})
    entry: dict[str, Any] = json.loads(file.read_text("utf-8"))[client.section]["aura"]
    assert Path(entry["command"]).is_absolute()
    assert os.access(entry["command"], os.X_OK)
    assert Path(entry["command"]).name == "aura-mcp"
    assert file.stat().st_mode & 0o777 == 0o600
    assert str(file) in done.out
    assert client.next_step in done.out
    assert backups(file) == []


def test_second_install_changes_nothing(client: Client, home: Path) -> None:
    """Spec: idempotent; not even the file's time, and no second backup."""
    file = file_of(client, home)
    file.write_text(EXISTING.replace("mcpServers", client.section), "utf-8")
    aura_install(client.name)
    before = (file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_ino, backups(file))
    done = aura_install(client.name)
    assert (file.read_bytes(), file.stat().st_mtime_ns, file.stat().st_ino, backups(file)) == before
    assert "knows AURA already" in done.out


def test_backup_holds_the_old_bytes_and_the_mode_is_kept(client: Client, home: Path) -> None:
    """Spec: a backup beside the file; unknown content preserved; mode kept."""
    file = file_of(client, home)
    old = EXISTING.replace("mcpServers", client.section)
    file.write_text(old, "utf-8")
    file.chmod(0o640)
    aura_install(client.name)
    assert [path.read_text("utf-8") for path in backups(file)] == [old]
    assert [path.stat().st_mode & 0o777 for path in [file, *backups(file)]] == [0o640, 0o640]
    document = json.loads(file.read_text("utf-8"))
    assert document[client.section].pop("aura")["command"] == str(find_command())
    assert document == json.loads(old)


def test_dry_run_shows_the_change_and_makes_none(client: Client, home: Path) -> None:
    """Spec: `--dry-run` shows the diff; our rule: not with the keys of other servers."""
    file = file_of(client, home)
    file.write_text('{\n  "a": {\n    "key": "' + SECRET + '"\n  },\n  "b": 1\n}\n', "utf-8")
    before = file.read_bytes()
    done = aura_install(client.name, "--dry-run")
    assert f'+  "{client.section}": {{' in done.out
    assert SECRET not in done.out
    assert (file.read_bytes(), backups(file)) == (before, [])


def test_json_says_what_was_done(client: Client, home: Path) -> None:
    """Spec: `--json` on every command."""
    file = file_of(client, home)
    file.write_text("{}", "utf-8")
    found: dict[str, Any] = json.loads(aura_install(client.name, "--json").out)
    assert found.pop("diff").startswith("---")
    assert found == {
        "client": client.name,
        "file": str(file),
        "backup": f"{file}.aura-backup",
        "is_changed": True,
        "is_client_found": True,
        "is_dry_run": False,
        "next_step": client.next_step,
    }


@pytest.mark.parametrize("content", [b'{"a": 1', b"[]", b"\xff\xfe{}", b'{"mcpServers": 1, "servers": 1}'])
def test_malformed_file_is_refused_in_one_line_and_not_touched(client: Client, home: Path, content: bytes) -> None:
    """Spec: refuses malformed JSON with one clear line and touches nothing."""
    file = file_of(client, home)
    file.write_bytes(content)
    done = aura_install(client.name)
    assert str(file) in done.error
    assert "mend the file" in done.error
    assert "\n" not in done.error
    assert (file.read_bytes(), backups(file)) == (content, [])


def test_only_vs_code_may_have_comments(client: Client, home: Path) -> None:
    """Spec: the others read strict JSON; with a comment they would not start at all, so we say so."""
    file = file_of(client, home)
    file.write_text("{\n  // mine\n}\n", "utf-8")
    done = aura_install(client.name)
    assert (done.error == "") == client.allows_comments
    assert "// mine" in file.read_text("utf-8")


def test_earlier_backup_is_never_overwritten(home: Path) -> None:
    """Our rule: the oldest backup is the one that a user wants."""
    file = file_of(CLIENTS[ClientName.CURSOR], home)
    for content in ('{"first": 1}', '{"second": 2}', '{"first": 1}'):
        file.write_text(content, "utf-8")
        aura_install("cursor")
    assert {path.name: path.read_text("utf-8") for path in backups(file)} == {
        "mcp.json.aura-backup": '{"first": 1}',
        "mcp.json.aura-backup-1": '{"second": 2}',
    }


def test_link_to_a_file_elsewhere_stays_a_link(home: Path) -> None:
    """Our rule: people keep their configuration in repositories."""
    file = file_of(CLIENTS[ClientName.CURSOR], home)
    real = home / "dotfiles.json"
    real.write_text("{}", "utf-8")
    file.symlink_to(real)
    aura_install("cursor")
    assert file.is_symlink()
    assert "aura" in json.loads(real.read_text("utf-8"))["mcpServers"]


def test_failed_write_leaves_the_old_file_and_nothing_beside_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: whole or not at all; a full disk shows itself at the latest when the data is forced out."""
    file = file_of(CLIENTS[ClientName.CURSOR], home)
    file.write_text("{}", "utf-8")

    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    done = aura_install("cursor")
    assert done.error.endswith("cannot be written: No space left on device; nothing was changed")
    assert (file.read_text("utf-8"), backups(file)) == ("{}", [])


def test_folder_in_place_of_the_file_is_a_clear_line(home: Path) -> None:
    """Our rule: every failure is one line that names the file."""
    file = file_of(CLIENTS[ClientName.WINDSURF], home)
    file.mkdir()
    assert aura_install("windsurf").error.startswith(f"{file} cannot be read: Is a directory")


def test_state_of_this_shell_goes_along_and_keys_do_not(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: a client started from the desktop must open the same database; keys are the user's to place."""
    monkeypatch.setenv("AURA_HOME", "~/state")
    monkeypatch.setenv("HELIUS_API_KEY", SECRET)
    aura_install("cursor")
    file = CLIENTS[ClientName.CURSOR].file("linux", home, {})
    assert json.loads(file.read_text("utf-8"))["mcpServers"]["aura"]["env"] == {"AURA_HOME": f"{home}/state"}
    assert SECRET not in file.read_text("utf-8")


def test_missing_command_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Our rule: no entry that cannot start."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    def get_path(_name: str) -> str:
        return str(tmp_path)

    monkeypatch.setattr("sysconfig.get_path", get_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install aura-mcp again" in aura_install("claude").error
