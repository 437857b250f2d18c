"""Exit codes and messages that scripts and people can trust."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from aura_mcp.app import open_application
from aura_mcp.settings import Settings
from tests.aura_mcp._facts import address, mint, write_rows
from tests.aura_mcp.cli.conftest import Aura
from tests.missing import missing

COMMANDS = [
    *("decode", "demo", "export", "import", "init", "top", "trades", "verify", "wallet"),
    *("doctor", "install", "serve", "status", "stop"),
]


def test_help_names_every_command(aura: Aura) -> None:
    """Spec: every command has its line."""
    done = aura("--help")
    assert (done.code, done.err) == (0, "")
    for command in COMMANDS:
        assert f"\n  {command} " in done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented_and_speaks_json(aura: Aura, command: str) -> None:
    """Spec: `--json` on every command that answers; our rule: every option says what it does."""
    done = aura(command, "--help")
    assert (done.code, done.err) == (0, "")
    assert ("--json" in done.out) == (command != "serve")


def test_no_command_is_an_error_of_usage_that_shows_the_help(aura: Aura) -> None:
    """Our rule: help on stderr, exit code 2, so that a script notices."""
    done = aura()
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: aura")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["tpo"], "aura: No such command 'tpo'. Did you mean 'top'?; see aura --help\n"),
        (["top", "--by", "luck"], None),
        (["top", "--window", "2d"], None),
        (["top", "--limit", "0"], None),
        (["wallet"], "aura: Missing argument 'ADDRESS|NICKNAME'; see aura wallet --help\n"),
        (
            ["trades", "--audit", "x"],
            "aura: Invalid value for --audit: needs the wallet whose sale it is; see aura trades --help\n",
        ),
    ],
)
def test_wrong_command_line_exits_2_with_one_line(aura: Aura, arguments: list[str], line: str | None) -> None:
    """Spec: exit codes that scripts can trust."""
    done = aura(*arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert line is None or done.err == line
    failed = json.loads(aura(*arguments, "--json").err)
    assert failed["exit_code"] == 2
    assert failed["error"] == done.err.removeprefix("aura: ").rstrip()


def test_question_without_a_database_says_how_to_get_one(aura: Aura, own_home: Path) -> None:
    """Our rule: a mistyped path never becomes an empty database."""
    done = aura("top")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"aura: there is no database {own_home}/aura.duckdb; `aura init` or `aura import` creates it\n"
    assert not own_home.exists()


def test_locked_database_is_one_line_with_the_holder(aura: Aura, tmp_path: Path) -> None:
    """Spec: a locked database; another process has it open."""
    database = tmp_path / "locked.duckdb"
    with open_application(database, settings=Settings(home=tmp_path)) as application:
        application.imports.load_starter_list()
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        done = aura("top", "--db", database)
        holder.communicate("")
    assert (done.code, done.out) == (1, "")
    assert f"(PID {holder.pid})" in done.err
    assert done.err.count("\n") == 1


def test_other_file_is_refused_as_a_database(aura: Aura, tmp_path: Path) -> None:
    """Spec: one clear line; the file stays as it was."""
    text, foreign = tmp_path / "notes.txt", tmp_path / "foreign.duckdb"
    text.write_text("my notes")
    with duckdb.connect(str(foreign)) as connection:
        connection.execute("CREATE TABLE theirs (x INTEGER)")
    for file in (text, foreign):
        done = aura("verify", "--db", file)
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
        assert str(file) in done.err
    assert text.read_text() == "my notes"


def test_full_disk_is_one_line(aura: Aura, history: Path) -> None:
    """Spec: a full disk; /dev/full refuses every write."""
    if not Path("/dev/full").exists():
        missing("needs /dev/full")
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "aura_mcp", "top", "--db", str(history)],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert run.returncode == 1
    assert run.stderr == "aura: No space left on device; check the path, its permissions and the free space\n"
    assert aura("export", "/dev/full/x", "--db", history).code == 1


def test_closed_pipe_is_quiet(history: Path) -> None:
    """Our rule: `aura … | head` ends without a word, with the code of a broken pipe."""
    read, write = os.pipe()
    os.close(read)
    run = subprocess.run(
        [sys.executable, "-m", "aura_mcp", "trades", "--json", "--db", str(history)],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
    )
    os.close(write)
    assert (run.returncode, run.stderr) == (141, "")


def test_unreadable_file_among_others_exits_1_and_imports_the_rest(aura: Aura, tmp_path: Path) -> None:
    """Spec: rejected rows are counted and exit 0, an unreadable file exits 1."""
    rows, bad = write_rows(tmp_path / "rows.jsonl", "alice buys 1 MEME for 1 at 0"), tmp_path / "bad.json"
    bad.write_bytes(b"\x00\x01\x02")
    done = aura("import", bad, rows, "--db", tmp_path / "x.duckdb", "--json")
    found = json.loads(done.out)
    assert (done.code, found["new"]) == (1, 1)
    assert [entry["file"] for entry in found["unreadable"]] == [str(bad)]


def test_tampered_ledger_fails_verification_with_the_first_differences(aura: Aura, tmp_path: Path) -> None:
    """Spec: exit 1 and the first differences."""
    database = tmp_path / "x.duckdb"
    rows = write_rows(tmp_path / "rows.jsonl", "alice buys 4 MEME for 1 at 0", "alice sells 2 MEME for 2 at 5")
    assert aura("import", rows, "--db", database).code == 0
    with duckdb.connect(str(database)) as connection:
        connection.execute("UPDATE realization SET proceeds_lamports = proceeds_lamports + 1")
    done = aura("verify", "--db", database, "--json")
    assert done.code == 1
    difference = json.loads(done.out)["differences"][-1]
    assert (difference["wallet"], difference["mint"]) == (address("alice"), mint("MEME"))
    assert (difference["table"], difference["column"]) == ("realization", "proceeds_lamports")
    assert (difference["stored"], difference["expected"]) == ("2000000001", "2000000000")
    shown = aura("verify", "--db", database)
    assert shown.code == 1
    assert shown.out.startswith("Not sound.")
    assert "2000000001" in shown.out
