"""Errors of the core, grouped by what a caller does about them.

    EngineError
    ├── AddressError    a text is not an address: show the message, refuse the row or the argument
    └── ReadError       a transaction cannot be read: show the message, keep the raw text for another try

Anything short of that is a value: an issue beside the result.
"""


class EngineError(Exception):
    """Anything the core refuses to compute with."""


class AddressError(EngineError, ValueError):
    """A text is not a Solana address; the message says what was found and why it cannot be one."""


class ReadError(EngineError, ValueError):
    """A transaction cannot be read at all; the message says what was found, where, and what was expected.

    `signature` names the transaction when it was legible.
    """

    def __init__(self, message: str, signature: str | None = None) -> None:
        super().__init__(message)
        self.signature = signature
