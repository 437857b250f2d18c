"""Pushes: only with the secret, only as hints, and answered when they are kept."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest
from starlette.types import Message

from aura_mcp.errors import AuraError
from aura_mcp.services.pushes import Push, read_push
from aura_mcp.web import webhooks
from aura_mcp.web.webhooks import HELIUS_PATH, MAX_BODY_BYTES, HeliusDoor
from tests.aura_mcp._facts import signature

SECRET: Final = "s3cret-" * 7
RIGHT: Final = {"Authorization": SECRET}


class Hints:
    """What was written down; `error` is raised instead where it is set."""

    def __init__(self, error: Exception | None = None) -> None:
        self.pushes: list[Push] = []
        self.error = error

    async def take(self, push: Push) -> int:
        """Write down a push; texts that are too short are no signatures."""
        if self.error is not None:
            raise self.error
        self.pushes.append(push)
        return len({name for name in push.signatures if len(name) > 80})


def post(
    hints: Hints,
    content: bytes | AsyncIterator[bytes],
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
) -> httpx.Response:
    """Deliver a body."""

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(HeliusDoor(SECRET, hints.take))
        async with httpx.AsyncClient(transport=transport, base_url="https://tunnel.example") as client:
            return await client.request(method, HELIUS_PATH, content=content, headers=headers or RIGHT)

    return asyncio.run(run())


def body(*entries: object) -> bytes:
    """Return a delivery."""
    return json.dumps(entries).encode()


def test_push_is_a_hint_in_either_form(caplog: pytest.LogCaptureFixture) -> None:
    """Helius docs: raw webhooks name `transaction.signatures`, enhanced ones `signature`; the host is the tunnel's."""
    hints = Hints()
    raw: dict[str, object] = {
        "blockTime": 1,
        "slot": 7,
        "transaction": {"signatures": [signature("a"), "x"], "message": {}},
        "meta": None,
    }
    enhanced: dict[str, object] = {
        "signature": signature("b"),
        "slot": 8,
        "type": "SWAP",
        "events": {"swap": [1, 2]},
        "fee": 5000,
    }

    response = post(hints, body(raw, enhanced, {"signature": signature("c"), "slot": 2**63}))

    assert (response.status_code, response.json()) == (200, {"taken": 3})
    (push,) = hints.pushes
    assert push.signatures == [signature("a"), signature("b"), signature("c")]
    assert push.slots == {signature("a"): 7, signature("b"): 8}
    assert caplog.records == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": SECRET[:-1]}, 401),
        ({"Authorization": f"Bearer {SECRET}"}, 401),
        ({"Authorization": "é"}, 401),
        ({**RIGHT, "Origin": "https://evil.example"}, 403),
        ({**RIGHT, "Origin": "null"}, 403),
        ({**RIGHT, "Content-Length": str(MAX_BODY_BYTES + 1)}, 413),
        ({**RIGHT, "Content-Length": "many"}, 413),
    ],
)
def test_forged_push_is_refused_unread(headers: dict[str, str], status: int, caplog: pytest.LogCaptureFixture) -> None:
    """Security notes: constant-time compare of the secret, no web page, size caps; one log line without the secret."""
    hints = Hints()

    async def run() -> int:
        sent: list[int] = []

        async def receive() -> Message:
            raise AssertionError("the body was read")

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent.append(int(message["status"]))

        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        scope = {"type": "http", "method": "POST", "path": HELIUS_PATH, "headers": raw, "query_string": b""}
        await HeliusDoor(SECRET, hints.take)(scope, receive, send)
        return sent[0]

    assert asyncio.run(run()) == status
    assert hints.pushes == []
    (line,) = caplog.records
    assert line.getMessage() == "webhook_refused"
    assert SECRET not in str(line.__dict__)


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b"null", b'"x"', b"\xff\xfe", b"<html>502</html>", b"[1,]"])
def test_malformed_push_is_refused(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Issue: malformed webhooks are refused with one log line, and the hub stays well."""
    hints = Hints()
    assert post(hints, content).status_code == 400
    assert hints.pushes == []
    assert [record.getMessage() for record in caplog.records] == ["webhook_refused"]


def test_malformed_entries_are_counted_and_the_others_taken(caplog: pytest.LogCaptureFixture) -> None:
    """Issue: malformed entries are counted in one log line."""
    hints = Hints()
    entries: list[object] = [
        1,
        None,
        [],
        {},
        {"signature": 5},
        {"transaction": {"signatures": []}},
        {"signature": "short"},
    ]
    response = post(hints, body(*entries, {"signature": signature("a")}, {"signature": signature("a")}))
    assert (response.status_code, response.json()) == (200, {"taken": 1})
    (line,) = caplog.records
    assert (line.getMessage(), line.__dict__["fields"]) == ("webhook_malformed", {"entries": 7, "taken": 1})
    assert read_push(b"[]") == Push(signatures=[], slots={}, malformed=0)


def test_body_without_end_or_length_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue: oversized and slow deliveries are refused."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"[" * 65_536

    async def slow() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.Event().wait()

    assert post(Hints(), endless()).status_code == 413
    monkeypatch.setattr(webhooks, "BODY_TIMEOUT_S", 0.01)
    assert post(Hints(), slow()).status_code == 408


def test_push_that_cannot_be_written_is_to_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our rule: 200 means kept; anything else lets Helius try again."""
    full = post(Hints(AuraError("database x: the disk is full; free space")), body({"signature": signature("a")}))
    assert (full.status_code, full.headers["retry-after"]) == (503, "60")
    assert "disk is full" in full.text

    class Stuck(Hints):
        async def take(self, push: Push) -> int:
            """Never end."""
            await asyncio.Event().wait()
            return len(push.signatures)

    monkeypatch.setattr(webhooks, "WRITE_TIMEOUT_S", 0.01)
    assert post(Stuck(), body({"signature": signature("a")})).status_code == 503


def test_only_post_is_answered() -> None:
    """Security notes: no GET with effects."""
    assert post(Hints(), b"", method="GET").status_code == 405
