"""Pump bytes between an MCP client's stdio and the hub, and start the hub when none runs: the `aura-mcp` command.

Standard library only, and of that only what costs next to nothing to load: `socket`, `threading`, `typing` and `json`
would double the time to the first reply, so their C cores stand in for them, or they are imported when needed.
Not responsible for what messages say, beyond what it takes to survive a hub: a new one is told the handshake again,
and a call that went down with the old one is answered with an error.

The hub and the commands share the first half: how a hub is found, started and dismissed.
"""

# Imports stand where they are needed, and pathlib nowhere, for the reason above.
# ruff: noqa: PLC0415, PTH100, PTH101, PTH103, PTH110, PTH111, PTH118, PTH120, PTH123

import _socket
import _thread
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from subprocess import Popen
    from typing import NoReturn

VERSION = "0.1.0"
DATABASE_NAME = "aura.duckdb"
MAX_FRAME_BYTES = 16 * 1024 * 1024
START_TIMEOUT_S = 60.0
LEAVE_TIMEOUT_S = 45.0

MARK = b"AURA "
"""Starts a line between bridge and hub that is no message; messages start with a brace."""
STDIO = "stdio"
"""Starts the address of a process that serves its one client on its own stdio, and nobody else."""
STOPPED = "stopped"
REPLACED = "replaced"

HUB_LOST = -32000
"""JSON-RPC code of a call that a hub took with it."""

_POLL_S = 0.01
_CHUNK_BYTES = 1 << 18
_HEAD_BYTES = 1 << 16
_OTHERS = 0o077
_FORMAT, _FOLDER = 0o170000, 0o040000
_MAX_LOSSES = 3
_CALL = "tools/call"
_LISTEN = "subscriptions/listen"
_STATEFUL = ("initialize", "notifications/initialized", "logging/setLevel", "resources/subscribe")
_ID_FIRST = b'{"jsonrpc":"2.0","id":'
_METHOD_NEXT = b',"method"'
_LOST = "AURA's hub ended while this call was running and was started again; nothing is half-done: repeat the call"
_STOPPED = "AURA's hub was stopped before it answered this call; repeat the call to start the hub again"


class HubError(Exception):
    """There is no hub to talk to; the message is one line: the reason and the next step."""


class Places:
    """Where the hub of one database leaves what others find it by; each (home, database) has its own."""

    __slots__ = ("address", "database", "home", "info", "lock", "log", "run", "start_lock", "token")

    def __init__(self, home: str, database: str | None = None) -> None:
        self.home = os.path.abspath(os.path.expanduser(home))
        usual = os.path.join(self.home, DATABASE_NAME)
        self.database = os.path.abspath(os.path.expanduser(database)) if database else usual
        self.run = os.path.join(self.home, "run" if self.database == usual else f"run-{short_hash(self.database)}")
        self.address = os.path.join(self.run, "hub.address")
        self.info = os.path.join(self.run, "hub.json")
        self.lock = os.path.join(self.run, "hub.lock")
        self.log = os.path.join(self.run, "hub.log")
        self.start_lock = os.path.join(self.run, "start.lock")
        self.token = os.path.join(self.run, "token")

    @classmethod
    def of_environment(cls, environment: "Mapping[str, str]") -> "Places":
        """Return the places that the settings of the same environment name."""
        return cls(environment.get("AURA_HOME") or _user_data_folder(environment), environment.get("AURA_DB"))


def short_hash(path: str) -> str:
    """Return 16 hexadecimal digits that stand for a path."""
    import hashlib

    return hashlib.blake2b(os.fsencode(path), digest_size=8).hexdigest()


def read_address(places: Places) -> tuple[str, str] | None:
    """Return version and address of the hub that has published itself, None when none has. It may be dead by now."""
    try:
        with open(places.address, "rb", buffering=0) as file:
            version, _, address = os.fsdecode(file.read(_HEAD_BYTES)).strip().partition(" ")
    except OSError:
        return None
    return (version, address) if address else None


