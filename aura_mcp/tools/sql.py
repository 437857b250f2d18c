"""The tool for questions that no other tool answers."""

from typing import Annotated, Final

from mcp_types import CallToolResult
from pydantic import Field

from aura_mcp.services.sql import MAX_ROWS, Cell, Queried
from aura_mcp.tools._reply import Answer, DetailArgument, Part, counted, fitting, reply
from aura_mcp.tools.toolbox import ToolContext, ToolSpec


class ColumnName(Part):
    """A column of the answer."""

    name: str
    type: str


class QueryAnswer(Answer):
    """Rows of a query. Integers beyond 2^53 are text; texts are cut at 200 characters."""

    columns: list[ColumnName]
    rows: list[list[Cell]]
    row_count: int
    has_more: bool = Field(description="The query gives more rows than are shown: aggregate, or add LIMIT and OFFSET.")


async def query_sql(
    sql: Annotated[
        str,
        Field(description="One DuckDB SELECT over the relations of aura://schema. No parameters.", max_length=10_000),
    ],
    context: ToolContext,
    *,
    limit: Annotated[int, Field(ge=1, le=MAX_ROWS, description="Rows at most.")] = 50,
    detail: DetailArgument = False,
) -> Annotated[CallToolResult, QueryAnswer]:
    """Run one read-only SELECT; prefer the other tools, which know the rules, and use this only where none fits.

    Relations: trade, realized_pnl, episode, fold_state, wallet, entity_member, candle, sol_price, entity_cost.
    Times are epoch seconds, amounts integers (*_lamports, *_usd_micro, *_raw); null is unknown. Columns: aura://schema.
    It stops after 5 s. Nothing can be written, set, attached or read from files.
    """
    service = context.request_context.lifespan_context.answers.sql

    def build(rows: int) -> CallToolResult:
        return _answer(service.ask(sql, limit=rows))

    return await fitting(limit, build, detail=detail)


def _answer(found: Queried) -> CallToolResult:
    answer = QueryAnswer(
        as_of=found.span.as_of,
        last_fact_at=found.last_fact_at,
        notes=["more rows exist than are shown"] if found.has_more else [],
        columns=[ColumnName(name=column.name, type=column.type) for column in found.columns],
        rows=[list(row) for row in found.rows],
        row_count=len(found.rows),
        has_more=found.has_more,
    )
    more = ", and there are more" if found.has_more else ""
    names = ", ".join(column.name for column in found.columns[:12])
    return reply(f"{counted(len(found.rows), 'row')}{more}: {names}.", answer)


TOOLS: Final = (ToolSpec(function=query_sql, title="Query with SQL"),)
