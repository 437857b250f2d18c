"""Measure the bridge and the hub against a bare interpreter and a bare SDK server, in the same run, interleaved.

Not responsible for asserting times: machines differ, ratios are printed.
"""

import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Final

from aura_mcp.bridge import VERSION, Places

ROOT: Final = Path(__file__).resolve().parents[2]
BRIDGE: Final = Path(sys.executable).with_name("aura-mcp")
BARE: Final = "tests.benchmarks.bare_server"
COLD_ROUNDS: Final = 25
DIRECT_ROUNDS: Final = 5
BLOCKS: Final = 30
BLOCK_CALLS: Final = 100
SESSIONS: Final = 16
SESSION_CALLS: Final = 150
ROUNDS: Final = 7

TARGETS: Final = {
    "cold_bridge_to_bare_python_ratio": "≤ 2",
    "cold_direct_sdk_to_bridge_ratio": "≥ 15",
    "call_bridge_to_bare_sdk_ratio": "≤ 1.2",
    "sessions_16_bridge_to_bare_sdk_ratio": "≥ 0.7",
    "sessions_16_hub_to_bare_sdk_ratio": "≥ 0.7",
    "bridge_rss_mb": "≤ 15",
}

INITIALIZE: Final = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "clientInfo": {"name": "benchmark", "version": "1"},
        "capabilities": {},
    },
}
INITIALIZED: Final = {"jsonrpc": "2.0", "method": "notifications/initialized"}


class Line:
    """One client's connection: what it writes and what it reads, as descriptors."""

    def __init__(self, writing: int, reading: int) -> None:
        self.writing = writing
        self.reading = reading
        self._rest = b""

    def send(self, message: Mapping[str, object]) -> None:
        """Write one message."""
        os.write(self.writing, json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def receive(self) -> bytes:
        """Return the next line."""
        while b"\n" not in self._rest:
            chunk = os.read(self.reading, 1 << 16)
            if not chunk:
                raise ConnectionError
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def greet(self) -> None:
        """Go through the handshake."""
        self.send(INITIALIZE)
        self.receive()
        self.send(INITIALIZED)

    def call(self, number: int) -> None:
        """Send one call of the tool that does nothing."""
        self.ask(number, "noop", {})

    def ask(self, number: int, tool: str, arguments: Mapping[str, object]) -> None:
        """Send one call of a tool."""
        params = {"name": tool, "arguments": arguments}
        self.send({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})


def measure() -> dict[str, float]:
    """Return times, their ratios and memory; see the names for units."""
    with tempfile.TemporaryDirectory(prefix="aura-bench-") as home, ExitStack() as stack:
        environment = {
            **os.environ,
            "AURA_HOME": home,
            "AURA_FIXTURES": "tests.aura_mcp.hub.fixture_tools",
            "PYTHONPYCACHEPREFIX": str(Path(home, "bytecode")),
            "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", ""))),
        }
        # Bytecode is there once a module was imported, as after an installation.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        bare_socket = str(Path(home, "bare.sock"))
        stack.enter_context(_bare_server(bare_socket, environment))
        with open_bridge(environment) as (line, process):
            line.greet()
            places = Places(home)
            hub_pid = int(json.loads(Path(places.info).read_text("utf-8"))["pid"])
            stack.callback(os.kill, hub_pid, 15)
            figures = _cold_starts(environment)
            figures |= _latencies(line, bare_socket, _hub_socket(places))
            figures["bridge_rss_mb"] = rss_mb(process.pid)
        figures |= _throughputs(environment, bare_socket, _hub_socket(places))
        figures["hub_rss_mb"] = rss_mb(hub_pid)
        return figures


def _cold_starts(environment: dict[str, str]) -> dict[str, float]:
    bare: list[float] = []
    warm: list[float] = []
    for _ in range(COLD_ROUNDS):
        bare.append(_time_ms(lambda: subprocess.run([sys.executable, "-c", "pass"], env=environment, check=True)))
        warm.append(_cold_start_ms([str(BRIDGE)], environment))
    direct = [_cold_start_ms([sys.executable, "-m", BARE], environment) for _ in range(DIRECT_ROUNDS)]
    bare_ms, warm_ms, direct_ms = map(statistics.median, (bare, warm, direct))
    return {
        "cold_bare_python_ms": bare_ms,
        "cold_bridge_ms": warm_ms,
        "cold_direct_sdk_ms": direct_ms,
        "cold_bridge_to_bare_python_ratio": warm_ms / bare_ms,
        "cold_direct_sdk_to_bridge_ratio": direct_ms / warm_ms,
    }


