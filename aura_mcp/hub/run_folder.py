"""Keep the files by which a hub is found: lock, address, run info, token, socket.

The lock is what makes a hub the only one; everything else may be left over from a dead one and is written anew.
Not responsible for looking at them from outside (`bridge`).
"""

import json
import os
import secrets
import socket
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

import platformdirs

from aura_mcp.bridge import VERSION, HubError, Places, is_private, prepare_run_folder, short_hash, take_lock
from aura_mcp.errors import AuraError
from aura_mcp.hub.run_info import RunInfo
from aura_mcp.hub.settings import HubSettings

SOCKET_NAME: Final = "hub.sock"
WEBHOOK_SECRET_NAME: Final = "webhook-secret"
MAX_SOCKET_PATH_BYTES: Final = 90
"""A socket's path has 104 bytes on macOS, 108 on Linux; a new one carries a suffix until it is in place."""
TOKEN_BYTES: Final = 32
BACKLOG: Final = 128
LOCK_TIMEOUT_S: Final = 1.0


class RunFolder:
    """The run files of the hub that holds the lock."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._socket: Path | None = None

    def token(self) -> str:
        """Return the token of the loopback doors: the one that clients have been given before, while it is safe."""
        return kept_secret(Path(self.places.token))

    def listen(self, transport: str) -> tuple[socket.socket, str]:
        """Return a listening socket and the address to publish; others can use it before anyone accepts."""
        if transport == "tcp":
            listener = bind_loopback(0)
            return listener, f"tcp {listener.getsockname()[1]}"
        path = self._socket = self._socket_path()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        new = path.with_name(f"{path.name}.{os.getpid():x}")
        new.unlink(missing_ok=True)
        listener.bind(str(new))
        new.chmod(0o600)
        listener.listen(BACKLOG)
        # In one step over what a dead hub may have left.
        new.replace(path)
        return listener, f"unix {path}"

    def publish(self, info: RunInfo) -> None:
        """Let bridges find this hub."""
        _write(Path(self.places.info), json.dumps(asdict(info), indent=2) + "\n")
        _write(Path(self.places.address), f"{VERSION} {info.address}\n")

    def withdraw(self) -> None:
        """Let nobody find this hub any more."""
        for path in (self.places.address, self.places.info, self._socket):
            if path is not None:
                Path(path).unlink(missing_ok=True)

    def _socket_path(self) -> Path:
        """Return a path short enough: in the run folder, or else in a folder of the user for such things."""
        usual = Path(self.places.run, SOCKET_NAME)
        if _fits(usual):
            return usual
        name = f"{short_hash(self.places.run)}.sock"
        for folder in (
            platformdirs.user_runtime_path("aura", appauthor=False),
            Path(tempfile.gettempdir(), f"aura-{os.getuid()}"),
            Path("/tmp", f"aura-{os.getuid()}"),  # noqa: S108
        ):
            if _fits(folder / name) and _make_private(folder):
                return folder / name
        raise AuraError(f"no folder for a socket: {usual} is too long a path; set AURA_HOME to a shorter one")


@contextmanager
def claimed(places: Places) -> Generator[RunFolder]:
    """Yield the run folder of `places` to the one hub that may have it, and withdraw what it published at the end.

    Raises:
        AuraError: another hub has it, or it cannot be used.
    """
    try:
        prepare_run_folder(places)
        # Whoever asks whether a hub lives holds the lock for a moment.
        lock = take_lock(places.lock, timeout_s=LOCK_TIMEOUT_S)
    except HubError as error:
        raise AuraError(str(error)) from error
    if lock is None:
        raise AuraError(f"a hub is already running over {places.database}; `aura status` shows it, `aura stop` ends it")
    folder = RunFolder(places)
    try:
        # What a dead hub has left would mislead from here on.
        folder.withdraw()
        yield folder
    finally:
        folder.withdraw()
        os.close(lock)


def kept_secret(path: Path) -> str:
    """Return the secret that a file holds while only its owner can read it; otherwise write a new one of 256 bits.

    Raises:
        AuraError: it cannot be written.
    """
    if path.is_file() and not path.is_symlink() and not path.stat().st_mode & 0o077:
        found = path.read_text("ascii").strip()
        if len(found) > TOKEN_BYTES:
            return found
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    _write(path, secret + "\n")
    return secret


def webhook_secret(places: Places, settings: HubSettings) -> str:
    """Return the secret of webhooks: what is set, or one that is kept from hub to hub.

    Raises:
        AuraError: it cannot be kept.
    """
    if settings.webhook_secret is not None:
        return settings.webhook_secret.get_secret_value()
    try:
        prepare_run_folder(places)
    except HubError as error:
        raise AuraError(str(error)) from error
    return kept_secret(Path(places.run, WEBHOOK_SECRET_NAME))


def bind_loopback(port: int) -> socket.socket:
    """Return a socket that listens on the loopback, on a free port when `port` is 0.

    Raises:
        AuraError: the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise AuraError(f"port {port} cannot be used: {error.strerror}; choose another, or 0 for a free one") from error
    listener.listen(BACKLOG)
    return listener


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES


def _make_private(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return is_private(str(folder))
    except OSError:
        # Nothing of ours can be there; the next folder may do.
        return False


def _write(path: Path, text: str) -> None:
    """Write a file for our eyes only, whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise AuraError(f"{path}: {error.strerror}; free space or mend its permissions") from error
