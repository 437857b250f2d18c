"""Several clients of one real hub: what one changes the others hear, what was done survives, nothing secret is kept."""

import asyncio
import json
import warnings
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.subscriptions import ResourceUpdated
from mcp_types import ResourceUpdatedNotification

from aura_mcp.bridge import Places
from tests.aura_mcp._facts import address
from tests.aura_mcp.hub.processes import BRIDGE, ROOT, bridge, environment_of, events_of, kill_hub, one_line, run_bridge

BOUND_S: Final = 20.0
BOB: Final = f"aura://wallet/{address('bob')}"
KEYS: Final = {
    "HELIUS_API_KEY": "helius-key-of-mine",
    "BIRDEYE_API_KEY": "birdeye-key-of-mine",
    "X_TOKEN": "an-own-token",
}


def test_news_reach_clients_of_both_eras_through_their_bridges(shared_hub: Places) -> None:
    """Spec: resources/updated in both eras, after a change that a third client made."""
    server = StdioServerParameters(command=BRIDGE[0], args=list(BRIDGE[1:]), env=environment_of(Path(shared_hub.home)))

    async def run() -> tuple[str, object]:
        heard: asyncio.Queue[str] = asyncio.Queue()

        async def note(message: object) -> None:
            if isinstance(message, ResourceUpdatedNotification):
                await heard.put(str(message.params.uri))

        async with AsyncExitStack() as stack:
            older = await stack.enter_async_context(Client(server, mode="legacy", message_handler=note))
            newer, editor = [
                await stack.enter_async_context(Client(server, mode=mode)) for mode in ("2026-07-28", "auto")
            ]
            with warnings.catch_warnings(action="ignore"):
                await older.subscribe_resource(BOB)  # pyright: ignore[reportDeprecated]
            news = await stack.enter_async_context(newer.listen(resource_subscriptions=[BOB]))
            await editor.call_tool("edit_wallet", {"wallet": address("bob"), "action": "track"})
            async with asyncio.timeout(BOUND_S):
                return await heard.get(), await anext(aiter(news))

    assert asyncio.run(run()) == (BOB, ResourceUpdated(uri=BOB))


def test_what_was_answered_survives_a_crash(places: Places, environment: dict[str, str], fifo: Path) -> None:
    """Spec: kill -9 of the hub during a call: nothing is lost, and the client never has to restart."""
    with bridge(environment) as talk:
        talk.greet()
        for number in range(2):
            wallet, name = address(f"w{number}"), f"Kept {number}"
            talk.call(number + 1, "edit_wallet", wallet=wallet, action="label", nickname=name)
            assert "done" in talk.text()
            talk.call("lost", "hold", fifo=str(fifo))
            with fifo.open("w", encoding="utf-8"):
                kill_hub(places)
            assert "error" in talk.receive()
        found = talk.call("after", "search", query="Kept").receive()["result"]["structuredContent"]
        assert [match["nickname"] for match in found["matches"]] == ["Kept 0", "Kept 1"]
    assert events_of(places) == ["hub_started"] * 3


def test_files_of_a_hub_hold_no_secret(places: Places) -> None:
    """Spec: logs are structured and hold no secrets: keys of the environment, the token, what clients send."""
    with bridge({**environment_of(Path(places.home), log_level="DEBUG", transport="tcp"), **KEYS}) as talk:
        talk.greet()
        token = Path(places.token).read_text("ascii").strip()
        secrets = [*KEYS.values(), token]
        for number, secret in enumerate(secrets):
            talk.call(number, "search", query=secret[:64]).receive()
            talk.call(number, "query_sql", sql=f"{secret} FROM nowhere").receive()
            talk.call(number, secret).receive()
            talk.write(f"not json {secret}\n".encode()).receive()
        kill_hub(places)
        status = json.dumps(talk.call("status", "system_status").receive())
    kept = [path for path in Path(places.home).rglob("*") if path.is_file() and path != Path(places.token)]
    assert Path(places.log) in kept
    for path in kept:
        assert not [secret for secret in secrets if secret.encode() in path.read_bytes()], path
    assert not [secret for secret in secrets if secret in status]
    assert all(json.loads(line)["event"] for line in Path(places.log).read_text("utf-8").splitlines())


@pytest.mark.parametrize(
    ("variable", "value"),
    [("http_port", "eighty"), ("transport", "pigeon"), ("threads", "\u202e-1"), ("db", "/")],
)
def test_wrong_setting_is_one_line_and_no_protocol(places: Places, variable: str, value: str) -> None:
    """Spec: stdout of `aura-mcp` carries only protocol, also when it fails; the line names what to mend."""
    said = one_line(run_bridge(environment_of(Path(places.home), **{variable: value}), b'{"jsonrpc":"2.0"}\n'))
    assert said.startswith("the hub does not start: ")
    assert (f"AURA_{variable.upper()}=" in said and "mend the variable" in said) or variable == "db"
    assert said.isascii()


def test_example_configuration_starts_the_server(places: Places) -> None:
    """Spec: claude_desktop_config.example.json: what Claude Desktop would start answers."""
    document = json.loads((ROOT / "claude_desktop_config.example.json").read_text("utf-8"))
    assert document["mcpServers"].keys() == {"aura"}
    entry: dict[str, Any] = document["mcpServers"]["aura"]
    own = environment_of(Path(places.home), fixtures="")
    environment = {**own, **entry["env"], "PATH": f"{Path(BRIDGE[0]).parent}:{own['PATH']}"}
    with bridge(environment, (entry["command"], *entry["args"])) as talk:
        talk.greet().call(1, "system_status")
        assert talk.receive()["result"]["structuredContent"]["hub"]["is_auto_started"]
