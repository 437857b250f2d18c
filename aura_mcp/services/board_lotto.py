"""Tell whether one token made most of what a wallet gained in a span of time, for all wallets at once or for one.

Not responsible for which round trips are rated (`board_sums`).
"""

from collections.abc import Iterable
from itertools import product
from typing import Final, NamedTuple

from aura_mcp.services.board_sums import BEFORE_ALL, JUDGED, closed_in, rules
from aura_mcp.services.windows import Period
from data.store import Store
from data.store.histories import History
from engine.ledger import Currency
from engine.wallets.amounts import LOTTO_SHARE

_GAINS: Final = """
SELECT entity, {sums}
FROM (
    SELECT
        entity,
        sum(net_lamports) FILTER (in_sol IS NOT NULL) AS sol,
        sum(net_usd_micro) FILTER (in_usd IS NOT NULL) AS usd
    FROM ({judged})
    GROUP BY entity, mint
)
GROUP BY entity
"""
_SUMS: Final = tuple(f"{what}({unit}) FILTER ({unit} > 0)" for unit in ("sol", "usd") for what in ("max", "sum"))


class Lotto(NamedTuple):
    """Whether one token made more than 60 % of the gains, judged in each currency; None where nothing gained."""

    sol: bool | None = None
    usd: bool | None = None

    def judged_in(self, currency: Currency) -> bool | None:
        """Return the answer in a currency."""
        return self.usd if currency is Currency.USD else self.sol


# All wallets of a window share the few that there are.
_LOTTOS: Final = {pair: Lotto._make(pair) for pair in product((None, False, True), repeat=2)}


def lotto_of_all(store: Store, when: Period) -> dict[str, Lotto]:
    """Return it for every wallet that closed a rated round trip in a period."""
    since = BEFORE_ALL if when.since_s is None else when.since_s
    rows = store.database.rows(
        _GAINS.format(sums=", ".join(_SUMS), judged=JUDGED), {"since": since, "until": when.as_of_s, **rules()}
    )
    return {row[0]: _LOTTOS[_is_lotto(row[1], row[2]), _is_lotto(row[3], row[4])] for row in rows}


def lotto_of_one(history: History, when: Period) -> Lotto:
    """Return it for one wallet from its history."""
    gains: list[tuple[int, int]] = []
    for token in history.tokens.values():
        closed = closed_in(token, when)
        gains.append((sum(sums.closed_lamports for sums in closed), sum(sums.closed_usd_micro for sums in closed)))
    sol, usd = (_is_lotto(*_best_and_whole(gain[place] for gain in gains)) for place in (0, 1))
    return _LOTTOS[sol, usd]


def _best_and_whole(nets: Iterable[int]) -> tuple[int, int]:
    gains = [net for net in nets if net > 0]
    return max(gains, default=0), sum(gains)


def _is_lotto(best: int | None, whole: int | None) -> bool | None:
    return best / whole > LOTTO_SHARE if best and whole else None
