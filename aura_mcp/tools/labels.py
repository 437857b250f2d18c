"""The tool that changes what the user says about wallets."""

from decimal import Decimal
from typing import Annotated, Final

from mcp_types import CallToolResult
from pydantic import Field

from aura_mcp.services.editing import NICKNAME_LENGTH, WalletAction, WalletEdit
from aura_mcp.tools._reply import Answer, Number, WalletName, ask, name_of, reply, shown
from aura_mcp.tools.toolbox import ToolContext, ToolSpec
from aura_mcp.updates import OVERVIEW, wallet_uri

MOST_MEMBERS: Final = 50


class EditAnswer(Answer):
    """The wallet after the change."""

    wallet: WalletName
    is_tracked: bool
    entity: WalletName = Field(description="What the wallet counts as: itself, or its group.")
    members: list[str] = Field(description=f"Wallets of the entity, the first {MOST_MEMBERS}.")
    members_total: int
    has_changed: bool = Field(description="False: it was so before.")
    refolded_positions: int = Field(description="Ledgers of (entity, token) computed again.")
    whale_minimum_usd: Number = Field(description="From this value on, its trades are events of their own.")


async def edit_wallet(
    wallet: Annotated[str, Field(description="Address or nickname.", min_length=1, max_length=64)],
    action: Annotated[WalletAction, Field(description="What to change.")],
    context: ToolContext,
    nickname: Annotated[
        str | None, Field(description=f"For label: at most {NICKNAME_LENGTH} characters.", max_length=200)
    ] = None,
    entity: Annotated[
        str | None, Field(description="For group: the wallet that stands for the group.", max_length=64)
    ] = None,
    minimum_usd: Annotated[
        Decimal | None,
        Field(description="For minimum: value of a trade that is news; null: as for all.", ge=0, le=1_000_000_000),
    ] = None,
) -> Annotated[CallToolResult, EditAnswer]:
    """Change what the user says about a wallet: follow it, name it, group it, say what is news of it.

    Only when the user asked for this change. Grouped wallets count as one: moves between them are no trades, and their
    P&L is computed again. minimum is the value from which its trades are events. It moves no funds and changes no
    facts; each action can be taken back.
    """
    services = context.request_context.lifespan_context
    editing = services.answers.editing
    edit = await ask(lambda: editing.edit(wallet, action, nickname=nickname, entity=entity, minimum_usd=minimum_usd))
    if edit.has_changed:
        touched = (edit.wallet.address, edit.entity.address, *edit.members)
        await services.updates.publish(*OVERVIEW, *map(wallet_uri, touched))
    return _answer(edit, action)


def _answer(edit: WalletEdit, action: WalletAction) -> CallToolResult:
    answer = EditAnswer(
        as_of=edit.as_of,
        last_fact_at=edit.last_fact_at,
        notes=[] if edit.has_changed else ["it was so before: nothing changed"],
        wallet=name_of(edit.wallet),
        is_tracked=edit.is_tracked,
        entity=name_of(edit.entity),
        members=list(edit.members[:MOST_MEMBERS]),
        members_total=len(edit.members),
        has_changed=edit.has_changed,
        refolded_positions=edit.refolded_positions,
        whale_minimum_usd=edit.whale_minimum_usd,
    )
    done = "done" if edit.has_changed else "nothing to change"
    followed = "followed" if edit.is_tracked else "not followed"
    group = "" if len(edit.members) == 1 else f", one of {len(edit.members)} wallets of {shown(edit.entity)}"
    return reply(f"{action.value} {shown(edit.wallet)}: {done}. It is {followed}{group}.", answer)


TOOLS: Final = (
    ToolSpec(function=edit_wallet, title="Edit a wallet", is_read_only=False, is_destructive=False, is_idempotent=True),
)
