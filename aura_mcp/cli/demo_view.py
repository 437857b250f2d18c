"""Tell the story of the demo: who did well, what exactly one of them did, and how that can be checked."""

from typing import TYPE_CHECKING, Final

from rich.console import RenderableType
from rich.constrain import Constrain
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from aura_mcp.cli import verify_view, wallet_view
from aura_mcp.cli.audit_view import audit_view
from aura_mcp.cli.leaderboard_view import board_view
from engine.ledger import Currency

if TYPE_CHECKING:
    from aura_mcp.services.demo import Demonstration

_RULE_WIDTH: Final = 108
"""As wide as the tables below; a pipe has no width of its own."""

NEXT: Final = (
    ("aura init", "create your database, with 478 labelled wallets"),
    ("aura import PATH…", "bring in transactions, Helius exports, trades, prices"),
    ("aura top", "the leaderboard of what you imported"),
    ("aura wallet NAME", "one wallet: results, open lots, what is unknown"),
    ("aura trades NAME --audit TX", "one result down to its signatures"),
)


def demo_view(result: "Demonstration") -> list[RenderableType]:
    """Return the whole story."""
    facts = f"{result.imported.new:,} facts recorded on Solana, loaded into a temporary database; no network."
    return [
        Text(facts, style="dim"),
        _chapter("1  Who did well?"),
        *board_view(result.leaderboard),
        _chapter("2  The first of them"),
        *wallet_view.report_view(result.wallet, Currency.USD),
        _chapter("3  Its best signed sale, down to the transactions"),
        audit_view(result.audit),
        _chapter("4  Does it all add up?"),
        *verify_view.report_view(result.verified),
        _chapter("Next"),
        _next(),
    ]


def _chapter(title: str) -> Padding:
    return Padding(Constrain(Rule(Text(title, style="bold"), align="left", style="dim"), _RULE_WIDTH), (1, 0, 0, 0))


def _next() -> Table:
    grid = Table.grid(padding=(0, 3))
    for command, what in NEXT:
        grid.add_row(Text(command, style="bold"), what)
    return grid
