"""Commands while a hub runs: the same answers, the same lines, and one process that opens the database."""

import json
import os
import signal
import threading
from base64 import b64encode
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from aura_mcp.bridge import MARK, VERSION, Places, dial
from aura_mcp.cli.entry import run
from aura_mcp.errors import AuraError
from aura_mcp.hub.errands import ROLE
from aura_mcp.hub.remote import application_of_hub
from tests.aura_mcp._facts import signature, write_prices, write_rows, write_wallets
from tests.aura_mcp.hub.processes import (
    BOUND_S,
    OLD_HUB,
    OLD_VERSION,
    await_end,
    bridge,
    environment_of,
    events_of,
    hub,
    info_of,
    kill_hub,
    until,
)

HISTORY: Final = (
    "alice buys 100 MEME for 1 at 0 as a1",
    "alice sells 50 MEME for 4.5 at 120 as a2",
    "bob buys 10 MEME for 1 at 10 as b1",
    "bob sells 10 MEME for 0.5 at 30 as b2",
)
QUESTIONS: Final = (
    ("top",),
    ("top", "--by", "pnl", "--currency", "sol"),
    ("top", "--cursor", "mine"),
    ("wallet", "Alice"),
    ("wallet", "nobody"),
    ("trades",),
    ("trades", "Bob"),
    ("trades", "Alice", "--audit", signature("a2")),
    ("trades", "Alice", "--audit", "unknown"),
    ("verify",),
    ("init",),
    ("import", "nothing.json"),
    ("export", "nowhere/facts.jsonl"),
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of `aura` in this process: its exit code, stdout and stderr."""
    monkeypatch.setenv("COLUMNS", "110")

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Return files of a small history."""
    return [
        write_rows(tmp_path / "rows.jsonl", *HISTORY),
        write_prices(tmp_path / "sol.json"),
        write_wallets(tmp_path / "wallets.csv", alice="Alice", bob="Bob"),
    ]


@pytest.fixture
def running(places: Places, environment: dict[str, str]) -> Generator[Places]:
    """Return the places of a hub of this test's own."""
    with hub(environment):
        yield places


def timeless(outcome: tuple[int, str, str]) -> tuple[int, object, str]:
    """Return what a command left without the moment it was asked."""
    code, out, err = outcome
    if not out.startswith("{"):
        return code, out, err
    document: dict[str, Any] = json.loads(out)
    return code, {name: value for name, value in document.items() if name != "as_of"}, err


def test_commands_say_the_same_with_and_without_a_hub(
    command: Run, places: Places, environment: dict[str, str], files: list[Path]
) -> None:
    """Our rule: whether a hub runs makes no difference to what a command answers."""

    def answers() -> list[tuple[int, object, str]]:
        return [timeless(command(*question, *kind)) for question in QUESTIONS for kind in ((), ("--json",))]

    with hub(environment):
        code, out, err = command("import", *files, "--json")
        assert (code, json.loads(out)["new"], err) == (0, len(HISTORY) + 26 + 2, "")
        # What an import brings in now and then is known later on: the second time stands for both.
        command("init")
        served = answers()
        assert command("export", files[0].with_name("served.jsonl"))[0] == 0
        assert command("stop")[0] == 0
    assert answers() == served
    assert command("export", files[0].with_name("own.jsonl"))[0] == 0
    assert files[0].with_name("own.jsonl").read_bytes() == files[0].with_name("served.jsonl").read_bytes()
    assert "errand_failed" not in events_of(places)


def test_database_of_another_name_has_a_hub_of_its_own(
    command: Run, running: Places, tmp_path: Path, files: list[Path]
) -> None:
    """Our rule: `--db` means that file, whatever hub runs over another."""
    other = tmp_path / "other.duckdb"
    assert command("import", files[0], "--db", other)[0] == 0
    assert json.loads(command("top", "--db", other, "--json")[1])["wallets"] == 2
    assert json.loads(command("top", "--json")[1])["wallets"] == 0
    assert info_of(running).database == running.database


def test_progress_comes_back_from_the_hub(running: Places, files: list[Path]) -> None:
    """Our rule: long work shows how far it is, wherever it is done."""
    application = application_of_hub(running)
    assert application is not None
    steps: list[tuple[str, int, int]] = []

    def note(name: str, reached: int, total: int) -> None:
        steps.append((name, reached, total))

    done = application.imports.run(files, note)
    assert (done.files, done.unreadable) == (3, ())
    assert {name for name, _, _ in steps} == {"reading", "booking"}
    assert all(0 <= reached <= total for _, reached, total in steps)


def test_watchers_are_told_of_an_import(
    command: Run, running: Places, environment: dict[str, str], files: list[Path]
) -> None:
    """Spec: DESIGN §3.5; facts that arrive through a command are news like any other."""
    with bridge(environment) as talk:
        talk.greet().send({"id": 1, "method": "resources/subscribe", "params": {"uri": "aura://brief"}})
        assert talk.receive()["id"] == 1
        assert command("import", *files)[0] == 0
        news = talk.receive()
    assert (news["method"], news["params"]["uri"]) == ("notifications/resources/updated", "aura://brief")
    assert info_of(running).is_auto_started


def start_import(places: Places, path: Path) -> tuple[ThreadPoolExecutor, "Future[object]"]:
    """Import a file through the hub on another thread."""
    application = application_of_hub(places)
    assert application is not None
    pool = ThreadPoolExecutor(1)
    return pool, pool.submit(application.imports.run, [path])


def test_hub_that_is_told_to_leave_answers_first(running: Places, fifo: Path) -> None:
    """Our rule: leaving waits for what is under way, within its bound; a pipe, once fed, is refused as a file."""
    pool, result = start_import(running, fifo)
    with pool, fifo.open("wb") as stream:
        os.kill(info_of(running).pid, signal.SIGTERM)
        until(lambda: "hub_leaving" in events_of(running))
        stream.write(b"{}")
        stream.close()
        with pytest.raises(OSError, match="Illegal seek"):
            result.result(BOUND_S)
    await_end(running)


def test_hub_that_dies_during_an_import_is_one_line(running: Places, fifo: Path) -> None:
    """Our rule: no command waits for a hub that is gone."""
    pool, result = start_import(running, fifo)
    with pool, fifo.open("wb"):
        kill_hub(running)
        with pytest.raises(AuraError, match="the hub ended before this was done; what was committed stays"):
            result.result(BOUND_S)


def test_import_that_nobody_waits_for_ends(running: Places, tmp_path: Path) -> None:
    """Our rule: Ctrl-C ends the work in the hub as it would in the command; the next one finds the hub well."""
    rows = write_rows(tmp_path / "many.jsonl", *(f"alice buys 1 MEME for 1 at {second}" for second in range(3000)))
    link = dial(running, ROLE)
    assert link is not None
    link.sendall(f'{{"service":"imports","method":"run","arguments":{{"paths":["{encoded(rows)}"]}}}}\n'.encode())
    link.close()
    until(lambda: "errand_called_off" in events_of(running))
    application = application_of_hub(running)
    assert application is not None
    assert application.imports.run([rows]).duplicate <= 3000
    assert application.verification.run().is_sound


def encoded(path: Path) -> str:
    """Return a path as an errand holds it."""
    return b64encode(os.fsencode(path)).decode()


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"[]",
        b'{"service":"imports","method":"_store","arguments":{}}',
        b'{"service":"store","method":"close","arguments":{}}',
        b'{"service":"wallets","method":"report","arguments":{}}',
        b'{"service":"wallets","method":"report","arguments":{"question":{"wallet":7}}}',
        b'{"service":"wallets","method":"report","arguments":{"who":"Alice"}}',
        b'{"service":"imports","method":"run","arguments":{"paths":["?"]}}',
        MARK + b"errand again",
    ],
)
def test_errand_that_is_none_is_refused(running: Places, line: bytes) -> None:
    """Our rule: what comes over the socket is checked before it is done."""
    link = dial(running, ROLE)
    assert link is not None
    link.settimeout(BOUND_S)
    link.sendall(line + b"\n")
    reply = json.loads(link.recv(1 << 16))
    link.close()
    assert reply.keys() == {"failure"}
    assert "fault of its own" not in reply["failure"]["message"]


def test_hub_of_another_version_is_named(command: Run, places: Places, environment: dict[str, str]) -> None:
    """Our rule: one line with the way out."""
    with hub(environment, OLD_HUB):
        line = f"aura: the running hub is AURA {OLD_VERSION}, this is {VERSION}; `aura stop` ends it, then try again\n"
        assert command("top") == (1, "", line)
    assert places.home


def test_file_of_this_process_alone_is_refused(command: Run, running: Places) -> None:
    """Our rule: the hub's standard input is not the command's."""
    code, out, err = command("import", "/dev/stdin")
    line = "aura: /dev/stdin is another file to the hub than to you; name one on disk, or `aura stop` first\n"
    assert (code, out, err) == (1, "", line)
    assert running.home


def test_command_waits_for_a_hub_that_is_starting(command: Run, places: Places, files: list[Path]) -> None:
    """Our rule: the moment of a start is no reason to fail."""
    environment = environment_of(Path(places.home))
    started = threading.Event()

    def start() -> None:
        with bridge(environment) as talk:
            started.set()
            talk.greet()

    thread = threading.Thread(target=start)
    thread.start()
    started.wait(BOUND_S)
    until(lambda: Path(places.lock).exists())
    assert command("import", files[0])[0] == 0
    thread.join()
