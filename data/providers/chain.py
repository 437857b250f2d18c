"""Say what is asked of a Solana node: the values that come back and the calls that bring them.

`data.providers.solana_rpc` implements it. Not responsible for what transactions mean (`engine.reading`).
"""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

from data.errors import ProviderError
from engine.units import Address, Mint, Signature


class SignatureInfo(NamedTuple):
    """A transaction that names an address, as a node lists it; `block_time` is in seconds since 1970."""

    signature: Signature
    slot: int
    block_time: int | None
    has_failed: bool
    is_finalized: bool


class TokenAmount(NamedTuple):
    """What a token account holds, and whose it is."""

    mint: Mint
    owner: Address
    amount_raw: int


class AccountState(NamedTuple):
    """An account as of a slot; `owner` is the program it belongs to, `token` is None for no token account."""

    address: Address
    lamports: int
    owner: Address
    token: TokenAmount | None


class TokenAccount(NamedTuple):
    """One of a wallet's token accounts."""

    account: Address
    mint: Mint
    amount_raw: int
    decimals: int
    is_frozen: bool


class Status(NamedTuple):
    """Where a transaction stands."""

    slot: int
    is_finalized: bool
    has_failed: bool


class LogHint(NamedTuple):
    """Some transaction named an address: a hint, to be fetched."""

    signature: Signature
    slot: int
    mentioned: Address


class Chain(Protocol):
    """A Solana node. Every call raises `ProviderError` when the node cannot answer usefully."""

    async def accounts(self, addresses: Sequence[Address]) -> tuple[int, dict[Address, AccountState | None]]:
        """Return the confirmed state of each account, None for one that does not exist, and the lowest slot seen.

        One call for each hundred addresses.
        """
        ...

    async def signatures(
        self, address: Address, *, until: str | None = None, before: str | None = None, limit: int = 1000
    ) -> list[SignatureInfo]:
        """Return confirmed transactions that name the address, newest first, in one call of at most 1000.

        `until` and `before` are left out themselves. A node that does not know `until` returns everything.
        """
        ...

    async def transaction(self, signature: str) -> bytes | None:
        """Return a confirmed transaction as `engine.reading.read_transaction` takes it, None while it is not found."""
        ...

    @property
    def transactions_a_call(self) -> int:
        """How many transactions one request may ask for."""
        ...

    async def transactions(self, signatures: Sequence[str]) -> list[bytes | ProviderError | None]:
        """Return what `transaction` does of each, and the error in the place of one that failed.

        Raises:
            ProviderError: the whole request failed.
        """
        ...

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = False
    ) -> tuple[int, list[Status | None]]:
        """Return where each transaction stands, None for one unknown, and the lowest slot seen; 256 a call.

        Without `search_history` only recent transactions are known.
        """
        ...

    async def finalized_slot(self) -> int:
        """Return the newest finalized slot."""
        ...

    async def token_accounts(self, owner: Address) -> tuple[int, list[TokenAccount]]:
        """Return the wallet's accounts of both token programs, and the lowest slot seen; two calls."""
        ...

    def logs(self, addresses: Sequence[Address]) -> AsyncIterator[LogHint]:
        """Yield a hint for each confirmed transaction that names an address, for as long as it is read.

        What happens while the connection is down is not yielded later.
        """
        ...
