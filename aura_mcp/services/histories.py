"""Gather what the ledger holds of entities, in the form that `engine.wallets` computes from.

Not responsible for computing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from aura_mcp.services.gathering import rows_of
from aura_mcp.services.windows import Period
from data.store import Store
from engine.ledger import Episode, Realization
from engine.units import Mint
from engine.wallets import OtherCosts, TokenHistory

_LAST_TRADES: Final = """
SELECT entity, mint, max(order_time) FROM ledger_leg
WHERE class IN ('BUY', 'SELL', 'SWAP') AND ($entity::VARCHAR IS NULL OR entity = $entity)
GROUP BY entity, mint
"""
# Rent is locked less refunded; a price counts for one day, as in the view `trade`.
_COSTS: Final = """
WITH spent AS (
    SELECT
        coalesce(e.block_time, e.order_time) AS at,
        e.rent_lamports + e.other_rent_lamports
            + CASE WHEN e.class = 'FAILED' THEN e.base_fee_lamports + e.priority_fee_lamports + e.tip_lamports
                ELSE 0 END AS lamports
    FROM ledger_effect AS e
    LEFT JOIN entity_member AS m ON m.wallet = e.owner
    WHERE coalesce(m.entity, e.owner) = $entity
        AND e.order_time <= $as_of AND ($since::BIGINT IS NULL OR e.order_time > $since)
)
SELECT
    count(*),
    sum(s.lamports)::BIGINT,
    CASE WHEN count(*) FILTER (s.lamports <> 0 AND (p.price_e12 IS NULL OR s.at - p.completed_at > 86400)) = 0
        THEN sum(sign(s.lamports) * lamports_to_usd_micro(abs(s.lamports), p.price_e12))::BIGINT END
FROM spent AS s
ASOF LEFT JOIN sol_price AS p ON s.at >= p.completed_at
"""


NO_COSTS: Final = OtherCosts(None, None)
"""What is known where no transaction was read in full: nothing."""


@dataclass(slots=True)
class _Token:
    episodes: list[Episode] = field(default_factory=list[Episode])
    realizations: list[Realization] = field(default_factory=list[Realization])
    last_trade_at: int | None = None


class _LastTrade(NamedTuple):
    entity: str
    mint: Mint
    last_trade_at: int


class _CostRow(NamedTuple):
    effects: int
    lamports: int | None
    usd_micro: int | None


def gather_histories(store: Store, entity: str | None = None) -> Mapping[str, Sequence[TokenHistory]]:
    """Return the histories of every token of one entity, or of all, by entity."""
    tokens: defaultdict[str, defaultdict[Mint, _Token]] = defaultdict(lambda: defaultdict(_Token))
    for owner, mint, episode in store.positions.episodes(entity):
        tokens[owner][Mint(mint)].episodes.append(episode)
    for owner, mint, realization in store.positions.realizations(entity):
        tokens[owner][Mint(mint)].realizations.append(realization)
    for owner, mint, at in rows_of(store, _LastTrade, _LAST_TRADES, {"entity": entity}):
        tokens[owner][mint].last_trade_at = at
    return {
        owner: tuple(
            TokenHistory(mint, token.episodes, token.realizations, token.last_trade_at)
            for mint, token in of_owner.items()
        )
        for owner, of_owner in tokens.items()
    }


def gather_costs(store: Store, entity: str, when: Period) -> OtherCosts:
    """Return the fees of failed transactions and the rent still locked, of the transactions that are known in full."""
    named = {"entity": entity, "since": when.since_s, "as_of": when.as_of_s}
    (row,) = rows_of(store, _CostRow, _COSTS, named)
    return OtherCosts(row.lamports, row.usd_micro) if row.effects else NO_COSTS
