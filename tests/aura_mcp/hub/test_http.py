"""The HTTP door: the same server for whoever has the token, and for nobody's web page."""

import asyncio
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import httpx
import pytest
from httpx2 import AsyncClient
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from aura_mcp.bridge import VERSION, Places
from tests.aura_mcp.hub.processes import BOUND_S, MODERN, environment_of, events_of, hub, info_of, until

QUESTION: Final = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": MODERN}}
HEADERS: Final = {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": "tools/list",
}


def token_of(places: Places) -> str:
    """Return the token."""
    return Path(places.token).read_text("ascii").strip()


def ask(places: Places, question: Mapping[str, object] = QUESTION, **headers: str) -> httpx.Response:
    """Post a question with the token, unless the headers say otherwise."""
    given = {"Authorization": f"Bearer {token_of(places)}", **HEADERS, **headers}
    return httpx.post(
        info_of(places).http_url,
        json=question,
        headers={name: value for name, value in given.items() if value},
        timeout=30,
        trust_env=False,
    )


@pytest.mark.parametrize("era", ["legacy", "2026-07-28", "auto"])
def test_client_with_the_token_is_served(shared_hub: Places, era: str) -> None:
    """Spec: a real client over streamable HTTP, in both eras."""

    async def call() -> None:
        headers = {"Authorization": f"Bearer {token_of(shared_hub)}"}
        async with AsyncClient(headers=headers, timeout=30, trust_env=False) as http:
            transport = streamable_http_client(info_of(shared_hub).http_url, http_client=http)
            async with Client(transport, mode=era) as client:
                result = await client.call_tool("system_status", {})
        assert result.structured_content is not None
        assert result.structured_content["version"] == VERSION

    asyncio.run(call())


def test_plain_request_with_the_token_is_answered(shared_hub: Places) -> None:
    """Our rule: what the refusals below are compared with."""
    reply = ask(shared_hub)
    assert reply.status_code == 200
    assert "system_status" in reply.text


@pytest.mark.parametrize("credentials", ["", "Bearer wrong", "Basic dXNlcjp3cm9uZw=="])
def test_request_without_the_token_is_refused(shared_hub: Places, credentials: str) -> None:
    """Spec: security notes, local web attacks; RFC 6750 §3 names the scheme."""
    reply = ask(shared_hub, Authorization=credentials)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == 'Bearer realm="aura"'
    assert "system_status" not in reply.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:80", "[::1]:80"])
def test_request_for_another_host_is_refused(shared_hub: Places, host: str) -> None:
    """Spec: security notes: a name that was rebound to the loopback is not ours."""
    assert ask(shared_hub, Host=host).status_code == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_page_of_another_site_is_refused(shared_hub: Places, origin: str) -> None:
    """Spec: security notes: not even with the token."""
    assert ask(shared_hub, Origin=origin).status_code == 403


def test_own_origin_is_served(shared_hub: Places) -> None:
    """Our rule: pages that the hub serves itself may ask it."""
    assert ask(shared_hub, Origin=info_of(shared_hub).http_url.removesuffix("/mcp")).status_code == 200


def test_running_call_ends_before_the_door_closes(places: Places, fifo: Path) -> None:
    """Our rule: as at the socket; whoever comes meanwhile is told to come back."""
    environment = environment_of(Path(places.home))
    with hub(environment) as process, ThreadPoolExecutor() as threads:
        params = {"name": "hold", "arguments": {"fifo": str(fifo)}, "_meta": MODERN}
        call = {**QUESTION, "method": "tools/call", "params": params}
        headers = {"Mcp-Method": "tools/call", "Mcp-Name": "hold"}
        reply = threads.submit(ask, places, call, **headers)
        with fifo.open("w", encoding="utf-8") as release:
            info, token = info_of(places), token_of(places)
            process.send_signal(signal.SIGTERM)
            until(lambda: events_of(places)[-1] == "hub_leaving")
            early = httpx.post(
                info.http_url, json=QUESTION, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
            )
            assert (early.status_code, early.headers["retry-after"]) == (503, "2")
            release.write("done")
        assert "done" in reply.result().text
        assert process.wait(BOUND_S) == 0
