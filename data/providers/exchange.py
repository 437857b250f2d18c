"""One request and its answer, and who exchanges them: the line between asking and the wire.

Not responsible for sending (`_http`), recording or replaying (`data.http_recording`).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol


class Question(NamedTuple):
    """A request, and how long and how large its answer may be.

    `provider`, `call`, `method`, `path`, `params` and `content` say what is asked and hold no key; `url` and `headers`
    may, and `secrets` are what must not be seen anywhere. A private one, whose content holds a secret, is not recorded.
    """

    provider: str
    title: str
    call: str
    method: str
    path: str
    params: Mapping[str, str]
    content: bytes | None
    url: str
    headers: Mapping[str, str]
    secrets: tuple[str, ...]
    timeout_s: float
    max_bytes: int
    is_private: bool


class Answer(NamedTuple):
    """A whole answer, unpacked; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Sender(Protocol):
    """Who takes a question to its provider and brings the answer."""

    async def send(self, question: Question, when_counted: Callable[[], None]) -> Answer:
        """Return the answer, whatever its status; `when_counted` is called as soon as it begins.

        Raises:
            ProviderError: there is none, or not all of it; it is too large, which alone is not retryable.
        """
        ...

    async def aclose(self) -> None:
        """Close what is open; a second call does nothing."""
        ...
