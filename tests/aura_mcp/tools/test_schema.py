"""What a client sees of the tools before it calls any."""

from typing import Any, Final

from inline_snapshot import snapshot
from mcp import Client
from mcp_types import Tool

from aura_mcp.app import Application
from tests.aura_mcp.tools._asking import talk

BUDGET_CHARS: Final = 24_000
"""What a model reads of the tools: names, descriptions and inputs, at four characters to a token."""


def tools_of(application: Application) -> list[Tool]:
    """Return the tools as a client lists them, the same in both eras."""

    async def listing(client: Client) -> list[Tool]:
        return (await client.list_tools()).tools

    first, second = talk(application, listing, "legacy"), talk(application, listing, "2026-07-28")
    assert first == second
    return first


def outline(schema: dict[str, Any]) -> dict[str, str]:
    """Return the properties of a schema, each with what may be given."""
    required = set(schema.get("required", ()))
    return {
        name + ("" if name in required else "?"): _kind(field, schema.get("$defs", {}))
        for name, field in schema.get("properties", {}).items()
    }


def _kind(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        choices = definitions[name].get("enum")
        return name if choices is None else "|".join(map(str, choices))
    if "anyOf" in field:
        return " or ".join(_kind(part, definitions) for part in field["anyOf"])
    if "enum" in field:
        return "|".join(map(str, field["enum"]))
    limits = {
        "minimum": "≥",
        "maximum": "≤",
        "minLength": "length ≥",
        "maxLength": "length ≤",
        "minItems": "items ≥",
        "maxItems": "items ≤",
    }
    bounds = " ".join(f"{sign}{field[limit]}" for limit, sign in limits.items() if limit in field)
    inner = f"[{_kind(field['items'], definitions)}]" if "items" in field else ""
    form = f":{field['format']}" if "format" in field else ""
    return f"{field.get('type', 'any')}{inner}{form}{' ' if bounds else ''}{bounds}"


def test_tools_are_what_they_were(world: Application) -> None:
    """Our rule: names, hints, arguments and results are a promise: a change shows here first."""
    found = {
        tool.name: {
            "title": tool.title,
            "hints": tool.annotations.model_dump(exclude_none=True, exclude={"title"}) if tool.annotations else None,
            "input": outline(tool.input_schema),
            "output": outline(tool.output_schema or {}),
        }
        for tool in tools_of(world)
    }
    assert found == snapshot(
        {
            "refresh": {
                "title": "Refresh from the chain",
                "hints": {
                    "read_only_hint": False,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": True,
                },
                "input": {
                    "what?": "wallets|prices|all",
                    "since?": "string length ≤40 or null",
                    "wait_s?": "number ≥0 ≤50.0",
                },
                "output": {
                    "as_of": "string:date-time",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "runs": "array[RunRow]",
                },
            },
            "job_status": {
                "title": "Job status",
                "hints": {
                    "read_only_hint": True,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": False,
                },
                "input": {"id?": "integer ≥1 or null", "wait_s?": "number ≥0 ≤50.0"},
                "output": {
                    "as_of": "string:date-time",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "runs": "array[RunRow]",
                    "jobs?": "array[JobRow] or null",
                },
            },
            "edit_wallet": {
                "title": "Edit a wallet",
                "hints": {
                    "read_only_hint": False,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": False,
                },
                "input": {
                    "wallet": "string length ≥1 length ≤64",
                    "action": "track|untrack|label|unlabel|group|ungroup|minimum",
                    "nickname?": "string length ≤200 or null",
                    "entity?": "string length ≤64 or null",
                    "minimum_usd?": "number ≥0.0 ≤1000000000.0 or string or null",
                },
                "output": {
                    "as_of": "string:date-time",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "wallet": "WalletName",
                    "is_tracked": "boolean",
                    "entity": "WalletName",
                    "members": "array[string]",
                    "members_total": "integer",
                    "has_changed": "boolean",
                    "refolded_positions": "integer",
                    "whale_minimum_usd": "number",
                },
            },
            "search": {
                "title": "Search wallets and tokens",
                "hints": {
                    "read_only_hint": True,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": False,
                },
                "input": {
                    "query": "string length ≤64",
                    "kind?": "wallet|token or null",
                    "limit?": "integer ≥1 ≤50",
                    "cursor?": "string length ≤500 or null",
                },
                "output": {
                    "as_of": "string:date-time",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "matches_total": "integer",
                    "is_ambiguous": "boolean",
                    "matches": "array[MatchRow]",
                    "next_cursor?": "string or null",
                },
            },
            "query_sql": {
                "title": "Query with SQL",
                "hints": {
                    "read_only_hint": True,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": False,
                },
                "input": {"sql": "string length ≤10000", "limit?": "integer ≥1 ≤200", "detail?": "boolean"},
                "output": {
                    "as_of": "string:date-time",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "columns": "array[ColumnName]",
                    "rows": "array[array[string or integer or number or boolean or null]]",
                    "row_count": "integer",
                    "has_more": "boolean",
                },
            },
            "system_status": {
                "title": "System status",
                "hints": {
                    "read_only_hint": True,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": False,
                },
                "input": {},
                "output": {
                    "version": "string",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "as_of": "string:date-time",
                    "database": "DatabaseState",
                    "hub": "HubState or null",
                    "live": "LiveState",
                },
            },
            "token_report": {
                "title": "Token report",
                "hints": {
                    "read_only_hint": True,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": True,
                },
                "input": {"mint": "string length ≥1 length ≤64", "window?": "1d|7d|30d|all", "detail?": "boolean"},
                "output": {
                    "as_of": "string:date-time",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "mint": "string",
                    "untrusted_name?": "string or null",
                    "untrusted_symbol?": "string or null",
                    "decimals": "integer or null",
                    "window": "1d|7d|30d|all",
                    "price": "PriceModel or null",
                    "market_state": "live|quiet|stale|dead or null",
                    "last_trade": "PriceModel or null",
                    "liquidity_usd": "number or null",
                    "pools?": "array[PoolModel] or null",
                    "safety": "SafetyModel or null",
                    "risk": "integer or null",
                    "flow_tracked": "FlowModel or null",
                    "flow_all": "FlowModel or null",
                    "first_trade_at": "string:date-time or null",
                    "entities_total": "integer",
                    "tracked_total": "integer",
                    "holding_total": "integer",
                    "holders": "array[HolderModel]",
                },
            },
            "token_flows": {
                "title": "Token flows",
                "hints": {
                    "read_only_hint": True,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": False,
                },
                "input": {
                    "window?": "1d|7d|30d|all",
                    "since?": "string:date-time or null",
                    "until?": "string:date-time or null",
                    "whose?": "tracked|all",
                    "order?": "net_buying|net_selling|buyers|volume",
                    "min_entities?": "integer ≥1 ≤1000",
                    "limit?": "integer ≥1 ≤100",
                    "cursor?": "string length ≤500 or null",
                    "detail?": "boolean",
                },
                "output": {
                    "as_of": "string:date-time",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "untrusted_symbols?": "object or null",
                    "since": "string:date-time or null",
                    "until": "string:date-time",
                    "whose": "tracked|all",
                    "order": "net_buying|net_selling|buyers|volume",
                    "tracked_entities": "integer",
                    "tokens_total": "integer",
                    "trades_total": "integer",
                    "tokens": "array[FlowModel]",
                    "next_cursor?": "string or null",
                },
            },
            "find_trades": {
                "title": "Find trades",
                "hints": {
                    "read_only_hint": True,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": False,
                },
                "input": {
                    "wallet?": "string length ≥1 length ≤64 or null",
                    "mint?": "string length ≥32 length ≤44 or null",
                    "side?": "BUY|SELL or null",
                    "window?": "1d|7d|30d|all",
                    "since?": "string:date-time or null",
                    "until?": "string:date-time or null",
                    "order?": "newest|oldest|best_pnl|worst_pnl|best_pct|worst_pct",
                    "currency?": "usd|sol",
                    "limit?": "integer ≥1 ≤100",
                    "cursor?": "string length ≤500 or null",
                    "detail?": "boolean",
                },
                "output": {
                    "as_of": "string:date-time",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "untrusted_symbols?": "object or null",
                    "since": "string:date-time or null",
                    "until": "string:date-time",
                    "wallet?": "WalletName or null",
                    "mint?": "string or null",
                    "order": "newest|oldest|best_pnl|worst_pnl|best_pct|worst_pct",
                    "trades": "array[TradeModel]",
                    "next_cursor?": "string or null",
                },
            },
            "explain_pnl": {
                "title": "Explain a result",
                "hints": {
                    "read_only_hint": True,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": False,
                },
                "input": {
                    "wallet": "string length ≥1 length ≤64",
                    "signature?": "string length ≤150 or null",
                    "mint?": "string length ≥32 length ≤44 or null",
                    "trip?": "integer ≥1 ≤1000000000 or null",
                    "limit?": "integer ≥1 ≤50",
                    "cursor?": "string length ≤500 or null",
                    "detail?": "boolean",
                },
                "output": {
                    "as_of": "string:date-time",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "untrusted_symbols?": "object or null",
                    "wallet": "WalletName",
                    "mint": "string or null",
                    "disposals_total": "integer",
                    "parts_total": "integer",
                    "cost_usd": "number or null",
                    "cost_sol": "number or null",
                    "fees_usd": "number or null",
                    "fees_sol": "number or null",
                    "proceeds_usd": "number or null",
                    "proceeds_sol": "number or null",
                    "net_usd": "number or null",
                    "net_sol": "number or null",
                    "unmatched_usd": "number or null",
                    "unmatched_sol": "number or null",
                    "matched_pct": "number or null",
                    "sales": "array[SaleModel]",
                    "next_cursor?": "string or null",
                },
            },
            "top_wallets": {
                "title": "Top wallets",
                "hints": {
                    "read_only_hint": True,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": False,
                },
                "input": {
                    "window?": "1d|7d|30d|all",
                    "sort_by?": "lb95|win_rate|pnl|roi|trades|coverage",
                    "currency?": "usd|sol",
                    "min_trades?": "integer ≥0 ≤10000",
                    "limit?": "integer ≥1 ≤100",
                    "cursor?": "string length ≤500 or null",
                    "detail?": "boolean",
                },
                "output": {
                    "as_of": "string:date-time",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "since": "string:date-time or null",
                    "window": "1d|7d|30d|all",
                    "sorted_by": "lb95|win_rate|pnl|roi|trades|coverage",
                    "judged_in": "usd|sol",
                    "wallets_total": "integer",
                    "ranked_total": "integer",
                    "wallets": "array[Standings]",
                    "next_cursor?": "string or null",
                },
            },
            "wallet_report": {
                "title": "Wallet report",
                "hints": {
                    "read_only_hint": True,
                    "destructive_hint": False,
                    "idempotent_hint": True,
                    "open_world_hint": False,
                },
                "input": {
                    "wallets": "array[string length ≥1 length ≤64] items ≥1 items ≤5",
                    "window?": "1d|7d|30d|all",
                    "currency?": "usd|sol",
                    "detail?": "boolean",
                },
                "output": {
                    "as_of": "string:date-time",
                    "last_fact_at": "string:date-time or null",
                    "notes": "array[string]",
                    "untrusted_symbols?": "object or null",
                    "since": "string:date-time or null",
                    "window": "1d|7d|30d|all",
                    "judged_in": "usd|sol",
                    "wallets": "array[WalletFigures]",
                },
            },
        }
    )


def test_every_argument_and_tool_is_described(world: Application) -> None:
    """Spec: a title, hints, an output schema, at most six lines that say when to use a neighbour instead."""
    tools = tools_of(world)
    names = {tool.name for tool in tools}
    for tool in tools:
        lines = (tool.description or "").strip().splitlines()
        assert 1 <= len(lines) <= 6, tool.name
        others = {name for name in names - {tool.name} if name in (tool.description or "")}
        assert others or tool.name in {"edit_wallet", "query_sql", "system_status"}, tool.name
        for name, field in tool.input_schema["properties"].items():
            assert field.get("description"), (tool.name, name)
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"


def test_every_result_says_when_and_what_is_unknown(world: Application) -> None:
    """Our rule: as_of, the newest fact and notes on coverage are in every answer."""
    for tool in tools_of(world):
        assert tool.output_schema is not None
        assert {"as_of", "last_fact_at", "notes"} <= set(tool.output_schema["required"]), tool.name


def test_what_writes_or_reaches_outside_says_so(world: Application) -> None:
    """Our rule: everything else is read-only, and only these ask providers."""
    hints = {tool.name: tool.annotations for tool in tools_of(world)}
    assert [name for name, hint in hints.items() if hint is None or not hint.read_only_hint] == [
        "refresh",
        "edit_wallet",
    ]
    assert [name for name, hint in hints.items() if hint is None or hint.open_world_hint is not False] == [
        "refresh",
        "token_report",
    ]


def test_tools_cost_few_tokens(world: Application) -> None:
    """Our rule: what a model must read before its first question stays small."""
    size = sum(
        len(tool.model_dump_json(by_alias=True, exclude_none=True, exclude={"output_schema"}))
        for tool in tools_of(world)
    )
    assert size <= BUDGET_CHARS
