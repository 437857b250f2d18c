"""Find out what keeps AURA from working, each with the fix.

Not responsible for mending anything: it changes no file.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aura_mcp.bridge import VERSION, Places, is_private, read_address
from aura_mcp.cli.session import own_session, session
from aura_mcp.clients import CLIENTS, Client, MalformedError
from aura_mcp.clients.scanning import scan
from aura_mcp.errors import AuraError, NotFoundError
from aura_mcp.hub import HubSettings, visit
from aura_mcp.services.reach import Reach, Reaching

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
        *_look_at_providers(settings, is_running=is_running),
        _look_at_command(),
        *_look_at_clients(),
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
        with own_session() as application:
            _ = application.store
    except NotFoundError:
        return Finding(name="database", is_problem=False, detail=f"{path} is not there yet", fix="aura init")
    except AuraError as error:
        return Finding(name="database", is_problem=True, detail=str(error), fix="name another file in AURA_DB")
    return Finding(name="database", is_problem=False, detail=f"{path}, {path.stat().st_size:,} bytes, opens")


def _look_at_keys() -> Finding:
    present = [name for name in KEYS if os.environ.get(name)]
    return Finding(name="keys", is_problem=False, detail=", ".join(present) or "none set; none is needed")


def _look_at_providers(settings: HubSettings, *, is_running: bool) -> Iterator[Finding]:
    if settings.offline:
        yield Finding(name="providers", is_problem=False, detail="none is asked: AURA_OFFLINE is set")
        return
    reaches = _reaches(is_running=is_running)
    asked = [reach for reach in reaches if reach.is_asked]
    lost = [reach for reach in asked if reach.problem is not None]
    if not lost:
        keyless = ", ".join(reach.provider for reach in reaches if not reach.is_asked)
        rest = f"; not asked without a key: {keyless}" if keyless else ""
        yield Finding(name="providers", is_problem=False, detail=f"{len(asked)} of {len(asked)} answer{rest}")
    for reach in lost:
        fix = f"check the network, its proxy and the key, or name another address in AURA_{reach.provider.upper()}_URL"
        yield Finding(name="providers", is_problem=True, detail=f"{reach.provider}: {reach.problem}", fix=fix)


def _reaches(*, is_running: bool) -> list[Reach]:
    """Have the hub ask where one runs, for what it costs is counted there; else whoever can."""
    try:
        with session() if is_running else own_session() as application:
            return application.reaching.look()
    except AuraError:
        # No database, or one that cannot be opened, is a finding of its own; nothing is counted without it.
        return Reaching.alone().look()


def _look_at_command() -> Finding:
    found = shutil.which(COMMAND)
    if found is not None:
        return Finding(name="command", is_problem=False, detail=found)
    own = Path(sys.executable).with_name(COMMAND)
    fix = f"give clients the full path as command: {own}"
    return Finding(name="command", is_problem=not own.exists(), detail=f"{COMMAND} is not on the PATH", fix=fix)


def _look_at_clients() -> list[Finding]:
    files = {client: client.file(sys.platform, Path.home(), os.environ) for client in CLIENTS.values()}
    found = [_look_at_client(client, path) for client, path in files.items() if path.exists()]
    return found or [
        Finding(
            name="clients",
            is_problem=False,
            detail="no configuration of a known MCP client found",
            fix=f"aura install {'|'.join(CLIENTS)}",
        )
    ]


def _look_at_client(client: Client, path: Path) -> Finding:
    try:
        node = scan(path.read_text("utf-8"), allows_comments=client.allows_comments)
        commands = list(_commands(node.value, client.section))
    except (OSError, ValueError, MalformedError) as error:
        return Finding(
            name=client.title, is_problem=True, detail=f"{path} cannot be read: {error}", fix="mend that file"
        )
    ours = [command for command in commands if Path(command).stem in {COMMAND, "aura"}]
    fix = f"aura install {client.name}"
    if not ours:
        return Finding(name=client.title, is_problem=False, detail="does not know AURA", fix=fix)
    if shutil.which(ours[0]) is None:
        return Finding(name=client.title, is_problem=True, detail=f"starts {ours[0]!r}, which is not found", fix=fix)
    return Finding(name=client.title, is_problem=False, detail=f"starts {ours[0]}")


def _commands(document: object, section: str) -> list[str]:
    """Return what a client's configuration starts, as far as it has the form of one."""
    servers = _members(_members(document).get(section))
    return [str(_members(server).get("command", "")) for server in servers.values()]


def _members(value: object) -> dict[str, object]:
    # An object of JSON has text for keys, which a type checker cannot see.
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]
