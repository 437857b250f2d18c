"""Ways in which a provider's body can be wrong, each applied to a right one.

Not responsible for HTTP (`tests.fakes.faults`).
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast


@dataclass(frozen=True, slots=True)
class Malformed:
    """One way to be wrong: its name, and what it makes of a body."""

    name: str
    of: Callable[[bytes], bytes]


def _each(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    """Return what changes every leaf of a body."""

    def walk(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            return {key: walk(held) for key, held in cast("dict[str, Any]", value).items()}
        if isinstance(value, list):
            return [walk(held) for held in cast("list[Any]", value)]
        return change(value)

    def changed(body: bytes) -> bytes:
        return json.dumps(walk(json.loads(body))).encode()

    return changed


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


MALFORMED: Final[tuple[Malformed, ...]] = (
    Malformed("cut in the middle", lambda body: body[: len(body) // 2]),
    Malformed("cut before the last byte", lambda body: body[:-1]),
    Malformed("something behind the end", lambda body: body + b"}"),
    Malformed("empty", lambda _: b""),
    Malformed("blanks", lambda _: b" \r\n\t"),
    Malformed("null", lambda _: b"null"),
    Malformed("a number", lambda _: b"42"),
    Malformed("a text", lambda _: b'"ok"'),
    Malformed("an empty list", lambda _: b"[]"),
    Malformed("an empty object", lambda _: b"{}"),
    Malformed("a list around it", lambda body: b"[" + body + b"]"),
    Malformed("an object around it", lambda body: b'{"data":' + body + b"}"),
    Malformed("deeply nested", lambda _: b"[" * 20_000 + b"]" * 20_000),
    Malformed("no UTF-8", lambda body: body[:1] + b'"\xff\xfe":1,' + body[1:]),
    Malformed("UTF-16", lambda body: body.decode().encode("utf-16")),
    Malformed("a NUL byte", lambda body: body.replace(b":", b":\0", 1)),
    Malformed("NaN for numbers", lambda body: re.sub(rb":\d+(\.\d+)?", b":NaN", body)),
    Malformed("huge numbers", lambda body: re.sub(rb":\d+(\.\d+)?", b":1e999", body)),
    Malformed("long integers", lambda body: re.sub(rb":\d+(\.\d+)?", b":" + b"9" * 400, body)),
    Malformed("negative numbers", _each(lambda leaf: -abs(leaf) - 1 if _is_number(leaf) else leaf)),
    Malformed("texts for numbers", _each(lambda leaf: f"{leaf} pieces" if _is_number(leaf) else leaf)),
    Malformed("numbers for texts", _each(lambda leaf: 7 if isinstance(leaf, str) else leaf)),
    Malformed("nulls for everything", _each(lambda _: None)),
    Malformed("objects for everything", _each(lambda leaf: {"value": leaf})),
    Malformed("other names", lambda body: re.sub(rb'"(\w+)":', rb'"x\1":', body)),
    Malformed("addresses that are none", _each(lambda leaf: "0OIl" * 11 if isinstance(leaf, str) else leaf)),
    Malformed("endless texts", _each(lambda leaf: "A" * 100_000 if isinstance(leaf, str) else leaf)),
    Malformed("an error in its place", lambda _: b'{"jsonrpc":"2.0","error":{"code":-32603,"message":"oh"},"id":1}'),
    Malformed("an error that is none", lambda _: b'{"jsonrpc":"2.0","error":"oh","id":1}'),
    Malformed("a page", lambda _: b"<html><body>502 Bad Gateway</body></html>"),
)
