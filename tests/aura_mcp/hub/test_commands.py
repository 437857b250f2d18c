"""`aura serve`, `status`, `stop` and `doctor`, against real hubs."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import typer

from aura_mcp.bridge import VERSION, Places
from aura_mcp.cli.hub_commands import register
from aura_mcp.errors import AuraError
from aura_mcp.hub import visit
from tests.aura_mcp.hub.processes import (
    BOUND_S,
    INITIALIZE,
    bridge,
    events_of,
    info_of,
    one_line,
    run_bridge,
)

PROGRAM: Final = (
    sys.executable,
    "-c",
    "import typer; from aura_mcp.cli.hub_commands import register; app = typer.Typer(); register(app); app()",
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in this process: its exit code, stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    app = typer.Typer()
    register(app)

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        result: object = app(args=list(arguments), standalone_mode=False)
        captured = capsys.readouterr()
        return (result if isinstance(result, int) else 0), captured.out, captured.err

    return call


def findings(run: Run) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the doctor's exit code, and what it found by name."""
    code, out, _ = run("doctor", "--json")
    return code, {finding["name"]: finding for finding in json.loads(out)}


def test_without_a_hub_status_fails_and_stop_does_not(run: Run, own_home: Path) -> None:
    """Our rule: looking creates nothing; exit code 1 is for scripts."""
    assert run("status") == (1, "", "no hub runs; the next MCP client starts one, or `aura serve` does\n")
    code, out, _ = run("status", "--json")
    assert (code, json.loads(out)) == (1, {"is_running": False})
    assert run("stop") == (0, "", "no hub was running\n")
    assert not own_home.exists()


