"""Start real bridges and hubs, talk to them in JSON-RPC, and wait for what they do with a bound.

Not responsible for what is asserted.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from aura_mcp.bridge import Places, take_lock
from aura_mcp.hub.run_info import RunInfo, read_info

ROOT: Final = Path(__file__).resolve().parents[3]
FIXTURES: Final = "tests.aura_mcp.hub.fixture_tools"
BOUND_S: Final = 30.0
BRIDGE: Final[tuple[str, ...]] = (sys.executable, "-m", "aura_mcp.bridge")
HUB: Final[tuple[str, ...]] = (sys.executable, "-m", "aura_mcp.hub")
OLD_VERSION: Final = "0.0.9"

_OLD: Final = f"import sys, aura_mcp.bridge as bridge; bridge.VERSION = {OLD_VERSION!r}; "
_OLD_HUB: Final = _OLD + "from aura_mcp.hub.__main__ import main; sys.exit(main())"
OLD_BRIDGE: Final[tuple[str, ...]] = (sys.executable, "-c", _OLD + "bridge.main()")
OLD_HUB: Final[tuple[str, ...]] = (
    sys.executable,
    "-c",
    _OLD + "from aura_mcp.hub.__main__ import main; sys.exit(main())",
)

INITIALIZE: Final = {
    "protocolVersion": "2025-11-25",
    "clientInfo": {"name": "test", "version": "1"},
    "capabilities": {},
}
MODERN: Final = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}

Message = dict[str, Any]


def environment_of(home: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a process whose state lives in `home`."""
    own = {"AURA_HOME": str(home), "AURA_FIXTURES": FIXTURES, "PYTHONPATH": str(ROOT)}
    return {**os.environ, **own, **{f"AURA_{name.upper()}": value for name, value in settings.items()}}


class Talk:
    """A client's side of one bridge process, one JSON-RPC message a line."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._rest = b""

    def send(self, message: Mapping[str, Any]) -> Self:
        """Write a message."""
        return self.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def write(self, data: bytes) -> Self:
        """Write bytes."""
        self._stdin.write(data)
        self._stdin.flush()
        return self

    def call(self, id_: int | str, tool: str, *, is_modern: bool = False, **arguments: str) -> Self:
        """Send a call of a tool."""
        params: Message = {"name": tool, "arguments": arguments}
        if is_modern:
            params["_meta"] = MODERN
        return self.send({"id": id_, "method": "tools/call", "params": params})

    def greet(self) -> Self:
        """Go through the handshake of the older era."""
        reply = self.send({"id": 0, "method": "initialize", "params": INITIALIZE}).receive()
        assert reply["id"] == 0
        assert reply["result"]["serverInfo"]["name"] == "aura"
        return self.send({"method": "notifications/initialized"})

    def receive(self) -> Message:
        """Return the next message; stdout holds nothing else."""
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._stdout], [], [], BOUND_S)
            assert ready, f"no reply within {BOUND_S} s"
            chunk = os.read(self._stdout.fileno(), 1 << 20)
            assert chunk, "the bridge ended"
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        message: Message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def text(self) -> str:
        """Return the text of the next reply."""
        reply = self.receive()
        assert "result" in reply, reply
        return str(reply["result"]["content"][0]["text"])

    def close_stdin(self) -> None:
        """Say no more."""
        self._stdin.close()

    def close_stdout(self) -> None:
        """Read no more."""
        self._stdout.close()

    def hang_up(self) -> int:
        """Say no more and return the exit code."""
        self.close_stdin()
        return self.process.wait(BOUND_S)


@contextmanager
def bridge(environment: Mapping[str, str], command: tuple[str, ...] = BRIDGE) -> Generator[Talk]:
    """Run a bridge for the block."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        try:
            yield Talk(process)
        finally:
            process.kill()


@contextmanager
def hub(environment: Mapping[str, str], command: tuple[str, ...] = HUB) -> Generator["subprocess.Popen[bytes]"]:
    """Run a hub for the block, from when it can be found."""
    with subprocess.Popen(
        (*command, "--auto"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stderr is not None
        try:
            assert process.stderr.read() == b""
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that nothing announces."""
    tick = threading.Event()
    assert any(condition() or tick.wait(BOUND_S / 1000) for _ in range(1000)), f"not within {BOUND_S} s"


def run_bridge(
    environment: Mapping[str, str], stdin: bytes = b"", prefix: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    """Run a bridge to its end."""
    return subprocess.run(
        (*prefix, *BRIDGE),
        input=stdin.decode(),
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=BOUND_S,
    )


def one_line(run: "subprocess.CompletedProcess[str]") -> str:
    """Return what a failed bridge said: one line on stderr, nothing on stdout, exit code 1."""
    assert run.returncode == 1
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    return line.removeprefix("aura-mcp: ")


def info_of(places: Places) -> RunInfo:
    """Return what the running hub has left about itself."""
    info = read_info(places)
    assert info is not None
    return info


def events_of(places: Places) -> list[str]:
    """Return the names of what the log tells, in order."""
    return [json.loads(line)["event"] for line in Path(places.log).read_text("utf-8").splitlines()]


def kill_hub(places: Places) -> None:
    """Kill the hub as a crash would, and wait until the kernel has."""
    os.kill(info_of(places).pid, signal.SIGKILL)
    await_end(places)


def await_end(places: Places) -> None:
    """Wait until no hub holds the lock."""
    lock = take_lock(places.lock, timeout_s=BOUND_S)
    assert lock is not None
    os.close(lock)


@contextmanager
def home_of_hubs(home: Path) -> Generator[Places]:
    """Give hubs a home for the block, and end the one that is left in it."""
    places = Places(str(home))
    try:
        yield places
    finally:
        info = read_info(places)
        lock = take_lock(places.lock) if Path(places.run).is_dir() else -1
        if lock is None and info is not None:
            os.kill(info.pid, signal.SIGKILL)
        elif lock is not None and lock >= 0:
            os.close(lock)


@contextmanager
def read_only_folder(path: Path) -> Generator[Path]:
    """Give a folder in which nothing can be created."""
    path.mkdir()
    if os.geteuid():
        path.chmod(0o500)
        yield path
        path.chmod(0o700)
        return
    # Permissions do not stop root; a mount does and, where root may not mount, the kernel's own folder.
    with mounted(path, "ro") as is_mounted:
        yield path if is_mounted else Path("/proc")


@contextmanager
def full_disk(path: Path) -> Generator[tuple[str, ...]]:
    """Let nothing more be written below `path`; give what to put before a command for that."""
    path.mkdir()
    with mounted(path, "size=64k") as is_mounted:
        if is_mounted:
            path.joinpath("filling").write_bytes(b"x" * 64 * 1024)
            yield ()
        else:
            yield ("/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh")


@contextmanager
def mounted(path: Path, options: str) -> Generator[bool]:
    """Mount a file system in memory at an empty folder, and say whether that was allowed."""
    command = ["mount", "-t", "tmpfs", "-o", options, "aura-test", path]
    is_mounted = os.geteuid() == 0 and subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", path], check=True)
