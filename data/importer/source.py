"""Open a file of any kind, packed or not, and read it in lines or whole, within bounds.

Not responsible for what is in it (`sniffing`).
"""

import gzip
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from data.errors import FileError

BLOCK_BYTES: Final = 1 << 20
MAX_LINE_BYTES: Final = 64 << 20
MAX_DOCUMENT_BYTES: Final = 512 << 20
GZIP_MAGIC: Final = b"\x1f\x8b"

Advance = Callable[[int], None]
"""Called with the number of bytes of the file that have been read since the last call."""


class Source:
    """One file under import."""

    def __init__(self, path: Path, stream: BinaryIO, raw: BinaryIO, advance: Advance) -> None:
        self.path = path
        self._stream = stream
        self._raw = raw
        self._advance = advance
        self._seen = 0
        self._head = b""

    def head(self) -> bytes:
        """Return the first block, which stays to be read."""
        if not self._head:
            self._head = self._read(BLOCK_BYTES)
        return self._head

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line that is not blank with its number from 1."""
        rest = b""
        number = 0
        block = self._head or self._read(BLOCK_BYTES)
        self._head = b""
        while block:
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                number += 1
                if line and not line.isspace():
                    yield number, line
            if len(rest) > MAX_LINE_BYTES:
                raise FileError(
                    f"{self.path}: line {number + 1} is longer than {MAX_LINE_BYTES >> 20} MiB; split the file"
                )
            block = self._read(BLOCK_BYTES)
        if rest and not rest.isspace():
            yield number + 1, rest

    def document(self) -> bytes:
        """Return all of the file."""
        parts = [self._head]
        self._head = b""
        size = 0
        while block := self._read(BLOCK_BYTES):
            parts.append(block)
            size += len(block)
            if size > MAX_DOCUMENT_BYTES:
                limit = MAX_DOCUMENT_BYTES >> 20
                raise FileError(f"{self.path}: one JSON document of more than {limit} MiB; write JSON Lines instead")
        return b"".join(parts)

    def _read(self, size: int) -> bytes:
        try:
            block = self._stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise FileError(f"{self.path}: cannot be read to its end ({_reason(error)}); fetch it again") from error
        place = self._raw.tell()
        self._advance(place - self._seen)
        self._seen = place
        return block


@contextmanager
def open_source(path: Path, advance: Advance) -> Generator[Source]:
    """Yield the file at `path`, unpacked where it is gzip.

    Raises:
        FileError: it cannot be opened or read.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise FileError(f"{path}: cannot be opened ({_reason(error)})") from error
    with raw:
        magic = raw.peek(2)[:2]
        stream = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if magic == GZIP_MAGIC else raw
        yield Source(path, stream, raw, advance)


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__
