"""Look at a running hub from outside, without the weight of an MCP client.

Not responsible for starting or stopping it (`bridge`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from aura_mcp.bridge import STDIO, VERSION, Places, dial, is_hub_alive
from aura_mcp.errors import AuraError
from aura_mcp.hub.run_info import RunInfo, read_info

TIMEOUT_S: Final = 10.0
ROLE: Final = "visitor"

_META: Final = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "aura", "version": VERSION},
    "io.modelcontextprotocol/clientCapabilities": {},
}
NO_ARGUMENTS: Final[Mapping[str, object]] = MappingProxyType({})
_CHUNK_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A running hub: what it left in its folder, and what it answers to `system_status`."""

    info: RunInfo
    status: dict[str, Any]


def visit(places: Places) -> Visit | None:
    """Return what the running hub says, None when none runs.

    Raises:
        AuraError: one runs, but does not answer.
    """
    info = find_hub(places)
    if info is None:
        return None
    return Visit(info=info, status=call_tool(places, info, "system_status"))


def find_hub(places: Places) -> RunInfo | None:
    """Return what the running hub has left for visitors, None when none runs.

    Raises:
        AuraError: one runs, but takes no visitors.
    """
    if not is_hub_alive(places):
        return None
    info = read_info(places)
    if info is not None and info.address.startswith(STDIO):
        raise AuraError(f"{places.database} is served to one client on {info.address}; nobody else can ask there")
    if info is None:
        raise _in_between(places)
    return info


def call_tool(
    places: Places, info: RunInfo, tool: str, arguments: Mapping[str, object] = NO_ARGUMENTS
) -> dict[str, Any]:
    """Return the structured content of what the hub's tool answers.

    Raises:
        AuraError: the tool refuses, for the reason given, or the hub does not answer.
    """
    link = dial(places, ROLE)
    if link is None:
        raise _in_between(places)
    params = {"name": tool, "arguments": dict(arguments), "_meta": _META}
    question = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    try:
        link.settimeout(TIMEOUT_S)
        link.sendall(json.dumps(question).encode() + b"\n")
        reply = b""
        while not reply.endswith(b"\n"):
            chunk = link.recv(_CHUNK_BYTES)
            if not chunk:
                break
            reply += chunk
        result = json.loads(reply)["result"]
        if result.get("isError"):
            raise AuraError(str(result["content"][0]["text"]).partition(f"{tool}: ")[2])
        return result["structuredContent"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AuraError(f"the hub (PID {info.pid}) does not answer; see {places.log}, or `aura stop`") from error
    finally:
        link.close()


def _in_between(places: Places) -> AuraError:
    return AuraError(f"a hub is starting or leaving over {places.database}; try again, or see {places.log}")
