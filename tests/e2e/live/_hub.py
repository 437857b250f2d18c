"""Run a real hub that follows wallets on the simulated chain, ask it, kill it, and export what it knows.

Not responsible for what happens on the chain (`tests.fakes.script`) or for what is asserted.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from aura_mcp.bridge import Places
from aura_mcp.services.tracking import TrackingConfig
from data.providers import list_providers
from data.store import Store
from data.store.wallets import Wallet
from tests.aura_mcp.hub.processes import (
    BOUND_S,
    MODERN,
    await_end,
    environment_of,
    events_of,
    hub,
    info_of,
    kill_hub,
)
from tests.fakes.stand import Stand

SECRET: Final = "a secret of at least thirty-two characters"
HELIUS_PATH: Final = "/webhooks/helius"
RECONCILED: Final = TrackingConfig().reconcile_wallets
QUICK: Final = {
    "offline": "0",
    "wallets_interval_s": "0.5",
    "finality_interval_s": "0.5",
    "reconcile_interval_s": "0.5",
    "prices_interval_s": "0",
    "retry_longest_s": "2",
    "vanished_wait_s": "1",
    "solana_rpc_timeout_s": "1",
    "solana_rpc_backoff_s": "0.02",
    "solana_rpc_pause_s": "0.2",
    "webhook_secret": SECRET,
}
"""Settings that compress the time of a hub."""


class LiveHub:
    """A home with followed wallets, and the hub in it while it runs; use it as a context manager."""

    def __init__(self, home: Path, stand: Stand, wallets: Sequence[str], **settings: str) -> None:
        self.home = home
        self.places = Places(str(home))
        self.port = _free_port()
        # All providers stand here: nothing could reach the real ones.
        urls = {
            f"{spec.name}_{kind}": stand.upstream.url(spec.name)
            for spec in list_providers()
            for kind in ("url", "rpc_url")
        }
        self.environment = environment_of(home, **{**QUICK, **urls, "http_port": str(self.port), **settings})
        self._running = ExitStack()
        home.mkdir(mode=0o700, parents=True)
        with Store.open(home / "aura.duckdb") as store:
            store.wallets.add(
                [Wallet(address, None, "test", is_tracked=True, is_program_derived=False) for address in wallets]
            )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def start(self) -> None:
        """Start the hub and wait until it can be found."""
        self._running.enter_context(hub(self.environment))

    def kill(self) -> None:
        """End it as a crash would."""
        kill_hub(self.places)
        self._running.close()

    def stop(self) -> None:
        """Ask it to leave and wait until it has."""
        os.kill(info_of(self.places).pid, signal.SIGTERM)
        await_end(self.places)
        self._running.close()

    @property
    def webhook_url(self) -> str:
        """Where Helius delivers to."""
        return f"http://127.0.0.1:{self.port}{HELIUS_PATH}"

    def call(self, tool: str, **arguments: object) -> dict[str, Any]:
        """Return the structured answer of a tool."""
        headers = {
            "Authorization": f"Bearer {Path(self.places.token).read_text('ascii').strip()}",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2026-07-28",
            "Mcp-Method": "tools/call",
            "Mcp-Name": tool,
        }
        params = {"name": tool, "arguments": arguments, "_meta": MODERN}
        question = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        url = info_of(self.places).http_url
        reply = httpx.post(url, json=question, headers=headers, timeout=BOUND_S, trust_env=False)
        lines = [line.removeprefix("data:") for line in reply.text.splitlines() if line.startswith(("data:", "{"))]
        answer: dict[str, Any] = json.loads(lines[-1])
        result = answer.get("result", {})
        assert result.get("structuredContent"), answer
        return dict(result["structuredContent"])

    def runs(self, job: str) -> list[dict[str, Any]]:
        """Return the newest runs of a job, the newest first."""
        return [run for run in self.call("job_status")["runs"] if run["job"] == job]

    def await_quiet(self, wallets: int, *, bound_s: float) -> None:
        """Wait until every wallet was compared with the chain, and cycles after that found nothing left to do."""
        compared: set[int] = set()
        first = self._newest_run()
        found_nothing: set[int] = set()

        def is_quiet() -> bool:
            finished = self._finished(since=first)
            for run in finished:
                if run["job"] == "reconcile" and not run.get("failures") and run["summary"]["drifting"] == 0:
                    compared.add(run["id"])
                if run["job"] == "wallets" and len(compared) * RECONCILED > wallets and _has_found_nothing(run):
                    found_nothing.add(run["id"])
            waiting = [run["summary"]["waiting"] for run in finished if run["job"] == "finality"]
            return len(found_nothing) > 1 and waiting[:1] == [0]

        until(is_quiet, bound_s)

    def is_complete(self, wallets: int) -> bool:
        """Tell whether nothing is left to be fetched, and nothing is missing from the history of so many wallets."""
        live = self.call("system_status")["live"]
        return live["pending"] == 0 and live["histories"] == {"complete": wallets}

    def _newest_run(self) -> int:
        return max((run["id"] for run in self.call("job_status")["runs"]), default=0)

    def _finished(self, since: int) -> list[dict[str, Any]]:
        return [run for run in self.call("job_status")["runs"] if run["id"] > since and run["state"] == "done"]

    def events(self) -> list[str]:
        """Return the names of what its log tells."""
        return events_of(self.places)

    def export(self) -> bytes:
        """Return the canonical export of everything it knows, facts and ledger; it must not be running."""
        file = self.home / "export.jsonl"
        self.run("export", "--ledger", str(file))
        return file.read_bytes()

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command over its home, which must succeed."""
        done = self._try(*arguments)
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done

    def refused(self, *arguments: str) -> str:
        """Run a command over its home, which must fail, and return what it says."""
        done = self._try(*arguments)
        assert done.returncode == 1, (done.stdout, done.stderr)
        return done.stderr

    def _try(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            (sys.executable, "-m", "aura_mcp", *arguments),
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=4 * BOUND_S,
        )


def until(condition: Callable[[], bool], bound_s: float) -> None:
    """Wait for a condition that nothing announces, looking four times a second."""
    tick = threading.Event()
    assert any(condition() or tick.wait(0.25) for _ in range(int(4 * bound_s))), f"not within {bound_s} s"


def _has_found_nothing(run: dict[str, Any]) -> bool:
    summary = run["summary"]
    return not run.get("failures") and not summary["listed"] and not summary["transactions"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
