"""Print: data to stdout, messages and progress to stderr, and nothing that a terminal would obey.

Not responsible for what is said (`*_view`) or for deciding the exit code (`entry`).
"""

import os
import re
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import msgspec
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from engine.text import clean_text

FAILED: Final = 1
"""The exit code of a command that could not do what was asked."""

MESSAGE_LENGTH: Final = 2_000
PIPE_WIDTH: Final = 400
"""Columns where no terminal sets a limit: no table folds its addresses."""

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_BMP: Final = 0xFFFF
# Everything outside of printable ASCII; what of it is printable stays.
_PADDING: Final = re.compile(r" +$", re.MULTILINE)
_SUSPECT: Final = re.compile(r"[^\n -~]")


class PipeClosedError(Exception):
    """Whoever read the output went away; nothing more can be said to them."""


def make_console(*, is_error: bool = False) -> Console:
    """Return a console that takes every text literally."""
    stream = sys.stderr if is_error else sys.stdout
    return Console(
        file=stream,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
        width=None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH,
    )


def show(*parts: RenderableType) -> None:
    """Print tables and lines for a person on stdout."""
    console = make_console()
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    # rich pads every line to the width of what it stands in.
    _write(_PADDING.sub("", captured.get()))


def show_json(value: object) -> None:
    """Print a result for a machine on stdout: indented JSON, one value."""
    _write(to_json(value) + "\n")


def to_json(value: object) -> str:
    """Return indented JSON; decimals are numbers with every digit, and what cannot be seen is escaped."""
    text = msgspec.json.format(_ENCODER.encode(value), indent=2).decode()
    return _SUSPECT.sub(_escape, text)


def tell(message: str) -> None:
    """Print one line for a person on stderr, whatever the text holds."""
    sys.stderr.write(clean_text(message, MESSAGE_LENGTH) + "\n")


def complain(message: str, exit_code: int, *, as_json: bool) -> None:
    """Print why a command failed as one line on stderr."""
    line = clean_text(message, MESSAGE_LENGTH)
    if as_json:
        document = msgspec.json.encode({"error": line, "exit_code": exit_code}).decode()
        sys.stderr.write(_SUSPECT.sub(_escape, document) + "\n")
    else:
        sys.stderr.write(f"aura: {line}\n")


@contextmanager
def progress() -> Generator[Callable[[str, int, int], None] | None]:
    """Yield a function that draws how far each step of long work has come; None where nobody watches."""
    console = make_console(is_error=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description:>10}"), BarColumn(bar_width=32), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def draw(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name)
            bar.update(tasks[name], completed=done, total=total)

        yield draw


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise PipeClosedError from error


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    if character.isprintable():
        return character
    code = ord(character)
    if code <= _BMP:
        return f"\\u{code:04x}"
    high, low = divmod(code - _BMP - 1, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
