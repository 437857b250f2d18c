"""Where MCP clients keep their configuration, and how AURA gets into it without disturbing the rest."""

from aura_mcp.clients.files import Installation, find_command, install
from aura_mcp.clients.known import CLIENTS, Client, ClientName
from aura_mcp.clients.merging import merge_entry
from aura_mcp.clients.scanning import MalformedError

__all__ = [
    "CLIENTS",
    "Client",
    "ClientName",
    "Installation",
    "MalformedError",
    "find_command",
    "install",
    "merge_entry",
]
