"""Show what a wallet holds, lot by lot, and the round trips it made.

Not responsible for finding what holdings are worth (`holdings`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from heapq import nlargest, nsmallest

from aura_mcp.services.figures import to_percent
from aura_mcp.services.holdings import HasLots, Held, Worth, lots_of, worth_of
from aura_mcp.services.results import NOTHING_KNOWN, Money, add_up, money, to_moment, to_moment_or_none, whole
from data.store.identity import ROW_PREFIX
from engine.ledger import Basis, Currency, Episode, Flow, Lot, judge, signature_of
from engine.market import Unrealized
from engine.units import Mint
from engine.wallets import TokenHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLot:
    """What is left of one acquisition; the cost is that of what is left, None where the basis is unknown."""

    basis: Basis
    acquired_at: datetime
    signature: str | None
    quantity: Decimal
    cost: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What a wallet holds of one mint. `parked` is in a pool or a lending market, and part of `quantity`.

    `cost` is that of the `known_basis` part, None where there is none; `worth` is that of all of `quantity`.
    """

    mint: str
    quantity: Decimal
    known_basis: Decimal
    parked: Decimal
    cost: Money
    worth: Worth
    gaps: int
    lots: tuple[OpenLot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One round trip (episode) of one mint; `outcome` names the result in the currency asked for, or why there is none.

    `net` is None where a value is unknown. `coverage_pct` is the matched share of the proceeds.
    """

    mint: str
    number: int
    opened_at: datetime
    closed_at: datetime | None
    buys: int
    sells: int
    spent: Money
    net: Money
    coverage_pct: float | None
    outcome: str


def positions_of(
    states: Mapping[str, HasLots], decimals: Mapping[str, int], held: Held, limit: int
) -> tuple[Position, ...]:
    """Return the first positions that are not empty, the one that cost most first, fees included."""
    costs = {position.mint: position.cost_lamports or 0 for position in held.known}
    first = nsmallest(limit, held.worths, key=lambda mint: (-costs.get(Mint(mint), 0), mint))
    return tuple(_position(mint, states[mint], decimals.get(mint, 0), held.worths[mint]) for mint in first)


def trips_of(histories: Sequence[TokenHistory], currency: Currency, limit: int) -> tuple[Trip, ...]:
    """Return the last round trips, the latest opened first."""
    episodes = ((history.mint, episode) for history in histories for episode in history.episodes)
    latest = nlargest(limit, episodes, key=lambda found: (found[1].opened_at, found[0], found[1].number))
    return tuple(_trip(mint, episode, currency) for mint, episode in latest)


def _position(mint: str, state: HasLots, decimals: int, worth: Unrealized) -> Position:
    lots = lots_of(state)
    known = [lot for lot in lots if lot.is_known]
    return Position(
        mint=mint,
        quantity=whole(sum(lot.left for lot in lots), decimals),
        known_basis=whole(sum(lot.left for lot in known), decimals),
        parked=whole(sum(lot.left for lot in state.parked), decimals),
        cost=_cost(known),
        worth=worth_of(worth),
        gaps=state.gaps,
        lots=tuple(_open_lot(lot, decimals) for lot in lots),
    )


def _cost(known: Sequence[Lot]) -> Money:
    if not known:
        return NOTHING_KNOWN
    return money(add_up(lot.rest[0] for lot in known), add_up(lot.rest[1] for lot in known))


def _open_lot(lot: Lot, decimals: int) -> OpenLot:
    cost_lamports, cost_usd_micro, *_ = lot.rest
    signature = signature_of(lot.ref)
    return OpenLot(
        basis=Basis.KNOWN if lot.is_known else Basis.UNKNOWN,
        acquired_at=to_moment(lot.at),
        signature=None if signature.startswith(ROW_PREFIX) else signature,
        quantity=whole(lot.left, decimals),
        cost=money(cost_lamports, cost_usd_micro),
    )


def _trip(mint: Mint, episode: Episode, currency: Currency) -> Trip:
    sol, usd = episode.flow(Currency.SOL), episode.flow(Currency.USD)
    return Trip(
        mint=mint,
        number=episode.number,
        opened_at=to_moment(episode.opened_at),
        closed_at=to_moment_or_none(episode.closed_at),
        buys=episode.buys,
        sells=episode.sells,
        spent=money(episode.spent_lamports, episode.spent_usd_micro),
        net=money(None if sol is None else sol.net, None if usd is None else usd.net),
        coverage_pct=_coverage_pct(episode, sol if currency is Currency.SOL else usd, currency),
        outcome=judge(episode, currency).value,
    )


def _coverage_pct(episode: Episode, flow: Flow | None, currency: Currency) -> float | None:
    unmatched = episode.unmatched(currency)
    if flow is None or unmatched is None or not flow.proceeds + unmatched:
        return None
    return to_percent(flow.proceeds / (flow.proceeds + unmatched))
