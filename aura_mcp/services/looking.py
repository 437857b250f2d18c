"""Look at the market of one token that somebody asks about, whoever holds it: at most once a minute.

What is held is looked at anyway (`prices`). Not responsible for who is asked, or for what is told of it (`tokens`).
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import anyio

from aura_mcp.services.prices import Prices
from data.clock import Clock
from engine.address import parse_address
from engine.units import QUOTE_MINTS, Mint

FRESH_S: Final = 60
"""For how long an answer, also that nobody knows anything, is not asked for again."""

PATIENCE_S: Final = 5.0
"""How long a question waits for providers: what is stored is told without them."""

_REMEMBERED: Final = 1_000


class Looking:
    """Looks at markets, in the event loop of the providers."""

    def __init__(self, open_prices: Callable[[], Prices] | None, clock: Clock) -> None:
        self._open_prices = open_prices
        self._clock = clock
        self._looked: OrderedDict[Mint, int] = OrderedDict()

    async def look(self, mint: str) -> tuple[str, ...]:
        """Ask for price, pools and name of a token; return what went wrong, one line each.

        Raises:
            AddressError: the mint is no address.
            StoreError: the database cannot be written.
        """
        address, now = Mint(parse_address(mint)), self._clock.epoch_s()
        known_at = self._looked.get(address)
        is_known = known_at is not None and now - known_at < FRESH_S
        if self._open_prices is None or address in QUOTE_MINTS or is_known:
            return ()
        with anyio.move_on_after(PATIENCE_S):
            failures = await self._open_prices().look_at(address)
            if not failures:
                self._looked[address] = now
                self._looked.move_to_end(address)
                while len(self._looked) > _REMEMBERED:
                    self._looked.popitem(last=False)
            return failures
        return (f"no provider told its price within {PATIENCE_S:.0f} s; ask again in a minute",)
