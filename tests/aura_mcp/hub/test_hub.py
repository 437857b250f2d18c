"""The hub as a process: how it starts, whom it serves, when it leaves."""

import asyncio
import json
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest

from aura_mcp.app import open_application
from aura_mcp.bridge import STOPPED, Places, dismiss_hub, read_address
from aura_mcp.errors import AuraError
from aura_mcp.hub import visit
from aura_mcp.hub.hub import Hub
from aura_mcp.hub.run_folder import claimed
from aura_mcp.hub.settings import HubSettings
from data.store import Store
from tests.aura_mcp._facts import address
from tests.aura_mcp.hub.processes import (
    BOUND_S,
    HUB,
    INITIALIZE,
    Talk,
    await_end,
    bridge,
    environment_of,
    info_of,
)


def modes(places: Places) -> dict[str, str]:
    """Return what stands in the run folder, with its permissions."""
    return {path.name: stat.filemode(path.stat().st_mode) for path in sorted(Path(places.run).iterdir())}


def test_run_files_are_the_users_alone(shared_hub: Places) -> None:
    """Spec: DESIGN §1: folder 0700, socket and files 0600, the database too."""
    assert stat.filemode(Path(shared_hub.run).stat().st_mode) == "drwx------"
    assert modes(shared_hub) == {
        "hub.address": "-rw-------",
        "hub.json": "-rw-------",
        "hub.lock": "-rw-------",
        "hub.log": "-rw-------",
        "hub.sock": "srw-------",
        "start.lock": "-rw-------",
        "token": "-rw-------",
        "webhook-secret": "-rw-------",
    }
    assert stat.filemode(Path(shared_hub.database).stat().st_mode) == "-rw-------"


def test_second_hub_over_the_same_database_is_refused(shared_hub: Places) -> None:
    """Spec: two hubs can never open the file."""
    environment = environment_of(Path(shared_hub.home))
    second = subprocess.run(HUB, env=environment, check=False, capture_output=True, text=True, timeout=BOUND_S)
    assert second.returncode == 1
    assert second.stderr == (
        f"aura: a hub is already running over {shared_hub.database}; `aura status` shows it, `aura stop` ends it\n"
    )
    assert visit(shared_hub) is not None


def test_long_home_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    """Our rule: a socket's path has 104 bytes; the folder it moves to is closed to others, or not used."""
    home = tmp_path / ("long" * 30)
    places = Places(str(home))
    with bridge(environment_of(home)) as talk:
        talk.greet().call(1, "noop")
        assert talk.text() == "ok"
        found = read_address(places)
        assert found is not None
        path = Path(found[1].removeprefix("unix "))
        assert not path.is_relative_to(home)
        assert stat.filemode(path.parent.stat().st_mode) == "drwx------"
        dismiss_hub(places, STOPPED)
        assert not path.exists()


def test_plain_client_needs_no_introduction(shared_hub: Places) -> None:
    """Our rule: on a Unix socket MCP is enough; both eras share the socket, each connection has its own."""
    found = read_address(shared_hub)
    assert found is not None
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(BOUND_S)
        link.connect(found[1].removeprefix("unix "))
        question = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
        link.sendall(json.dumps(question).encode() + b"\n")
        reply = link.makefile("rb").readline()
    assert json.loads(reply)["result"]["capabilities"]["tools"] == {"listChanged": True}


def test_visitor_is_no_session(shared_hub: Places) -> None:
    """Our rule: looking at the hub neither counts nor keeps it from leaving."""
    found = visit(shared_hub)
    assert found is not None
    with bridge(environment_of(Path(shared_hub.home))) as talk:
        talk.greet()
        again = visit(shared_hub)
        assert again is not None
    assert again.status["hub"]["sessions"] == found.status["hub"]["sessions"] + 1
    assert again.info.http_url == again.status["hub"]["http_url"]


def test_no_hub_is_none_and_a_silent_one_an_error(places: Places) -> None:
    """Our rule: the lock says whether a hub lives, the connection whether it answers."""
    assert visit(places) is None
    Path(places.run).mkdir(parents=True, mode=0o700)
    holder = "import sys; from aura_mcp.bridge import take_lock; take_lock(sys.argv[1]); print(); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, places.lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(AuraError, match="a hub is starting or leaving"):
            visit(places)
        process.communicate()


def test_hub_started_by_a_bridge_leaves_when_idle(places: Places) -> None:
    """Spec: DESIGN §1; as long as a client is connected it is not idle, however quiet."""
    with bridge(environment_of(Path(places.home), idle_exit_s="0.2")) as talk:
        talk.greet()
        pid = info_of(places).pid
        assert asyncio.run(_still_runs_after(places, 0.5)) == pid
        talk.hang_up()
    await_end(places)
    events = [json.loads(line) for line in Path(places.log).read_text("utf-8").splitlines()]
    assert [event["event"] for event in events] == ["hub_started", "hub_leaving", "hub_left"]
    assert events[1]["reason"] == "idle"
    assert modes(places).keys() == {"hub.lock", "hub.log", "start.lock", "token", "webhook-secret"}


async def _still_runs_after(places: Places, seconds: float) -> int:
    found = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < found:
        assert await asyncio.to_thread(visit, places) is not None
    return info_of(places).pid


def test_call_that_does_not_end_is_cut_off(places: Places, fifo: Path) -> None:
    """Our rule: leaving has a bound, and the call an error."""
    with bridge(environment_of(Path(places.home), drain_s="0.1")) as talk:
        talk.greet().call(1, "hold", fifo=str(fifo))
        with fifo.open("w", encoding="utf-8"):
            os.kill(info_of(places).pid, signal.SIGTERM)
            assert "error" in talk.receive()


def test_hub_leaves_when_duckdb_gives_up_on_the_database(places: Places, environment: dict[str, str]) -> None:
    """Bad luck: nothing would be answered any more; the next hub opens the file and finds what was committed."""
    bob = address("bob")

    async def serve_and_lose(after: ExitStack) -> Talk:
        ready = asyncio.Event()
        with claimed(places) as folder, open_application(settings=HubSettings.load()) as application:
            hub = Hub(application, HubSettings.load(), folder, is_auto_started=True)
            serving = asyncio.create_task(hub.run(lambda _: ready.set()))
            async with asyncio.timeout(BOUND_S):
                await ready.wait()
            talk = after.enter_context(bridge(environment))
            await asyncio.to_thread(talk.greet)
            talk.call(1, "edit_wallet", wallet=bob, action="label", nickname="Kept")
            assert "done" in await asyncio.to_thread(talk.text)
            _give_up(application.store)
            with pytest.raises(AuraError, match=r"DuckDB gave up \(.*\); free space and ask again"):
                await serving
        return talk

    with ExitStack() as after:
        talk = asyncio.run(serve_and_lose(after))
        found = talk.call(2, "search", query="Kept").receive()["result"]["structuredContent"]
        assert [match["address"] for match in found["matches"]] == [bob]


def _give_up(store: Store) -> None:
    """Make a checkpoint fail half-way; a limit on file sizes stands for the disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(store.database.name).stat().st_size, hard))
    try:
        with pytest.raises(duckdb.FatalException):
            store.database.cursor().execute("CHECKPOINT")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
