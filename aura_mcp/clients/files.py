"""Change a client's configuration file: a backup first, then the whole new file in one step, or nothing at all.

Not responsible for what the file says (`merging`) or where it is (`known`).
"""

import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aura_mcp.clients.known import Client
from aura_mcp.clients.merging import merge_entry
from aura_mcp.clients.scanning import MalformedError
from aura_mcp.errors import AuraError

COMMAND: Final = "aura-mcp"
SERVER_NAME: Final = "aura"
CARRIED: Final = ("AURA_DB", "AURA_HOME")
"""Where the state is: clients start servers without the user's shell. Keys are never carried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What an installation did, or would do."""

    client: str
    file: Path
    backup: Path | None
    """What the file said before; None where there was none, or nothing changed."""
    is_changed: bool
    is_client_found: bool
    """The folder that the client itself makes is there."""
    before: str
    after: str


def find_command() -> Path:
    """Return the absolute path of `aura-mcp`: of this installation, else the one on the PATH.

    Raises:
        AuraError: there is none.
    """
    name = f"{COMMAND}.exe" if sys.platform == "win32" else COMMAND
    own = (Path(sysconfig.get_path("scripts"), name), Path(sys.executable).with_name(name))
    found = next((str(path) for path in own if os.access(path, os.X_OK)), None) or shutil.which(COMMAND)
    if found is None:
        raise AuraError(f"there is no {COMMAND} at {own[0]} or on the PATH; install aura-mcp again")
    return Path(found).absolute()


def carried_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that a client must pass on for its AURA to be the one of this shell."""
    return {name: str(Path(environment[name]).expanduser().absolute()) for name in CARRIED if environment.get(name)}


def install(client: Client, environment: Mapping[str, str], *, is_dry_run: bool = False) -> Installation:
    """Put AURA into the client's configuration; a second run changes nothing.

    Raises:
        AuraError: the file cannot be read, understood or written; it is as it was.
    """
    named = client.file(sys.platform, Path.home(), environment)
    # Whoever keeps the file elsewhere behind a link keeps the link.
    file = named.resolve()
    content = _read(file)
    before = _decode(file, content)
    entry = client.entry(str(find_command()), carried_settings(environment))
    try:
        after = merge_entry(before, client.section, SERVER_NAME, entry, allows_comments=client.allows_comments)
    except MalformedError as error:
        raise AuraError(f"{named}: {error}; mend the file, then try again: nothing was changed") from error
    is_client_found = content is not None or (named.parent != Path.home() and named.parent.is_dir())
    is_changed = after != before
    backup = None
    if is_changed and not is_dry_run:
        backup = None if content is None else _back_up(file, content)
        _write(file, after.encode(), content)
    return Installation(
        client=client.name,
        file=named,
        backup=backup,
        is_changed=is_changed,
        is_client_found=is_client_found,
        before=before,
        after=after,
    )


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AuraError(f"{file} cannot be read: {error.strerror}; mend it, then try again") from error


def _decode(file: Path, content: bytes | None) -> str:
    try:
        return (content or b"").decode()
    except UnicodeDecodeError as error:
        raise AuraError(f"{file}: byte {error.start} is not UTF-8; mend the file, then try again") from error


def _back_up(file: Path, content: bytes) -> Path:
    """Return a file beside it that holds the content: an earlier backup that does, or else a new one."""
    for number in range(sys.maxsize):
        backup = file.with_name(f"{file.name}.aura-backup{f'-{number}' if number else ''}")
        if not backup.exists():
            _replace(backup, content, file)
            return backup
        if backup.read_bytes() == content:
            return backup
    raise AssertionError


def _write(file: Path, content: bytes, expected: bytes | None) -> None:
    """Replace the file unless its client has written it meanwhile."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _read(file) != expected:
        raise AuraError(f"{file} was changed by another program just now; nothing was changed here: try again")
    _replace(file, content, file)


def _replace(file: Path, content: bytes, model: Path) -> None:
    """Write a file whole or not at all, with the mode and owner of `model`, or for its owner only."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    except OSError as error:
        raise AuraError(f"{file.parent} cannot be written: {error.strerror}; nothing was changed") from error
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileNotFoundError):
            _take_after(new, model.stat())
        new.replace(file)
    except OSError as error:
        raise AuraError(f"{file} cannot be written: {error.strerror}; nothing was changed") from error
    finally:
        new.unlink(missing_ok=True)


def _take_after(new: Path, model: os.stat_result) -> None:
    own = new.stat()
    if (own.st_uid, own.st_gid) != (model.st_uid, model.st_gid):
        os.chown(new, model.st_uid, model.st_gid)
    new.chmod(model.st_mode & 0o7777)
