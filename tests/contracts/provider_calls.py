"""What every provider's client can be asked, each with an answer that the fakes have.

A provider that is added gets its calls here; `test_providers` fails without them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.reading.doors import read_helius, read_transaction
from engine.units import WSOL, Address
from tests.builders.transactions import address
from tests.fakes.chain import START_TIME
from tests.fakes.market import SOL_POOL
from tests.fakes.stand import Stand

Ask = Callable[[Any, Stand], Awaitable[object]]

ALICE: Final = Address(address("alice"))


def _last(stand: Stand) -> str:
    return stand.chain.executed()[-1].signature


async def _history(helius: Any, _: Stand) -> object:  # noqa: ANN401 - a client
    return [read_helius(each.text, [ALICE]) for each in await helius.history(ALICE)]


async def _parsed(helius: Any, stand: Stand) -> object:  # noqa: ANN401 - a client
    found = await helius.parse([_last(stand)])
    return [read_helius(text, [ALICE]) for text in found.values()]


async def _paged(helius: Any, _: Stand) -> object:  # noqa: ANN401 - a client
    page = await helius.transactions_of(ALICE)
    return [read_transaction(text, [ALICE]) for text in page.texts]


async def _transaction(node: Any, stand: Stand) -> object:  # noqa: ANN401 - a client
    found = await node.transaction(_last(stand))
    return found and read_transaction(found, [ALICE])


_NODE: Final[Mapping[str, Ask]] = {
    "accounts": lambda node, _: node.accounts([ALICE]),
    "signatures": lambda node, _: node.signatures(ALICE),
    "transaction": _transaction,
    "statuses": lambda node, stand: node.statuses([_last(stand)]),
    "finalized_slot": lambda node, _: node.finalized_slot(),
    "token_accounts": lambda node, _: node.token_accounts(ALICE),
}


def _prices(found: Any) -> object:  # noqa: ANN401 - what a client returns
    # The time of an observation is no part of what is compared.
    return {mint: (each.price_usd, each.liquidity_usd) for mint, each in found.items()}


def _names(found: Any) -> object:  # noqa: ANN401 - what a client returns
    return {mint: (each.untrusted_name, each.untrusted_symbol, each.decimals) for mint, each in found.items()}


def _pools(found: Any) -> object:  # noqa: ANN401 - what a client returns
    return {mint: [(each.address, each.price_usd, each.quote_reserve) for each in of] for mint, of in found.items()}


def _safety(found: Any) -> object:  # noqa: ANN401 - what a client returns
    return replace(found, observed_at=0)


def _quote(found: Any) -> object:  # noqa: ANN401 - what a client returns
    return replace(found, observed_at=0)


def _told(method: str, read: Callable[[Any], object], *arguments: object) -> Ask:
    async def ask(client: Any, _: Stand) -> object:  # noqa: ANN401 - a client
        return read(await getattr(client, method)(*arguments))

    return ask


def _candles(pool: str, until: int) -> Ask:
    return _told("candles", list, WSOL, pool, 60, until - 600, until)


_SOL: Final = [WSOL]
_MARKET: Final[Mapping[str, Ask]] = {
    "prices": _told("prices", _prices, _SOL),
    "token_info": _told("token_info", _names, _SOL),
    "pools": _told("pools", _pools, _SOL),
    "safety": _told("safety", _safety, WSOL),
    "quote": _told("quote", _quote, WSOL, WSOL, 10**9),
    "candles": _candles(SOL_POOL, START_TIME),
    "trades": _told("trades", list, SOL_POOL),
}


def _only(*names: str) -> Mapping[str, Ask]:
    return {name: _MARKET[name] for name in names}


CALLS: Final[Mapping[str, Mapping[str, Ask]]] = {
    "solana_rpc": _NODE,
    "helius": {
        "history": _history,
        "parse": _parsed,
        "transactions_of": _paged,
        "webhooks": lambda helius, _: helius.webhooks(),
        "rpc.transaction": lambda helius, stand: _transaction(helius.rpc, stand),
    },
    "dexscreener": _only("prices", "token_info", "pools"),
    "geckoterminal": _only("prices", "token_info", "pools", "candles", "trades"),
    "jupiter": _only("prices", "token_info", "safety", "quote"),
    "birdeye": _only("prices", "candles", "safety"),
    "rugcheck": _only("safety"),
}
