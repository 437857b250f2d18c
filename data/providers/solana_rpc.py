"""Solana's public RPC node, or any other node by its address: the chain itself, without a key.

https://solana.com/docs/references/clusters: 100 requests in 10 s from one address, 40 of them for a single method;
`x-ratelimit-*` headers say the same (recorded 2026-03 to 2026-08). Batches are not used: they count singly there.
Not responsible for asking: any provider's node is asked in the same way (`_node`).
"""

from typing import Final

from data.providers._node import SolanaRpc
from data.providers.api import Api
from data.providers.spec import Capability, Pace, Paces, ProviderSpec

PROVIDER: Final = ProviderSpec(
    name="solana_rpc",
    title="Solana RPC",
    docs_url="https://solana.com/docs/rpc",
    base_url="https://api.mainnet-beta.solana.com",
    capabilities=frozenset({Capability.HISTORY}),
    paces=Paces(together=Pace(100, 10.0), each=Pace(40, 10.0)),
)


def connect(api: Api) -> SolanaRpc:
    """Return the node that `api` leads to."""
    return SolanaRpc(api)
