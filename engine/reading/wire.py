"""Parse the wire form of a transaction packet: legacy, version 0 and version 1.

Legacy and version 0 are `solders`' business. Version 1 is laid out as SIMD-0385 says: version byte 0x81, three header
bytes, u32 configuration mask, 32-byte lifetime, u8 instruction count, u8 address count, addresses, one u32 for each
set bit of the mask, instruction headers (u8 program, u8 accounts, u16 data length), their payloads, then the
signatures at the END of the packet.
Not responsible for checking signatures.
"""

from typing import Final, NamedTuple

from solders.pubkey import Pubkey
from solders.signature import Signature as WireSignature
from solders.transaction import VersionedTransaction

from engine.errors import ReadError
from engine.units import Address

_REFETCH: Final = "fetch the transaction again with getTransaction"
_V1_MARK: Final = 0x81
_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64


class WireInstruction(NamedTuple):
    """An instruction with accounts by position and its data as bytes."""

    program_index: int
    accounts: bytes
    data: bytes


class Packet(NamedTuple):
    """What the wire form says: no balances, no loaded addresses, no inner instructions."""

    version: int | str
    signatures: list[str]
    signer_count: int
    accounts: list[Address]
    instructions: list[WireInstruction]


def parse_packet(packet: bytes) -> Packet:
    """Return the contents of a serialized transaction.

    Raises:
        ReadError: the bytes are no transaction of a known version.
    """
    if packet[:1] == bytes([_V1_MARK]):
        return _parse_v1(packet)
    try:
        transaction = VersionedTransaction.from_bytes(packet)
    except ValueError as error:
        message = f"packet of {len(packet)} bytes is no legacy, v0 or v1 transaction: {error}; {_REFETCH}"
        raise ReadError(message) from error
    message_ = transaction.message
    return Packet(
        version=0 if type(message_).__name__ == "MessageV0" else "legacy",
        signatures=[str(signature) for signature in transaction.signatures],
        signer_count=message_.header.num_required_signatures,
        accounts=[Address(str(key)) for key in message_.account_keys],
        instructions=[
            WireInstruction(ix.program_id_index, bytes(ix.accounts), bytes(ix.data)) for ix in message_.instructions
        ],
    )


class _Reader:
    """Take bytes from the front; running out is an error, not a short value."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self._at = 0

    def take(self, count: int) -> bytes:
        chunk = self._packet[self._at : self._at + count]
        if len(chunk) != count:
            message = f"version 1 packet ends after {len(self._packet)} bytes, {self._at + count} needed; {_REFETCH}"
            raise ReadError(message)
        self._at += count
        return chunk

    def integer(self, count: int) -> int:
        return int.from_bytes(self.take(count), "little")

    def rest(self) -> int:
        return len(self._packet) - self._at


def _parse_v1(packet: bytes) -> Packet:
    reader = _Reader(packet)
    _, signer_count, _, _ = reader.take(4)
    mask = reader.integer(4)
    reader.take(_KEY_BYTES)
    instruction_count, address_count = reader.take(2)
    accounts = [Address(str(Pubkey.from_bytes(reader.take(_KEY_BYTES)))) for _ in range(address_count)]
    reader.take(4 * mask.bit_count())
    headers = [(reader.integer(1), reader.integer(1), reader.integer(2)) for _ in range(instruction_count)]
    instructions = [
        WireInstruction(program, reader.take(count), reader.take(length)) for program, count, length in headers
    ]
    signatures = [str(WireSignature.from_bytes(reader.take(_SIGNATURE_BYTES))) for _ in range(signer_count)]
    if reader.rest():
        message = f"version 1 packet has {reader.rest()} bytes after its signatures; {_REFETCH}"
        raise ReadError(message)
    return Packet(1, signatures, signer_count, accounts, instructions)
