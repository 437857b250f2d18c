"""Say which known programs a transaction called, and which of the calls its signers asked for.

A trade route calls what it likes inside itself: a lending pool as one of its venues, a vault behind a pool.
Those calls say nothing about what the transaction was for.
Not responsible for which program is of which kind (`engine.reading.programs`).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from engine.reading.kinds import PLAIN_KINDS, POOL_KINDS, TRADE_KINDS, VENUE_KINDS, Kind
from engine.reading.programs import PROGRAMS
from engine.transaction import Instruction, Transaction
from engine.units import Address

_WHOLE: Final = 255
"""Stands for the depth of a route whose own depth is not told: it ends with its outer instruction."""


class Calls(NamedTuple):
    """The kinds of programs called, without what a trade route calls inside itself; all venues' names and pools."""

    kinds: frozenset[Kind]
    venues: tuple[str, ...]
    pools: tuple[Address, ...]


def calls_of(transaction: Transaction) -> Calls:
    """Return the kinds of programs that decide what the transaction was for, and every venue it met."""
    calls = _calls_of_programs(tuple(transaction.by_program))
    kinds = calls.kinds
    if kinds <= PLAIN_KINDS or kinds.isdisjoint(TRADE_KINDS):
        return calls
    asked = [PROGRAMS.get(ix.program) for ix in outside_routes(transaction.instructions)]
    return Calls((kinds & TRADE_KINDS) | {program.kind for program in asked if program}, *calls[1:])


@lru_cache(maxsize=4096)
def _calls_of_programs(program_ids: tuple[Address, ...]) -> Calls:
    """Return the same without looking at who called whom; transactions of one shape call the same programs."""
    known = {program_id: PROGRAMS[program_id] for program_id in program_ids if program_id in PROGRAMS}
    venues = dict.fromkeys(program.name for program in known.values() if program.kind in VENUE_KINDS)
    pools = [program_id for program_id, program in known.items() if program.kind in POOL_KINDS]
    return Calls(frozenset(program.kind for program in known.values()), tuple(venues), tuple(pools))


def outside_routes(instructions: Sequence[Instruction]) -> list[Instruction]:
    """Return the instructions that no trading program called, directly or through others."""
    found: list[Instruction] = []
    route_height = 0
    for ix in instructions:
        height = ix.height or 0
        if route_height:
            if not 0 < height <= route_height:
                continue
            route_height = 0
        found.append(ix)
        program = PROGRAMS.get(ix.program)
        if program is not None and program.kind in TRADE_KINDS:
            route_height = height or _WHOLE
    return found
