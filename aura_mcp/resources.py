"""What a client can read without asking: the brief, wallets, tokens, the schema; and the completion of names.

Not responsible for news about them (`aura_mcp.updates`) or for the answers themselves (`services`).
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import anyio.to_thread
import msgspec
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp_types import (
    Annotations,
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from aura_mcp.errors import AuraError
from aura_mcp.services.answers import Answers
from aura_mcp.services.boundary import reported
from aura_mcp.services.brief import Brief
from aura_mcp.services.events import EventKind, EventQuestion
from aura_mcp.services.flows import TokenFlow, Whose
from aura_mcp.services.questions import WalletQuestion
from aura_mcp.services.results import Party
from aura_mcp.services.sql import CONVENTIONS
from aura_mcp.updates import EVENTS
from engine.errors import EngineError
from engine.wallets import Window

BRIEF_CHARS: Final = 2_000
"""500 tokens."""

LISTED: Final = 5
EVENTS_LISTED: Final = 50
COMPLETIONS: Final = 50

_JSON: Final = "application/json"
_FOR_MODELS: Final = Annotations(audience=["assistant"], priority=0.8)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")

T = TypeVar("T")


def register(server: MCPServer[Any], answers: Answers) -> None:
    """Add the resources, their templates and the completion of names to a server."""
    _add_overview(server, answers)
    _add_templates(server, answers)
    _add_events(server, answers)
    _add_completion(server, answers)


def _add_overview(server: MCPServer[Any], answers: Answers) -> None:
    @server.resource("aura://brief", title="Brief", mime_type="text/plain", annotations=_FOR_MODELS)
    def brief() -> str:
        """Give the situation in under 500 tokens: what changed since when, and what is not known."""
        return _asked(lambda: brief_text(answers.briefs.brief()))

    @server.resource("aura://wallets", title="Followed wallets", mime_type=_JSON, annotations=_FOR_MODELS)
    def wallets() -> str:
        """List the followed wallets with their nicknames, the last active first, then others that have a nickname."""
        return _asked(lambda: _json(answers.search.followed()))

    @server.resource("aura://schema", title="Schema for query_sql", mime_type=_JSON, annotations=_FOR_MODELS)
    def schema() -> str:
        """Name the relations that query_sql may read, their columns and their units."""
        return _asked(lambda: _json({"conventions": CONVENTIONS, "relations": answers.sql.relations()}))


def _add_templates(server: MCPServer[Any], answers: Answers) -> None:
    @server.resource("aura://wallet/{address}", title="Wallet", mime_type=_JSON, annotations=_FOR_MODELS)
    def wallet(address: str) -> str:
        """Tell what is known of a wallet, by address or nickname: figures of all time, round trips, holdings."""
        return _asked(lambda: _json(answers.reports.report(WalletQuestion(wallet=address), limit=LISTED)))

    @server.resource("aura://token/{mint}", title="Token", mime_type=_JSON, annotations=_FOR_MODELS)
    def token(mint: str) -> str:
        """Tell what is known of a token: price, flows of the last day, which followed wallets hold it."""
        report = _asked(lambda: answers.tokens.report(mint, Window.DAY, limit=LISTED))
        return _json({"as_of": report.span.as_of, "token": report})


def _add_events(server: MCPServer[Any], answers: Answers) -> None:
    @server.resource(EVENTS, title="Newest events", mime_type=_JSON, annotations=_FOR_MODELS)
    def newest() -> str:
        """List the newest events: whale trades, updates of wallets, reversals, trouble; subscribe to hear of more."""
        return _asked(lambda: _json(answers.events.page(EventQuestion(), EVENTS_LISTED)))

    @server.resource(
        EVENTS + "{?kind,wallet,mint,after,limit}", title="Events", mime_type=_JSON, annotations=_FOR_MODELS
    )
    def some(
        kind: EventKind | None = None,
        wallet: str | None = None,
        mint: str | None = None,
        after: int | None = None,
        limit: int = EVENTS_LISTED,
    ) -> str:
        """List events of a kind, wallet or token: the newest, or the first after a number, up to 500."""

        def asked() -> str:
            question = EventQuestion(
                kind=kind,
                wallet=None if wallet is None else answers.search.wallet_of(wallet),
                mint=None if mint is None else answers.search.mint_of(mint),
                after=after,
            )
            return _json(answers.events.page(question, max(1, limit)))

        return _asked(asked)


def _add_completion(server: MCPServer[Any], answers: Answers) -> None:
    async def complete(
        ref: PromptReference | ResourceTemplateReference,  # noqa: ARG001 - every argument of a name means the same
        argument: CompletionArgument,
        context: CompletionContext | None,  # noqa: ARG001 - no argument depends on another
    ) -> Completion:
        values = await anyio.to_thread.run_sync(lambda: _asked(lambda: _complete(answers, argument)))
        return Completion(values=values[:COMPLETIONS], has_more=len(values) > COMPLETIONS)

    server.completion()(complete)


def _complete(answers: Answers, argument: CompletionArgument) -> list[str]:
    start = argument.value[:64]
    if argument.name in {"address", "wallet"}:
        found = answers.search.nicknames(start, COMPLETIONS + 1)
        return found + answers.search.addresses(start, COMPLETIONS + 1 - len(found))
    return answers.search.mints(start, COMPLETIONS + 1) if argument.name == "mint" else []


def _asked(question: Callable[[], T]) -> T:
    try:
        with reported():
            return question()
    except AuraError as error:
        is_question = type(error) is not AuraError or isinstance(error.__cause__, EngineError)
        raise (ResourceNotFoundError if is_question else ResourceError)(str(error)) from error


def _json(value: object) -> str:
    return _ENCODER.encode(value).decode()


def brief_text(brief: Brief) -> str:
    """Return the brief as lines, cut at whole lines where it would exceed 500 tokens."""
    lines = [f"AURA brief as of {brief.as_of:%Y-%m-%d %H:%M} UTC; {brief.tracked} followed entities."]
    if brief.since is None or brief.until is None:
        lines.append("No facts are stored yet: `aura import` brings some, `aura demo` shows what they give.")
        return "\n".join(lines)
    span = f"{brief.since:%Y-%m-%d %H:%M} to {brief.until:%Y-%m-%d %H:%M} UTC"
    age = "" if brief.is_current else " (the last day that has facts: nothing newer is stored)"
    who = "followed wallets" if brief.whose is Whose.TRACKED else "wallets, none of them followed"
    lines.append(f"{span}{age}: {brief.trades} trades by {brief.active} {who}.")
    lines += [f"Bought: {_flow(flow)}" for flow in brief.bought]
    lines += [f"Sold: {_flow(flow)}" for flow in brief.sold]
    lines += [
        f"Realized: {_named(result.wallet)} {_signed(result.net.sol)} SOL in {result.sales} sales"
        for result in brief.results
    ]
    if brief.histories:
        lines.append(f"Stored histories: {_histories(brief)}.")
    if brief.unpriced_sales:
        lines.append(f"{brief.unpriced_sales} sales have no USD result for want of a price.")
    lines.append(
        "Not told here: prices of today, liquidity, unrealized P&L, risk. Names are labels, addresses identities."
    )
    while len("\n".join(lines)) > BRIEF_CHARS:
        del lines[-2]
    return "\n".join(lines)


def _histories(brief: Brief) -> str:
    found = sorted(brief.histories.items(), key=lambda item: -item[1])
    counts = ", ".join(f"{count} {coverage.replace('_', ' ')}" for coverage, count in found)
    lost = f" ({brief.gaps_unclosable} gaps cannot be closed)" if brief.gaps_unclosable else ""
    return counts + lost


def _flow(flow: TokenFlow) -> str:
    return f"{flow.mint} net {_signed(flow.net.sol)} SOL, {flow.buyers} buyers, {flow.sellers} sellers"


def _named(party: Party) -> str:
    return party.address if party.nickname is None else f"{party.nickname} ({party.address})"


def _signed(amount: object) -> str:
    return "unknown" if amount is None else f"{amount:+.4f}"
