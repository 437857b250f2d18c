"""Tell the story of the demo: each question, the tool call it becomes, and the answer as a model gets it."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from aura_mcp.cli.values import amount, span, tint, usd
from aura_mcp.cli.verify_view import report_view

if TYPE_CHECKING:
    from aura_mcp.cli.demo_story import Exchange, Opening
    from aura_mcp.services.verification import Verified

_WIDTH: Final = 100
"""A pipe has no width of its own; addresses and signatures fit in this one."""

NEXT: Final = (
    ("aura install claude", "ask all of this in Claude, and anything else in your own words"),
    ("aura init", "create your database, with 478 labelled wallets"),
    ("aura import PATH…", "bring in transactions, Helius exports, trades, prices"),
    ("aura top", "the leaderboard of what you imported"),
    ("aura trades NAME --audit TX", "one result down to its signatures"),
)


def opening_view(opening: "Opening") -> Iterator[RenderableType]:
    """Yield what stands ready."""
    yield Text(f"{opening.facts:,} facts recorded on Solana, in a temporary database; no network.", style="dim")
    tools = f"Its {len(opening.tools)} tools: {', '.join(opening.tools)}."
    yield _narrow(Text(f"An MCP client asks aura-mcp. {tools}", style="dim"))


def exchange_view(exchange: "Exchange") -> Iterator[RenderableType]:
    """Yield one question with its call and its answer; results down to signatures show those."""
    yield Text()
    yield _question(exchange.question, f"{exchange.tool} {json.dumps(exchange.arguments)}")
    yield _lines(exchange.text.splitlines())
    if "sales" in exchange.content:
        for sale in exchange.content["sales"]:
            yield _narrow(_sale(sale), indent=4)
    if exchange.content.get("notes"):
        yield _lines(exchange.content["notes"], style="dim")


def closing_view(verified: "Verified") -> Iterator[RenderableType]:
    """Yield whether it all adds up, and what to do next."""
    yield Text()
    yield _question("Does it all add up?", "aura verify")
    for part in report_view(verified):
        yield _narrow(part, indent=4)
    yield Text()
    yield Text("Next", style="bold")
    grid = Table.grid(padding=(0, 3))
    for command, what in NEXT:
        grid.add_row(Text(f"  {command}", style="cyan"), what)
    yield grid


def _question(question: str, call: str) -> RenderableType:
    words = Text.assemble(("> ", "bold cyan"), (question, "bold"))
    return Group(_narrow(words), _narrow(Text(call, "cyan"), indent=2))


def _sale(sale: dict[str, Any]) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("sold", sale["sold_in"])
    for number, part in enumerate(sale["parts"], start=1):
        grid.add_row(f"lot {number}", part["bought_in"])
        grid.add_row("", _sum(part))
    return grid


def _sum(part: dict[str, Any]) -> Text:
    proceeds, cost, net = (_decimal(part[f"{name}_usd"]) for name in ("proceeds", "cost", "net"))
    what = f"{amount(_decimal(part['quantity']))} held for {span(part['held_s'])}: "
    line = f"{usd(proceeds)} proceeds − {usd(cost)} cost = "
    return Text.assemble(what, line, tint(f"{usd(net, is_signed=True)} USD", net))


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def _lines(lines: Iterable[str], style: str = "") -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for line in lines:
        grid.add_row("·" if style else " ", Text(line, style=style))
    return _narrow(grid, indent=2)


def _narrow(part: RenderableType, *, indent: int = 0) -> RenderableType:
    return Constrain(Padding(part, (0, 0, 0, indent)), _WIDTH)
