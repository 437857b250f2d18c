"""Say in a few lines what changed: since when, by whom, in which tokens, and what nobody knows.

The brief looks at the day that ends now, or, where nothing is that new, at the last day that has facts.
Not responsible for detail: every line leads to a question that has it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from aura_mcp.services.flows import FlowOrder, FlowQuestion, TokenFlow, TokenFlows, Whose
from aura_mcp.services.gathering import rows_of
from aura_mcp.services.parties import Parties
from aura_mcp.services.results import Money, Party, money, to_moment
from aura_mcp.services.scope import last_fact_at, tracked_entities
from aura_mcp.services.tracking import Completing, Coverage
from data.clock import Clock
from data.store import Store
from engine.wallets import Window

DAY_S: Final = 86_400
LINES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a wallet realized in the span, of known cost."""

    wallet: Party
    net: Money
    sales: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The situation. `until` is before `as_of` where no newer fact is stored; None before the first fact."""

    as_of: datetime
    since: datetime | None
    until: datetime | None
    is_current: bool
    tracked: int
    active: int
    trades: int
    whose: Whose
    bought: tuple[TokenFlow, ...]
    sold: tuple[TokenFlow, ...]
    results: tuple[Result, ...]
    unpriced_sales: int
    histories: Mapping[Coverage, int]
    """How many followed wallets have which history."""
    gaps_unclosable: int
    """What is missing from them for good: everything was tried."""


class _Result(NamedTuple):
    entity: str
    net_lamports: int
    net_usd_micro: int
    sales: int


class _Counts(NamedTuple):
    active: int
    trades: int


_COUNTS: Final = """
SELECT count(DISTINCT entity), count(*) FROM ledger_leg
WHERE class IN ('BUY', 'SELL', 'SWAP') AND order_time > $since AND order_time <= $until
    AND ($entities::VARCHAR[] IS NULL OR list_contains($entities, entity))
"""
_RESULTS: Final = """
SELECT entity, sum(net_lamports), coalesce(sum(net_usd_micro), 0), count(DISTINCT (mint, disposed_ref))
FROM realized_pnl
WHERE net_lamports IS NOT NULL AND disposed_at > $since AND disposed_at <= $until
    AND ($entities::VARCHAR[] IS NULL OR list_contains($entities, entity))
GROUP BY entity
ORDER BY sum(net_lamports) DESC, entity LIMIT $count
"""
_UNPRICED: Final = """
SELECT count(DISTINCT (entity, mint, disposed_ref)) FROM realized_pnl
WHERE kind = 'SELL' AND basis = 'known' AND net_usd_micro IS NULL AND disposed_at > $since AND disposed_at <= $until
    AND ($entities::VARCHAR[] IS NULL OR list_contains($entities, entity))
"""


class Briefs:
    """The situation in brief."""

    def __init__(self, store: Store, parties: Parties, flows: TokenFlows, clock: Clock) -> None:
        self._store = store
        self._parties = parties
        self._flows = flows
        self._clock = clock
        self._completing = Completing(store)

    def brief(self) -> Brief:
        """Return what changed in the last day that has facts, for followed wallets, or for all while none traded."""
        now = self._clock.epoch_s()
        newest = last_fact_at(self._store)
        tracked = tracked_entities(self._store)
        if newest is None:
            return _nothing(self._clock.now(), len(tracked))
        histories = self._completing.all().values()
        until = min(now, int(newest.timestamp()) if int(newest.timestamp()) < now - DAY_S else now)
        named: dict[str, object] = {"since": until - DAY_S, "until": until, "entities": tracked}
        (counts,) = rows_of(self._store, _Counts, _COUNTS, named)
        whose = Whose.TRACKED
        if not counts.trades:
            whose, named["entities"] = Whose.ALL, None
            (counts,) = rows_of(self._store, _Counts, _COUNTS, named)
        rows = rows_of(self._store, _Result, _RESULTS, named | {"count": LINES})
        names = self._parties.named([row.entity for row in rows])
        return Brief(
            as_of=self._clock.now(),
            since=to_moment(until - DAY_S),
            until=to_moment(until),
            is_current=until == now,
            tracked=len(tracked),
            active=counts.active,
            trades=counts.trades,
            whose=whose,
            bought=self._top(whose, until, FlowOrder.NET_BUYING),
            sold=self._top(whose, until, FlowOrder.NET_SELLING),
            results=tuple(
                Result(wallet=names[row.entity], net=money(row.net_lamports, row.net_usd_micro), sales=row.sales)
                for row in rows
            ),
            unpriced_sales=int(self._store.database.rows(_UNPRICED, named)[0][0]),
            histories=dict(Counter(found.coverage for found in histories)),
            gaps_unclosable=sum(found.unclosable for found in histories),
        )

    def _top(self, whose: Whose, until: int, order: FlowOrder) -> tuple[TokenFlow, ...]:
        question = FlowQuestion(window=Window.DAY, until=to_moment(until), whose=whose, order=order)
        flows = self._flows.page(question, limit=LINES, each=0).flows
        is_buying = order is FlowOrder.NET_BUYING
        return tuple(flow for flow in flows if flow.net.sol is not None and (flow.net.sol > 0) is is_buying)


def _nothing(as_of: datetime, tracked: int) -> Brief:
    return Brief(
        as_of=as_of,
        since=None,
        until=None,
        is_current=False,
        tracked=tracked,
        active=0,
        trades=0,
        whose=Whose.TRACKED,
        bought=(),
        sold=(),
        results=(),
        unpriced_sales=0,
        histories={},
        gaps_unclosable=0,
    )
