"""Let many wallets live on the simulated chain: the same life from the same seed, disturbed by forks or not.

In a disturbed life some transactions are confirmed and vanish, or vanish and land again in a later slot; in the
undisturbed one they never happen, or happen once. Both end with the same chain.
Not responsible for what goes wrong between a node and its clients (`tests.fakes.faults`).
"""

import random
from dataclasses import dataclass
from typing import Final, NamedTuple

from tests.builders.transactions import SOL_UNIT, address
from tests.fakes.chain import Chain, Executed
from tests.fakes.trading import buy, fail_to_buy, held, open_pool, sell, send_sol, send_tokens, swap

PATIENCE_SLOTS: Final = 12
"""How long a doomed transaction stays; nobody touches its wallet meanwhile."""
_STRANGER: Final = "a stranger"


class _Doomed(NamedTuple):
    """A purchase that vanishes at a slot; with `lands_again` it comes back then."""

    wallet: str
    mint: str
    amount: int
    slot: int
    name: str
    signature: str | None
    lands_again: bool


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How often what happens, of one."""

    sell: float = 0.25
    swap: float = 0.08
    transfer: float = 0.06
    gift: float = 0.06
    """From a stranger into an account that exists: the wallet is not named, its lamports do not move."""
    sol: float = 0.04
    failure: float = 0.05
    doomed: float = 0.01


class Script:
    """The life of `wallets` wallets that trade `mints` tokens."""

    def __init__(
        self,
        chain: Chain,
        *,
        wallets: int = 174,
        mints: int = 8,
        seed: int = 0,
        is_disturbed: bool = False,
        shares: Shares | None = None,
    ) -> None:
        self.chain = chain
        self.wallets = [f"wallet {number}" for number in range(wallets)]
        self.mints = [f"MEME {number}" for number in range(mints)]
        self._random = random.Random(seed)
        self._is_disturbed = is_disturbed
        self._shares = shares or Shares()
        self._doomed: list[_Doomed] = []
        self._sent = 0
        self.dropped = 0
        """How many transactions vanished so far."""
        for name in (*self.wallets, _STRANGER):
            chain.fund(name, 1_000 * SOL_UNIT)
        for mint in self.mints:
            open_pool(chain, mint, lamports=1_000_000 * SOL_UNIT)
            chain.endow(_STRANGER, mint, 10**14)

    @property
    def addresses(self) -> list[str]:
        """The addresses of the wallets."""
        return [address(name) for name in self.wallets]

    def live(self, transactions: int, *, slots: int = 1) -> None:
        """Let so many transactions happen in the newest slot, then slots pass and forks end."""
        for _ in range(transactions):
            self._act()
        # A doomed transaction is the last of its slot: the numbers of the others do not depend on it.
        for _ in range(transactions):
            if self._random.random() < self._shares.doomed:
                self._doom()
        for _ in range(slots):
            self.chain.advance()
            self._end_forks()

    def settle(self) -> None:
        """Let every fork end and everything become final."""
        while self._doomed:
            self.chain.advance()
            self._end_forks()
        self.chain.finalize()

    def _act(self) -> Executed:
        wallet, mint, other = self._someone(), self._random.choice(self.mints), self._random.choice(self.mints)
        chance, size = self._random.random(), self._random.randrange(1, 1_000)
        receiver, tip = self._someone(), self._random.choice((0, 0, 100_000))
        owned, self._sent = held(self.chain, wallet, mint), self._sent + 1
        shares = self._shares
        for share, act in (
            (shares.sell, lambda: self._sell(wallet, mint, owned, size)),
            (shares.swap, lambda: self._swap(wallet, mint, owned // 3, other)),
            (shares.transfer, lambda: self._transfer(wallet, receiver, mint, owned // 4)),
            (shares.gift, lambda: self._gift(wallet, mint, owned, size)),
            (shares.sol, lambda: send_sol(self.chain, wallet, receiver, size) if wallet != receiver else None),
            (shares.failure, lambda: fail_to_buy(self.chain, wallet, mint, size, size * 1_000)),
        ):
            if chance < share:
                done = act()
                break
            chance -= share
        else:
            done = None
        if done is not None:
            return done
        # What cannot be done, like selling what is not there, becomes a purchase.
        loaded = self._random.choice((0, 0, 2))
        return buy(self.chain, wallet, mint, size * 1_000_000, size * 100_000 + self._sent, tip=tip, loaded=loaded)

    def _sell(self, wallet: str, mint: str, owned: int, size: int) -> Executed | None:
        if not owned:
            return None
        amount = owned if size < 300 else owned * size // 1_000
        lamports = amount // 10 + self._sent
        return sell(self.chain, wallet, mint, amount, lamports, is_closing=amount == owned and size < 100)

    def _swap(self, wallet: str, mint: str, amount: int, other: str) -> Executed | None:
        return swap(self.chain, wallet, mint, amount, other, amount + self._sent) if amount and mint != other else None

    def _transfer(self, wallet: str, receiver: str, mint: str, amount: int) -> Executed | None:
        return send_tokens(self.chain, wallet, receiver, mint, amount) if amount and wallet != receiver else None

    def _gift(self, wallet: str, mint: str, owned: int, size: int) -> Executed | None:
        return send_tokens(self.chain, _STRANGER, wallet, mint, size + self._sent) if owned else None

    def _someone(self) -> str:
        locked = {doomed.wallet for doomed in self._doomed}
        return next(name for name in iter(lambda: self._random.choice(self.wallets), "") if name not in locked)

    def _doom(self) -> None:
        wallet, mint, amount = self._someone(), self._random.choice(self.mints), self._random.randrange(1, 10**9)
        lands_again, self._sent = self._random.random() < 0.5, self._sent + 1
        name, slot = f"doomed {self._sent}", self.chain.slot + PATIENCE_SLOTS
        sent = self._buy(wallet, mint, amount, name).signature if self._is_disturbed else None
        self._doomed.append(_Doomed(wallet, mint, amount, slot, name, sent, lands_again))

    def _end_forks(self) -> None:
        ending = [doomed for doomed in self._doomed if doomed.slot <= self.chain.slot]
        for doomed in ending:
            if doomed.signature is not None:
                self.chain.drop(doomed.signature)
                self.dropped += 1
            if doomed.lands_again:
                self._buy(doomed.wallet, doomed.mint, doomed.amount, doomed.name)
        self._doomed = [doomed for doomed in self._doomed if doomed not in ending]

    def _buy(self, wallet: str, mint: str, amount: int, name: str) -> Executed:
        return buy(self.chain, wallet, mint, amount, amount // 10 + 1, name=name)
