"""Follow an owner's tokens through the transfers of a transaction: round trips, and the money inside a swap.

Needed only where balances leave a doubt: it opens every transfer.
Not responsible for amounts of legs or quotes: balances say those.
"""

from collections.abc import Collection
from typing import Final

from engine.facts import Amount
from engine.reading.kinds import Kind
from engine.reading.movement import Movement
from engine.reading.programs import PROGRAMS
from engine.reading.tokens import TOKEN_PROGRAMS, TokenOp, moves_both_ways, operations_of, token_operations
from engine.transaction import Transaction
from engine.units import QUOTE_MINTS, STABLE_MINTS, WSOL, Address, Mint

_ROUND_TRIP_RATIO: Final = 50
"""A round trip keeps less than one part in 50 of what went through; a trade keeps it all."""

_LAMPORTS_PER_MICRO_USD: Final = 1
"""The price of $1,000 a SOL, to tell whether SOL beside a stable coin is small."""

_QUOTE_ORDER: Final = (*sorted(STABLE_MINTS), WSOL)
_POOLS: Final = frozenset({Kind.AMM, Kind.ORDER_BOOK, Kind.LAUNCHPAD})


def is_token_round_trip(transaction: Transaction, movement: Movement) -> bool:
    """Return whether the tokens that moved went out of the owner's accounts and came back, nearly all of some mint."""
    mints = {at: mint for at, mint in movement.token_accounts.items() if mint not in QUOTE_MINTS}
    if not mints or not moves_both_ways(transaction, mints):
        return False
    accounts: dict[str, Mint] = {transaction.accounts[at]: mint for at, mint in mints.items()}
    went_through = _went_through(token_operations(transaction, mints), accounts)
    kept = {token.mint: abs(token.amount_raw) for token in movement.tokens}
    return kept.keys() <= went_through.keys() and any(
        kept.get(mint, 0) * _ROUND_TRIP_RATIO <= amount for mint, amount in went_through.items()
    )


def is_money_round_trip(transaction: Transaction, owner: Address, movement: Movement, sol_flow: int) -> bool:
    """Return whether an owner whose quote assets alone changed bought something and sold it again on the way.

    Looks at its accounts of quote assets too, and at those it opened and closed again. Where both SOL and a stable coin
    moved, that is an exchange unless the stable one went out and came back and the SOL is small beside it.
    """
    operations = token_operations(transaction)
    opened = [op for op in operations if op.kind == "open" and op.authority == owner]
    accounts: dict[str, Mint] = {op.target: Mint(op.mint) for op in opened}
    accounts |= {transaction.accounts[at]: mint for at, mint in movement.token_accounts.items()}
    went_through = _went_through(operations, accounts)
    if not movement.stables or (len(movement.stables) == 1 and not sol_flow):
        return bool(went_through)
    return all(
        max(abs(token.amount_raw), abs(sol_flow) // _LAMPORTS_PER_MICRO_USD) * _ROUND_TRIP_RATIO
        <= went_through.get(token.mint, 0)
        for token in movement.stables
    )


def observed_value(transaction: Transaction, owner: Address, sold: Mint, bought: Mint) -> Amount | None:
    """Return the quote asset that the owner got for `sold` and paid on for `bought` inside a route, a stable one first.

    None when none passed through the owner's accounts, when more than a part in 50 of it stayed or was added, or when
    some of `sold` was exchanged for `bought` directly: then what passed through is only a part of the value.
    """
    places: dict[str, Mint] = {transaction.accounts[token.position]: token.mint for token in transaction.tokens}
    steps = _steps(transaction)
    operations = [op for step in steps for op in step]
    places |= {op.target: Mint(op.mint) for op in operations if op.kind == "open"}
    transfers = [op for op in operations if op.kind == "transfer"]
    own = {op.source for op in transfers if op.authority == owner} | {
        transaction.accounts[token.position]
        for token in transaction.tokens
        if owner in (token.owner_before, token.owner_after)
    }
    for step in steps:
        moved = {
            (places.get(op.source) or places.get(op.target), op.source in own) for op in step if op.kind == "transfer"
        }
        if (sold, True) in moved and (bought, False) in moved:
            return None
    for mint in _QUOTE_ORDER:
        through = [op for op in transfers if (op.mint or places.get(op.source) or places.get(op.target)) == mint]
        paid = sum([op.amount_raw for op in through if op.source in own and op.target not in own])
        got = sum([op.amount_raw for op in through if op.target in own and op.source not in own])
        if paid and abs(paid - got) * _ROUND_TRIP_RATIO <= paid:
            return Amount(mint, paid)
    return None


def _steps(transaction: Transaction) -> list[list[TokenOp]]:
    """Return the token instructions in order, a new list from every call of a pool on: one exchange each."""
    steps: list[list[TokenOp]] = [[]]
    for ix in transaction.instructions:
        if ix.program in TOKEN_PROGRAMS:
            steps[-1] += operations_of(ix, transaction.accounts)
        elif (program := PROGRAMS.get(ix.program)) is not None and program.kind in _POOLS:
            steps.append([])
    return steps


def _went_through(operations: Collection[TokenOp], accounts: dict[str, Mint]) -> dict[Mint, int]:
    """Return how much of each mint these accounts both sent and received: the smaller of the two."""
    sent: dict[Mint, int] = {}
    received: dict[Mint, int] = {}
    for op in operations:
        if op.kind == "transfer" and (op.source in accounts) != (op.target in accounts):
            side, mint = (sent, accounts[op.source]) if op.source in accounts else (received, accounts[op.target])
            side[mint] = side.get(mint, 0) + op.amount_raw
    return {mint: min(sent[mint], received[mint]) for mint in sent.keys() & received.keys()}
