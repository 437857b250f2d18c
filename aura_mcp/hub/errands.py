"""Say what a command may have done by the hub that owns the database, and how both write it.

An errand is one line of JSON, `{"service", "method", "arguments"}`, on a connection that introduced itself with `ROLE`.
The hub answers with lines of progress and one of the result or the failure, and both ends take the types from the
method itself: a service's new method needs nothing here. It is no part of MCP: no model gets here.
Not responsible for doing it (`desk`) or for asking (`remote`).
"""

import os
from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, get_type_hints

import msgspec

from aura_mcp.errors import AuraError
from aura_mcp.services.boards import Boards
from aura_mcp.services.explaining import Explaining
from aura_mcp.services.exports import Exports
from aura_mcp.services.imports import Imports
from aura_mcp.services.reach import Reaching
from aura_mcp.services.trades import Trades
from aura_mcp.services.verification import Verification
from aura_mcp.services.wallets import Wallets
from aura_mcp.services.webhooks import Webhooks
from engine.text import quote_text

ROLE: Final = "errand"
PROGRESS: Final = "progress"
"""The argument that is a callback: it becomes lines on the way back."""

SERVICES: Final[Mapping[str, type]] = {
    "boards": Boards,
    "explaining": Explaining,
    "exports": Exports,
    "imports": Imports,
    "reaching": Reaching,
    "trades": Trades,
    "verification": Verification,
    "wallets": Wallets,
    "webhooks": Webhooks,
}
"""By their names in the application."""

_OWN_FOLDERS: Final = (("/", "dev"), ("/", "proc"))
"""What is in them depends on the process that looks, as with /dev/stdin."""


class Errand(msgspec.Struct):
    """What a command asks for."""

    service: str
    method: str
    arguments: dict[str, msgspec.Raw]


class Failure(msgspec.Struct):
    """Why there is no result; with `errno` it is an error of the operating system about `filename`."""

    message: str
    errno: int | None = None
    filename: str | None = None


class Word(msgspec.Struct, omit_defaults=True):
    """One line of the hub: how far it has come, or its last word."""

    progress: tuple[str, int, int] | None = None
    failure: Failure | None = None
    result: msgspec.Raw = msgspec.Raw()


def method_of(service: str, name: str) -> Callable[..., Any]:
    """Return a public method of a service, not yet bound to one.

    Raises:
        AuraError: there is none of that name.
    """
    found = vars(SERVICES.get(service, object)).get(name)
    if name.startswith("_") or not callable(found):
        raise AuraError(f"the hub runs no {quote_text(f'{service}.{name}')} for commands")
    return found


def types_of(method: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of a method's arguments and, as `return`, of its result."""
    return get_type_hints(method)


def to_json(value: object) -> bytes:
    """Return a value as JSON on one line; decimals keep every digit, paths, which must be absolute, every byte."""
    return msgspec.json.encode(value, enc_hook=_encode)


def from_json(text: bytes | msgspec.Raw, kind: Any) -> Any:  # noqa: ANN401 - of the type that is asked for
    """Return the value of a type that JSON stands for.

    Raises:
        msgspec.DecodeError: it stands for none.
    """
    return msgspec.json.decode(text, type=kind, dec_hook=_decode)


def _encode(value: object) -> object:
    if isinstance(value, Path):
        if value.parts[:2] in _OWN_FOLDERS:
            raise AuraError(f"{value} is another file to the hub than to you; name one on disk, or `aura stop` first")
        # A name on disk need not be text.
        return os.fsencode(value)
    raise NotImplementedError(type(value))


def _decode(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(os.fsdecode(b64decode(value, validate=True)))
    raise NotImplementedError(kind)
