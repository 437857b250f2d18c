"""Keep what every account of the simulated chain holds, at every slot that could still be asked for.

Not responsible for transactions (`tests.fakes.chain`) or for how a node tells an account (`tests.fakes.rpc`).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple, TypeVar

from tests.builders.transactions import TokenAccount, address

V = TypeVar("V")
Place = tuple[int, int]


class AccountState(NamedTuple):
    """Lamports, and the token account that lives there, if any. Without lamports an account does not exist."""

    lamports: int
    token: TokenAccount | None


ABSENT = AccountState(0, None)


class Touched(dict[str, V]):
    """Entries of the chain's state, taken over when first looked at; knows which were."""

    def __init__(self, origin: Callable[[str], V | None]) -> None:
        super().__init__()
        self._origin = origin
        self.seen: set[str] = set()

    def __missing__(self, key: str) -> V:
        value = None if key in self.seen else self._origin(key)
        self.seen.add(key)
        if value is None:
            raise KeyError(key)
        self[key] = value
        return value

    def setdefault(self, key: str, default: V) -> V:  # type: ignore[override]  # a dict's default may be left out
        """Return the entry, or set it."""
        try:
            return self[key]
        except KeyError:
            self[key] = default
            return default

    def pop(self, key: str) -> V:  # type: ignore[override]  # a dict's has a default
        """Remove the entry and return it."""
        value = self[key]
        del self[key]
        return value


class Touches(NamedTuple):
    """What a transaction's steps see and change."""

    lamports: Touched[int]
    tokens: Touched[TokenAccount]


class Accounts:
    """Every account with its history; a place is (slot, number in the slot)."""

    def __init__(self) -> None:
        self._history: dict[str, tuple[list[Place], list[AccountState]]] = {}
        self._owned: dict[str, dict[str, None]] = {}

    def state(self, at: str, slot: int | None = None) -> AccountState:
        """Return what the account holds, or held at the end of a slot."""
        places, states = self._history.get(at, ([], []))
        count = len(places) if slot is None else bisect_right(places, (slot + 1, -1))
        return states[count - 1] if count else ABSENT

    def owned(self, owner: str, slot: int | None = None) -> list[tuple[str, AccountState]]:
        """Return the token accounts of an owner, in the order they came."""
        found = [(at, self.state(at, slot)) for at in self._owned.get(owner, ())]
        return [(at, state) for at, state in found if state.token is not None and state.token.owner == owner]

    def of_mint(self, mint: str, slot: int | None = None) -> list[tuple[str, AccountState]]:
        """Return the token accounts of a mint."""
        found = [(at, self.state(at, slot)) for at in self._history]
        return [(at, state) for at, state in found if state.token is not None and address(state.token.mint) == mint]

    def touch(self) -> "Touches":
        """Return what steps can change without changing this."""
        return Touches(Touched(self._lamports), Touched(self._token))

    def put(self, place: Place, at: str, state: AccountState) -> None:
        """Write what an account holds since a place; places only go on."""
        places, states = self._history.setdefault(at, ([], []))
        places.append(place)
        states.append(state)
        if state.token is not None:
            self._owned.setdefault(state.token.owner, {})[at] = None

    def take_back(self, place: Place, changes: Iterable[tuple[str, AccountState, AccountState]]) -> None:
        """Undo the changes (account, before, after) of a place, here and in all that came later."""
        for at, before, after in changes:
            places, states = self._history[at]
            index = places.index(place)
            del places[index], states[index]
            for later in range(index, len(states)):
                states[later] = _without(states[later], before, after)

    def _lamports(self, at: str) -> int | None:
        return self.state(at).lamports or None

    def _token(self, at: str) -> TokenAccount | None:
        token = self.state(at).token
        return None if token is None else replace(token)


def _without(state: AccountState, before: AccountState, after: AccountState) -> AccountState:
    lamports = state.lamports - after.lamports + before.lamports
    amount = (after.token.amount if after.token else 0) - (before.token.amount if before.token else 0)
    token = state.token and replace(state.token, amount=state.token.amount - amount)
    if lamports < 0 or (token is not None and token.amount < 0):
        raise ValueError("what the transaction brought is spent: it cannot be taken back")
    return AccountState(lamports, token)
