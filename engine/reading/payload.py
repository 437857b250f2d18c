"""The shape of a `getTransaction` result, as far as anything is read from it.

Field reference: the Solana RPC documentation of getTransaction (https://solana.com/docs/rpc/http/gettransaction).
Unknown fields are tolerated; wrong types and missing fields are refused with their path.
Token balances, instructions and account keys have two forms: what nodes answer to `json` today, with every field
there, and a lenient one for everything else (jsonParsed, older nodes). The full form is the fast one.
Not responsible for what the fields mean (`engine.reading.rpc`) or for keys that occur twice (`.duplicates`).
"""

from typing import Annotated, Generic, TypeVar

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from engine.units import Address, Mint

Position = Annotated[int, Meta(ge=0, le=2**53)]
"""A place in a list, a slot, a second; -1 would silently name the last member of a list."""

Lamports = Annotated[int, Meta(ge=0)]
"""Their sum is checked to stay below 2^64 (`engine.reading.conservation`): the supply is far below."""

Height = Annotated[int, Meta(ge=1)]
"""How deep a call is; the message itself calls at 1."""

AnyAddress = Annotated[Address, Meta(min_length=32, max_length=44)]
"""An address as far as its length goes; those that a reading names are looked at more closely (`.addresses`)."""

AnyMint = Annotated[Mint, Meta(min_length=32, max_length=44)]

Decimals = Annotated[int, Meta(ge=0, le=255)]


class FullAmount(Struct, gc=False, rename="camel"):
    """A token amount; `amount` is base units as digits."""

    amount: str
    decimals: Decimals
    ui_amount: Raw
    ui_amount_string: Raw


class FullBalance(Struct, gc=False, rename="camel"):
    """The balance of one token account on one side of the transaction."""

    account_index: Position
    mint: AnyMint
    owner: AnyAddress
    program_id: str
    ui_token_amount: FullAmount


class FullInstruction(
    Struct,
    gc=False,
    rename={"program_id_index": "programIdIndex", "encoded": "data", "height": "stackHeight"},
):
    """An instruction by position: an `Instruction` once `program` is filled in from the accounts.

    It is used as it was decoded, because building another object for each is what would take longest after decoding.
    """

    program_id_index: Position
    accounts: list[Position]
    encoded: str
    height: Height | None
    parsed: None = None
    program: Address = Address("")


class LenientAmount(Struct, gc=False, rename="camel"):
    """A token amount that may leave out what can be computed."""

    amount: str
    decimals: Decimals
    ui_amount: Raw = Raw()
    ui_amount_string: Raw = Raw()


class LenientBalance(Struct, gc=False, rename="camel"):
    """A token balance as older nodes told it; without its owner it is of no use."""

    account_index: Position
    mint: AnyMint
    owner: AnyAddress
    ui_token_amount: LenientAmount
    program_id: str | UnsetType | None = UNSET


class LenientInstruction(
    Struct,
    gc=False,
    rename={
        "program_id_index": "programIdIndex",
        "encoded": "data",
        "height": "stackHeight",
        "program_id": "programId",
    },
):
    """An instruction by position, by address, or `parsed` by the node."""

    program_id_index: Position | UnsetType = UNSET
    accounts: list[Position | str] | UnsetType = UNSET
    encoded: str | UnsetType = UNSET
    height: Height | UnsetType | None = UNSET
    program_id: AnyAddress | UnsetType = UNSET
    parsed: object = UNSET
    program: str | UnsetType = UNSET


class AccountKey(Struct, gc=False, rename="camel"):
    """An account of a jsonParsed message."""

    pubkey: AnyAddress
    signer: bool
    source: Raw = Raw()
    writable: Raw = Raw()


BalanceT = TypeVar("BalanceT", FullBalance, LenientBalance)
InstructionT = TypeVar("InstructionT", FullInstruction, LenientInstruction)
KeyT = TypeVar("KeyT")


class InnerInstructions(Struct, Generic[InstructionT], gc=False, rename="camel"):
    """The instructions that outer instruction number `index` called."""

    index: Position
    instructions: list[InstructionT]


class LoadedAddresses(Struct, gc=False, rename="camel"):
    """Accounts that came from address lookup tables."""

    writable: list[AnyAddress]
    readonly: list[AnyAddress]


class Effects(Struct, Generic[BalanceT, InstructionT], gc=False, rename="camel"):
    """What executing the transaction changed: its `meta`."""

    err: object
    fee: Lamports
    pre_balances: list[Lamports]
    post_balances: list[Lamports]
    pre_token_balances: list[BalanceT]
    post_token_balances: list[BalanceT]
    inner_instructions: list[InnerInstructions[InstructionT]]
    loaded_addresses: LoadedAddresses | UnsetType | None = UNSET
    log_messages: Raw = Raw()
    compute_units_consumed: Raw = Raw()
    cost_units: Raw = Raw()
    return_data: object = UNSET
    rewards: object = UNSET
    status: object = UNSET


class Header(Struct, gc=False, rename="camel"):
    """How many of the accounts signed, and which are read-only."""

    num_required_signatures: int
    num_readonly_signed_accounts: int
    num_readonly_unsigned_accounts: int


class Message(Struct, Generic[InstructionT, KeyT], gc=False, rename="camel"):
    """What was signed."""

    account_keys: list[KeyT]
    instructions: list[InstructionT]
    header: Header | UnsetType = UNSET
    recent_blockhash: Raw = Raw()
    address_table_lookups: list[dict[str, Raw]] | UnsetType | None = UNSET
    index_to_program_ids: Raw = Raw()


class SignedMessage(Struct, Generic[InstructionT, KeyT], gc=False, rename="camel"):
    """A message with its signatures."""

    signatures: list[str]
    message: Message[InstructionT, KeyT]


class Result(Struct, Generic[BalanceT, InstructionT, KeyT], gc=False, rename="camel"):
    """A `getTransaction` result; base64 and base58 hold the packet as [text, encoding]."""

    transaction: SignedMessage[InstructionT, KeyT] | list[str] | str
    meta: Effects[BalanceT, InstructionT]
    slot: Position | UnsetType | None = UNSET
    block_time: Position | UnsetType | None = UNSET
    version: int | str | UnsetType | None = UNSET
    transaction_index: Position | UnsetType | None = UNSET
    index_within_block: Position | UnsetType | None = UNSET


FullResult = Result[FullBalance, FullInstruction, AnyAddress]
LenientResult = Result[LenientBalance, LenientInstruction, AnyAddress | AccountKey]
