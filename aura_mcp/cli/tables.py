"""Lay out tables the same way everywhere: numbers to the right with their unit in the heading, no frames.

Not responsible for what a column means (`*_view`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

NUMBER: Final = ">"
FLEXIBLE: Final = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of numbers, and the addresses and signatures that identify it, on lines of their own below."""

    cells: Sequence[Text | str]
    details: Sequence[tuple[str, str]]


def data_table(*columns: str) -> Table:
    """Return an empty table; a heading that starts with `>` is of numbers, with `~` of texts that may fold."""
    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", border_style="dim"
    )
    for name in columns:
        table.add_column(
            name.lstrip(NUMBER + FLEXIBLE),
            justify="right" if name.startswith(NUMBER) else "left",
            no_wrap=not name.startswith(FLEXIBLE),
            overflow="fold" if name.startswith(FLEXIBLE) else "ellipsis",
        )
    return table


def stacked_table(columns: Sequence[str], entries: Iterable[Entry]) -> RenderableType:
    """Return a table whose long identifiers stand below each line of numbers, in full."""
    lines = list(entries)
    widths = [
        max([len(name.lstrip(NUMBER)), *(len(entry.cells[place]) for entry in lines)])
        for place, name in enumerate(columns)
    ]
    parts: list[RenderableType] = [
        _line([Text(name.lstrip(NUMBER), style="bold") for name in columns], columns, widths)
    ]
    for entry in lines:
        parts.append(_line([Text(cell) if isinstance(cell, str) else cell for cell in entry.cells], columns, widths))
        parts += [Text(f"    {name} {value}", style="dim", overflow="fold") for name, value in entry.details]
    return Group(*parts)


def heading(text: str, note: str = "") -> Padding:
    """Return a section's heading, a short note beside it."""
    return Padding(Text.assemble((text, "bold"), "  ", (note, "dim")), (1, 0, 0, 0))


def fine_print(text: str) -> Text:
    """Return a remark below a table."""
    return Text(text, style="dim")


def cursor_hint(cursor: str | None) -> list[RenderableType]:
    """Return how to ask for the next page, if there is one; the cursor stays in one piece."""
    return [] if cursor is None else [Text(f"more: --cursor {cursor}", style="dim", no_wrap=True, overflow="ignore")]


def _line(cells: Sequence[Text], columns: Sequence[str], widths: Sequence[int]) -> Text:
    line = Text(no_wrap=True, overflow="ellipsis")
    for cell, name, width in zip(cells, columns, widths, strict=True):
        gap = " " * (width - len(cell))
        line.append_text(Text(gap) + cell if name.startswith(NUMBER) else cell + Text(gap))
        line.append("  ")
    line.rstrip()
    return line
