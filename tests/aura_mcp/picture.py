"""Draw the picture of the README: `python -m tests.aura_mcp.picture FILE.svg`."""

import html
import io
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from aura_mcp.app import open_application
from aura_mcp.cli.audit_view import audit_view
from aura_mcp.cli.leaderboard_view import board_view
from aura_mcp.cli.tables import heading
from data.clock import FixedClock

WIDTH: Final = 118
RECORDED_AT: Final = 1_783_080_000
RUN: Final = re.compile(
    r'x="(?P<x>[\d.]+)" (?P<y>y="[\d.]+") textLength="(?P<length>[\d.]+)"(?P<rest>[^>]*)>(?P<text>[^<]+)</text>'
)
# No font from elsewhere: the picture is complete, and asks nobody for anything.
FORMAT: Final = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
)
THEME: Final = TerminalTheme(
    (250, 250, 248),
    (40, 42, 46),
    [
        (40, 42, 46),
        (176, 52, 52),
        (38, 122, 74),
        (150, 105, 20),
        (44, 92, 160),
        (130, 70, 140),
        (30, 120, 130),
        (110, 112, 116),
    ],
)


def draw() -> str:
    """Return the first and the third part of the demo, as people see them, as SVG."""
    with TemporaryDirectory() as home:
        database = Path(home) / "demo.duckdb"
        with open_application(database, clock=FixedClock(RECORDED_AT)) as application:
            shown = application.demo.run()
    console = Console(record=True, width=WIDTH, markup=False, emoji=False, highlight=False, file=io.StringIO())
    console.print(*board_view(shown.leaderboard), sep="\n")
    console.print(heading("Its best signed sale, down to the transactions"))
    console.print(audit_view(shown.audit))
    return _settled(console.export_svg(title="aura demo", theme=THEME, unique_id="aura-demo", code_format=FORMAT))


def _settled(svg: str) -> str:
    """Return the picture with spaces turned into positions: not every viewer keeps those at the ends of a text."""

    def settle(found: re.Match[str]) -> str:
        text = html.unescape(found["text"])
        width = float(found["length"]) / len(text)
        shown = text.strip("\u00a0")
        x = float(found["x"]) + width * (len(text) - len(text.lstrip("\u00a0")))
        written = html.escape(shown, quote=False).replace("\u00a0", "&#160;")
        return f'x="{x:.1f}" {found["y"]} textLength="{width * len(shown):.1f}"{found["rest"]}>{written}</text>'

    return "\n".join(line.rstrip() for line in RUN.sub(settle, svg).splitlines()) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(draw(), encoding="utf-8")
