"""Put a server into the text of a client's configuration and leave every other character where it is.

Not responsible for files (`files`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

from aura_mcp.clients.scanning import MalformedError, Node, place, scan

DEFAULT_INDENT: Final = "  "

_INDENT: Final = re.compile(r"[ \t]*")


def merge_entry(
    text: str, section: str, name: str, entry: Mapping[str, object], *, allows_comments: bool = False
) -> str:
    """Return the text with the server in it.

    Of a server that is there already, only what differs from `entry` changes: what its user added stays.
    The same merge again returns the text unchanged. A blank text is a configuration that holds nothing yet.

    Raises:
        MalformedError: the text is not what a client would read.
    """
    if not text.strip(" \t\r\n\ufeff"):
        text = f"{text.strip()}{{}}\n"
    return _put(text, (section, name), entry, allows_comments=allows_comments)


def _put(text: str, path: Sequence[str], value: object, *, allows_comments: bool) -> str:
    root = parent = scan(text, allows_comments=allows_comments)
    for depth, key in enumerate(path):
        if parent.members is None:
            raise MalformedError(f"{place(text, parent.start)}: expected {path[depth - 1]!r} to be an object in braces")
        found = parent.members.get(key)
        if found is None:
            for missing in reversed(path[depth + 1 :]):
                value = {missing: value}
            return _insert(text, root, parent, key, value)
        parent = found
    if parent.value == value:
        return text
    if isinstance(value, Mapping):
        for key, part in cast("Mapping[str, object]", value).items():
            text = _put(text, (*path, key), part, allows_comments=allows_comments)
        return text
    base = _indent_at(text, parent.start)
    return text[: parent.start] + _write(value, _style(text, root), base, _newline(text)) + text[parent.end :]


def _insert(text: str, root: Node, parent: Node, key: str, value: object) -> str:
    """Return the text with one more member at the end of an object."""
    unit, newline = _style(text, root), _newline(text)
    is_empty = parent.first_key < 0
    closing = parent.end - 1
    content_end = len(text[:closing].rstrip(" \t\r\n"))
    # The comma directly behind the last member: a comment may follow on its line.
    comma_at = content_end if is_empty else parent.last_end
    head = text[:comma_at] + ("" if is_empty or parent.has_trailing_comma else ",") + text[comma_at:content_end]
    name = json.dumps(key, ensure_ascii=False)
    if unit is None or not (is_empty or "\n" in text[parent.start : parent.end]):
        gap = "" if is_empty else " "
        return f"{head}{gap}{name}: {_write(value, None, '', newline)}{text[content_end:]}"
    outer = _indent_at(text, parent.start)
    inner = outer + unit
    if not is_empty and _starts_line(text, parent.first_key):
        inner = _indent_at(text, parent.first_key)
    tail = text[content_end:] if "\n" in text[content_end:closing] else f"{newline}{outer}{text[closing:]}"
    return f"{head}{newline}{inner}{name}: {_write(value, unit, inner, newline)}{tail}"


def _write(value: object, unit: str | None, base: str, newline: str) -> str:
    """Return a value as text whose later lines stand `base` further in."""
    lines = json.dumps(value, indent=unit, ensure_ascii=False).split("\n")
    return (newline + base).join(lines)


def _style(text: str, root: Node) -> str | None:
    """Return by what the text indents, None where it has everything on one line."""
    if root.first_key < 0:
        return DEFAULT_INDENT
    if "\n" not in text[root.start : root.end]:
        return None
    return (_indent_at(text, root.first_key) if _starts_line(text, root.first_key) else "") or DEFAULT_INDENT


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _indent_at(text: str, at: int) -> str:
    """Return the blanks before the first character of the line in which `at` stands."""
    found = _INDENT.match(text, text.rfind("\n", 0, at) + 1)
    return "" if found is None else found.group()


def _starts_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip(" \t")
