"""Say where each MCP client keeps its own configuration, and in which form it wants a server.

Sources, read 2026-11: code.claude.com/docs/en/mcp, code.visualstudio.com/docs/agents/reference/mcp-configuration,
cursor.com/docs/context/mcp, docs.windsurf.com, modelcontextprotocol.io/quickstart/user.
Not responsible for touching those files (`files`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

_SERVERS: Final = "mcpServers"


class ClientName(StrEnum):
    """What a user types."""

    CLAUDE = "claude"
    CLAUDE_CODE = "claude-code"
    CURSOR = "cursor"
    VSCODE = "vscode"
    WINDSURF = "windsurf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One program that can start MCP servers."""

    name: ClientName
    title: str
    section: str = _SERVERS
    """The key at the top of its configuration that holds the servers."""
    has_type: bool = False
    """A server must say that it speaks over stdio."""
    allows_comments: bool = False
    """Its configuration may hold comments and trailing commas."""
    next_step: str

    def entry(self, command: str, environment: Mapping[str, str]) -> dict[str, object]:
        """Return what the client must know about a server without arguments."""
        kind: dict[str, object] = {"type": "stdio"} if self.has_type else {}
        variables: dict[str, object] = {"env": dict(environment)} if environment else {}
        return {**kind, "command": command, "args": [], **variables}

    def file(self, platform: str, home: Path, environment: Mapping[str, str]) -> Path:
        """Return the user's configuration file on a platform as `sys.platform` names it."""
        match self.name:
            case ClientName.CLAUDE:
                return _support_folder(platform, home, environment) / "Claude" / "claude_desktop_config.json"
            case ClientName.CLAUDE_CODE:
                return Path(environment.get("CLAUDE_CONFIG_DIR") or home) / ".claude.json"
            case ClientName.CURSOR:
                return home / ".cursor" / "mcp.json"
            case ClientName.VSCODE:
                return _support_folder(platform, home, environment) / "Code" / "User" / "mcp.json"
            case ClientName.WINDSURF:
                return home / ".codeium" / "windsurf" / "mcp_config.json"


CLIENTS: Final = {
    client.name: client
    for client in (
        Client(
            name=ClientName.CLAUDE,
            title="Claude Desktop",
            next_step="quit Claude Desktop completely and start it again",
        ),
        Client(
            name=ClientName.CLAUDE_CODE,
            title="Claude Code",
            has_type=True,
            next_step="start a new session; /mcp lists it",
        ),
        Client(name=ClientName.CURSOR, title="Cursor", next_step="restart Cursor; Settings > MCP lists it"),
        Client(
            name=ClientName.VSCODE,
            title="VS Code",
            section="servers",
            has_type=True,
            allows_comments=True,
            next_step="run `MCP: List Servers` in VS Code and start it there",
        ),
        Client(
            name=ClientName.WINDSURF, title="Windsurf", next_step="refresh the MCP servers in Windsurf's Cascade panel"
        ),
    )
}
"""By the name that a user types."""


def _support_folder(platform: str, home: Path, environment: Mapping[str, str]) -> Path:
    """Return the folder in which programs keep the settings of one user."""
    if platform == "darwin":
        return home / "Library" / "Application Support"
    if platform == "win32":
        return Path(environment.get("APPDATA") or home / "AppData" / "Roaming")
    return Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
