"""Answer what is asked of a node from the simulated chain, in memory: the same calls as over a socket, counted.

Faults are chosen by the test: `fail` raises for calls, `lag` shows an older chain, `hidden` transactions are not found,
`texts` are answered in place of transactions (None: not found, though they have a status), accounts of `frozen` mints
cannot move.
Not responsible for wire formats and rate limits (`tests.fakes.upstream`).
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence

from data.errors import ProviderError
from data.providers.chain import AccountState, LogHint, SignatureInfo, Status, TokenAccount, TokenAmount
from engine.units import Address, Mint, Signature
from tests.builders.transactions import SYSTEM, TOKEN, address
from tests.fakes.chain import RECENT_SLOTS, Chain, Executed

ACCOUNTS_A_CALL = 100
STATUSES_A_CALL = 256


def _never(_method: str, _about: str) -> bool:
    return False


class Node:
    """A node in memory; `calls` counts what was asked by the method's name on the wire."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.calls: Counter[str] = Counter()
        self.lag_slots = 0
        self.fail: Callable[[str, str], bool] = _never
        self.hidden: set[str] = set()
        self.frozen: set[str] = set()
        self.texts: dict[str, bytes | None] = {}

    @property
    def slot(self) -> int:
        """The newest slot that this node has seen."""
        return self.chain.slot - self.lag_slots

    def total(self) -> int:
        """Return the number of calls."""
        return self.calls.total()

    async def accounts(self, addresses: Sequence[Address]) -> tuple[int, dict[Address, AccountState | None]]:
        """Return states of accounts."""
        for start in range(0, len(addresses), ACCOUNTS_A_CALL):
            self._count("getMultipleAccounts", addresses[start])
        return self.slot, {at: self._state(at) for at in addresses}

    async def signatures(
        self, address: Address, *, until: str | None = None, before: str | None = None, limit: int = 1000
    ) -> list[SignatureInfo]:
        """Return transactions that name an address."""
        self._count("getSignaturesForAddress", address)
        found = self.chain.signatures(address, slot=self.slot, before=before, until=until, limit=limit)
        return [self._info(entry) for entry in found]

    async def transaction(self, signature: str) -> bytes | None:
        """Return a transaction."""
        self._count("getTransaction", signature)
        found = self.chain.find(signature)
        if signature in self.texts:
            return self.texts[signature]
        return None if found is None or found.slot > self.slot or signature in self.hidden else found.json

    @property
    def transactions_a_call(self) -> int:
        """Return how many transactions a request asks for."""
        return 1

    async def transactions(self, signatures: Sequence[str]) -> list[bytes | ProviderError | None]:
        """Return transactions, each asked for alone."""
        return [await self.transaction(signature) for signature in signatures]

    async def statuses(
        self, signatures: Sequence[str], *, search_history: bool = False
    ) -> tuple[int, list[Status | None]]:
        """Return where transactions stand."""
        for start in range(0, len(signatures), STATUSES_A_CALL):
            self._count("getSignatureStatuses", signatures[start])
        return self.slot, [self._status(signature, is_searching=search_history) for signature in signatures]

    async def finalized_slot(self) -> int:
        """Return the newest final slot."""
        self._count("getSlot", "")
        return self.chain.finalized_slot

    async def token_accounts(self, owner: Address) -> tuple[int, list[TokenAccount]]:
        """Return a wallet's token accounts."""
        self._count("getTokenAccountsByOwner", owner)
        self._count("getTokenAccountsByOwner", owner)
        found: list[TokenAccount] = []
        for at, state in self.chain.owned(owner, self.slot):
            if state.token is not None:
                decimals = self.chain.decimals_of(state.token.mint)
                found.append(
                    TokenAccount(
                        Address(at),
                        Mint(address(state.token.mint)),
                        state.token.amount,
                        decimals,
                        is_frozen=state.token.mint in self.frozen,
                    )
                )
        return self.slot, found

    async def logs(self, addresses: Sequence[Address]) -> AsyncIterator[LogHint]:
        """Yield what names the addresses already."""
        for entry in self.chain.executed():
            for at in addresses:
                if at in entry.built.accounts:
                    yield LogHint(Signature(entry.signature), entry.slot, at)

    def _count(self, method: str, about: str) -> None:
        self.calls[method] += 1
        if self.fail(method, about):
            raise ProviderError(f"{method}: the node is busy; try again", provider="node", retryable=True)

    def _state(self, at: Address) -> AccountState | None:
        state = self.chain.account(at, self.slot)
        if not state.lamports:
            return None
        token = state.token
        held = token and TokenAmount(Mint(address(token.mint)), Address(token.owner), token.amount)
        return AccountState(at, state.lamports, Address(TOKEN if token else SYSTEM), held)

    def _info(self, entry: Executed) -> SignatureInfo:
        return SignatureInfo(
            Signature(entry.signature),
            entry.slot,
            entry.built.block_time,
            entry.built.is_failed,
            entry.slot <= self.chain.finalized_slot,
        )

    def _status(self, signature: str, *, is_searching: bool) -> Status | None:
        found = self.chain.find(signature)
        if found is None or found.slot > self.slot or signature in self.hidden:
            return None
        if found.slot < self.slot - RECENT_SLOTS and not is_searching:
            return None
        return Status(found.slot, found.slot <= self.chain.finalized_slot, found.built.is_failed)
