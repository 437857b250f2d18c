"""Tell a flash loan, which is gone when the transaction ends, from lending.

Not responsible for what was borrowed: balances say what stayed.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from engine.reading.calls import outside_routes
from engine.reading.instructions import instruction_data
from engine.reading.kinds import Kind
from engine.reading.programs import PROGRAMS
from engine.transaction import Instruction


def _discriminator(name: str) -> bytes:
    return hashlib.sha256(f"global:{name}".encode()).digest()[:8]


_FLASH: Final = frozenset(
    map(
        _discriminator,
        (
            # Kamino Lend, Jupiter Lend and marginfi; the last brackets any other of its instructions.
            "flash_borrow_reserve_liquidity",
            "flash_repay_reserve_liquidity",
            "flashloan_borrow",
            "flashloan_payback",
            "lending_account_start_flashloan",
            "lending_account_end_flashloan",
        ),
    )
)
_BRACKETED: Final = frozenset(map(_discriminator, ("lending_account_borrow", "lending_account_repay")))
_BRACKET: Final = _discriminator("lending_account_start_flashloan")
_SOLEND: Final = "So1endDq2YkqhipRh3WViPa8hdiSpxWy6z3Z6tMCpAo"
_SOLEND_FLASH_TAGS: Final = frozenset({13, 19, 20})
"""Solend's `LendingInstruction`: flash loan 13, flash borrow reserve liquidity 19, flash repay 20."""


def is_flash_loan_only(instructions: Sequence[Instruction]) -> bool:
    """Return whether all that was asked of lending programs is to lend within the transaction."""
    is_bracketed = False
    for ix in outside_routes(instructions):
        program = PROGRAMS.get(ix.program)
        if program is None or program.kind is not Kind.LEND:
            continue
        data = instruction_data(ix)
        is_bracketed = is_bracketed or data[:8] == _BRACKET
        is_flash = data[:8] in _FLASH or (is_bracketed and data[:8] in _BRACKETED)
        if not is_flash and not (ix.program == _SOLEND and data[:1] and data[0] in _SOLEND_FLASH_TAGS):
            return False
    return True
