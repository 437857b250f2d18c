"""Read what Helius pushes: nothing of it is believed but the signatures, which are fetched again.

Not responsible for who may push (`aura_mcp.web`) or for fetching (`tracking`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

MAX_SLOT: Final = 2**62


class _Transaction(msgspec.Struct):
    signatures: list[str] = []


class _Entry(msgspec.Struct):
    """A transaction, as enhanced webhooks push it (`signature`) or raw ones (`transaction.signatures`)."""

    signature: str | None = None
    transaction: _Transaction | None = None
    slot: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """The signatures of one delivery, the slots that it says, and how many of its entries name no signature."""

    signatures: Sequence[str]
    slots: Mapping[str, int]
    malformed: int


_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ENTRY: Final = msgspec.json.Decoder(_Entry)


def read_push(body: bytes) -> Push:
    """Return what a delivery names.

    Raises:
        ValueError: it is no JSON array.
    """
    signatures: list[str] = []
    slots: dict[str, int] = {}
    malformed = 0
    try:
        entries = _LIST.decode(body)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    for raw in entries:
        signature, slot = _read_entry(raw)
        if signature is None:
            malformed += 1
            continue
        signatures.append(signature)
        if slot is not None:
            slots[signature] = slot
    return Push(signatures=signatures, slots=slots, malformed=malformed)


def _read_entry(raw: msgspec.Raw) -> tuple[str | None, int | None]:
    try:
        entry = _ENTRY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Counted by the caller, who logs one line for a whole delivery.
        return None, None
    signatures = entry.transaction.signatures if entry.transaction is not None else []
    signature = entry.signature or (signatures[0] if signatures else None)
    return signature, entry.slot if entry.slot is not None and 0 <= entry.slot < MAX_SLOT else None
