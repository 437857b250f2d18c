"""What a transaction did to one owner, in exact integers: the facts that the ledger folds.

The values are tuples because reading and folding them is the product's hot path.
Not responsible for producing them (`engine.reading`) or for valuing them (`engine.ledger`).
"""

from enum import StrEnum
from typing import NamedTuple

from engine.units import Address, Mint, Signature


class TxClass(StrEnum):
    """What a transaction was for one owner (DOMAIN §2)."""

    BUY = "BUY"
    SELL = "SELL"
    SWAP = "SWAP"
    FX = "FX"
    TRANSFER_IN = "TRANSFER_IN"
    TRANSFER_OUT = "TRANSFER_OUT"
    INVOLUNTARY = "INVOLUNTARY"
    ARB = "ARB"
    LP_ADD = "LP_ADD"
    LP_REMOVE = "LP_REMOVE"
    STAKE = "STAKE"
    LEND = "LEND"
    NFT = "NFT"
    CREATE = "CREATE"
    OTHER = "OTHER"
    NONE = "NONE"
    FAILED = "FAILED"


class Side(StrEnum):
    """Which way a leg moved: BUY and SELL for trades and ARB, IN and OUT for everything else."""

    BUY = "BUY"
    SELL = "SELL"
    IN = "IN"
    OUT = "OUT"


class Role(StrEnum):
    """The owner's part in the transaction: who paid the fee, who else signed, who only received."""

    FEE_PAYER = "fee_payer"
    COSIGNER = "cosigner"
    RECEIVER = "receiver"


class Precision(StrEnum):
    """How far amounts can be trusted: `exact` base units from balances, or a source's `rounded` ones."""

    EXACT = "exact"
    ROUNDED = "rounded"


class Amount(NamedTuple):
    """A signed number of base units of one mint, from the owner's view (negative = paid)."""

    mint: Mint
    amount_raw: int


class Leg(NamedTuple):
    """The net movement of one non-quote mint for one owner in one transaction.

    `amount_raw` is positive base units.
    `quote_raw` is what this leg alone cost or brought, positive base units of `quote_mint`;
    both are None when the split is not known. A trade at no value at all has `quote_raw` 0.
    """

    side: Side
    mint: Mint
    amount_raw: int
    decimals: int
    quote_mint: Mint | None
    quote_raw: int | None


class AccountBalance(NamedTuple):
    """The balance of one of the owner's token accounts before and after a transaction, in base units."""

    account: Address
    mint: Mint
    pre_raw: int
    post_raw: int


class Reading(NamedTuple):
    """What one transaction did to one owner.

    For every signer of a transaction that succeeded and was read from full balances:
    `native + wsol = sol_flow - base_fee - priority_fee - tip - rent - other_rent`.
    Signed amounts are from the owner's view; fees and tips are positive costs;
    `rent` and `other_rent` are positive when locked, negative when refunded.
    `slot`, `block_time` (epoch seconds) and `index_in_block` are None when the source left them out.
    `venue_fee_raw` is in base units of the quote, None when no event or transfer showed it.
    `issues` are short machine-readable codes, `code` or `code: what was found`.
    """

    signature: Signature
    slot: int | None
    block_time: int | None
    index_in_block: int | None
    wallet: Address
    role: Role
    tx_class: TxClass
    legs: tuple[Leg, ...]
    quote: Amount | None
    sol_flow_lamports: int
    base_fee_lamports: int
    priority_fee_lamports: int
    tip_lamports: int
    rent_lamports: int
    other_rent_lamports: int
    native_delta_lamports: int
    wsol_delta_lamports: int
    venue_fee_raw: int | None
    venues: tuple[str, ...]
    balances: tuple[AccountBalance, ...]
    issues: tuple[str, ...]