def dial(places: Places, role: str, *, any_version: bool = True) -> "_socket.socket | None":
    """Return a connection to the published hub, introduced as `role`; None when no such hub answers.

    A Unix socket is only as trustworthy as its folder: one that others may enter is not dialed.
    A port may be another program's once its hub is dead, and the token is not for it: the lock tells.
    """
    found = read_address(places)
    if found is None or not (any_version or found[0] == VERSION):
        return None
    kind, _, target = found[1].partition(" ")
    token, link = "", None
    try:
        if kind == "tcp":
            if not is_hub_alive(places):
                return None
            with open(places.token, encoding="ascii") as file:
                token = file.read().strip()
            link = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            link.connect(("127.0.0.1", int(target)))
            link.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        elif is_private(os.path.dirname(target)):
            link = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
            link.connect(target)
        if link is not None:
            link.sendall(MARK + f"{role} {VERSION} {token}\n".encode())
    except OSError:
        if link is not None:
            link.close()
        return None
    return link


def is_private(folder: str) -> bool:
    """Return whether a folder is a real one, ours and closed to everybody else."""
    if os.name != "posix":
        return True
    found = os.lstat(folder)
    return found.st_mode & _FORMAT == _FOLDER and found.st_uid == os.geteuid() and not found.st_mode & _OTHERS


def prepare_run_folder(places: Places) -> None:
    """Create the folder of the run files, closed to others.

    Raises:
        HubError: it cannot be created, or is not ours.
    """
    try:
        for folder in (places.home, places.run):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        if not is_private(places.run):
            os.chmod(places.run, 0o700)
        if is_private(places.run):
            return
        why = "is not a folder of your own"
    except OSError as error:
        why = f"cannot be used: {error.strerror}"
    raise HubError(f"{places.run} {why}; make it a writable folder of yours, or set AURA_HOME to one")