def _latencies(bridge: Line, bare_socket: str, hub_socket: str) -> dict[str, float]:
    with _connection(bare_socket) as bare, _connection(hub_socket) as hub:
        lines = {"bare_sdk": bare, "hub_socket": hub, "bridge": bridge}
        blocks: dict[str, list[float]] = {name: [] for name in lines}
        for _ in range(BLOCKS):
            for name, line in lines.items():
                blocks[name].append(statistics.median(_call_ms(line, number) for number in range(1, BLOCK_CALLS)))
    # Other work on the machine only adds: the quietest block is the nearest to the program's own time.
    middle = {name: min(medians) for name, medians in blocks.items()}
    return {
        **{f"call_{name}_p50_ms": value for name, value in middle.items()},
        "call_bridge_to_bare_sdk_ratio": middle["bridge"] / middle["bare_sdk"],
    }


def _call_ms(line: Line, number: int) -> float:
    started = perf_counter()
    line.call(number)
    line.receive()
    return (perf_counter() - started) * 1e3


def _throughputs(environment: dict[str, str], bare_socket: str, hub_socket: str) -> dict[str, float]:
    """Return medians of interleaved rounds: one selector asks as many sessions the same way at each of the doors."""
    figures: dict[str, list[float]] = {"bare_sdk": [], "hub_socket": [], "bridge": []}
    for _ in range(ROUNDS):
        with ExitStack() as stack:
            bare = [stack.enter_context(_connection(bare_socket)) for _ in range(SESSIONS)]
            hub = [stack.enter_context(_connection(hub_socket)) for _ in range(SESSIONS)]
            bridges = [stack.enter_context(open_bridge(environment))[0] for _ in range(SESSIONS)]
            for line in bridges:
                line.greet()
            for name, lines in (("bare_sdk", bare), ("hub_socket", hub), ("bridge", bridges)):
                figures[name].append(_calls_per_s(lines))
    ratios = {
        name: statistics.median(ours / bare for ours, bare in zip(figures[name], figures["bare_sdk"], strict=True))
        for name in ("hub_socket", "bridge")
    }
    return {
        **{f"sessions_16_{name}_calls_per_s": statistics.median(values) for name, values in figures.items()},
        "sessions_16_hub_to_bare_sdk_ratio": ratios["hub_socket"],
        "sessions_16_bridge_to_bare_sdk_ratio": ratios["bridge"],
    }


def _calls_per_s(lines: list[Line]) -> float:
    """Keep one call of every session open until each has made its share."""
    with selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line.reading, selectors.EVENT_READ, line)
        started = perf_counter()
        made = dict.fromkeys(lines, 1)
        for line in lines:
            line.call(1)
        while selector.get_map():
            for key, _ in selector.select():
                line: Line = key.data
                line.receive()
                if made[line] == SESSION_CALLS:
                    selector.unregister(line.reading)
                else:
                    made[line] += 1
                    line.call(made[line])
        return len(lines) * SESSION_CALLS / (perf_counter() - started)


@contextmanager
def _bare_server(path: str, environment: dict[str, str]) -> Generator[None]:
    command = [sys.executable, "-m", BARE, path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT) as process:
        if process.stdout is not None:
            process.stdout.readline()
        try:
            yield
        finally:
            process.terminate()


@contextmanager
def open_bridge(environment: dict[str, str]) -> Generator[tuple[Line, "subprocess.Popen[bytes]"]]:
    """Yield a client's connection through a bridge, and the bridge."""
    with subprocess.Popen(
        [BRIDGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, bufsize=0
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise ConnectionError
        yield Line(process.stdin.fileno(), process.stdout.fileno()), process


@contextmanager
def _connection(path: str) -> Generator[Line]:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(path)
        line = Line(link.fileno(), link.fileno())
        line.greet()
        yield line


def _cold_start_ms(command: list[str], environment: dict[str, str]) -> float:
    started = perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=ROOT, bufsize=0
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise ConnectionError
        line = Line(process.stdin.fileno(), process.stdout.fileno())
        line.send(INITIALIZE)
        line.receive()
        return (perf_counter() - started) * 1e3


def _time_ms(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return (perf_counter() - started) * 1e3


def _hub_socket(places: Places) -> str:
    version, kind, path = Path(places.address).read_text("utf-8").split()
    if (version, kind) != (VERSION, "unix"):
        raise ConnectionError
    return path


def rss_mb(pid: int) -> float:
    """Return the memory that a process holds."""
    status = Path("/proc", str(pid), "status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:40} {value:10.2f}")
