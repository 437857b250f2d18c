"""Find out what keeps AURA from working, each with the fix.

Not responsible for mending anything: it changes no file.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aura_mcp.bridge import VERSION, Places, is_private, read_address
from aura_mcp.cli.session import session
from aura_mcp.errors import AuraError, NotFoundError
from aura_mcp.hub import HubSettings, visit
from aura_mcp.services.reach import reach_providers

COMMAND: Final = "aura-mcp"
KEYS: Final = (
    "ANTHROPIC_API_KEY",
    "BIRDEYE_API_KEY",
    "ELEVENLABS_API_KEY",
    "HELIUS_API_KEY",
    "JUPITER_API_KEY",
    "OPENAI_API_KEY",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `fix` is what to do about it, empty where nothing is."""

    name: str
    is_problem: bool
    detail: str
    fix: str = ""


def examine(settings: HubSettings) -> list[Finding]:
    """Return what was found, in the order in which it should be mended."""
    places = settings.places()
    is_running, hub = _look_at_hub(places)
    return [
        _look_at_home(places),
        *_look_at_run_folder(places),
        hub,
        _look_at_database(places, is_running=is_running),
        _look_at_keys(),
        *_look_at_providers(settings),
        _look_at_command(),
        *_look_at_clients(_client_files()),
    ]


def _look_at_home(places: Places) -> Finding:
    home = Path(places.home)
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    if os.access(existing, os.W_OK | os.X_OK) and existing.is_dir():
        return Finding(name="home", is_problem=False, detail=str(home))
    fix = f"make {existing} writable for you, or set AURA_HOME to a folder that is"
    return Finding(name="home", is_problem=True, detail=f"{home} cannot be written", fix=fix)


def _look_at_run_folder(places: Places) -> Iterator[Finding]:
    if os.path.lexists(places.run) and not is_private(places.run):
        detail = f"{places.run} is open to others, or not a folder of yours"
        yield Finding(name="sockets", is_problem=True, detail=detail, fix=f"chmod 700 {places.run}")


def _look_at_hub(places: Places) -> tuple[bool, Finding]:
    try:
        found = visit(places)
    except AuraError as error:
        return True, Finding(name="hub", is_problem=True, detail=str(error), fix="aura stop")
    if found is not None:
        detail = f"version {found.info.version}, PID {found.info.pid}, answers at {found.info.address}"
        fix = "" if found.info.version == VERSION else "the next client replaces it; `aura stop` does so at once"
        return True, Finding(name="hub", is_problem=False, detail=detail, fix=fix)
    is_stale = read_address(places) is not None
    detail = "none runs; one ended without leaving, the next replaces its files" if is_stale else "none runs"
    return False, Finding(name="hub", is_problem=False, detail=f"{detail}; a client starts one when it needs it")


def _look_at_database(places: Places, *, is_running: bool) -> Finding:
    path = Path(places.database)
    if is_running and path.exists():
        return Finding(name="database", is_problem=False, detail=f"{path}, {path.stat().st_size:,} bytes, in use")
    try:
        with session() as application:
            _ = application.store
    except NotFoundError:
        return Finding(name="database", is_problem=False, detail=f"{path} is not there yet", fix="aura init")
    except AuraError as error:
        return Finding(name="database", is_problem=True, detail=str(error), fix="name another file in AURA_DB")
    return Finding(name="database", is_problem=False, detail=f"{path}, {path.stat().st_size:,} bytes, opens")


def _look_at_keys() -> Finding:
    present = [name for name in KEYS if os.environ.get(name)]
    return Finding(name="keys", is_problem=False, detail=", ".join(present) or "none set; none is needed")


def _look_at_providers(settings: HubSettings) -> Iterator[Finding]:
    if settings.offline:
        yield Finding(name="providers", is_problem=False, detail="none is asked: AURA_OFFLINE is set")
        return
    reaches = reach_providers()
    lost = [reach for reach in reaches if not reach.is_reachable]
    if not lost:
        yield Finding(name="providers", is_problem=False, detail=f"{len(reaches)} of {len(reaches)} can be reached")
    for reach in lost:
        fix = f"check the network and its proxy, or name another address in AURA_{reach.provider.upper()}_URL"
        yield Finding(name="providers", is_problem=True, detail=f"{reach.provider}: no way to {reach.host}", fix=fix)


def _look_at_command() -> Finding:
    found = shutil.which(COMMAND)
    if found is not None:
        return Finding(name="command", is_problem=False, detail=found)
    own = Path(sys.executable).with_name(COMMAND)
    fix = f"give clients the full path as command: {own}"
    return Finding(name="command", is_problem=not own.exists(), detail=f"{COMMAND} is not on the PATH", fix=fix)


def _client_files() -> dict[str, Path]:
    home = Path.home()
    support = {
        "darwin": home / "Library" / "Application Support",
        "win32": Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming"),
    }.get(sys.platform, home / ".config")
    return {
        "Claude Desktop": support / "Claude" / "claude_desktop_config.json",
        "Claude Code": home / ".claude.json",
        "Cursor": home / ".cursor" / "mcp.json",
        "VS Code": support / "Code" / "User" / "mcp.json",
        "Windsurf": home / ".codeium" / "windsurf" / "mcp_config.json",
    }


def _look_at_clients(files: dict[str, Path]) -> list[Finding]:
    found = [_look_at_client(name, path) for name, path in files.items() if path.exists()]
    return found or [
        Finding(
            name="clients",
            is_problem=False,
            detail="no configuration of a known MCP client found",
            fix="claude_desktop_config.example.json shows what to add to your client's",
        )
    ]


def _look_at_client(name: str, path: Path) -> Finding:
    try:
        document: Any = json.loads(path.read_text("utf-8"))
        commands = list(_commands(document.get("mcpServers") or document.get("servers") or {}))
    except (OSError, ValueError, AttributeError) as error:
        return Finding(name=name, is_problem=True, detail=f"{path} cannot be read: {error}", fix="mend that file")
    ours = [command for command in commands if Path(command).stem in {COMMAND, "aura"}]
    if not ours:
        fix = f"add to it what claude_desktop_config.example.json shows: {path}"
        return Finding(name=name, is_problem=False, detail="does not know AURA", fix=fix)
    if shutil.which(ours[0]) is None:
        fix = f"write the full path as command in {path}: {Path(sys.executable).with_name(COMMAND)}"
        return Finding(name=name, is_problem=True, detail=f"starts {ours[0]!r}, which is not found", fix=fix)
    return Finding(name=name, is_problem=False, detail=f"starts {ours[0]}")


def _commands(servers: dict[str, dict[str, Any]]) -> Iterable[str]:
    return (str(server.get("command", "")) for server in servers.values())