def take_lock(path: str, *, timeout_s: float = 0.0) -> int | None:
    """Return the descriptor that holds the lock, None when another process kept it until the end of the wait.

    The kernel takes a lock back when its holder ends, however it ends: a lock file left behind locks nobody out.

    Raises:
        HubError: the file cannot be created.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise HubError(f"{path}: {error.strerror}; free space or mend its permissions") from error
    end = _now() + timeout_s
    while not _try_lock(descriptor):
        if _now() >= end:
            os.close(descriptor)
            return None
        time.sleep(_POLL_S)
    return descriptor


def is_hub_alive(places: Places) -> bool:
    """Return whether a hub holds the lock that every hub holds for as long as it lives."""
    if not os.path.exists(places.lock):
        return False
    descriptor = take_lock(places.lock)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def dismiss_hub(places: Places, reason: str) -> bool:
    """Ask the hub to finish its calls and leave; return, when it has, whether there was one.

    Raises:
        HubError: it does not leave.
    """
    if not is_hub_alive(places):
        return False
    link = dial(places, f"leave-{reason}")
    if link is not None:
        link.close()
    elif (found := read_address(places)) is not None and found[1].startswith(STDIO):
        raise HubError(f"{places.database} is served to one client on {found[1]}; end that process first")
    descriptor = take_lock(places.lock, timeout_s=LEAVE_TIMEOUT_S)
    if descriptor is None:
        raise HubError(f"the hub did not leave within {LEAVE_TIMEOUT_S:.0f} s; end the process named in {places.info}")
    os.close(descriptor)
    return True


def open_link(places: Places, *, any_version: bool) -> "tuple[_socket.socket, Popen[bytes] | None]":
    """Return a connection to the hub and, when none answered and one was started, its process.

    A hub of another version is replaced unless `any_version` will do. However many call this, one hub is started.

    Raises:
        HubError: no hub answers and none can be started.
    """
    link = dial(places, "bridge", any_version=any_version)
    if link is not None:
        return link, None
    prepare_run_folder(places)
    lock = take_lock(places.start_lock, timeout_s=START_TIMEOUT_S + LEAVE_TIMEOUT_S)
    if lock is None:
        raise HubError(f"another program has been starting the hub for too long; see {places.log}")
    try:
        link = dial(places, "bridge", any_version=any_version)
        if link is not None:
            return link, None
        dismiss_hub(places, REPLACED)
        return _start_hub(places)
    finally:
        os.close(lock)


def _start_hub(places: Places) -> "tuple[_socket.socket, Popen[bytes]]":
    import subprocess

    reading, writing = os.pipe()
    environment = {**os.environ, "AURA_HOME": places.home, "AURA_DB": places.database}
    command = [sys.executable, "-P", "-m", "aura_mcp.hub", "--auto"]
    try:
        # The command is this project's own. The client's folder may be on a disk that wants to be unmounted.
        hub = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            env=environment,
            cwd=places.home,
            start_new_session=True,
        )
    except OSError as error:
        os.close(reading)
        raise HubError(f"the hub cannot be started: {error.strerror}; free memory and processes") from error
    finally:
        os.close(writing)
    # A hub lets go of its stderr when it is ready, or when it dies.
    said = _read_all(reading, _now() + START_TIMEOUT_S)
    os.close(reading)
    link = dial(places, "bridge")
    if link is None:
        hub.kill()
        hub.wait()
        lines = said.decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), f"it said nothing; see {places.log}")
        raise HubError(f"the hub does not start: {last.removeprefix('aura: ')}")
    return link, hub


def _read_all(descriptor: int, end: float) -> bytes:
    import select

    said = b""
    # Windows waits on sockets only: there a start may take as long as the hub lets it.
    while os.name != "posix" or select.select([descriptor], [], [], max(end - _now(), 0))[0]:
        chunk = os.read(descriptor, _CHUNK_BYTES)
        if not chunk:
            break
        said += chunk
    return said


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _now() -> float:
    # For deadlines only; the project's clock is out of reach here.
    return time.monotonic()  # noqa: TID251


def _user_data_folder(environment: "Mapping[str, str]") -> str:
    # As platformdirs has it, which the settings use.
    if os.name == "nt":
        return os.path.join(environment.get("LOCALAPPDATA") or r"~\AppData\Local", "aura")
    usual = "~/Library/Application Support" if sys.platform == "darwin" else "~/.local/share"
    return os.path.join(environment.get("XDG_DATA_HOME", "").strip() or usual, "aura")


class Call:
    """A message of the client that a new hub may have to see again."""

    __slots__ = ("id", "is_delivered", "is_repeated", "line", "method")

    def __init__(self, id_: object, method: str, line: bytes) -> None:
        self.id = id_
        self.method = method
        self.line = line
        self.is_delivered = True
        self.is_repeated = False

    def may_repeat(self) -> bool:
        """Return whether asking again is safe, and remember that it was done: only tools can have effects."""
        if not self.is_delivered:
            self.is_delivered = True
            return True
        is_first, self.is_repeated = not self.is_repeated, True
        return self.method == _LISTEN or (is_first and self.method != _CALL)


class Books:
    """Which calls are open, and what a new hub has to be told before it can serve this client.

    Lines are passed on first, noted next and read last, so that no reply waits for bookkeeping.
    """

    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.session: dict[str, Call] = {}
        self.questions: dict[str, object] = {}
        self._dead_questions: set[str] = set()
        self._swallowed: set[str] = set()
        self._noted: list[tuple[bool, bytes]] = []
        self._guard = _thread.allocate_lock()

    def note(self, lines: "Iterable[bytes]", *, is_clients: bool) -> None:
        """Keep lines to be read later, in the order in which they passed."""
        with self._guard:
            self._noted.extend((is_clients, line) for line in lines)

    def settle(self) -> None:
        """Read what was noted."""
        with self._guard:
            for is_clients, line in self._noted:
                (self._read_client if is_clients else self._read_hub)(line)
            self._noted.clear()

    def note_undelivered(self, line: bytes) -> None:
        """Remember that the hub cannot have begun what a line asks for."""
        self.settle()
        for call in list(self.calls.values()):
            if call.line is line:
                call.is_delivered = False

    def is_anything_open(self) -> bool:
        """Return whether a reply is still to come; a subscription has none."""
        self.settle()
        return any(call.method != _LISTEN for call in list(self.calls.values()))

    def is_for_client(self, line: bytes) -> bool:
        """Return whether a line of the hub is the client's, not the answer to a repeated handshake."""
        if self._swallowed:
            found = _identify(line)
            if found is not None and found[0] in self._swallowed:
                self._swallowed.discard(found[0])
                return False
        return True

    def is_for_hub(self, line: bytes) -> bool:
        """Return whether a line of the client is for this hub, not an answer to a question of a former one."""
        if self._dead_questions:
            message = _parse(line)
            key = _key(message.get("id"))
            if "method" not in message and key in self._dead_questions:
                self._dead_questions.discard(key)
                return False
        return True

    def lines_of_session(self) -> list[bytes]:
        """Return what a new hub is told first, and expect answers that the client has had already."""
        self._swallowed = {
            _key(call.id) for call in self.session.values() if call.id is not None and _key(call.id) not in self.calls
        }
        return [call.line for call in self.session.values()]

    def drop_questions(self) -> list[object]:
        """Return the ids that a lost hub was asking the client about; an answer to them goes nowhere."""
        dropped = list(self.questions.values())
        self._dead_questions.update(self.questions)
        self.questions.clear()
        return dropped

    def _read_client(self, line: bytes) -> None:
        message = _parse(line)
        method, about = message.get("method"), _members(message.get("params"))
        if not isinstance(method, str):
            self.questions.pop(_key(message.get("id")), None)
            return
        call = Call(message.get("id"), method, line)
        if call.id is not None:
            self.calls[_key(call.id)] = call
        if method in _STATEFUL:
            self.session[f"{method} {about.get('uri', '')}"] = call
        elif method == "resources/unsubscribe":
            self.session.pop(f"resources/subscribe {about.get('uri', '')}", None)
        elif method == "notifications/cancelled":
            self.calls.pop(_key(about.get("requestId")), None)

    def _read_hub(self, line: bytes) -> None:
        found = _identify(line)
        if found is not None:
            key, id_, is_question = found
            if is_question:
                self.questions[key] = id_
            else:
                self.calls.pop(key, None)


