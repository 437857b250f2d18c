"""Where each client looks, as its own documentation says."""

from pathlib import Path, PurePosixPath

import pytest

from aura_mcp.clients import CLIENTS, ClientName

HOME = Path("/people/ann")
ROAMING = HOME / "AppData" / "Roaming"

FILES = {
    ("claude", "linux"): ".config/Claude/claude_desktop_config.json",
    ("claude", "darwin"): "Library/Application Support/Claude/claude_desktop_config.json",
    ("claude", "win32"): "AppData/Roaming/Claude/claude_desktop_config.json",
    ("claude-code", "linux"): ".claude.json",
    ("claude-code", "darwin"): ".claude.json",
    ("claude-code", "win32"): ".claude.json",
    ("cursor", "linux"): ".cursor/mcp.json",
    ("cursor", "darwin"): ".cursor/mcp.json",
    ("cursor", "win32"): ".cursor/mcp.json",
    ("vscode", "linux"): ".config/Code/User/mcp.json",
    ("vscode", "darwin"): "Library/Application Support/Code/User/mcp.json",
    ("vscode", "win32"): "AppData/Roaming/Code/User/mcp.json",
    ("windsurf", "linux"): ".codeium/windsurf/mcp_config.json",
    ("windsurf", "darwin"): ".codeium/windsurf/mcp_config.json",
    ("windsurf", "win32"): ".codeium/windsurf/mcp_config.json",
}


@pytest.mark.parametrize(("client", "platform"), FILES)
def test_every_client_has_its_file_on_every_platform(client: str, platform: str) -> None:
    """Spec: the clients' documentation."""
    file = CLIENTS[ClientName(client)].file(platform, HOME, {})
    assert file.relative_to(HOME) == Path(PurePosixPath(FILES[client, platform]))


def test_environment_moves_the_folders_that_it_names() -> None:
    """Spec: %APPDATA%, the XDG base directories, Claude Code's CLAUDE_CONFIG_DIR."""
    moved = {"APPDATA": "/roam", "XDG_CONFIG_HOME": "/xdg", "CLAUDE_CONFIG_DIR": "/cc"}
    assert CLIENTS[ClientName.CLAUDE].file("win32", HOME, moved) == Path("/roam/Claude/claude_desktop_config.json")
    assert CLIENTS[ClientName.VSCODE].file("linux", HOME, moved) == Path("/xdg/Code/User/mcp.json")
    assert CLIENTS[ClientName.CLAUDE_CODE].file("darwin", HOME, moved) == Path("/cc/.claude.json")


def test_every_name_has_its_client() -> None:
    """Our rule: the command offers what the table holds."""
    assert list(CLIENTS) == list(ClientName)
    assert [client.name for client in CLIENTS.values()] == list(ClientName)


@pytest.mark.parametrize("name", ClientName)
def test_entry_has_the_form_that_the_client_reads(name: ClientName) -> None:
    """Spec: VS Code requires `type`, Claude Code writes it; the others know only command, args and env."""
    entry = CLIENTS[name].entry("/bin/aura-mcp", {"AURA_HOME": "/x"})
    assert entry.pop("type", None) == ("stdio" if name in {"vscode", "claude-code"} else None)
    assert entry == {"command": "/bin/aura-mcp", "args": [], "env": {"AURA_HOME": "/x"}}
    assert "env" not in CLIENTS[name].entry("/bin/aura-mcp", {})
