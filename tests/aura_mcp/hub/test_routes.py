"""The routes of a running hub beside MCP."""

from collections.abc import Mapping
from pathlib import Path

import httpx

from aura_mcp.bridge import Places
from tests.aura_mcp.hub.processes import info_of


def post(places: Places, path: str, headers: Mapping[str, str], content: bytes = b"") -> httpx.Response:
    """Post to a route of the hub."""
    url = info_of(places).http_url.removesuffix("/mcp") + path
    return httpx.post(url, content=content, headers=dict(headers), trust_env=False, timeout=30)


def read(places: Places, name: str) -> str:
    """Return a secret of the run folder."""
    return Path(places.run, name).read_text("ascii").strip()


def test_webhook_has_a_door_of_its_own(shared_hub: Places) -> None:
    """Security notes: under any name, with its own secret and not with the token of the hub."""
    path = "/webhooks/helius"
    secret = read(shared_hub, "webhook-secret")
    assert len(secret) >= 43
    right, token = {"Authorization": secret}, {"Authorization": f"Bearer {read(shared_hub, 'token')}"}
    assert post(shared_hub, path, {**right, "Host": "tunnel.example"}, b"[]").status_code == 200
    assert post(shared_hub, path, token, b"[]").status_code == 401
    assert post(shared_hub, f"{path}/", right, b"[]").status_code == 401
    assert post(shared_hub, "/mcp", right, b"[]").status_code == 401


def test_refresh_is_behind_the_guard(shared_hub: Places) -> None:
    """Spec: HTTP trigger with the bearer token; this hub is offline and says so."""
    token = {"Authorization": f"Bearer {read(shared_hub, 'token')}"}
    assert post(shared_hub, "/refresh", {}).status_code == 401
    refused = post(shared_hub, "/refresh", token)
    assert refused.status_code == 503
    assert refused.json() == {"error": "job 'wallets' cannot run: AURA_OFFLINE is set; unset it and start again"}
    assert post(shared_hub, "/refresh?what=everything", token).status_code == 400
    url = info_of(shared_hub).http_url.removesuffix("/mcp")
    assert httpx.get(f"{url}/refresh", headers=token, trust_env=False, timeout=30).status_code == 405