def _parse(line: bytes) -> dict[str, object]:
    import json

    try:
        return _members(json.loads(line))
    except (ValueError, RecursionError):
        return {}


def _members(value: object) -> dict[str, object]:
    # An object of JSON has text for keys, which a type checker cannot see.
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _identify(line: bytes) -> tuple[str, object, bool] | None:
    """Return key and id of a hub's message and whether it asks something; None when it has no id.

    The hub writes the id first, and a reply may be long: the rest is not read.
    """
    if not line.startswith(_ID_FIRST):
        return None
    start = len(_ID_FIRST)
    end = line.find(b",", start)
    digits = line[start:end]
    if digits.isdigit():
        return digits.decode(), int(digits), line.startswith(_METHOD_NEXT, end)
    import json

    head = line[start:_HEAD_BYTES].decode("utf-8", "ignore")
    try:
        id_, end = json.JSONDecoder().raw_decode(head)
    except ValueError:
        return None
    return _key(id_), id_, head.startswith(_METHOD_NEXT.decode(), end)


def _key(id_: object) -> str:
    if type(id_) is int:
        return str(id_)
    import json

    return json.dumps(id_)


class Bridge:
    """One client and, one after the other, the hubs that serve it. The main thread sends, a second one receives."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._books = Books()
        self._link: _socket.socket | None = None
        self._hub: Popen[bytes] | None = None
        self._losses = 0
        self._is_warm = False
        self._is_last_call = False
        # Who holds it may send to the hub and may exchange the hub.
        self._sending = _thread.allocate_lock()
        self._writing = _thread.allocate_lock()
        self._finished = _thread.allocate_lock()

    def run(self) -> int:
        """Serve until the client closes stdin and every call is answered.

        Raises:
            HubError: there is no hub at the start.
        """
        self._link, self._hub = open_link(self._places, any_version=False)
        _thread.start_new_thread(self._receive, (self._link,))
        with open(0, "rb", buffering=_CHUNK_BYTES, closefd=False) as stdin:
            for line in stdin:
                if not line.isspace():
                    self._send(line if line.endswith(b"\n") else line + b"\n")
        self._wait_for_replies()
        return 0

    def _send(self, line: bytes) -> None:
        if len(line) > MAX_FRAME_BYTES:
            self._refuse(line, f"a message has at most {MAX_FRAME_BYTES} bytes, not {len(line)}: ask for less at once")
            return
        with self._sending:
            if self._link is None and (failure := self._reopen(is_untouched=False)):
                self._refuse(line, failure)
                return
            if not self._books.is_for_hub(line):
                return
            self._books.note((line,), is_clients=True)
            self._pass_on(line)
        if self._is_warm:
            self._books.settle()

    def _pass_on(self, line: bytes) -> None:
        try:
            if self._link is not None:
                self._link.sendall(line)
        except OSError:
            # The receiving thread comes to the same end of the link, and sees to what is noted.
            self._books.note_undelivered(line)

    def _receive(self, link: "_socket.socket | None") -> None:
        while link is not None:
            farewell = self._relay(link)
            with self._sending:
                link.close()
                link = self._link = None
                if farewell == STOPPED or self._is_last_call:
                    self._fail_calls(_STOPPED)
                else:
                    self._reopen(is_untouched=farewell == REPLACED, is_receiving=True)
                    link = self._link
        self._check_finished()

    def _relay(self, link: "_socket.socket") -> str:
        """Pass on what the hub says until it ends, and return its farewell, empty when it had none."""
        parts: list[bytes] = []
        while True:
            try:
                chunk = link.recv(_CHUNK_BYTES)
            except OSError:
                return ""
            if not chunk:
                return ""
            parts.append(chunk)
            if b"\n" not in chunk:
                continue
            *lines, rest = b"".join(parts).split(b"\n")
            parts = [rest] if rest else []
            self._losses = 0
            farewell = lines.pop() if lines[-1].startswith(MARK) else b""
            for line in lines:
                if self._books.is_for_client(line):
                    self._write(line + b"\n")
            self._books.note(lines, is_clients=False)
            self._books.settle()
            self._is_warm = True
            self._check_finished()
            if farewell:
                return farewell[len(MARK) :].decode("ascii", "replace")

    def _reopen(self, *, is_untouched: bool, is_receiving: bool = False) -> str:
        """Find or start another hub and bring it to where the last one was; return why not, empty when it is done.

        The caller holds the right to send. `is_untouched`: the last hub had begun none of the open calls.
        """
        self._books.settle()
        if self._hub is not None:
            self._hub.poll()
        if self._losses == _MAX_LOSSES:
            self._losses = 0
            return self._give_up(f"the hub ended {_MAX_LOSSES} times right after its start; see {self._places.log}")
        try:
            self._link, hub = open_link(self._places, any_version=True)
        except HubError as error:
            return self._give_up(str(error))
        self._losses += 1
        self._hub = hub or self._hub
        for id_ in self._books.drop_questions():
            self._emit({"method": "notifications/cancelled", "params": {"requestId": id_, "reason": "the hub ended"}})
        again = self._books.lines_of_session()
        for key, call in list(self._books.calls.items()):
            if call.line in again:
                continue
            if is_untouched or call.may_repeat():
                again.append(call.line)
            else:
                del self._books.calls[key]
                self._answer(call.id, _LOST)
        for line in again:
            self._pass_on(line)
        if not is_receiving:
            _thread.start_new_thread(self._receive, (self._link,))
        return ""

    def _give_up(self, reason: str) -> str:
        _tell(reason)
        self._fail_calls(reason)
        return reason

    def _fail_calls(self, reason: str) -> None:
        self._books.settle()
        for key, call in list(self._books.calls.items()):
            if call.method != _LISTEN:
                del self._books.calls[key]
                self._answer(call.id, reason)

    def _refuse(self, line: bytes, reason: str) -> None:
        message = _parse(line)
        if "method" in message and "id" in message:
            self._answer(message["id"], reason)

    def _answer(self, id_: object, reason: str) -> None:
        self._emit({"id": id_, "error": {"code": HUB_LOST, "message": reason}})

    def _emit(self, message: dict[str, object]) -> None:
        import json

        self._write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def _write(self, data: bytes) -> None:
        with self._writing:
            try:
                while data:
                    data = data[os.write(1, data) :]
            except OSError:
                # The client is gone: there is nobody left to serve or to tell.
                os._exit(0)

    def _wait_for_replies(self) -> None:
        self._finished.acquire()
        self._is_last_call = True
        self._check_finished()
        self._finished.acquire()

    def _check_finished(self) -> None:
        if self._is_last_call and not self._books.is_anything_open():
            with self._writing:
                if self._finished.locked():
                    self._finished.release()


def _tell(message: str) -> None:
    os.write(2, f"aura-mcp: {message}\n".encode())


def main() -> "NoReturn":
    """Run `aura-mcp` and end the process with its exit code."""
    if os.isatty(0):
        _tell("this speaks MCP on stdin and stdout, for a client to start; `aura --help` is for people")
    try:
        code = Bridge(Places.of_environment(os.environ)).run()
    except HubError as error:
        _tell(str(error))
        code = 1
    except KeyboardInterrupt:
        code = 130
    # Nothing is buffered, and the receiving thread, which waits for the hub, is not to be waited for.
    os._exit(code)


if __name__ == "__main__":
    main()
