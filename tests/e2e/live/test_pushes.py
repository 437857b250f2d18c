"""Pushes to a real hub: what is forged, oversized, slow, repeated or malformed does no harm, what is right arrives."""

import json
import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from aura_mcp.web.webhooks import BODY_TIMEOUT_S, MAX_BODY_BYTES
from tests.builders.encodings import text
from tests.builders.transactions import SOL_UNIT, address
from tests.e2e.live._hub import HELIUS_PATH, SECRET, LiveHub, until
from tests.fakes.chain import Chain, Executed
from tests.fakes.malformed import MALFORMED
from tests.fakes.stand import Stand, stand
from tests.fakes.trading import buy, open_pool
from tests.fakes.webhooks import as_raw, text_of

RIGHT: Final = {"Authorization": SECRET, "Content-Type": "application/json"}
PLANTED: Final = "planted-key-0123456789abcdef"
BOUND_S: Final = 20.0


@contextmanager
def following(folder: Path) -> Generator[tuple[LiveHub, Stand]]:
    """Run a hub that follows alice and looks at the chain only when somebody pushes."""
    chain = Chain()
    chain.fund("alice")
    open_pool(chain, "MEME")
    quiet = dict.fromkeys(("wallets_interval_s", "finality_interval_s", "reconcile_interval_s"), "0")
    with (
        stand(chain) as everything,
        LiveHub(folder / "home", everything, [address("alice")], helius_api_key=PLANTED, **quiet) as hub,
    ):
        yield hub, everything


def post(hub: LiveHub, body: bytes | Iterator[bytes], **headers: str) -> int:
    """Push a body and return the status."""
    given = {**RIGHT, **headers}
    reply = httpx.post(hub.webhook_url, content=body, headers=given, timeout=BOUND_S, trust_env=False)
    assert SECRET not in reply.text
    return reply.status_code


def trade(everything: Stand) -> Executed:
    """Let alice buy."""
    everything.chain.advance()
    return buy(everything.chain, "alice", "MEME", 1_000_000, SOL_UNIT)


def stored(hub: LiveHub) -> set[str]:
    """Return the signatures of the trades that the hub has booked."""
    return {row[0] for row in hub.call("query_sql", sql="SELECT signature FROM trade")["rows"]}


def slow_push(hub: LiveHub, body: bytes) -> bytes:
    """Push half of a body, then nothing, and return the first line of the answer."""
    with socket.create_connection(("127.0.0.1", hub.port), timeout=2 * BODY_TIMEOUT_S) as connection:
        head = (
            f"POST {HELIUS_PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body[: len(body) // 2])
        return connection.recv(1_000).split(b"\r\n")[0]


@pytest.mark.timeout(120)
def test_pushes_that_are_not_right_are_refused_with_one_line_and_the_hub_goes_on(tmp_path: Path) -> None:
    """Spec: forged, oversized, slow, repeated and malformed pushes; security notes: the body is only a hint."""
    with following(tmp_path) as (hub, everything):
        first = trade(everything)
        body = text_of([first.helius])
        huge = b"[" + b" " * MAX_BODY_BYTES + b"]"
        refused = {
            "forged": post(hub, body, Authorization="a guess"),
            "almost": post(hub, body, Authorization=SECRET[:-1]),
            "bearer": post(hub, body, Authorization=f"Bearer {SECRET}"),
            "page": post(hub, body, Origin="https://evil.example"),
            "declared": post(hub, huge),
            "streamed": post(hub, iter([huge[:100_000]] * 50)),
        }
        assert refused == {
            "forged": 401,
            "almost": 401,
            "bearer": 401,
            "page": 403,
            "declared": 413,
            "streamed": 413,
        }
        assert b"408" in slow_push(hub, body)
        assert hub.events().count("webhook_refused") == len(refused) + 1
        assert everything.upstream.count("getTransaction") == 0
        statuses = {malformed.name: post(hub, malformed.of(body)) for malformed in MALFORMED}
        assert set(statuses.values()) == {200, 400, 413}, statuses
        mixed = json.dumps([{"signature": 5}, {"signature": "none"}, {}, 7, json.loads(text(as_raw(first)))]).encode()
        assert [post(hub, mixed) for _ in range(20)] == [200] * 20
        until(lambda: stored(hub) == {first.signature}, BOUND_S)
        last = trade(everything)
        assert post(hub, text_of([as_raw(last)])) == 200
        until(lambda: stored(hub) == {first.signature, last.signature}, BOUND_S)
        asked = [call for call in everything.upstream.calls if call.method == "getTransaction" and call.status == 200]
        assert len(asked) == 2
        log = Path(hub.places.log).read_text("utf-8")
        assert SECRET not in log
        assert PLANTED not in log
        assert hub.call("system_status")["database"]["last_slot"] == last.slot
