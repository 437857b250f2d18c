"""Tell whose the events of a realtime connection are: it serves one utterance after the other, canceled ones too.

Not responsible for what is said in them (`voice.stt.openai_realtime`).
"""

from collections import Counter
from collections.abc import Collection
from typing import Final, Protocol

import msgspec
from openai.resources.realtime.realtime import AsyncRealtimeConnection


class Trouble(msgspec.Struct, frozen=True):
    code: str | None = None
    message: str = ""


class Event(msgspec.Struct, frozen=True):
    """What of the service's events is read. The SDK's own types are slower, and older than the service."""

    type: str
    item_id: str = ""
    delta: str | None = None
    transcript: str | None = None
    error: Trouble | None = None


read_event: Final = msgspec.json.Decoder(Event).decode


class Awaited(Protocol):
    """An utterance. `openings` are the answers with which the service begins to speak of it, all others come before."""

    openings: set[tuple[str, int]]
    is_open: bool
    others: frozenset[str]

    def open(self, others: Collection[str]) -> None:
        """Begin to listen to the service; `others` are the items that were made of what was said before."""
        ...


class Line:
    """One connection. It tells whose the service's events are: the service takes in one utterance after the other."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self.connection = connection
        self._asked: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self._items: set[str] = set()

    def ask(self, answer: str) -> tuple[str, int]:
        """Return how an answer is known that is about to be asked for: by its kind, and the how manieth it is."""
        self._asked[answer] += 1
        return answer, self._asked[answer]

    def is_about(self, utterance: Awaited, event: Event) -> bool:
        """Tell whether an event is about an utterance, not about an earlier one that was canceled."""
        self._answered[event.type] += 1
        if not utterance.is_open and (event.type, self._answered[event.type]) in utterance.openings:
            utterance.open(self._items)
        self._items.add(event.item_id)
        return event.error is not None or (utterance.is_open and event.item_id not in utterance.others)
