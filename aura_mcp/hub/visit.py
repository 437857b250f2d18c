"""Look at a running hub from outside, without the weight of an MCP client.

Not responsible for starting or stopping it (`bridge`).
"""

import json
from dataclasses import dataclass
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
_QUESTION: Final = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "system_status", "arguments": {}, "_meta": _META},
}
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
    if not is_hub_alive(places):
        return None
    info = read_info(places)
    if info is not None and info.address.startswith(STDIO):
        raise AuraError(f"{places.database} is served to one client on {info.address}; nobody else can ask there")
    link = None if info is None else dial(places, ROLE)
    if info is None or link is None:
        raise AuraError(f"a hub is starting or leaving over {places.database}; try again, or see {places.log}")
    try:
        link.settimeout(TIMEOUT_S)
        link.sendall(json.dumps(_QUESTION).encode() + b"\n")
        reply = b""
        while not reply.endswith(b"\n"):
            chunk = link.recv(_CHUNK_BYTES)
            if not chunk:
                break
            reply += chunk
        return Visit(info=info, status=json.loads(reply)["result"]["structuredContent"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AuraError(f"the hub (PID {info.pid}) does not answer; see {places.log}, or `aura stop`") from error
    finally:
        link.close()
