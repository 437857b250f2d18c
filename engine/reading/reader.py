"""Turn a transaction into readings: what it did to each owner asked for.

Not responsible for parsing (`rpc`, `helius`) or for booking what was read (`engine.ledger`).
"""

from collections.abc import Collection, Iterable
from typing import Final

from engine.facts import Amount, Reading, Role, TxClass
from engine.reading.addresses import check_addresses
from engine.reading.classify import classify, shape_of
from engine.reading.conservation import account_issues, check_lamports
from engine.reading.events import venue_fee_of
from engine.reading.evidence import Evidence
from engine.reading.fees import NO_COSTS, costs_of
from engine.reading.lamports import lamport_operations
from engine.reading.movement import Movement, movement_of
from engine.reading.quote import TRADES, legs_of, quote_issues, quote_of
from engine.reading.route import observed_value
from engine.transaction import Transaction
from engine.units import Address

CREATED: Final = "created_token"
VENUE_UNKNOWN: Final = "venue_unknown"


def read(
    transaction: Transaction, wallets: Collection[Address] | None, also: Collection[Address]
) -> tuple[Reading, ...]:
    """Return one reading for each wallet: those named, or every signer with a moved balance and those in `also`.

    Raises:
        ReadError: balances contradict each other, or an address in them is none.
    """
    check_lamports(transaction)
    evidence = Evidence(transaction)
    owners = wallets if wallets is not None else [*_moved_signers(evidence), *_present(transaction, also)]
    return tuple([_read(evidence, owner) for owner in dict.fromkeys(owners)])


def _moved_signers(evidence: Evidence) -> list[Address]:
    """Return the fee payer and every other signer whose balance moved."""
    transaction = evidence.transaction
    signers = transaction.accounts[: transaction.signer_count]
    if len(signers) == 1:
        return signers
    owners = {
        owner
        for token in transaction.tokens
        if token.pre_raw != token.post_raw or token.owner_before != token.owner_after
        for owner in (token.owner_before, token.owner_after)
    }
    return [
        address
        for position, address in enumerate(signers)
        if position == 0
        or (
            (transaction.pre_lamports[position] != transaction.post_lamports[position] or address in owners)
            and not _is_fresh_keypair(evidence, position)
        )
    ]


def _is_fresh_keypair(evidence: Evidence, position: int) -> bool:
    """Return whether a co-signer only lent its key to the account created at its address: a mint, a position."""
    if position not in evidence.created:
        return False
    address = evidence.transaction.accounts[position]
    operations = lamport_operations(evidence.transaction, (position,))
    return any(op.target == address and op.kind != "transfer" for op in operations)


def _present(transaction: Transaction, wallets: Collection[Address]) -> Iterable[Address]:
    if not wallets:
        return ()
    seen = {*transaction.accounts}
    for token in transaction.tokens:
        seen.update([owner for owner in (token.owner_before, token.owner_after) if owner is not None])
    return [wallet for wallet in wallets if wallet in seen]


def _read(evidence: Evidence, owner: Address) -> Reading:
    transaction = evidence.transaction
    is_payer, is_signer = owner == transaction.accounts[0], owner in evidence.signers
    movement = movement_of(transaction, owner)
    check_addresses([owner, *[token.mint for token in movement.tokens]])
    base, priority = evidence.fee if is_payer else (0, 0)
    is_costed = is_signer and not transaction.is_failed
    costs = costs_of(transaction, owner, movement, evidence.tips, evidence.created) if is_costed else NO_COSTS
    tip, other_rent, doubts = costs
    # Rent that somebody else locked in the account of an owner who did not sign is neither its cost nor its income.
    rent = movement.rent_lamports if is_signer else min(movement.rent_lamports, 0)
    sol_flow = movement.native_lamports + movement.wsol_lamports + base + priority + tip + rent + other_rent
    if transaction.is_failed:
        tx_class, quote, legs = TxClass.FAILED, None, ()
    else:
        shape = shape_of(movement, owner, sol_flow, is_signer=is_signer, pays_other_rent=other_rent != 0)
        tx_class = classify(shape, evidence)
        quote = quote_of(tx_class, movement, sol_flow)
        value = _value_of_each(transaction, owner, tx_class, movement, quote)
        legs = legs_of(tx_class, movement.tokens, value)
    issues = [*evidence.issues, *doubts]
    if movement.changed_accounts:
        issues += account_issues(transaction, movement.changed_accounts)
    venue_fee: int | None = None
    if tx_class in TRADES or tx_class is TxClass.FX:
        issues += _trade_issues(evidence, tx_class, movement)
        if quote is not None:
            issues += quote_issues(tx_class, movement, sol_flow, quote)
            venue_fee, disagreement = venue_fee_of(transaction, owner, legs, quote)
            issues += [] if disagreement is None else [disagreement]
    return Reading(
        transaction.signature,
        transaction.slot,
        transaction.block_time,
        transaction.index_in_block,
        owner,
        Role.FEE_PAYER if is_payer else Role.COSIGNER if is_signer else Role.RECEIVER,
        tx_class,
        legs,
        quote,
        sol_flow,
        base,
        priority,
        tip,
        rent,
        other_rent,
        movement.native_lamports,
        movement.wsol_lamports,
        venue_fee,
        evidence.venues,
        () if transaction.is_failed else movement.balances,
        tuple(issues),
    )


def _value_of_each(
    transaction: Transaction, owner: Address, tx_class: TxClass, movement: Movement, quote: Amount | None
) -> Amount | None:
    """Return what each leg is worth where that is known: the quote for one leg, the money inside a swap for two."""
    tokens = movement.tokens
    if len(tokens) == 1:
        return quote
    if tx_class is not TxClass.SWAP or len(tokens) != 2:  # noqa: PLR2004 - one sold, one bought
        return None
    sold, bought = sorted(tokens, key=lambda token: token.amount_raw)
    return observed_value(transaction, owner, sold.mint, bought.mint)


def _trade_issues(evidence: Evidence, tx_class: TxClass, movement: Movement) -> list[str]:
    issues: list[str] = [] if evidence.is_trading else [VENUE_UNKNOWN]
    if tx_class is TxClass.BUY and any(token.mint in evidence.opened_mints for token in movement.tokens):
        issues.append(CREATED)
    return issues
