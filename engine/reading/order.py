"""Put the instructions of a result in the order they ran, all in one form.

Not responsible for what they mean.
"""

from collections.abc import Sequence
from typing import Final, cast

from msgspec import UNSET

from engine.errors import ReadError
from engine.reading.payload import FullInstruction, InnerInstructions, LenientInstruction
from engine.reading.wire import WireInstruction
from engine.text import quote_text
from engine.transaction import Instruction, PlainInstruction
from engine.units import Address

Outer = list[FullInstruction] | list[LenientInstruction] | list[WireInstruction]
Inner = list[InnerInstructions[FullInstruction]] | list[InnerInstructions[LenientInstruction]]

_REFETCH: Final = "fetch the transaction again with getTransaction"


def in_order(outer: Outer, inner: Inner, accounts: list[Address]) -> list[Instruction]:
    """Return all instructions in order of execution, each outer one before those it called.

    Raises:
        ReadError: an instruction names no program, or belongs to none.
    """
    called = {group.index: group.instructions for group in inner}
    if len(called) != len(inner) or max(called, default=-1) >= len(outer):
        raise ReadError(f"inner instructions belong to none of the {len(outer)} outer ones, or come twice; {_REFETCH}")
    is_full = bool(outer) and isinstance(outer[0], FullInstruction)
    places: dict[str, int] = {} if is_full else {address: position for position, address in enumerate(accounts)}
    ordered: list[Instruction] = []
    try:
        for root, ix in enumerate(outer):
            if isinstance(ix, FullInstruction):
                ix.program, ix.height = accounts[ix.program_id_index], 1
                ordered.append(ix)
            elif isinstance(ix, WireInstruction):
                ordered.append(PlainInstruction(1, accounts[ix.program_index], ix.accounts, ix.data, None))
            else:
                ordered.append(_lenient(ix, accounts, places, 1))
            if root in called:
                ordered += _inner(called[root], accounts, places)
    except IndexError as error:
        raise ReadError(f"an instruction calls a program beyond the {len(accounts)} accounts; {_REFETCH}") from error
    return ordered


def _inner(
    called: list[FullInstruction] | list[LenientInstruction], accounts: list[Address], places: dict[str, int]
) -> Sequence[Instruction]:
    if called and isinstance(called[0], FullInstruction):
        full = cast("list[FullInstruction]", called)
        for ix in full:
            ix.program = accounts[ix.program_id_index]
        return full
    return [_lenient(ix, accounts, places, ix.height or None) for ix in cast("list[LenientInstruction]", called)]


def _lenient(
    ix: LenientInstruction, accounts: list[Address], places: dict[str, int], height: int | None
) -> PlainInstruction:
    program = accounts[ix.program_id_index] if ix.program_id_index is not UNSET else ix.program_id
    if program is UNSET or program not in places:
        raise ReadError(f"an instruction names no program among the accounts; {_REFETCH}")
    parsed = None if ix.parsed is UNSET else ix.parsed
    if parsed is None and (ix.accounts is UNSET or ix.encoded is UNSET):
        raise ReadError(f"an instruction of {quote_text(program)} has no 'accounts' or no 'data'; {_REFETCH}")
    named = () if ix.accounts is UNSET else ix.accounts
    # An account that is not there gets a position that is not there either.
    positions = [at if isinstance(at, int) else places.get(at, len(accounts)) for at in named]
    return PlainInstruction(height, program, positions, "" if ix.encoded is UNSET else ix.encoded, parsed)