def test_status_shows_the_hub_on_one_screen(run: Run, shared_hub: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec: version, uptime, database, HTTP address, last slot, sessions; `--json` names the token's file."""
    monkeypatch.setenv("AURA_HOME", shared_hub.home)
    info = info_of(shared_hub)
    code, out, _ = run("status")
    assert code == 0
    rows = [line.split()[0] for line in out.splitlines()]
    assert rows == ["version", "uptime", "database", "facts", "HTTP", "bridges", "sessions", "followed", *["no"] * 3]
    code, out, _ = run("status", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["http"] == {"url": info.http_url, "token_file": shared_hub.token}
    assert found["database"].keys() == {"path", "size_bytes", "last_slot", "last_fact_at"}
    assert (found["is_running"], found["version"], found["pid"]) == (True, VERSION, info.pid)
    assert Path(shared_hub.token).read_text("ascii").strip() not in out


def test_serve_takes_over_from_a_hub_that_a_bridge_started(
    run: Run, places: Places, environment: dict[str, str]
) -> None:
    """Spec: DESIGN §1, `aura serve` stays; bridges go on with it, a second one is refused, Ctrl-C and stop end it."""
    with bridge(environment) as talk:
        talk.greet()
        first = info_of(places).pid
        with subprocess.Popen((*PROGRAM, "serve"), stderr=subprocess.PIPE, env=environment, text=True) as serving:
            assert serving.stderr is not None
            line = serving.stderr.readline()
            info = info_of(places)
            assert line == f"hub {VERSION} over {places.database}; HTTP at {info.http_url}; Ctrl-C to end it\n"
            assert (info.pid != first, info.is_auto_started) == (True, False)
            assert talk.call(1, "noop").text() == "ok"
            with pytest.raises(AuraError, match="a hub is already running"):
                run("serve")
            serving.send_signal(signal.SIGINT)
            assert serving.wait(BOUND_S) == 0
        assert events_of(places)[-1] == "hub_left"
        assert talk.call(2, "noop").text() == "ok"
        assert run("stop") == (0, "", "the hub has left\n")


def test_stdio_mode_is_one_process(environment: dict[str, str], places: Places) -> None:
    """Spec: for containers: one client, no other door, only protocol on stdout."""
    with subprocess.Popen(
        (*PROGRAM, "serve", "--stdio"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as serving:
        assert serving.stdin is not None
        assert serving.stdout is not None
        question = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
        serving.stdin.write(json.dumps(question).encode() + b"\n")
        serving.stdin.flush()
        reply = json.loads(serving.stdout.readline())
        assert reply["result"]["capabilities"]["tools"] == {"listChanged": True}
        where = f"{places.database} is served to one client on stdio of PID {serving.pid}; "
        assert one_line(run_bridge(environment)) == f"{where}end that process first"
        with pytest.raises(AuraError, match=f"{where}nobody else can ask there"):
            visit(places)
        serving.stdin.close()
        assert serving.stdout.read() == b""
        assert serving.wait(BOUND_S) == 0


def test_stdio_has_no_port(run: Run) -> None:
    """Our rule: an option that would do nothing is refused."""
    with pytest.raises(typer.BadParameter, match="there is no HTTP with --stdio"):
        run("serve", "--stdio", "--port", "8000")


def test_doctor_finds_a_new_home_healthy(run: Run, own_home: Path) -> None:
    """Our rule: what is not there yet is no problem, and the doctor leaves nothing behind."""
    code, found = findings(run)
    assert (code, [name for name, finding in found.items() if finding["is_problem"]]) == (0, [])
    assert found["database"]["fix"] == "aura init"
    assert found["keys"]["detail"] == "none set; none is needed"
    assert not own_home.exists()
    assert "→ aura init" in run("doctor")[1]


def test_doctor_names_keys_and_never_shows_them(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spec: keys present; security notes, key leakage."""
    monkeypatch.setenv("HELIUS_API_KEY", "secret-of-mine")
    assert findings(run)[1]["keys"]["detail"] == "HELIUS_API_KEY"
    assert "secret-of-mine" not in run("doctor")[1]


def test_doctor_says_how_to_mend_what_is_broken(run: Run, places: Places, tmp_path: Path) -> None:
    """Spec: sockets, database and client configurations, each with the fix."""
    Path(places.run).mkdir(parents=True)
    Path(places.run).chmod(0o755)
    Path(places.database).write_text("this is no database", encoding="utf-8")
    cursor = tmp_path / ".cursor" / "mcp.json"
    cursor.parent.mkdir()
    cursor.write_text('{"mcpServers": {"aura": {"command": "/nowhere/aura-mcp"}}}', encoding="utf-8")
    (tmp_path / ".claude.json").write_text("{broken", encoding="utf-8")
    windsurf = tmp_path / ".codeium" / "windsurf" / "mcp_config.json"
    windsurf.parent.mkdir(parents=True)
    windsurf.write_text('{"mcpServers": {"other": {"command": "other"}}}', encoding="utf-8")
    code, found = findings(run)
    assert code == 1
    assert found["sockets"]["fix"] == f"chmod 700 {places.run}"
    assert "not a database" in found["database"]["detail"]
    assert "'/nowhere/aura-mcp', which is not found" in found["Cursor"]["detail"]
    assert found["Cursor"]["fix"] == "aura install cursor"
    assert found["Claude Code"]["fix"] == "mend that file"
    assert (found["Windsurf"]["detail"], found["Windsurf"]["fix"]) == ("does not know AURA", "aura install windsurf")


def test_doctor_talks_to_the_hub_that_runs(run: Run, shared_hub: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: it asks the hub rather than trusting its files, and leaves the database to it."""
    monkeypatch.setenv("AURA_HOME", shared_hub.home)
    code, found = findings(run)
    assert code == 0
    assert found["hub"]["detail"].startswith(f"version {VERSION}, PID {info_of(shared_hub).pid}, answers at unix ")
    assert found["database"]["detail"].endswith("in use")


def test_doctor_tells_remains_from_a_hub(run: Run, places: Places) -> None:
    """Our rule: files of a hub that was killed are no hub, and no problem."""
    Path(places.run).mkdir(parents=True, mode=0o700)
    Path(places.address).write_text("0.1.0 unix /nowhere/hub.sock\n", encoding="utf-8")
    code, found = findings(run)
    assert code == 0
    assert "one ended without leaving" in found["hub"]["detail"]
