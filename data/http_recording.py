"""Record what providers answered, without any key: the format `aura-http`, described in `data/docs.md`.

Not responsible for answering from a recording (`data.http_replay`), for WebSockets, which only hint at what is then
asked for, or for the export of facts (`data.recording`).
"""

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from urllib.parse import quote

import msgspec

from data.clock import Clock
from data.errors import FileError, ProviderError
from data.providers.exchange import Answer, Question, Sender

FORMAT: Final = "aura-http"
FORMAT_VERSION: Final = 1
GZIP_SUFFIX: Final = ".gz"
REDACTED: Final = "[redacted]"

_KEPT_HEADERS: Final = ("content-type", "date", "retry-after", "x-ratelimit-", "ratelimit-")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line; `recorded_at` is in seconds since 1970."""

    format: str
    version: int
    recorded_at: int


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked, and what came `at_s` seconds after the recording began: an answer, or a failure in our words.

    A body is text in `answer`, or in `answer_base64` where it is not UTF-8.
    """

    at_s: float
    provider: str
    call: str
    method: str
    path: str = ""
    params: dict[str, str] = {}
    asked: str | None = None
    status: int | None = None
    headers: dict[str, str] = {}
    answer: str | None = None
    answer_base64: str | None = None
    failure: str | None = None
    is_retryable: bool = True

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return base64.b64decode(self.answer_base64) if self.answer_base64 else (self.answer or "").encode()


class Recording(NamedTuple):
    """A recording that was read; one that broke off is complete up to its last whole line."""

    recorded_at: int
    exchanges: list[Exchange]
    is_complete: bool


class Sink(Protocol):
    """Where the lines of a recording go."""

    def write(self, line: bytes, /) -> object:
        """Take one line."""
        ...


class RecordingSender:
    """Sends by another sender and writes down each exchange that is not private."""

    def __init__(self, inner: Sender, sink: Sink, clock: Clock) -> None:
        self._inner = inner
        self._sink = sink
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self._write(Header(format=FORMAT, version=FORMAT_VERSION, recorded_at=clock.epoch_s()))

    async def send(self, question: Question, when_counted: Callable[[], None]) -> Answer:
        """Return the answer of the inner sender.

        Raises:
            ProviderError: the inner sender's; it is written down too.
            FileError: the recording cannot be written.
        """
        try:
            answer = await self._inner.send(question, when_counted)
        except ProviderError as error:
            reason = str(error).removeprefix(f"{question.title} {question.call}: ")
            self._keep(question, failure=reason, is_retryable=error.retryable)
            raise
        self._keep(question, status=answer.status, headers=_kept(answer.headers), body=answer.body)
        return answer

    async def aclose(self) -> None:
        """Close the inner sender."""
        await self._inner.aclose()

    def _keep(
        self,
        question: Question,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        failure: str | None = None,
        is_retryable: bool = True,
    ) -> None:
        if question.is_private:
            return
        text, encoded = _as_text(redacted(body, question.secrets))
        self._write(
            Exchange(
                at_s=round(self._clock.monotonic_s() - self._began_s, 3),
                **identity(question)._asdict(),
                call=question.call,
                status=status,
                headers={name: _redact_text(value, question.secrets) for name, value in (headers or {}).items()},
                answer=text,
                answer_base64=encoded,
                failure=failure,
                is_retryable=is_retryable,
            )
        )

    def _write(self, line: Header | Exchange) -> None:
        try:
            self._sink.write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            raise FileError(
                f"the recording cannot be written ({error.strerror}); free space and record again"
            ) from error


class Identity(NamedTuple):
    """What makes two requests the same one; the address that was asked is no part of it."""

    provider: str
    method: str
    path: str
    params: dict[str, str]
    asked: str | None


def identity(question: Question) -> Identity:
    """Return what identifies a question, without its secrets."""
    secrets = question.secrets
    params = {name: _redact_text(value, secrets) for name, value in sorted(question.params.items())}
    asked = None if question.content is None else redacted(question.content, secrets).decode("utf-8", "replace")
    return Identity(question.provider, question.method, _redact_text(question.path, secrets), params, asked)


def redacted(body: bytes, secrets: Iterable[str]) -> bytes:
    """Return `body` without the secrets, as they are and as addresses and JSON spell them."""
    for secret in sorted(secrets, key=len, reverse=True):
        for spelling in {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}:
            body = body.replace(spelling.encode(), REDACTED.encode())
    return body


@contextmanager
def new_recording(path: Path) -> Generator[Sink]:
    """Yield where to write a recording that does not exist yet, packed when its name ends in `.gz`.

    Raises:
        FileError: it exists, or cannot be created or written.
    """
    try:
        with path.open("xb") as file:
            if path.suffix == GZIP_SUFFIX:
                with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                    yield packed
            else:
                yield file
    except FileExistsError as error:
        raise FileError(f"{path}: exists already; name another file") from error
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror}); name another file or free space") from error


def read_recording(path: Path) -> Recording:
    """Return what a recording holds.

    Raises:
        FileError: it cannot be read, is no recording, or is one of a newer version.
    """
    lines = _lines(path)
    first = next(lines, None)
    try:
        header = msgspec.json.decode(first or b"", type=Header)
    except msgspec.DecodeError as error:
        raise FileError(f"{path}: is no recording of `aura record`; name one") from error
    if header.format != FORMAT or header.version != FORMAT_VERSION:
        found = f"{header.format!a} version {header.version}"
        raise FileError(
            f"{path}: holds {found[:80]}, not {FORMAT} version {FORMAT_VERSION}; update AURA or record again"
        )
    exchanges: list[Exchange] = []
    for number, line in enumerate(lines, start=2):
        if not line.endswith(b"\n"):
            return Recording(header.recorded_at, exchanges, is_complete=False)
        try:
            exchanges.append(msgspec.json.decode(line, type=Exchange))
        except msgspec.DecodeError as error:
            raise FileError(f"{path}: line {number} is no exchange ({error}); record again") from error
    return Recording(header.recorded_at, exchanges, is_complete=True)


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines; the last one lacks its end where the file broke off."""
    try:
        with path.open("rb") as file:
            is_packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if is_packed else file as plain:
                try:
                    yield from plain
                except (EOFError, zlib.error):
                    yield b""
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}); name a recording") from error


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in sorted(headers.items()) if name.startswith(_KEPT_HEADERS)}


def _redact_text(text: str, secrets: Iterable[str]) -> str:
    return redacted(text.encode(), secrets).decode()


def _as_text(body: bytes) -> tuple[str | None, str | None]:
    """Return the body as text, or in base64 where it is none."""
    try:
        return body.decode() or None, None
    except UnicodeDecodeError:
        return None, base64.b64encode(body).decode()
