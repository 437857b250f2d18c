"""The bridge as its clients see it: a process that speaks MCP on stdio and outlives its hubs."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tomllib
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from mcp import Client, StdioServerParameters

from aura_mcp.bridge import (
    HUB_LOST,
    MAX_FRAME_BYTES,
    VERSION,
    Books,
    Places,
    dial,
    prepare_run_folder,
    read_address,
)
from aura_mcp.hub import HubSettings
from tests.aura_mcp.hub.processes import (
    BOUND_S,
    BRIDGE,
    MODERN,
    OLD_BRIDGE,
    OLD_HUB,
    OLD_VERSION,
    ROOT,
    bridge,
    environment_of,
    events_of,
    full_disk,
    hub,
    info_of,
    kill_hub,
    one_line,
    read_only_folder,
    run_bridge,
    until,
)

ERAS: Final = ("legacy", "2026-07-28", "auto")


def test_version_is_the_one_of_the_distribution() -> None:
    """Our rule: the bridge cannot afford to look its version up, so it says it; hubs are replaced by it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AURA_HOME": ""},
        {"XDG_DATA_HOME": "/data/of/mine"},
        {"AURA_HOME": "~/aura"},
        {"AURA_DB": "/elsewhere/wallets.duckdb"},
        {"AURA_HOME": "/h", "AURA_DB": "/h/aura.duckdb"},
    ],
    ids=str,
)
def test_bridge_and_settings_agree_on_the_places(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """Our rule: the bridge reads the same variables as the settings, without importing them."""
    monkeypatch.delenv("AURA_HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = HubSettings.load()
    found = Places.of_environment(os.environ)
    assert (found.run, found.database) == (settings.places().run, settings.places().database)
    assert found.database == str(settings.database)


def test_every_database_has_a_hub_of_its_own() -> None:
    """Our rule: nobody gets answers out of another database than the one named."""
    usual, other = Places("/h"), Places("/h", "/other.duckdb")
    assert usual.run == "/h/run"
    assert other.run.startswith("/h/run-")
    assert Places("/h", "/h/aura.duckdb").run == usual.run


@pytest.mark.parametrize("era", ERAS)
def test_client_of_either_era_is_served(shared_hub: Places, era: str) -> None:
    """Spec: a real client at every door; 2026-07-28 has no handshake."""
    server = StdioServerParameters(command=BRIDGE[0], args=list(BRIDGE[1:]), env=environment_of(Path(shared_hub.home)))

    async def ask() -> None:
        async with Client(server, mode=era) as client:
            tools = await client.list_tools()
            result = await client.call_tool("system_status", {})
        assert "system_status" in {tool.name for tool in tools.tools}
        assert result.structured_content is not None
        assert result.structured_content["version"] == VERSION

    asyncio.run(ask())


def test_twelve_bridges_at_once_start_one_hub(places: Places, environment: dict[str, str]) -> None:
    """Spec: the specification; the log has one start, whoever won."""
    with ExitStack() as stack:
        talks = [stack.enter_context(bridge(environment)) for _ in range(12)]
        for talk in talks:
            talk.greet().call(1, "noop")
        assert [talk.text() for talk in talks] == ["ok"] * 12
    assert events_of(places) == ["hub_started"]


def test_call_running_at_a_crash_fails_and_the_next_works(
    places: Places, environment: dict[str, str], fifo: Path
) -> None:
    """Spec: kill -9 of the hub during a call; the handshake is repeated behind the client's back.

    In the newer era there is none to repeat, and a client that was not waiting notices nothing.
    Neither bridge has started the hub before: the first that starts one does so while it serves.
    """
    assert run_bridge(environment).returncode == 0
    with bridge(environment) as talk, bridge(environment) as modern:
        assert modern.call(1, "noop", is_modern=True).text() == "ok"
        talk.greet().call(1, "hold", fifo=str(fifo))
        with fifo.open("w"):
            talk.send({"id": "list", "method": "tools/list"})
            assert talk.receive()["id"] == "list"
            kill_hub(places)
        lost = talk.receive()
        assert lost["id"] == 1
        assert lost["error"]["code"] == HUB_LOST
        assert "repeat the call" in lost["error"]["message"]
        assert talk.call(2, "noop").text() == "ok"
        assert modern.call(2, "noop", is_modern=True).text() == "ok"
        assert (talk.hang_up(), modern.hang_up()) == (0, 0)


def test_hub_that_cannot_come_back_is_an_error_of_each_call(places: Places, environment: dict[str, str]) -> None:
    """Our rule: the client never has to restart, so the bridge stays, says why, and tries again."""
    with bridge(environment) as talk:
        talk.greet()
        database = Path(places.database)
        kept = database.with_suffix(".kept")
        database.rename(kept)
        database.write_text("this is no database", encoding="utf-8")
        kill_hub(places)
        reply = talk.call(1, "noop").receive()
        assert reply["error"]["code"] == HUB_LOST
        assert "not a database" in reply["error"]["message"]
        kept.replace(database)
        assert talk.call(2, "noop").text() == "ok"


def test_hub_of_another_version_is_replaced_when_its_calls_have_ended(
    places: Places, environment: dict[str, str], fifo: Path
) -> None:
    """Spec: replaced politely: the running call gets its answer, and its client goes on with the new hub."""
    with hub(environment, OLD_HUB) as old_hub, bridge(environment, OLD_BRIDGE) as old:
        assert info_of(places).version == OLD_VERSION
        old.greet().call(1, "hold", fifo=str(fifo))
        with fifo.open("w", encoding="utf-8") as release, bridge(environment) as new:
            new.call(0, "noop", is_modern=True)
            until(lambda: events_of(places)[-1] == "hub_leaving")
            old.call(2, "noop")
            release.write("held")
            release.close()
            assert old.text() == "held"
            assert old_hub.wait(BOUND_S) == 0
            assert new.text() == "ok"
            assert info_of(places).version == VERSION
            assert old.text() == "ok"
            assert old.call(3, "noop").text() == "ok"


def test_call_that_was_answered_with_the_farewell_is_not_repeated(places: Places, environment: dict[str, str]) -> None:
    """Our rule: reply and farewell may arrive in one piece; a hub played by the test sends them so."""
    prepare_run_folder(places)
    path = Path(places.run, "fake.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(BOUND_S)
        listener.bind(str(path))
        listener.listen()
        Path(places.address).write_text(f"{VERSION} unix {path}\n", encoding="ascii")
        with bridge(environment) as talk:
            talk.call(1, "first").call(2, "second")
            with listener.accept()[0] as link, link.makefile("rb") as lines:
                assert lines.readline() == f"AURA bridge {VERSION} \n".encode()
                assert b'"first"' in lines.readline()
                assert b'"second"' in lines.readline()
                link.sendall(b'{"jsonrpc":"2.0","id":1,"result":{}}\nAURA replaced\n')
            assert talk.receive() == {"jsonrpc": "2.0", "id": 1, "result": {}}
            with listener.accept()[0] as link, link.makefile("rb") as lines:
                lines.readline()
                assert b'"second"' in lines.readline()
                link.sendall(b'{"jsonrpc":"2.0","id":2,"result":{}}\n')
                assert talk.receive()["id"] == 2
                talk.close_stdin()
                assert lines.read() == b""


def test_token_is_not_sent_to_the_port_of_a_dead_hub(places: Places) -> None:
    """Our rule: the port may be another program's by now."""
    prepare_run_folder(places)
    Path(places.token).write_text("secret", encoding="ascii")
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        Path(places.address).write_text(f"{VERSION} tcp {stranger.getsockname()[1]}\n", encoding="ascii")
        assert dial(places, "bridge") is None
        stranger.settimeout(0)
        with pytest.raises(BlockingIOError):
            stranger.accept()


def test_remains_of_a_dead_hub_are_no_obstacle(places: Places, environment: dict[str, str]) -> None:
    """Spec: a stale socket, a stale lock, a dead pid."""
    run = Path(places.run)
    run.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as stale, subprocess.Popen([sys.executable, "-c", "pass"]) as dead:
        dead.wait()
        stale.bind(str(run / "hub.sock"))
        Path(places.address).write_text(f"{VERSION} unix {run / 'hub.sock'}\n", encoding="ascii")
        Path(places.info).write_text(json.dumps({"version": VERSION, "pid": dead.pid}), encoding="ascii")
        Path(places.lock).touch()
        Path(places.start_lock).touch()
    with bridge(environment) as talk:
        talk.greet()
    assert info_of(places).pid != dead.pid


def test_replies_that_are_due_at_the_end_of_stdin_are_delivered(shared_hub: Places, fifo: Path) -> None:
    """Spec: the specification; a client that pipes its questions in gets its answers."""
    with bridge(environment_of(Path(shared_hub.home))) as talk:
        talk.greet().call(1, "hold", fifo=str(fifo))
        talk.close_stdin()
        fifo.write_text("late", encoding="utf-8")
        assert talk.text() == "late"
        assert talk.process.wait(BOUND_S) == 0


def test_last_line_needs_no_newline(shared_hub: Places) -> None:
    """Our rule: the end of stdin ends the line."""
    question = {"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {"_meta": MODERN}}
    run = run_bridge(environment_of(Path(shared_hub.home)), json.dumps(question).encode())
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout)["id"] == 7


def test_frame_of_ten_megabytes_passes_both_ways(shared_hub: Places) -> None:
    """Spec: the specification; asyncio alone would refuse a line of more than 64 KiB."""
    text = "x" * 10_000_000
    with bridge(environment_of(Path(shared_hub.home))) as talk:
        assert talk.greet().call("ten", "echo", text=text).text() == text


def test_longer_frame_is_refused_by_name(shared_hub: Places) -> None:
    """Our rule: an error for that call, not an end of the session."""
    with bridge(environment_of(Path(shared_hub.home))) as talk:
        reply = talk.greet().call("long", "echo", text="x" * MAX_FRAME_BYTES).receive()
        assert reply["id"] == "long"
        assert f"at most {MAX_FRAME_BYTES} bytes" in reply["error"]["message"]
        assert talk.call(2, "noop").text() == "ok"


def test_line_that_is_no_message_is_answered(shared_hub: Places) -> None:
    """Spec: JSON-RPC 2.0, section 5.1: -32700 and -32600, with the id where it can be told."""
    with bridge(environment_of(Path(shared_hub.home))) as talk:
        talk.greet()
        broken = talk.write(b"{nonsense\n\n").receive()
        assert (broken["id"], broken["error"]["code"]) == (None, -32700)
        wrong = talk.write(b'{"jsonrpc":"1.0","id":5,"method":"ping"}\n').receive()
        assert (wrong["id"], wrong["error"]["code"]) == (5, -32600)
        deep = talk.write(b"[" * 100_000 + b"\n").receive()
        assert deep["error"]["code"] == -32700
        assert talk.call(1, "noop").text() == "ok"


def test_bridge_ends_when_its_client_stops_reading(shared_hub: Places) -> None:
    """Our rule: a closed pipe is the end, without a traceback."""
    with bridge(environment_of(Path(shared_hub.home))) as talk:
        talk.greet().close_stdout()
        talk.call(1, "noop")
        assert talk.process.wait(BOUND_S) == 0
        assert talk.process.stderr is not None
        assert talk.process.stderr.read() == b""


def test_loopback_tcp_serves_who_has_the_token(places: Places) -> None:
    """Spec: the transport is a setting: Windows has no Unix sockets; so is the port of the HTTP door."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        http_port = free.getsockname()[1]
    with bridge(environment_of(Path(places.home), transport="tcp", http_port=str(http_port))) as talk:
        talk.greet().call(1, "noop")
        assert talk.text() == "ok"
        found = read_address(places)
        assert found is not None
        port = int(found[1].removeprefix("tcp "))
        assert info_of(places).http_url == f"http://127.0.0.1:{http_port}/mcp"
        for line in (b"AURA bridge 0.1.0 wrong\n", b"AURA leave-stopped 0.1.0 \n", b'{"jsonrpc":"2.0"}\n'):
            with socket.create_connection(("127.0.0.1", port), BOUND_S) as stranger:
                stranger.sendall(line)
                assert stranger.recv(1) == b""
        assert talk.call(2, "noop").text() == "ok"


def test_taken_port_is_named(places: Places) -> None:
    """Our rule: a port that was asked for is not exchanged for another without a word."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = one_line(run_bridge(environment_of(Path(places.home), http_port=str(port))))
    assert re.fullmatch(rf"the hub does not start: port {port} cannot be used: .+; choose another, or 0 .+", said)


def test_database_of_another_program_is_named(places: Places, environment: dict[str, str]) -> None:
    """Spec: a clear line; the log holds it too."""
    Path(places.home).mkdir()
    Path(places.database).write_text("this is no database", encoding="utf-8")
    said = one_line(run_bridge(environment))
    assert said.startswith(f"the hub does not start: database {places.database}: not a database")
    assert events_of(places) == ["hub_failed"]


def test_database_that_another_hub_has_open_is_named(places: Places, shared_hub: Places) -> None:
    """Spec: two hubs can never open the file: not from another home either."""
    said = one_line(run_bridge(environment_of(Path(places.home), db=shared_hub.database)))
    assert f"(PID {info_of(shared_hub).pid}) has it open" in said


def test_read_only_home_is_one_line(tmp_path: Path) -> None:
    """Spec: a read-only home."""
    with read_only_folder(tmp_path / "mount") as folder:
        said = one_line(run_bridge(environment_of(folder / "home")))
    assert re.fullmatch(
        r"\S+/home/run cannot be used: .+; make it a writable folder of yours, or set AURA_HOME .+", said
    )


def test_full_disk_is_one_line(tmp_path: Path) -> None:
    """Spec: a full disk: one of 64 KiB, or a limit on the size of files, which fails in the same places."""
    disk = tmp_path / "disk"
    with full_disk(disk) as prefix:
        environment = environment_of(disk / "home")
        said = one_line(run_bridge({**environment, "PYTHONDONTWRITEBYTECODE": "1"}, prefix=prefix))
    assert re.fullmatch(rf"the hub does not start: \S* ?{disk}/home/\S+: .+; free space .+", said)


# --- what a bridge remembers ---


def books(*lines: str) -> Books:
    """Return the books after these lines: `>` from the client, `<` from the hub."""
    found = Books()
    for line in lines:
        found.note((line[2:].encode(),), is_clients=line.startswith(">"))
    found.settle()
    return found


def test_call_is_open_until_it_is_answered() -> None:
    """Our rule: by id, whose type counts: 1 and "1" are two calls."""
    asked = ('> {"id":1,"method":"ping"}', '> {"method":"tools/call","id":"1"}', '> {"id":"é,","method":"ping"}')
    assert books(*asked).calls.keys() == {"1", '"1"', '"\\u00e9,"'}
    answered = ('< {"jsonrpc":"2.0","id":1,"result":{}}', '< {"jsonrpc":"2.0","id":"é,","error":{}}')
    assert books(*asked, *answered).calls.keys() == {'"1"'}


def test_call_that_was_called_off_is_not_waited_for() -> None:
    """Spec: MCP, a cancelled request is not answered; a subscription is answered only at its end."""
    asked = '> {"id":1,"method":"tools/call"}'
    assert books(asked).is_anything_open()
    assert not books(asked, '> {"method":"notifications/cancelled","params":{"requestId":1}}').is_anything_open()
    assert not books('> {"id":2,"method":"subscriptions/listen"}').is_anything_open()


def test_new_hub_is_told_the_handshake_and_the_subscriptions() -> None:
    """Our rule: in the order in which they were said, the last of each; its answers are not the client's."""
    told = (
        '> {"id":0,"method":"initialize"}',
        '< {"jsonrpc":"2.0","id":0,"result":{}}',
        '> {"method":"notifications/initialized"}',
        '> {"id":1,"method":"resources/subscribe","params":{"uri":"aura://a"}}',
        '< {"jsonrpc":"2.0","id":1,"result":{}}',
        '> {"id":2,"method":"resources/subscribe","params":{"uri":"aura://b"}}',
        '> {"id":3,"method":"resources/unsubscribe","params":{"uri":"aura://a"}}',
    )
    found = books(*told)
    assert found.lines_of_session() == [told[0][2:].encode(), told[2][2:].encode(), told[5][2:].encode()]
    assert not found.is_for_client(b'{"jsonrpc":"2.0","id":0,"result":{}}')
    assert found.is_for_client(b'{"jsonrpc":"2.0","id":0,"result":{}}')
    assert found.is_for_client(b'{"jsonrpc":"2.0","id":2,"result":{}}')


def test_answer_to_a_question_of_a_dead_hub_goes_nowhere() -> None:
    """Our rule: the next hub numbers its questions anew; a yes to an old one must not confirm a new one."""
    question = '< {"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}'
    answer = b'{"jsonrpc":"2.0","id":1,"result":{"action":"accept"}}'
    assert books(question).is_for_hub(answer)
    lost = books(question)
    assert lost.drop_questions() == [1]
    assert not lost.is_for_hub(answer)
    assert lost.is_for_hub(answer)
    answered = books(question, f"> {answer.decode()}")
    assert answered.drop_questions() == []


def test_only_tools_are_not_asked_again() -> None:
    """Our rule: a tool may have had its effect; anything else is asked again, once, and a subscription always."""
    found = books(*(f'> {{"id":"{method}","method":"{method}"}}' for method in ("tools/call", "tools/list")))
    call, listing = found.calls.values()
    assert [call.may_repeat(), listing.may_repeat(), listing.may_repeat()] == [False, True, False]
    found.note_undelivered(call.line)
    assert [call.may_repeat(), call.may_repeat()] == [True, False]
