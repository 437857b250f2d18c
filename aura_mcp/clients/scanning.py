"""Read JSON with the place of every value in the text, so that a change can leave the rest as it stands.

With `allows_comments`, comments and trailing commas are read too, as VS Code does.
Not responsible for changing anything (`merging`).
"""

import json
import re
from dataclasses import dataclass, field
from typing import Final, Never

from aura_mcp.errors import AuraError

MAX_DEPTH: Final = 200

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_SCALAR: Final = re.compile(r"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|true|false|null")
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}


class MalformedError(AuraError):
    """A text is not the JSON object that it should be; the message starts with line and column."""


@dataclass(slots=True, kw_only=True)
class Node:
    """One value and the part of the text that it stands in."""

    start: int
    end: int = 0
    value: object = None
    """The value itself; for an object its members without their places."""
    members: "dict[str, Node] | None" = None
    """What an object holds, the last of equal keys as every reader takes it; None for any other value."""
    first_key: int = -1
    last_end: int = -1
    """Where the text of the last member ends, before any comma."""
    has_trailing_comma: bool = False
    items: list[object] = field(default_factory=list[object])


def scan(text: str, *, allows_comments: bool = False) -> Node:
    """Return the one object that the text holds.

    Raises:
        MalformedError: it holds something else.
    """
    scanner = _Scanner(text, allows_comments=allows_comments)
    start = scanner.skip(1 if text.startswith("\ufeff") else 0)
    root = scanner.read_value(start, 0)
    end = scanner.skip(root.end)
    if end != len(text):
        scanner.fail(end, "expected nothing more")
    if root.members is None:
        scanner.fail(start, "expected an object in braces")
    return root


def place(text: str, at: int) -> str:
    """Return line and column of a place in a text, from 1."""
    line_start = text.rfind("\n", 0, at) + 1
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - line_start + 1}"


class _Scanner:
    def __init__(self, text: str, *, allows_comments: bool) -> None:
        self._text = text
        self._allows_comments = allows_comments

    def fail(self, at: int, message: str) -> Never:
        raise MalformedError(f"{place(self._text, at)}: {message}")

    def skip(self, at: int) -> int:
        """Return where the next thing that means something starts."""
        while True:
            blank = _BLANK.match(self._text, at)
            at = at if blank is None else blank.end()
            comment = _COMMENT.match(self._text, at) if self._allows_comments else None
            if comment is None:
                return at
            at = comment.end()

    def read_value(self, at: int, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self.fail(at, f"nested deeper than {MAX_DEPTH} levels")
        first = self._text[at : at + 1]
        if first == "{":
            return self._read_object(at, depth)
        if first == "[":
            return self._read_array(at, depth)
        if first == '"':
            text, end = self._read_string(at)
            return Node(start=at, end=end, value=text)
        scalar = _SCALAR.match(self._text, at)
        if scalar is None:
            self.fail(at, "expected a value" if first else "expected a value, found the end")
        word = scalar.group()
        value = float(word) if scalar.group(1) else _WORDS[word]
        return Node(start=at, end=scalar.end(), value=value)

    def _read_object(self, start: int, depth: int) -> Node:
        members: dict[str, Node] = {}
        node = Node(start=start, members=members)
        at = self.skip(start + 1)
        while self._text[at : at + 1] != "}":
            if self._text[at : at + 1] != '"':
                self.fail(at, "expected a key in double quotes")
            node.first_key = at if node.first_key < 0 else node.first_key
            key, end = self._read_string(at)
            colon = self.skip(end)
            if self._text[colon : colon + 1] != ":":
                self.fail(colon, "expected a colon")
            members[key] = self.read_value(self.skip(colon + 1), depth + 1)
            node.last_end = members[key].end
            at = self._next(node, node.last_end, "}")
        node.end = at + 1
        node.value = {key: member.value for key, member in members.items()}
        return node

    def _read_array(self, start: int, depth: int) -> Node:
        node = Node(start=start)
        at = self.skip(start + 1)
        while self._text[at : at + 1] != "]":
            item = self.read_value(at, depth + 1)
            node.items.append(item.value)
            at = self._next(node, item.end, "]")
        node.end = at + 1
        node.value = node.items
        return node

    def _next(self, node: Node, end: int, closing: str) -> int:
        """Return where the next member or the closing bracket stands."""
        at = self.skip(end)
        if self._text[at : at + 1] == closing:
            return at
        if self._text[at : at + 1] != ",":
            self.fail(at, f"expected a comma or {closing!r}")
        following = self.skip(at + 1)
        if self._text[following : following + 1] == closing:
            if not self._allows_comments:
                self.fail(at, f"expected no comma before {closing!r}")
            node.has_trailing_comma = True
        return following

    def _read_string(self, at: int) -> tuple[str, int]:
        found = _STRING.match(self._text, at)
        if found is None:
            self.fail(at, "expected a string that ends on its line, with nothing unknown behind a backslash")
        return str(json.loads(found.group())), found.end()
