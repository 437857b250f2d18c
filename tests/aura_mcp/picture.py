"""Draw the picture of the README: `python -m tests.aura_mcp.picture FILE.svg`."""

import html
import io
import re
import sys
from pathlib import Path
from typing import Final

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from aura_mcp.cli.demo_story import Exchange, Opening, play
from aura_mcp.cli.demo_view import exchange_view, opening_view

WIDTH: Final = 100
SHOWN: Final = ("top_wallets", "wallet_report", "explain_pnl")
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
    """Return the demo's leaderboard and one result down to its signatures, as people see them, as SVG."""
    console = Console(record=True, width=WIDTH, markup=False, emoji=False, highlight=False, file=io.StringIO())

    def tell(part: Opening | Exchange) -> None:
        if isinstance(part, Opening):
            console.print(*opening_view(part), sep="\n")
        elif part.tool in SHOWN:
            console.print(*exchange_view(part), sep="\n")

    play(tell)
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
