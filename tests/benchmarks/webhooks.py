"""Measure the way of a push through a real hub: received, fetched from the chain, committed, told as an event.

The hub is a process of its own; the chain and the pusher are here, on loopback. Everybody reads the same monotonic
clock. First a steady rate, then ten times as much for a while: that may queue, but nothing may get lost or double.
How long the disk alone takes meanwhile is told, too: transactions wait for it. The steady rate can be measured beside
other programs (`_others`).
Not responsible for asserting times: machines differ.
"""

import gc
import os
import selectors
import socket
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from typing import Final, NamedTuple

from data.clock import SystemClock
from data.store import Store
from data.store.facts import Candle
from engine.units import WSOL
from tests.aura_mcp.hub.processes import info_of
from tests.benchmarks._disk import watched_disk
from tests.benchmarks._others import others
from tests.builders.transactions import SOL_UNIT, address
from tests.e2e.live._hub import HELIUS_PATH, SECRET, LiveHub
from tests.fakes.chain import Chain, Executed
from tests.fakes.stand import Stand, stand
from tests.fakes.trading import buy, held, open_pool, sell
from tests.fakes.webhooks import text_of

WALLETS: Final = 174
RATE: Final = 200
STEADY_S: Final = 10
FLOOD_S: Final = int(os.environ.get("AURA_BENCH_FLOOD_S", "5"))
CONNECTIONS: Final = 256
WARM: Final = 200
PATIENCE_S: Final = 900.0
HOUR_S: Final = 3_600
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
"""Where the hub notes what it told, if it is there: its event loop must not wait for the disk to do that."""

TARGETS: Final = {
    "steady_event_p99_ms": "≤ 50",
    **dict.fromkeys(("steady_lost", "steady_doubled", "flood_lost", "flood_doubled"), "0"),
}


class Pushed(NamedTuple):
    """When a trade was pushed and answered, in monotonic seconds, and the status."""

    at: float
    answered_at: float
    status: int


def measure() -> dict[str, float]:
    """Return latencies in ms from push to answer and to event, and what got lost or came twice."""
    notes = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(dir=notes) as told:
        started_at = SystemClock().epoch_s() // HOUR_S * HOUR_S - HOUR_S
        chain = Chain(time=started_at)
        open_pool(chain, "MEME", lamports=10**18)
        wallets = [f"wallet {number}" for number in range(WALLETS)]
        for wallet in wallets:
            chain.fund(wallet, 10**15)
        with stand(chain) as everything:
            return _measure(Path(folder), Path(told, "events"), everything, wallets, started_at)


def _measure(folder: Path, file: Path, everything: Stand, wallets: Sequence[str], started_at: int) -> dict[str, float]:
    # Only pushes bring work, every trade is worth telling, and a node of one's own has no limits and takes several
    # questions at once.
    settings = {
        **dict.fromkeys(("wallets_interval_s", "finality_interval_s", "reconcile_interval_s"), "0"),
        "whale_usd": "0",
        "event_age_s": "86400",
        "fixtures": "tests.benchmarks._events_out",
        "bench_events": str(file),
        "solana_rpc_calls": "1000000",
        "solana_rpc_batch": os.environ.get("AURA_BENCH_BATCH", "20"),
        "solana_rpc_period_s": "1",
        "solana_rpc_timeout_s": "30",
    }
    hub = LiveHub(folder / "home", everything, [address(wallet) for wallet in wallets], **settings)
    with Store.open(folder / "home" / "aura.duckdb") as store:
        at = started_at - HOUR_S
        store.facts.add_candles([Candle(at, WSOL, HOUR_S, "bench", "", None, None, None, Decimal(150), None)])
    with hub:
        _run(hub, file, _trades(everything.chain, wallets, WARM), RATE)
        trades = _trades(everything.chain, wallets, RATE * STEADY_S)
        with others(folder), watched_disk(folder) as disk:
            steady = _run(hub, file, trades, RATE)
        flood = _run(hub, file, _trades(everything.chain, wallets, 10 * RATE * FLOOD_S), 10 * RATE)
    return {
        **{f"steady_{name}": value for name, value in (steady | disk).items()},
        **{f"flood_{name}": value for name, value in flood.items()},
    }


def _trades(chain: Chain, wallets: Sequence[str], count: int) -> list[Executed]:
    made: list[Executed] = []
    for number in range(count):
        if number % 20 == 0:
            chain.advance()
        made.append(_trade(chain, wallets[number % len(wallets)], 1_000_000 + number))
    for done in made:
        # What the node sends is ready before the clock runs.
        _ = done.json
    # To collect garbage among all that was made would stop the pusher and the node for up to seconds.
    gc.freeze()
    return made


