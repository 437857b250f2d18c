"""What every provider's client can be asked, each with an answer that the fakes have.

A provider that is added gets its calls here; `test_providers` fails without them.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from engine.reading.doors import read_helius, read_transaction
from engine.units import Address
from tests.builders.transactions import address
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

CALLS: Final[Mapping[str, Mapping[str, Ask]]] = {
    "solana_rpc": _NODE,
    "helius": {
        "history": _history,
        "parse": _parsed,
        "webhooks": lambda helius, _: helius.webhooks(),
        "rpc.transaction": lambda helius, stand: _transaction(helius.rpc, stand),
    },
}
