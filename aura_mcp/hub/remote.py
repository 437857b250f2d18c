"""Let a command use the services of the hub that has the database open, as if it had opened it itself.

Not responsible for what an errand looks like (`errands`), or for a database that no hub has open.
"""

import inspect
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from aura_mcp.bridge import (
    START_TIMEOUT_S,
    STDIO,
    VERSION,
    HubError,
    Places,
    dial,
    is_hub_alive,
    read_address,
    take_lock,
)
from aura_mcp.errors import AuraError
from aura_mcp.hub.errands import PROGRESS, ROLE, Errand, Failure, Word, from_json, method_of, to_json, types_of

if TYPE_CHECKING:
    from aura_mcp.app import Application

_STEP_S: Final = 0.1


def application_of_hub(places: Places) -> "Application | None":
    """Return the services of the hub that runs, None when none does; wait while one is starting or leaving.

    Raises:
        AuraError: one runs that cannot do errands: it serves one client only, or is of another version.
    """
    try:
        for _ in range(int(START_TIMEOUT_S / _STEP_S)):
            if not is_hub_alive(places):
                return None
            found = read_address(places)
            if found is not None:
                _require_ours(places, *found)
                # It answers to the same names: those that commands use are in `errands.SERVICES`.
                return cast("Application", _Services(places))
            lock = take_lock(places.lock, timeout_s=_STEP_S)
            if lock is not None:
                os.close(lock)
    except HubError as error:
        raise AuraError(str(error)) from error
    raise AuraError(f"a hub has been starting or leaving over {places.database} for too long; see {places.log}")


def _require_ours(places: Places, version: str, address: str) -> None:
    if address.startswith(STDIO):
        raise AuraError(f"{places.database} is served to one client on {address}; end that process first")
    if version != VERSION:
        raise AuraError(f"the running hub is AURA {version}, this is {VERSION}; `aura stop` ends it, then try again")


class _Services:
    def __init__(self, places: Places) -> None:
        self._places = places

    def __getattr__(self, service: str) -> "_Service":
        return _Service(self._places, service)


class _Service:
    def __init__(self, places: Places, name: str) -> None:
        self._places = places
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return partial(self._run, method)

    def _run(self, name: str, /, *args: object, **kwargs: object) -> object:
        method = method_of(self._name, name)
        arguments = inspect.signature(method).bind(self, *args, **kwargs).arguments
        del arguments["self"]
        progress = arguments.pop(PROGRESS, None)
        errand = Errand(self._name, name, {key: msgspec.Raw(to_json(value)) for key, value in arguments.items()})
        word = _ask(self._places, errand, progress)
        if word.failure is not None:
            raise _error_of(word.failure)
        return from_json(word.result, types_of(method)["return"])


def _ask(places: Places, errand: Errand, progress: Callable[[str, int, int], None] | None) -> Word:
    """Return the hub's last word on an errand."""
    link = dial(places, ROLE)
    if link is None:
        raise AuraError(f"the hub over {places.database} does not answer; try again, or see {places.log}")
    with socket.socket(fileno=link.detach()) as connection, connection.makefile("rb") as lines:
        try:
            connection.sendall(to_json(errand) + b"\n")
            for line in lines:
                word: Word = from_json(line, Word)
                if word.progress is None:
                    return word
                if progress is not None:
                    progress(*word.progress)
        except (ConnectionError, ValueError) as error:
            raise AuraError(f"the hub ended before this was done: {error}; run it again to go on") from error
    raise AuraError("the hub ended before this was done; what was committed stays, run it again to go on")


def _error_of(failure: Failure) -> Exception:
    if failure.errno is None:
        return AuraError(failure.message)
    return OSError(failure.errno, failure.message, failure.filename)
