"""Serve the market as DexScreener, GeckoTerminal, Birdeye, Jupiter and RugCheck, each with its limits.

Not responsible for how each spells it (`tests.fakes.spelled`).
"""

from collections.abc import Callable, Mapping
from typing import Final

from tests.fakes.http import Reply, Request, as_reply
from tests.fakes.limits import Limits, Rule
from tests.fakes.market import Market
from tests.fakes.spelled import birdeye, dexscreener, geckoterminal, jupiter, rugcheck
from tests.fakes.upstream import Provider

Route = Callable[[Market, list[str], Mapping[str, str]], Reply]

MARKET_LIMITS: Final = {
    "dexscreener": Limits(total=Rule(300, 60.0)),
    "geckoterminal": Limits(total=Rule(30, 60.0)),
    "birdeye": Limits(total=Rule(1, 1.0)),
    "jupiter": Limits(total=Rule(30, 60.0)),
    "rugcheck": Limits(total=Rule(1, 1.0)),
}
"""What each allows without paying, for the `limits` of `Upstream`."""


def market_providers(market: Market, *, birdeye_key: str = "birdeye-test-key") -> dict[str, Provider]:
    """Return all five, for the `providers` of `Upstream`."""

    def serve(tell: Route) -> Callable[[Request], Reply]:
        return lambda request: tell(market, request.path.strip("/").split("/"), request.query)

    def keyed(request: Request) -> Reply:
        if request.headers.get("x-api-key") != birdeye_key:
            return as_reply({"success": False, "message": "Unauthorized"}, 401)
        return serve(birdeye.answer)(request)

    return {
        "dexscreener": Provider(_path_of, serve(dexscreener.answer)),
        "geckoterminal": Provider(_path_of, serve(geckoterminal.answer), "/api/v2"),
        "birdeye": Provider(_path_of, keyed),
        "jupiter": Provider(_path_of, serve(jupiter.answer)),
        "rugcheck": Provider(_path_of, serve(rugcheck.answer), "/v1"),
    }


def _path_of(request: Request) -> str:
    # Addresses are left out, so that calls can be counted by what they ask for.
    return "/".join(part for part in request.path.split("/") if len(part) < 32)