def _trade(chain: Chain, wallet: str, amount: int) -> Executed:
    """Sell what the wallet has of the token, or buy some: positions are opened and closed, as traders do."""
    has = held(chain, wallet, "MEME")
    return sell(chain, wallet, "MEME", has, SOL_UNIT) if has else buy(chain, wallet, "MEME", amount, SOL_UNIT)


def _run(hub: LiveHub, file: Path, trades: Sequence[Executed], rate: int) -> dict[str, float]:
    bodies = [(done.signature, text_of([done.helius])) for done in trades]
    spent_s, start = _cpu_s(hub), monotonic() + 0.5
    wanted = {done.signature for done in trades}
    pushed = _push(hub.port, bodies, start, rate)
    _await(lambda: wanted <= _told(file).keys())
    pushed_until = max(each.answered_at for each in pushed.values())
    told = _told(file)
    times = Counter(line.split()[1] for line in file.read_text("ascii").splitlines())
    whole = sorted(1_000 * (told[name] - pushed[name].at) for name in wanted)
    answers = sorted(1_000 * (each.answered_at - each.at) for each in pushed.values())
    late = max(pushed[name].at - start - number / rate for number, (name, _) in enumerate(bodies))
    return {
        "events": len(trades),
        "rate_per_s": len(trades) / (pushed_until - start),
        "told_per_s": len(trades) / (max(told[name] for name in wanted) - start),
        "lost": len(wanted - told.keys()),
        "doubled": sum(times[name] > 1 for name in wanted),
        "refused": sum(each.status != 200 for each in pushed.values()),
        "answer_p50_ms": _share(answers, 0.5),
        "answer_p99_ms": _share(answers, 0.99),
        "event_p50_ms": _share(whole, 0.5),
        "event_p99_ms": _share(whole, 0.99),
        "event_max_ms": whole[-1],
        "pusher_behind_ms": 1_000 * late,
        "hub_cpu_ms_per_event": 1_000 * (_cpu_s(hub) - spent_s) / len(trades),
    }


def _cpu_s(hub: LiveHub) -> float:
    """Return the processor time that the hub has used, 0 where /proc does not tell."""
    stat = Path("/proc", str(info_of(hub.places).pid), "stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text("ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class _Line:
    """A connection of the pusher: a request goes out whole, its answer is read to the end."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.name = ""
        self._at = 0.0
        self._answer = b""

    def send(self, name: str, request: bytes) -> None:
        self.name, self._answer, self._at = name, b"", monotonic()
        self.socket.sendall(request)

    def receive(self) -> Pushed | None:
        """Return how it went once the whole answer is there."""
        more = self.socket.recv(65_536)
        if not more:
            raise ConnectionError(f"the hub closed a connection {monotonic() - self._at:.3f} s after a push")
        self._answer += more
        head, gap, body = self._answer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]) if gap else 0
        if not gap or len(body) < length:
            return None
        return Pushed(self._at, monotonic(), int(head[9:12]))


def _push(port: int, bodies: Sequence[tuple[str, bytes]], start: float, rate: int) -> dict[str, Pushed]:
    """Push at a rate, as far as there are free connections, and return how each went."""
    pushed: dict[str, Pushed] = {}
    waiting = deque((name, _request(port, body)) for name, body in reversed(bodies))
    with selectors.DefaultSelector() as selector:
        # In turn, so that none idles until the hub closes it.
        free = deque(_Line(port) for _ in range(CONNECTIONS))
        for line in free:
            selector.register(line.socket, selectors.EVENT_READ, line)
        while len(pushed) < len(bodies):
            while free and waiting and start + (len(bodies) - len(waiting)) / rate <= monotonic():
                free.popleft().send(*waiting.pop())
            due = start + (len(bodies) - len(waiting)) / rate
            for key, _ in selector.select(max(0.0, due - monotonic()) if free and waiting else None):
                line: _Line = key.data
                done = line.receive()
                if done is not None:
                    pushed[line.name] = done
                    free.append(line)
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    return pushed


def _request(port: int, body: bytes) -> bytes:
    lines = (
        f"POST {HELIUS_PATH} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: {SECRET}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _told(file: Path) -> dict[str, float]:
    lines = (line.split() for line in file.read_text("ascii").splitlines())
    return {parts[1]: float(parts[0]) for parts in lines if len(parts) == 2}


def _await(condition: Callable[[], bool]) -> None:
    until = monotonic() + PATIENCE_S
    while not condition() and monotonic() < until:
        sleep(0.2)


def _share(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]
